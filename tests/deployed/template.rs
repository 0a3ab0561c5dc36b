//! `template.yaml`, with `infra/observability.yaml` nested in it, against the code, and against rules
//! that no linter knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use relay::adapters::files::audit_fallback::METRIC;
use serde_json::{Value, json};

use super::emulator::{Emulator, Stack};
use super::http_api::{self, Functions};
use super::permissions::granted;
use super::programs::{Shell, block_of};
use super::world::FUNCTIONS;

/// With all alarms.
pub fn stack() -> Stack {
    Emulator::shared().deploy(json!({"AlarmSet": "all"}))
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_function_has_a_folder_a_binary_and_a_place_in_the_template_under_one_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tested = names(FUNCTIONS.map(|(name, _)| name));

    let folders = std::fs::read_dir(root.join("functions")).unwrap();
    let folders = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    assert_eq!(folders.collect::<BTreeSet<_>>(), tested);

    let cargo: toml::Table = std::fs::read_to_string(root.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let binaries = cargo["bin"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| bin["name"].as_str().unwrap());
    assert_eq!(names(binaries.filter(|name| *name != "relay")), tested);

    let stack = stack();
    let prefix = format!("{}-", stack.name);
    let functions = stack.all("AWS::Lambda::Function");
    let functions = functions.map(|(_, function)| function["FunctionName"].as_str().unwrap());
    assert_eq!(
        names(functions.map(|name| name.strip_prefix(&prefix).unwrap())),
        tested
    );

    let template = std::fs::read_to_string(root.join("template.yaml")).unwrap();
    let built = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Binary: "));
    assert_eq!(names(built), tested);
}

/// Without these `sam build` or `sam deploy` fails, and no emulator shows it.
#[test]
fn a_deployment_may_make_roles_and_the_nested_stack_with_its_loops() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = std::fs::read_to_string(root.join("samconfig.toml")).unwrap();
    let settings: toml::Table = settings.parse().unwrap();
    let of = |command: &str| settings["default"][command]["parameters"].clone();
    assert_eq!(of("global")["language_extensions"], true.into());
    assert_eq!(
        of("deploy")["capabilities"],
        "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND".into()
    );
}

#[test]
fn no_policy_says_more_than_one_can_read_in_it() {
    let stack = stack();
    for (name, role) in stack.all("AWS::IAM::Role") {
        assert!(
            role["ManagedPolicyArns"].is_null(),
            "{name}: every permission stands in the template"
        );
        for permission in granted(role) {
            assert!(!permission.action.contains('*'), "{name}: {permission}");
            assert!(!permission.resource.contains('*'), "{name}: {permission}");
            assert!(
                permission.resource.starts_with("arn:aws:"),
                "{name}: {permission}"
            );
        }
    }
}

#[test]
fn one_role_alone_may_change_the_secret_and_only_that_secret() {
    let stack = stack();
    let secret = stack.output("CredentialsSecretArn");
    for (name, role) in stack.all("AWS::IAM::Role") {
        let changes: Vec<_> = granted(role)
            .into_iter()
            .filter(|permission| permission.action.starts_with("secretsmanager:"))
            .filter(|permission| permission.action != "secretsmanager:GetSecretValue")
            .collect();
        assert_eq!(
            !changes.is_empty(),
            name == "RotateCredentialsRole",
            "{name}"
        );
        for permission in changes {
            assert_eq!(permission.resource, secret, "{name}");
        }
    }
}

#[test]
fn nothing_rotates_until_the_owner_turns_it_on() {
    let off = stack();
    assert_eq!(off.all("AWS::SecretsManager::RotationSchedule").count(), 0);
    let schedule = |stack: &Stack| {
        let mut schedules = stack.all("AWS::Scheduler::Schedule");
        let finish = schedules.find(|(name, _)| name.starts_with("RotateCredentials"));
        finish.unwrap().1["State"].clone()
    };
    assert_eq!(schedule(&off), "DISABLED");

    let quarterly = "cron(0 10 5 1,4,7,10 ? *)";
    let on = Emulator::shared().deploy(json!({"RotationSchedule": quarterly}));
    assert_eq!(schedule(&on), "ENABLED");
    let (_, rotation) = on
        .all("AWS::SecretsManager::RotationSchedule")
        .next()
        .unwrap();
    assert_eq!(rotation["RotationRules"]["ScheduleExpression"], quarterly);
    assert_eq!(rotation["RotateImmediatelyOnUpdate"], false);
    let secret = on.output("CredentialsSecretArn");
    assert_eq!(rotation["SecretId"], secret);
    let permission = on.properties("SecretsManagerMayRotate");
    assert_eq!(permission["SourceArn"], secret);
    assert_eq!(permission["Principal"], "secretsmanager.amazonaws.com");
}

#[test]
fn time_limits_fit_into_one_another() {
    let stack = stack();
    let number = |value: &Value| {
        value
            .as_u64()
            .unwrap_or_else(|| panic!("{value} is no number"))
    };
    // Nobody comes after the fallback.
    let fallback = number(&stack.properties("InboundFallback")["Timeout"]);
    assert!(fallback < 15, "Twilio waits 15 s");
    let kept_texts = stack.properties("KeptTextsQueue");
    let inbound = number(&stack.properties("InboundSms")["Timeout"]);
    assert!(6 * inbound <= number(&kept_texts["VisibilityTimeout"]));
    let most = number(&kept_texts["RedrivePolicy"]["maxReceiveCount"]);
    assert!(
        most * number(&kept_texts["VisibilityTimeout"]) >= 24 * 60 * 60,
        "an outage of a day makes no dead letter"
    );
    for webhook in ["InboundSms", "DeliveryStatus"] {
        let limit = number(&stack.properties(webhook)["Timeout"]);
        assert!(
            limit < 10,
            "Twilio waits 15 s, and its fallback needs some of them"
        );
    }
    let queue = stack.properties("DeliveriesQueue");
    let worker = number(&stack.properties("RetryWorker")["Timeout"]);
    assert!(6 * worker <= number(&queue["VisibilityTimeout"]));
    let dead = stack.properties("DeadLetterQueue");
    let kept = |queue: &Value| number(&queue["MessageRetentionPeriod"]);
    assert!(
        kept(queue) < kept(dead),
        "a dead letter keeps the time at which it was first sent"
    );
    // A wake-up of a quarter of an hour is no reason for an alarm.
    for alarm in ["OldestWakeUpAlarm", "OldestBulkWakeUpAlarm"] {
        assert!(number(&stack.properties(alarm)["Threshold"]) > 900);
    }
    let bulk = stack.properties("BulkQueue");
    assert!(6 * worker <= number(&bulk["VisibilityTimeout"]));
    assert!(kept(bulk) < kept(stack.properties("BulkDeadLetterQueue")));

    let notifier = number(&stack.properties("OutboundNotifier")["Timeout"]);
    assert!(notifier < 30, "API Gateway waits 30 s");
    let requests = stack.properties("RequestsQueue");
    let again = number(&requests["VisibilityTimeout"]);
    assert!(6 * notifier <= again);
    let most = number(&requests["RedrivePolicy"]["maxReceiveCount"]);
    assert!(
        most * again >= 24 * 60 * 60,
        "an outage of a day makes no dead letter"
    );
    assert!(
        most * again < kept(requests),
        "a request is a dead letter before it is forgotten"
    );
    assert!(kept(requests) < kept(stack.properties("RequestsDeadLetterQueue")));

    let comparing = number(&stack.properties("Reconciliation")["Timeout"]);
    let lines = stack.properties("ReconciliationQueue");
    assert!(6 * comparing <= number(&lines["VisibilityTimeout"]));
    assert!(kept(lines) < kept(stack.properties("ReconciliationDeadLetterQueue")));
}

/// The mappings of queues that are polled.
fn polled(stack: &Stack) -> impl Iterator<Item = (&str, &Value)> {
    let mappings = stack.all("AWS::Lambda::EventSourceMapping");
    mappings.filter(|(_, mapping)| mapping["Enabled"] != false)
}

/// Twilio answers 429 to more than the account may have at once, whichever queue they come from.
#[test]
fn the_worker_knows_how_many_batches_there_are_at_once_and_what_twilio_takes() {
    for parameters in [
        json!({}),
        json!({"WorkerConcurrency": "25", "BulkConcurrency": "4", "ReconciliationConcurrency": "10",
            "TwilioConcurrency": "150"}),
    ] {
        let stack = Emulator::shared().deploy(parameters);
        let variables = &stack.properties("RetryWorker")["Environment"]["Variables"];
        let variable = |name: &str| variables[name].to_string().trim_matches('"').to_owned();
        for (name, queue) in [
            ("WORKER_CONCURRENCY", "DeliveriesQueueUrl"),
            ("BULK_CONCURRENCY", "BulkQueueUrl"),
            ("RECONCILIATION_CONCURRENCY", "ReconciliationQueueUrl"),
        ] {
            let queue = stack.output(queue).rsplit('/').next().unwrap();
            let mut polled = polled(&stack);
            let mapping = polled.find(|(_, mapping)| {
                let arn = mapping["EventSourceArn"].as_str().unwrap();
                arn.ends_with(&format!(":{queue}"))
            });
            let most = mapping.map_or(json!(0), |(_, mapping)| {
                mapping["ScalingConfig"]["MaximumConcurrency"].clone()
            });
            assert_eq!(variable(name), most.to_string().trim_matches('"'), "{name}");
        }
        assert!(variable("TWILIO_CONCURRENCY").parse::<u32>().unwrap() >= 80);
    }
}

/// A page of a notice asks for the next, and Lambda takes more than 16 in a row for a loop.
#[test]
fn a_function_that_wakes_itself_is_not_stopped_for_it() {
    let stack = stack();
    let sends_to_own_queue = |function: &str| {
        let role = granted(stack.properties(&format!("{function}Role")));
        polled(&stack).any(|(_, mapping)| {
            let own = mapping["FunctionName"] == stack.properties(function)["FunctionName"];
            let queue = mapping["EventSourceArn"].as_str().unwrap();
            own && role
                .iter()
                .any(|p| p.action == "sqs:SendMessage" && p.resource == queue)
        })
    };
    assert!(sends_to_own_queue("RetryWorker"));
    for (name, function) in stack.all("AWS::Lambda::Function") {
        let is_allowed = function["RecursiveLoop"] == "Allow";
        assert_eq!(is_allowed, sends_to_own_queue(name), "{name}");
    }
}

#[test]
fn the_table_is_warm_and_has_more_shards_only_where_that_is_wanted() {
    let as_shipped = stack();
    let table = as_shipped.properties("Table");
    let index = |table: &Value| table["GlobalSecondaryIndexes"][0]["WarmThroughput"].clone();
    assert!(table["WarmThroughput"].is_null() && index(table).is_null());
    let grown = Emulator::shared().deploy(json!({"IndexShards": "32", "WarmWriteUnits": "20000",
        "WarmReadUnits": "15000", "WarmIndexWriteUnits": "5000"}));
    let units = |warm: &Value, of: &str| warm[of].to_string().trim_matches('"').to_owned();
    let table = grown.properties("Table");
    let warm = &table["WarmThroughput"];
    assert_eq!(units(warm, "WriteUnitsPerSecond"), "20000");
    assert_eq!(units(warm, "ReadUnitsPerSecond"), "15000");
    assert_eq!(units(&index(table), "WriteUnitsPerSecond"), "5000");
    for (stack, shards) in [(&as_shipped, "8"), (&grown, "32")] {
        for (name, function) in stack.all("AWS::Lambda::Function") {
            let variables = &function["Environment"]["Variables"];
            if !variables["TABLE_NAME"].is_null() {
                let given = variables["INDEX_SHARDS"].to_string();
                assert_eq!(given.trim_matches('"'), shards, "{name}");
            }
        }
    }
}

/// Ten invocations at once are all that a new account has.
#[test]
fn the_queues_leave_an_invocation_to_the_webhooks_of_a_new_account() {
    let stack = stack();
    let most = polled(&stack).map(|(name, mapping)| {
        let most = mapping["ScalingConfig"]["MaximumConcurrency"].as_u64();
        most.unwrap_or_else(|| panic!("{name} may take them all"))
    });
    let most: Vec<_> = most.collect();
    assert_eq!(most.len(), 4);
    assert!(most.iter().sum::<u64>() < 10, "{most:?}");
}

/// All functions of an account share one limit.
#[test]
fn throttles_of_any_function_of_the_account_are_heard_of() {
    let stack = stack();
    let alarm = stack.properties("ThrottlesAlarm");
    assert_eq!(
        [&alarm["Namespace"], &alarm["MetricName"]],
        ["AWS/Lambda", "Throttles"]
    );
    assert!(alarm["Dimensions"].is_null());
}

#[test]
fn the_fallback_shares_nothing_with_the_main_path_but_the_credentials() {
    let stack = stack();
    let permissions = |function: &str| granted(stack.properties(&format!("{function}Role")));
    let fallback = permissions("InboundFallback");
    let mut shared: Vec<_> = ["InboundSms", "RetryWorker", "DeliveryStatus"]
        .iter()
        .flat_map(|function| permissions(function))
        .map(|permission| permission.resource)
        .filter(|resource| fallback.iter().any(|own| own.resource == *resource))
        .filter(|resource| !resource.contains(":secret:"))
        .collect();
    shared.dedup();
    // It puts texts in there; inbound-sms takes them out.
    let queue = stack
        .output("KeptTextsQueueUrl")
        .rsplit('/')
        .next()
        .unwrap();
    assert!(
        shared.iter().all(|resource| resource.ends_with(queue)),
        "{shared:?}"
    );
}

#[test]
fn what_keeps_customers_texts_outlives_the_stack() {
    let stack = stack();
    // CloudFormation cannot delete what is protected, so a creation that fails leaves it either way.
    for (kept, policy) in [
        ("Table", "Retain"),
        ("AuditLog", "Retain"),
        ("Credentials", "RetainExceptOnCreate"),
        ("KeptTextsQueue", "RetainExceptOnCreate"),
        ("KeptTextsDeadLetterQueue", "RetainExceptOnCreate"),
    ] {
        assert_eq!(stack.deletion_policy(kept), policy, "{kept}");
    }
    for protected in ["Table", "AuditLog"] {
        assert_eq!(
            stack.properties(protected)["DeletionProtectionEnabled"],
            true,
            "{protected}"
        );
    }
}

/// None of these was ever needed, and each may fail a deployment on the real AWS.
#[test]
fn nothing_fails_a_deployment_that_an_emulator_lets_pass() {
    let stack = stack();
    for (name, api) in stack.all("AWS::ApiGatewayV2::Api") {
        // SAM writes path parameters without a schema, which an import may warn of.
        assert_ne!(api["FailOnWarnings"], true, "{name}");
    }
    let (_, stage) = stack.all("AWS::ApiGatewayV2::Stage").next().unwrap();
    let log = stage["AccessLogSettings"]["DestinationArn"]
        .as_str()
        .unwrap();
    // Any other name needs room in a resource policy of the account.
    assert!(log.contains(":log-group:/aws/vendedlogs/"), "{log}");
}

#[test]
fn an_event_that_the_queue_does_not_get_is_a_dead_letter_that_an_alarm_tells_of() {
    let stack = stack();
    let queue = stack.output("RequestsDeadLetterQueueUrl");
    let queue = queue.rsplit('/').next().unwrap();
    let rule = stack.properties("NoticeRule");
    for target in rule["Targets"].as_array().unwrap() {
        let dead = target["DeadLetterConfig"]["Arn"].as_str().unwrap();
        assert!(dead.ends_with(queue), "{dead}");
    }
    let alarm = &stack.properties("RequestsDeadLettersAlarm")["Dimensions"][0];
    assert_eq!(alarm["Value"], queue);
    let policy = stack.properties("RequestsDeadLetterQueuePolicy");
    assert!(policy["Queues"][0].as_str().unwrap().ends_with(queue));
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "events.amazonaws.com");
    assert_eq!(statement["Action"], "sqs:SendMessage");
    let rule = &statement["Condition"]["ArnEquals"]["aws:SourceArn"];
    let requests = &stack.properties("RequestsQueuePolicy")["PolicyDocument"]["Statement"][0];
    assert_eq!(rule, &requests["Condition"]["ArnEquals"]["aws:SourceArn"]);
}

/// The guide's commands make a template of all that a stack retains, and name each resource by what
/// CloudFormation knows it by.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_stack_can_be_made_of_what_the_old_one_left() {
    let stack = stack();
    let shell = Shell::on(&stack, Functions::default()).await;
    let commands = block_of("infra/README.md", "kept-resources.json <<END", &stack);
    // They are indented as a part of a list.
    let commands = commands.replace("\n   ", "\n");
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    let check = r#"python3 - <<'END'
import json
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as schemas
kept = json.load(open("kept.json"))["Resources"]
named = {r["LogicalResourceId"]: r for r in json.load(open("kept-resources.json"))}
assert kept.keys() == named.keys(), (kept.keys(), named.keys())
for name, resource in kept.items():
    assert resource["Type"] == named[name]["ResourceType"], name
    schema = schemas.get_resource_schema("us-east-1", resource["Type"]).schema
    keys = ["/properties/" + key for key in named[name]["ResourceIdentifier"]]
    assert schema["primaryIdentifier"] == keys, name
print(json.dumps(sorted(kept)))
END
cfn-lint kept.json"#;
    let line = format!(
        "cd \"$HOME\" && ln -s '{}' . && {commands}\n{check}",
        template.display()
    );
    let printed = shell.done(&line);
    let kept: Vec<String> = serde_json::from_str(&printed).unwrap();
    let all = stack.resources();
    let retained = all.filter(|name| *stack.deletion_policy(name) != "Delete");
    let retained = retained.filter(|name| !stack.deletion_policy(name).is_null());
    assert_eq!(names(kept.iter().map(String::as_str)), names(retained));
    assert_eq!(kept.len(), 5);
}

#[test]
fn the_access_log_holds_neither_path_nor_query_nor_body() {
    let stack = stack();
    let (_, stage) = stack.all("AWS::ApiGatewayV2::Stage").next().unwrap();
    let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
    let line: Value = serde_json::from_str(format).unwrap();
    assert!(line.is_object());
    for variable in format.split('"').filter(|text| text.starts_with('$')) {
        let telling = ["path", "query", "body", "header", "overridden"];
        let telling = telling
            .iter()
            .find(|word| variable.to_lowercase().contains(**word));
        assert_eq!(telling, None, "{variable}");
    }
}

#[test]
fn the_routes_and_outputs_are_those_that_others_rely_on() {
    let stack = stack();
    let routes = http_api::routes(&stack).into_iter().map(|route| {
        let function = route
            .function
            .trim_start_matches(&stack.name)
            .trim_start_matches('-');
        (route.method.to_string(), route.path, function.to_owned())
    });
    let expected = [
        ("POST", "/twilio/sms", "inbound-sms"),
        ("POST", "/twilio/fallback", "inbound-fallback"),
        ("POST", "/twilio/voice", "inbound-voice"),
        ("POST", "/twilio/voice/{proxy+}", "inbound-voice"),
        ("GET", "/twilio/voice/greeting/{file}", "inbound-voice"),
        ("GET", "/v/{token}", "inbound-voice"),
        ("POST", "/twilio/voice/fallback", "inbound-fallback"),
        (
            "POST",
            "/twilio/voice/fallback/{proxy+}",
            "inbound-fallback",
        ),
        (
            "POST",
            "/twilio/status/{delivery}/{attempt}",
            "delivery-status",
        ),
        ("POST", "/v1/notices", "outbound-notifier"),
        ("GET", "/v1/notices/{id}", "outbound-notifier"),
        ("DELETE", "/v1/notices/{id}", "outbound-notifier"),
        ("POST", "/v1/invitations", "outbound-notifier"),
        ("GET", "/v1/invitations/{id}", "outbound-notifier"),
    ];
    let expected = expected.map(|(method, path, name)| (method.into(), path.into(), name.into()));
    assert_eq!(routes.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    for output in [
        "ApiUrl",
        "AuditLogGroup",
        "BulkQueueUrl",
        "CredentialsSecretArn",
        "DeadLetterQueueUrl",
        "DeliveriesQueueUrl",
        "EventBusName",
        "FallbackWebhookUrl",
        "KeptTextsDeadLetterQueueUrl",
        "KeptTextsQueueUrl",
        "NoticesApiUrl",
        "NoticesTopicArn",
        "ReconciliationQueueUrl",
        "RequestsQueueUrl",
        "SmsWebhookUrl",
        "TableName",
        "VoiceFallbackUrl",
        "VoiceStatusUrl",
        "VoiceWebhookUrl",
    ] {
        assert!(!stack.output(output).is_empty(), "{output}");
    }
    assert_eq!(stack.output("TemplateVersion"), env!("CARGO_PKG_VERSION"));
    assert!(
        !stack.output("ApiUrl").ends_with('/'),
        "a public_url has no slash at its end"
    );
}

#[test]
fn every_alarm_on_a_metric_of_the_relays_own_watches_one_that_this_stack_writes() {
    let stack = stack();
    let metric = |of: &Value, namespace: &str| [of[namespace].clone(), of["MetricName"].clone()];
    let mut written: Vec<_> = stack
        .all("AWS::Logs::MetricFilter")
        .map(|(_, filter)| metric(&filter["MetricTransformations"][0], "MetricNamespace"))
        .collect();
    for (_, function) in stack.all("AWS::Lambda::Function") {
        let namespace = &function["Environment"]["Variables"]["METRICS_NAMESPACE"];
        // Neither the fallback nor the rotation has an audit that could need one.
        if !namespace.is_null() {
            written.push([namespace.clone(), METRIC.into()]);
        }
    }
    for [namespace, _] in &written {
        assert_eq!(*namespace, format!("Relay/{}", stack.name));
    }
    let ours = stack
        .all("AWS::CloudWatch::Alarm")
        .map(|(name, alarm)| (name, metric(alarm, "Namespace")))
        .filter(|(_, [namespace, _])| !namespace.as_str().unwrap().starts_with("AWS/"));
    for (name, watched) in ours {
        assert!(written.contains(&watched), "{name}: {watched:?}");
    }
}

#[test]
fn what_one_alarm_watches_for_is_counted_in_one_metric_whichever_function_sees_it() {
    let stack = stack();
    for (alarm, count) in [
        ("GaveUpAlarm", "gave_up"),
        ("ConfigurationFaultAlarm", "configuration_fault"),
        ("LargeItemAlarm", "large_item"),
    ] {
        let alarm = stack.properties(alarm);
        assert_eq!(alarm["MetricName"], count);
        assert!(alarm["Dimensions"].is_null());
        let filters = stack.all("AWS::Logs::MetricFilter").filter(|(_, filter)| {
            let metric = &filter["MetricTransformations"][0];
            metric["MetricName"] == count && metric["Dimensions"].is_null()
        });
        let groups = filters.map(|(name, filter)| {
            let pattern = format!(r#"{{ $.count = "{count}" }}"#);
            assert_eq!(filter["FilterPattern"], pattern, "{name}");
            let group = filter["LogGroupName"].as_str().unwrap();
            let function = group.rsplit_once(&stack.name).unwrap().1;
            function.trim_start_matches('-').to_owned()
        });
        assert_eq!(groups.collect::<BTreeSet<_>>(), counting());
    }
}

#[test]
fn what_dynamodb_cannot_do_is_heard_of() {
    let stack = stack();
    let table = json!({"Name": "TableName", "Value": stack.output("TableName")});
    let operation = |name: &str| json!([table, {"Name": "Operation", "Value": name}]);
    for (alarm, metric, dimensions) in [
        (
            "ReadThrottleEventsAlarm",
            "ReadThrottleEvents",
            json!([table]),
        ),
        (
            "WriteThrottleEventsAlarm",
            "WriteThrottleEvents",
            json!([table]),
        ),
        (
            "BatchGetItemAlarm",
            "SystemErrors",
            operation("BatchGetItem"),
        ),
        (
            "TransactWriteItemsAlarm",
            "SystemErrors",
            operation("TransactWriteItems"),
        ),
    ] {
        let properties = stack.properties(alarm);
        assert_eq!(properties["MetricName"], metric, "{alarm}");
        assert_eq!(properties["Dimensions"], dimensions, "{alarm}");
    }
}

/// Lambda's own line of each invocation: its time, its start, its memory.
#[test]
fn every_function_reports_its_invocations() {
    let stack = stack();
    for (name, function) in stack.all("AWS::Lambda::Function") {
        assert_eq!(
            function["LoggingConfig"]["SystemLogLevel"], "INFO",
            "{name}"
        );
    }
}

#[test]
fn every_alarm_tells_somebody() {
    let stack = stack();
    let topic = json!([stack.output("AlarmTopicArn")]);
    let alarms: Vec<_> = stack.all("AWS::CloudWatch::Alarm").collect();
    assert!(!alarms.is_empty());
    for (name, alarm) in alarms {
        assert_eq!(alarm["AlarmActions"], topic, "{name}");
        assert_eq!(alarm["OKActions"], topic, "{name}");
        // Silence is no alarm, but where something has to be heard of every minute.
        let silence = match name {
            "SweepAlarm" => "breaching",
            _ => "notBreaching",
        };
        assert_eq!(alarm["TreatMissingData"], silence, "{name}");
        let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
        assert!(
            description.len() > 20,
            "{name}: whoever is woken reads what happened"
        );
    }
}

/// Most alarms come out of loops, and what a loop leaves out nobody misses until it is needed.
#[test]
fn every_alarm_is_there_and_goes_off_when_it_should() {
    let stack = stack();
    let alarms = stack.all("AWS::CloudWatch::Alarm").map(|(name, alarm)| {
        let over = match name {
            "SweepAlarm" => "LessThanThreshold",
            _ => "GreaterThanThreshold",
        };
        assert_eq!(alarm["ComparisonOperator"], over, "{name}");
        let numbers = [
            "Period",
            "DatapointsToAlarm",
            "EvaluationPeriods",
            "Threshold",
        ];
        (name, numbers.map(|number| alarm[number].as_u64().unwrap()))
    });
    // More than the last number within so many seconds, in so many of so many such times; of sweeps, less.
    let expected = BTreeMap::from([
        ("AuditFallbackAlarm", [60, 1, 5, 0]),
        ("BatchGetItemAlarm", [60, 3, 6, 0]),
        ("BulkDeadLettersAlarm", [60, 1, 5, 0]),
        ("CallFallbackAlarm", [60, 1, 5, 0]),
        ("CallTroubleAlarm", [300, 1, 1, 0]),
        ("ConfigurationFaultAlarm", [60, 1, 5, 0]),
        ("DeadLettersAlarm", [60, 1, 5, 0]),
        ("DoctorErrorsAlarm", [60, 1, 5, 0]),
        ("DeliveryStatusErrorsAlarm", [60, 1, 5, 0]),
        ("FailedWakeUpsAlarm", [900, 1, 1, 3]),
        ("FallbackAlarm", [60, 1, 5, 0]),
        ("ForgedCallsAlarm", [3600, 1, 1, 10]),
        ("ForgedFallbacksAlarm", [3600, 1, 1, 3]),
        ("ForgedTextsAlarm", [3600, 1, 1, 3]),
        ("GaveUpAlarm", [60, 1, 5, 0]),
        ("InboundFallbackErrorsAlarm", [60, 1, 5, 0]),
        ("InboundSmsErrorsAlarm", [60, 1, 5, 0]),
        ("InboundVoiceErrorsAlarm", [60, 1, 5, 0]),
        ("KeptDeadLettersAlarm", [60, 1, 5, 0]),
        ("KeptTextsAlarm", [900, 1, 1, 3]),
        ("LargeItemAlarm", [60, 1, 5, 0]),
        ("OldestBulkWakeUpAlarm", [60, 1, 5, 7200]),
        ("OldestWakeUpAlarm", [60, 1, 5, 1200]),
        ("OutboundNotifierErrorsAlarm", [60, 1, 5, 0]),
        ("ReadThrottleEventsAlarm", [60, 3, 6, 0]),
        ("ReconciliationDeadLettersAlarm", [60, 1, 5, 0]),
        ("ReconciliationDifferenceAlarm", [60, 1, 5, 0]),
        ("ReconciliationErrorsAlarm", [3600, 3, 3, 0]),
        ("RefusedRequestsAlarm", [60, 1, 5, 0]),
        ("RefusedWebhooksAlarm", [300, 1, 1, 100]),
        ("RequestsDeadLettersAlarm", [60, 1, 5, 0]),
        ("RetryWorkerErrorsAlarm", [60, 3, 6, 0]),
        ("RotateCredentialsErrorsAlarm", [60, 1, 5, 0]),
        ("SweepAlarm", [60, 5, 5, 1]),
        ("ThrottlesAlarm", [60, 3, 6, 0]),
        ("TransactWriteItemsAlarm", [60, 3, 6, 0]),
        ("WebhookFailuresAlarm", [60, 1, 5, 0]),
        ("WriteThrottleEventsAlarm", [60, 3, 6, 0]),
    ]);
    assert_eq!(alarms.collect::<BTreeMap<_, _>>(), expected);
}

/// A text may be lost, or nobody hears of it.
const SMALL_SET: [&str; 14] = [
    "ConfigurationFaultAlarm",
    "DeadLettersAlarm",
    "ForgedTextsAlarm",
    "GaveUpAlarm",
    "InboundFallbackErrorsAlarm",
    "KeptDeadLettersAlarm",
    "ReconciliationDifferenceAlarm",
    "ReconciliationErrorsAlarm",
    "RefusedRequestsAlarm",
    "RequestsDeadLettersAlarm",
    "RetryWorkerErrorsAlarm",
    "SweepAlarm",
    "ThrottlesAlarm",
    "WebhookFailuresAlarm",
];

#[test]
fn the_small_set_of_alarms_is_part_of_all_and_the_dashboard_can_be_left_out() {
    let small = Emulator::shared().deploy(json!({}));
    let alarms = small.all("AWS::CloudWatch::Alarm").map(|(name, _)| name);
    assert_eq!(names(alarms), names(SMALL_SET));
    let all = stack();
    for (name, alarm) in small.all("AWS::CloudWatch::Alarm") {
        let same = all.properties(name);
        for property in ["MetricName", "Threshold", "AlarmDescription"] {
            assert_eq!(alarm[property], same[property], "{name}");
        }
    }
    let dashboards = |stack: &Stack| stack.all("AWS::CloudWatch::Dashboard").count();
    assert_eq!(dashboards(&small), 1);
    let without = Emulator::shared().deploy(json!({"WithDashboard": "false"}));
    assert_eq!(dashboards(&without), 0);
}

/// At the prices of us-east-1 in 2026, in an account whose always-free amounts nothing else uses up. The
/// guide has the sum.
#[test]
fn an_idle_month_costs_at_most_a_dollar_and_a_half() {
    let stack = Emulator::shared().deploy(json!({}));
    let free = |amount: f64, free: f64| (amount - free).max(0.0);
    let count = |kind: &str| f64::from(u32::try_from(stack.all(kind).count()).unwrap());
    let metrics = stack.all("AWS::CloudWatch::Alarm").map(|(name, alarm)| {
        assert!(alarm["Metrics"].is_null(), "{name} is paid by metric");
        1.0
    });
    let alarms = 0.10 * free(metrics.sum(), 10.0);
    let dashboards = 3.00 * free(count("AWS::CloudWatch::Dashboard"), 3.0);
    let secrets = 0.40 * count("AWS::SecretsManager::Secret");
    // Five pollers that wait for 20 seconds each. Without MaximumConcurrency there would be as few as two.
    let queues = f64::from(u32::try_from(polled(&stack).count()).unwrap());
    let polls = 5.0 * 3.0 * 60.0 * 24.0 * 30.0 * queues;
    let polls = 0.40e-6 * free(polls, 1_000_000.0);
    // Seventeen reads of the index in each sweep at most, of which each is half a unit: shards, an eighth of
    // those beyond, dead letters and notices.
    let sweeps = 60.0 * 24.0 * 30.0 * 17.0 * 0.5 * 0.125e-6;
    let keys = stack.properties("Table")["SSESpecification"]["SSEEnabled"] == true;
    assert!(!keys, "a key that is paid by request");
    let sum = alarms + dashboards + secrets + polls + sweeps;
    assert!(sum <= 1.50, "{sum:.2}");
}

#[test]
fn errors_of_every_function_set_off_an_alarm_and_are_on_the_dashboard_and_in_a_query() {
    let stack = stack();
    let functions = FUNCTIONS.map(|(name, _)| format!("{}-{name}", stack.name));

    let alarms = stack.all("AWS::CloudWatch::Alarm");
    let errors = alarms.filter(|(_, alarm)| alarm["MetricName"] == "Errors");
    let watched = errors.map(|(name, alarm)| {
        assert_eq!(alarm["Namespace"], "AWS/Lambda", "{name}");
        assert_eq!(alarm["Dimensions"][0]["Name"], "FunctionName", "{name}");
        alarm["Dimensions"][0]["Value"].as_str().unwrap()
    });
    assert_eq!(names(watched), BTreeSet::from(functions.clone()));

    let widget = widget(&stack, "Function errors");
    let lines = widget["metrics"].as_array().unwrap().iter();
    let shown = lines.map(|line| line.as_array().unwrap().last().unwrap().as_str().unwrap());
    assert_eq!(names(shown), BTreeSet::from(functions.clone()));

    let groups = stack.properties("WarningsQuery")["LogGroupNames"]
        .as_array()
        .unwrap()
        .iter();
    let groups = groups.map(|group| group.as_str().unwrap());
    assert_eq!(
        names(groups),
        BTreeSet::from(functions.map(|function| format!("/aws/lambda/{function}")))
    );
}

#[test]
fn every_queue_of_dead_letters_has_an_alarm() {
    let stack = stack();
    let targets = stack.all("AWS::SQS::Queue").filter_map(|(_, queue)| {
        let arn = queue["RedrivePolicy"]["deadLetterTargetArn"].as_str()?;
        arn.rsplit(':').next()
    });
    let alarms = stack.all("AWS::CloudWatch::Alarm");
    let dead = alarms
        .filter(|(_, alarm)| alarm["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .map(|(name, alarm)| {
            assert_eq!(alarm["Dimensions"][0]["Name"], "QueueName", "{name}");
            alarm["Dimensions"][0]["Value"].as_str().unwrap()
        });
    assert_eq!(names(dead), names(targets));
}

/// The rotation counts nothing: what fails there is an error of the function.
fn counting() -> BTreeSet<String> {
    let functions = FUNCTIONS.map(|(name, _)| name).into_iter();
    names(functions.filter(|name| *name != "rotate-credentials"))
}

#[test]
fn every_function_that_counts_has_its_log_made_into_a_metric_of_its_name() {
    let stack = stack();
    let filters = stack
        .all("AWS::Logs::MetricFilter")
        .filter(|(_, filter)| filter["FilterPattern"] == r#"{ $.count = "*" }"#)
        .map(|(name, filter)| {
            let metric = &filter["MetricTransformations"][0];
            assert_eq!(
                metric["Dimensions"],
                json!([{"Key": "count", "Value": "$.count"}])
            );
            let function = metric["MetricName"].as_str().unwrap();
            let group = format!("/aws/lambda/{}-{function}", stack.name);
            assert_eq!(filter["LogGroupName"], group, "{name}");
            function
        })
        .collect::<Vec<_>>();
    assert_eq!(names(filters.iter().copied()), counting());
    assert_eq!(filters.len(), 8);
}

#[test]
fn what_is_looked_at_is_all_there() {
    let stack = stack();
    let queries = stack
        .all("AWS::Logs::QueryDefinition")
        .map(|(name, _)| name);
    let expected = [
        "DifferencesQuery",
        "ErrorsOfTwilioQuery",
        "NoticesQuery",
        "StoryOfATextQuery",
        "WarningsQuery",
        "WhoGotTheTextsQuery",
    ];
    assert_eq!(names(queries), names(expected));
    for (name, query) in stack.all("AWS::Logs::QueryDefinition") {
        let folder = format!("{}/", stack.name);
        assert!(query["Name"].as_str().unwrap().starts_with(&folder));
        if name != "WarningsQuery" {
            let audit = json!([stack.output("AuditLogGroup")]);
            assert_eq!(query["LogGroupNames"], audit, "{name}");
        }
    }

    assert_eq!(stack.all("AWS::CloudWatch::Dashboard").count(), 1);
    assert_eq!(
        stack.properties("Dashboard")["DashboardName"],
        stack.name.as_str()
    );
    let widgets = widgets(&stack);
    // How many metrics each shows; the table has none.
    let shown = widgets.iter().map(|widget| {
        let metrics = widget["metrics"].as_array();
        (
            widget["title"].as_str().unwrap(),
            metrics.map_or(0, Vec::len),
        )
    });
    let expected = BTreeMap::from([
        ("Function errors", FUNCTIONS.len()),
        ("Not delivered at the first try", 0),
        ("Time to answer Twilio (ms)", 3),
        ("Wake-ups", 7),
        ("Webhooks", 3),
    ]);
    assert_eq!(shown.collect::<BTreeMap<_, _>>(), expected);
    let table = widget(&stack, "Not delivered at the first try");
    let source = format!("SOURCE '{}' ", stack.output("AuditLogGroup"));
    assert!(table["query"].as_str().unwrap().starts_with(&source));
}

/// The properties of the dashboard's widgets.
fn widgets(stack: &Stack) -> Vec<Value> {
    let body = stack.properties("Dashboard")["DashboardBody"]
        .as_str()
        .unwrap();
    assert!(!body.contains("${"), "a reference is not resolved: {body}");
    let body: Value = serde_json::from_str(body).expect("the dashboard's body is JSON");
    let widgets = body["widgets"].as_array().unwrap().iter();
    widgets.map(|widget| widget["properties"].clone()).collect()
}

fn widget(stack: &Stack, title: &str) -> Value {
    let mut widgets = widgets(stack).into_iter();
    widgets.find(|widget| widget["title"] == title).unwrap()
}
