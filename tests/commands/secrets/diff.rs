//! `relay secrets diff` against Secrets Manager.

use serde_json::json;

use super::*;
use crate::support::moto;

fn diff(desk: &Desk, id: &str, rest: &[&str]) -> Said {
    let arguments = [&["diff", "--file", "repos.env", "--secret-id", id], rest].concat();
    let mut command = desk.command(&arguments);
    command
        .env("AWS_ENDPOINT_URL", moto::url())
        .env("AWS_REGION", moto::REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    given(command, "")
}

#[tokio::test]
async fn the_file_and_the_secret_are_compared_by_name_alone() {
    let desk = Desk::with_file();
    desk.add(&["OTHER"], "of another service\n").done();
    let config = moto::config(moto::url()).await;
    let mut pairs: serde_json::Map<String, Value> = NAMES
        .iter()
        .map(|name| ((*name).to_owned(), value(name).into()))
        .collect();
    let same = moto::secret(&config, &Value::from(pairs.clone()).to_string()).await;
    let out = diff(&desk, &same, &[]).done();
    assert_eq!(out.matches("equal").count(), 4, "{out}");
    assert!(!out.contains("OTHER"), "{out}");
    assert_eq!(diff(&desk, &same, &["--all"]).code, 1);

    pairs["TWILIO_AUTH_TOKEN"] = "9d".repeat(16).into();
    pairs.remove("TWILIO_API_KEY");
    pairs.insert("THEIRS".into(), "hunter2".into());
    let changed = moto::secret(&config, &Value::from(pairs).to_string()).await;
    let said = diff(&desk, &changed, &["--json"]);
    assert_eq!(said.code, 1, "{}", said.errors);
    let rows: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        rows,
        json!([
            {"name": "TWILIO_ACCOUNT_SID", "state": "equal"},
            {"name": "TWILIO_AUTH_TOKEN", "state": "different"},
            {"name": "TWILIO_API_KEY", "state": "only_in_file"},
            {"name": "TWILIO_API_SECRET", "state": "equal"},
            {"name": "THEIRS", "state": "only_in_secret"},
        ])
    );
    let said = diff(&desk, &changed, &[]);
    assert!(
        said.out
            .contains("THEIRS              missing from the file"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn what_keeps_the_secret_from_being_read_is_said() {
    let desk = Desk::with_file();
    diff(&desk, "no-such-secret", &[]).refused(1, "cannot read the secret no-such-secret");
    let config = moto::config(moto::url()).await;
    let secret = moto::secret(&config, "hunter2").await;
    diff(&desk, &secret, &[]).refused(1, "is not a JSON object (line 1, column 1)");
    let nobody = desk.command(&["diff", "--file", "repos.env", "--secret-id", &secret]);
    let nobody = without_aws(nobody);
    given(nobody, "").refused(1, "there are no AWS credentials for the secret");
    desk.on_file(&["diff"]).refused(2, "--secret-id");
}

fn without_aws(mut command: Command) -> Command {
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
    ] {
        command.env_remove(name);
    }
    command
        .env("AWS_REGION", moto::REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
