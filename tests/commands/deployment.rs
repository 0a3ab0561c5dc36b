//! Which relay a command works on: the one whose stack is named, whose parts are named one by one, or
//! the one of this machine.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use axum::Router;
use axum::http::StatusCode;
use relay::adapters::aws::dynamodb::DynamoStore;

use super::*;
use crate::support::moto;

const CUSTOMER: &str = "858-555-0107";

/// The parts of a deployed relay, with a line.
struct Deployed {
    aws: aws_config::SdkConfig,
    table: String,
    group: String,
    store: DynamoStore,
    place: Place,
}

impl Deployed {
    async fn new() -> Self {
        let aws = moto::config(moto::url()).await;
        let table = moto::table(&aws).await;
        let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&aws), &table);
        let line = relay::domain::line::config::parse(EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0);
        store.put_line(&line).await.unwrap();
        let group = moto::log_group(&aws).await;
        Self {
            aws,
            table,
            group,
            store,
            place: Place::new(),
        }
    }

    async fn stack(&self, outputs: &[(&str, &str)]) -> String {
        moto::stack(&self.aws, outputs).await
    }

    fn relay(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        relay_at(moto::url(), &self.place, arguments, variables)
    }

    async fn opted_out(&self) -> usize {
        let line = self.store.lines().await.unwrap().remove(0);
        self.store.opt_outs(&line.number).await.unwrap().0.len()
    }

    /// How many records the audit has.
    async fn audited(&self) -> usize {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&self.aws);
        let events = logs.filter_log_events().log_group_name(&self.group).send();
        events.await.unwrap().events().len()
    }
}

fn relay_at(url: &str, place: &Place, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let aws = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", moto::REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    place.relay_with(arguments, &[&aws[..], variables].concat())
}

#[tokio::test]
async fn a_stacks_outputs_are_the_names_of_its_parts() {
    let relay = Deployed::new().await;
    let (table, group) = (relay.table.as_str(), relay.group.as_str());
    let (queue, dead) = (moto::queue(&relay.aws).await, moto::queue(&relay.aws).await);
    let outputs = [
        ("TableName", table),
        ("AuditLogGroup", group),
        ("DeliveriesQueueUrl", &queue),
        ("BulkQueueUrl", &queue),
        ("DeadLetterQueueUrl", &dead),
        ("ApiUrl", "https://relay.example.com"),
    ];
    let stack = relay.stack(&outputs).await;
    let add = ["optouts", "add", CUSTOMER, "--stack", &stack];
    let out = relay.relay(&add, &[]).out();
    assert!(out.contains("gets no more texts"), "{out}");
    assert_eq!((relay.opted_out().await, relay.audited().await), (1, 1));

    // The variable names it as well, and an empty flag names nothing.
    let variables = [("RELAY_STACK", stack.as_str())];
    let remove = ["optouts", "remove", CUSTOMER, "--stack", ""];
    relay.relay(&remove, &variables).out();
    assert_eq!((relay.opted_out().await, relay.audited().await), (0, 2));

    let place = relay
        .relay(&["config", "diff", "--stack", &stack], &[])
        .printed();
    assert!(
        place.contains(&format!("the table {table} are the same")),
        "{place}"
    );
    relay
        .relay(
            &[
                "route", "--from", CUSTOMER, "--body", "x", "--stack", &stack,
            ],
            &[],
        )
        .out();
    let dead = relay
        .relay(&["dead", "replay", "--all", "--stack", &stack], &[])
        .out();
    assert_eq!(dead, "there is nothing to replay\n");
    let refused = relay.relay(&["notice", "show", "no-0", "--stack", &stack], &[]);
    assert!(
        refused.errors().contains("refused:"),
        "{}",
        refused.errors()
    );
}

#[tokio::test]
async fn a_single_name_goes_before_the_stacks_output() {
    let relay = Deployed::new().await;
    let table = relay.table.as_str();
    let stack = relay
        .stack(&[("TableName", "another"), ("AuditLogGroup", &relay.group)])
        .await;
    let add = ["optouts", "add", CUSTOMER, "--stack", &stack];
    relay
        .relay(&add, &[])
        .refused(1, "the DynamoDB table another");
    let add = [&add[..], &["--table", table]].concat();
    relay.relay(&add, &[]).out();
    assert_eq!((relay.opted_out().await, relay.audited().await), (1, 1));
    // So does a variable before a variable.
    let list = ["optouts", "list", "--numbers"];
    let out = relay
        .relay(&list, &[("RELAY_STACK", &stack), ("TABLE_NAME", table)])
        .out();
    assert!(out.contains("5550107"), "{out}");
    // A stack on the command line does not get a part of whatever relay the variables name.
    let list = ["optouts", "list", "--stack", &stack];
    let mixed = relay.relay(&list, &[("TABLE_NAME", table)]);
    mixed.refused(1, "the DynamoDB table another");
}

#[tokio::test]
async fn a_folder_on_the_command_line_goes_before_variables() {
    let place = Place::new();
    place.store().await;
    let variables = [("RELAY_STACK", "nowhere"), ("TABLE_NAME", "nothing")];
    let list = ["optouts", "list", "--data", ".relay"];
    let out = place.relay_with(&list, &variables).out();
    assert!(out.contains("nobody opted out"), "{out}");
    let both = [&list[..], &["--stack", "relay"]].concat();
    place.relay(&both).refused(2, "cannot be used with");
    // Nor do variables count beside a file.
    let show = ["duty", "show", "--config", "relay.toml"];
    place.relay_with(&show, &variables).out();
}

#[tokio::test]
async fn what_is_wrong_with_a_stack_is_said_with_what_to_do() {
    let relay = Deployed::new().await;
    let add = ["optouts", "add", CUSTOMER, "--stack"];
    let add = |stack: &str, rest: &[&str]| relay.relay(&[&add[..], &[stack], rest].concat(), &[]);
    let unknown = add("no-such-stack", &[]);
    unknown.refused(1, "cannot read the outputs of the stack no-such-stack");
    unknown.refused(
        1,
        "is it in us-east-1 and in this account? AWS_REGION and AWS_PROFILE",
    );
    unknown.refused(1, "does not exist");

    let stack = relay.stack(&[("TableName", &relay.table)]).await;
    let missing = add(&stack, &[]);
    missing.refused(
        1,
        "has no output AuditLogGroup: deploy this version's template.yaml",
    );
    missing.refused(1, "or name the audit with --log-group");
    assert_eq!(relay.opted_out().await, 0, "nothing that is not on record");
    add(&stack, &["--log-group", &relay.group]).out();

    let other = relay.stack(&[]).await;
    add(&other, &[]).refused(1, "has no output TableName");
}

#[tokio::test]
async fn a_secret_is_found_by_its_stack() {
    let relay = Deployed::new().await;
    let values = r#"{"TWILIO_AUTH_TOKEN":"1"}"#;
    let secret = moto::secret(&relay.aws, values).await;
    let stack = relay.stack(&[("CredentialsSecretArn", &secret)]).await;
    let file = relay.place.path().join("repos.env");
    std::fs::write(&file, "TWILIO_AUTH_TOKEN=1\n").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let diff = ["secrets", "diff", "--file", "repos.env"];
    let found = relay.relay(&[&diff[..], &["--stack", &stack]].concat(), &[]);
    assert!(found.out().contains("TWILIO_AUTH_TOKEN  equal"));
    relay.relay(&diff, &[("RELAY_STACK", &stack)]).out();
    // A single name goes first.
    let named = [&diff[..], &["--stack", &stack, "--secret-id", "none"]].concat();
    relay
        .relay(&named, &[])
        .refused(1, "cannot read the secret none");
    relay.relay(&diff, &[]).refused(2, "--secret-id");
    let rotate = ["secrets", "rotate", "--file", "repos.env", "--file-alone"];
    relay
        .relay(&rotate, &[("RELAY_STACK", &stack)])
        .refused(2, "--file-alone says that no secret has the credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_read_a_stack_its_parts_can_be_named() {
    let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
        <Message>User: arn:aws:iam::123456789012:user/ana is not authorized to perform: \
        cloudformation:DescribeStacks</Message></Error></ErrorResponse>";
    let router = Router::new().fallback(async move || (StatusCode::FORBIDDEN, denied));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let place = Place::new();
    let ran = tokio::task::spawn_blocking(move || {
        relay_at(&url, &place, &["conversations", "--stack", "relay"], &[])
    });
    let ran = ran.await.unwrap();
    ran.refused(1, "cannot read the outputs of the stack relay");
    ran.refused(
        1,
        "cloudformation:DescribeStacks; without it, name the relay's parts one by one",
    );
    ran.refused(1, "ana is not authorized to perform");
}
