//! `relay config`: the lines of a file and those in the table that the Lambdas read.

use std::path::PathBuf;
use std::process::{Command, Output};

use relay::adapters::aws::dynamodb::DynamoStore;
use relay::app::ports::store::Store;

use crate::support::moto;

const FILE: &str = concat!(
    "# A comment that a pull must not lose.\n",
    include_str!("../support/relay.toml")
);

struct Shell {
    folder: tempfile::TempDir,
    table: String,
    store: DynamoStore,
}

impl Shell {
    async fn start() -> Self {
        let config = moto::config(moto::url()).await;
        let table = moto::table(&config).await;
        let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&config), &table);
        Self {
            folder: tempfile::tempdir().unwrap(),
            table,
            store,
        }
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("relay.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn relay(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_relay"))
            .current_dir(&self.folder)
            .args(["config"])
            .args(arguments)
            .args(["--table", &self.table])
            .env("AWS_ENDPOINT_URL", moto::url())
            .env("AWS_REGION", moto::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .unwrap()
    }

    /// What a command printed that ended with `code`.
    #[track_caller]
    fn prints(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.relay(arguments);
        let printed = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{printed}{errors}");
        printed + &errors
    }
}

#[tokio::test]
async fn a_push_puts_the_files_lines_in_force_and_shows_what_changes() {
    let shell = Shell::start().await;
    shell.file(FILE);
    let printed = shell.prints(1, &["diff", "--config", "relay.toml"]);
    assert!(printed.contains("+ name = \"qdn\""), "{printed}");
    assert!(shell.store.lines().await.unwrap().is_empty());

    let printed = shell.prints(0, &["push", "--config", "relay.toml"]);
    assert!(printed.contains("qdn: added"), "{printed}");
    let lines = shell.store.lines().await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].people[0].number.expose(), "+16195550110");

    let printed = shell.prints(0, &["diff", "--config", "relay.toml"]);
    assert!(printed.contains("the same"), "{printed}");
    let printed = shell.prints(0, &["push", "--config", "relay.toml", "--json"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&printed).unwrap(),
        serde_json::json!({
            "different": false, "added": [], "changed": [], "removed": [], "templates": [],
            "warnings": []
        })
    );

    let second = FILE.replace("qdn", "shop").replace("0100", "0101");
    shell.file(&format!("{}{second}", FILE.replace("18:00", "17:00")));
    let printed = shell.prints(0, &["push", "--config", "relay.toml"]);
    for expected in [
        "- hours = [\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        "+ hours = [\"Mon-Fri 08:00-17:00\", \"Sat 09:00-13:00\"]",
        "qdn: changed",
        "shop: added",
    ] {
        assert!(printed.contains(expected), "{printed}");
    }
    shell.file(&second);
    let printed = shell.prints(1, &["push", "--config", "relay.toml"]);
    assert!(printed.contains("qdn. Push with --remove"), "{printed}");
    assert_eq!(shell.store.lines().await.unwrap().len(), 2);
    let printed = shell.prints(0, &["push", "--config", "relay.toml", "--remove"]);
    assert!(printed.contains("qdn: removed"), "{printed}");
    assert_eq!(shell.store.lines().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_push_shows_what_each_template_costs_and_warns_of_dear_characters() {
    let shell = Shell::start().await;
    let template = r#"
[line.template.tonight]
text = "It’s {{ name }} tonight"
sample = { name = "Zurek" }
"#;
    shell.file(&format!("{FILE}{template}"));
    for code in [1, 0] {
        let command = if code == 1 { "diff" } else { "push" };
        let printed = shell.prints(code, &[command, "--config", "relay.toml"]);
        for expected in [
            "tonight is 1 segment: It’s Zurek tonight",
            "U+2019",
            "UCS-2",
        ] {
            assert!(printed.contains(expected), "{printed}");
        }
    }
    shell.file(&format!(
        "{FILE}{}",
        template.replace("sample = { name", "sample = { game")
    ));
    let printed = shell.prints(1, &["push", "--config", "relay.toml"]);
    assert!(printed.contains("relay.toml:20"), "{printed}");
    assert!(printed.contains("name"), "{printed}");
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing() {
    let shell = Shell::start().await;
    shell.file(FILE);
    shell.prints(0, &["push", "--config", "relay.toml"]);
    let before = shell.store.lines().await.unwrap();
    shell.file(&FILE.replace("America/Los_Angeles", "America/Los_Angles"));
    let printed = shell.prints(1, &["push", "--config", "relay.toml"]);
    assert!(printed.contains("relay.toml:6"), "{printed}");
    shell.prints(1, &["push", "--config", "no-such-file.toml"]);
    assert_eq!(shell.store.lines().await.unwrap(), before);
}

#[tokio::test]
async fn a_pull_writes_the_lines_and_loses_nothing() {
    let shell = Shell::start().await;
    let printed = shell.prints(1, &["pull", "--config", "relay.toml"]);
    assert!(printed.contains("has no lines yet"), "{printed}");
    let file = shell.file(FILE);
    shell.prints(0, &["push", "--config", "relay.toml"]);

    shell.prints(0, &["pull", "--config", "relay.toml"]);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        FILE,
        "it said the same"
    );

    let edited = FILE.replace("18:00", "17:00");
    shell.file(&edited);
    shell.prints(0, &["pull", "--config", "relay.toml"]);
    shell.prints(0, &["diff", "--config", "relay.toml"]);
    let aside = std::fs::read_to_string(file.with_extension("toml.bak")).unwrap();
    assert_eq!(aside, edited);

    shell.prints(0, &["pull", "--config", "copy.toml"]);
    shell.prints(0, &["diff", "--config", "copy.toml"]);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_said_to_be_missing() {
    let mut shell = Shell::start().await;
    shell.file(FILE);
    shell.table = "no-such-table".to_owned();
    let printed = shell.prints(1, &["push", "--config", "relay.toml"]);
    assert!(
        printed.contains("the DynamoDB table no-such-table"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_topic_that_people_get_is_not_dropped_unasked() {
    let place = super::Place::new();
    let store = place.store().await;
    place
        .relay(&["subscribers", "add", "858-555-0107", "--topic", "events"])
        .out();
    let text = std::fs::read_to_string(place.path().join("relay.toml")).unwrap();
    let renamed = text.replace("name = \"events\"", "name = \"outings\"");
    assert_ne!(renamed, text);
    std::fs::write(place.path().join("relay.toml"), renamed).unwrap();
    let push = ["config", "push", "--data", ".relay"];
    place
        .relay(&push)
        .refused(1, "topics with subscribers: events of qdn (1 subscriber)");
    let topics = async || {
        store.lines().await.unwrap()[0].notices.topics[0]
            .name
            .clone()
    };
    assert_eq!(topics().await, "events");
    // Nobody gets the other topic, so it goes without a question.
    let unheard = text.replace("name = \"maintenance\"", "name = \"repairs\"");
    std::fs::write(place.path().join("relay.toml"), unheard).unwrap();
    place.relay(&push).out();
    place.relay(&[&push[..], &["--remove"]].concat()).out();
}
