//! What `template.yaml` connects to other systems: the event bus and the SNS topic.

use relay::domain::request::DETAIL_TYPES;
use serde_json::{Value, json};

use super::emulator::Emulator;
use super::permissions::granted;
use super::template::stack;

#[test]
fn what_the_rule_takes_are_the_types_that_the_function_knows() {
    let stack = stack();
    let rule = stack.properties("NoticeRule");
    let known = DETAIL_TYPES.map(|(name, _)| name);
    assert_eq!(rule["EventPattern"], json!({"detail-type": known}));
    assert_eq!(rule["EventBusName"], stack.output("EventBusName"));
    let requests = stack.output("RequestsQueueUrl");
    let requests = requests.rsplit('/').next().unwrap();
    let is_requests = |arn: &Value| arn.as_str().unwrap().rsplit(':').next() == Some(requests);
    assert!(is_requests(&rule["Targets"][0]["Arn"]));
    let topic = stack.properties("NoticesTopic");
    assert!(is_requests(&topic["Subscription"][0]["Endpoint"]));

    // Nobody else may put something there.
    let policy = stack.properties("RequestsQueuePolicy");
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
    let sources = statements.iter().map(|statement| {
        assert!(is_requests(&statement["Resource"]));
        let source = &statement["Condition"]["ArnEquals"]["aws:SourceArn"];
        (statement["Principal"]["Service"].as_str().unwrap(), source)
    });
    let sources: Vec<_> = sources.collect();
    assert_eq!(sources[0].0, "events.amazonaws.com");
    let of_the_bus = format!(":rule/{}/", stack.name);
    assert!(sources[0].1.as_str().unwrap().contains(&of_the_bus));
    let topic: Value = stack.output("NoticesTopicArn").into();
    assert_eq!(sources[1], ("sns.amazonaws.com", &topic));
}

#[test]
fn an_event_bus_of_somebody_elses_can_take_the_place_of_the_stacks_own() {
    let given = Emulator::shared().deploy(json!({"EventBusName": "default"}));
    assert_eq!(given.all("AWS::Events::EventBus").count(), 0);
    let rule = given.properties("NoticeRule");
    assert_eq!(rule["EventBusName"], "default");
    // CloudFormation replaces a rule when the bus is another, and replaces nothing that the template names.
    assert!(rule["Name"].is_null());
    assert_eq!(given.output("EventBusName"), "default");
    let variables = &given.properties("RetryWorker")["Environment"]["Variables"];
    assert_eq!(variables["EVENT_BUS_NAME"], "default");
    let granted = granted(given.properties("RetryWorkerRole"));
    let put: Vec<_> = granted
        .iter()
        .filter(|permission| permission.action == "events:PutEvents")
        .collect();
    let [put] = put[..] else {
        panic!("{put:?}");
    };
    assert!(put.resource.ends_with(":event-bus/default"), "{put}");
}
