//! The commands that show, explain and change: `relay duty`, `route`, `explain`, `twilio`. Run as
//! people run them: exit code 0 done, 1 failed, 2 wrong usage; JSON where it is asked for; errors
//! on standard error.

mod backups;
mod blocking;
mod calls;
mod config;
#[cfg(feature = "aws")]
mod config_push;
mod dead;
#[cfg(feature = "aws")]
mod deployment;
mod doctor;
mod explain_call;
mod installing;
mod machine;
mod mistakes;
mod notices;
mod opt_outs;
mod output;
mod page;
mod reconcile;
#[cfg(feature = "aws")]
mod rotation;
mod secrets;
mod shell;
mod subscribers;
mod trouble_around;

use std::path::Path;
use std::process::{Command, Output};

use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::store::SqliteStore;
use relay::app::ports::store::Store;
use relay::cli::config_file;
use relay::domain::duty::Overrides;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound::sms::InboundSms;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::config::EXAMPLE;
use relay::domain::phone::Sender;
use relay::domain::routing::nature::Nature;
use relay::domain::routing::{Known, decide};
use relay::hosts::server::DATABASE;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::records::Records as _;

/// A folder with a configuration and a one-machine relay's data.
struct Place(TempDir);

impl Place {
    /// With the example's configuration.
    fn new() -> Self {
        Self::with_config(EXAMPLE)
    }

    fn with_config(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("relay.toml"), text).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The data folder `.relay` with the configuration's lines in it.
    async fn store(&self) -> SqliteStore {
        let data = self.path().join(".relay");
        relay::adapters::files::private_folder::create_data(&data).unwrap();
        let store = SqliteStore::on(Database::open(&data.join(DATABASE)).unwrap());
        for line in config_file::read(&self.path().join("relay.toml")).unwrap() {
            store.put_line(&line).await.unwrap();
        }
        store
    }

    /// Runs the command in this folder, without any of the variables that it would listen to.
    fn relay(&self, arguments: &[&str]) -> Ran {
        self.relay_with(arguments, &[])
    }

    fn relay_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let variables = variables.iter().copied();
        Ran(self.command(arguments).envs(variables).output().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("RELAY_STACK")
            .env_remove("TABLE_NAME")
            .env_remove("DELIVERIES_QUEUE_URL")
            .env_remove("BULK_QUEUE_URL")
            .env_remove("DEAD_LETTER_QUEUE_URL")
            .env_remove("AUDIT_LOG_GROUP")
            .env_remove("CREDENTIALS_SECRET_ID")
            .env_remove("TWILIO_API_URL")
            .env_remove("TWILIO_AUTH_TOKEN")
            .env_remove("TWILIO_AUTH_TOKEN_PREVIOUS");
        command
    }
}

struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    /// What was printed by a command that is done.
    #[track_caller]
    fn out(&self) -> String {
        assert_eq!(self.code(), 0, "{}", self.errors());
        self.printed()
    }

    fn printed(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn errors(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out()).unwrap()
    }

    /// The code and the error of a command that is not done, on standard error alone.
    #[track_caller]
    fn refused(&self, code: i32, phrase: &str) {
        let errors = self.errors();
        assert_eq!(self.code(), code, "{errors}");
        assert!(errors.contains(phrase), "{errors}");
        assert_eq!(self.printed(), "");
    }
}

const FRIDAY_10: &str = "2026-11-20T10:00:00-08:00";

#[test]
fn route_tells_who_gets_a_text_and_why() {
    let place = Place::new();
    let route = [
        "route",
        "--config",
        "relay.toml",
        "--from",
        "858-555-0107",
        "--body",
        "hi",
    ];
    let out = place
        .relay(&[&route[..], &["--at", FRIDAY_10]].concat())
        .out();
    for row in [
        "qdn  Fri 2026-11-20 10:00 PST",
        "  ✓ Sergio  within Mon-Fri 08:00-18:00",
        "  ✓ Backup  the backup is always available",
        "  → Sergio (then Backup)",
        "to Sergio, (619) 555-0110: 1 message, 1 segment, GSM-7",
    ] {
        assert!(out.contains(row), "{out}");
    }
    assert!(!out.contains('\u{1b}'), "colours without a terminal: {out}");
}

#[test]
fn route_prints_the_decision_and_the_text_as_json() {
    let place = Place::new();
    let route = [
        "route",
        "--config",
        "relay.toml",
        "--json",
        "--body",
        "🚐",
        "--from",
    ];
    let routed = |rest: &[&str]| place.relay(&[&route[..], rest].concat()).json();
    let night = routed(&["858-555-0107", "--at", "2026-11-20T20:00:00-08:00"]);
    assert_eq!(night["to_person"], "Backup");
    assert_eq!(night["rule"], "first_available");
    assert_eq!(night["candidates"][0]["because"], "outside the hours");
    assert_eq!(night["candidates"][0]["reason"], "outside_hours");
    assert!(night["text"].as_str().unwrap().ends_with("🚐"));
    assert_eq!(
        (&night["encoding"], &night["segments"]),
        (&"UCS-2".into(), &1.into())
    );
    let own = routed(&["(619) 555-0110", "--at", FRIDAY_10]);
    assert_eq!(
        (&own["rule"], &own["to_person"]),
        (&"from_person".into(), &Value::Null)
    );
    assert_eq!(own["text_to"], "Sergio");
    let short_code = routed(&["72975", "--at", FRIDAY_10]);
    assert_eq!(short_code["to_person"], "Sergio");
}

#[test]
fn route_is_right_in_both_nights_on_which_clocks_change() {
    let night = "[\"Sat 22:00-02:30\", \"Sun 02:30-06:00\"]";
    let place = Place::with_config(
        &EXAMPLE.replace("[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]", night),
    );
    let reason = |at: &str| {
        let route = [
            "route",
            "--config",
            "relay.toml",
            "--json",
            "--from",
            "72975",
            "--body",
            "x",
        ];
        let routed = place.relay(&[&route[..], &["--at", at]].concat()).json();
        routed["candidates"][0]["reason"]["within_hours"]
            .as_str()
            .unwrap_or("outside")
            .to_owned()
    };
    // 01:59 and, a minute later, 03:00.
    assert_eq!(reason("2027-03-14T09:59:00Z"), "Sat 22:00-02:30");
    assert_eq!(reason("2027-03-14T10:00:00Z"), "Sun 02:30-06:00");
    // 01:59 in summer time, then 01:00 in winter time.
    assert_eq!(reason("2026-11-01T08:59:00Z"), "Sat 22:00-02:30");
    assert_eq!(reason("2026-11-01T09:00:00Z"), "Sat 22:00-02:30");
    assert_eq!(reason("2026-11-01T14:00:00Z"), "outside");
}

#[test]
fn wrong_usage_exits_2_and_says_what_is_right() {
    let two = EXAMPLE.replace("qdn", "two").replace("5550100", "5550101");
    let place = Place::with_config(&(EXAMPLE.to_owned() + &two));
    let route = [
        "route",
        "--from",
        "72975",
        "--body",
        "x",
        "--config",
        "relay.toml",
    ];
    let routed = |rest: &[&str]| place.relay(&[&route[..], rest].concat());
    routed(&[]).refused(2, "say which one with --to: qdn, two");
    routed(&["--to", "three"]).refused(2, "there is no line \"three\"; there is qdn, two");
    routed(&["--to", "TWO", "--at", "someday"]).refused(2, "write one such as 2h, 5pm");
    assert_eq!(routed(&["--to", "two", "--json"]).json()["line"], "two");
    assert_eq!(
        routed(&["--to", "619-555-0101", "--json"]).json()["line"],
        "two"
    );
    place
        .relay(&["route", "--from", "72975"])
        .refused(2, "--body <TEXT>");
    place
        .relay(&["duty", "show", "--colour"])
        .refused(2, "--colour");
}

#[test]
fn a_configuration_with_mistakes_is_refused_with_their_places() {
    let place = Place::with_config(&EXAMPLE.replace("Los_Angeles", "Los_Angelos"));
    let line = EXAMPLE
        .lines()
        .position(|line| line.contains("Los_Angeles"));
    let line = line.unwrap() + 1;
    let mistake = "\"America/Los_Angelos\" is no time zone; did you";
    place
        .relay(&["duty", "show", "--config", "relay.toml"])
        .refused(1, &format!("error: relay.toml:{line}:13: {mistake}"));
    place
        .relay(&["duty", "show", "--config", "other.toml"])
        .refused(1, "there is no other.toml");
}

#[test]
fn without_a_relay_the_commands_say_how_to_get_one() {
    let place = Place::new();
    for arguments in [
        &["duty", "show"][..],
        &["duty", "away", "Sergio"],
        &["route", "--from", "72975", "--body", "x"],
    ] {
        place
            .relay(arguments)
            .refused(1, "there is no relay in .relay");
        place
            .relay(&[arguments, &["--data", "relay.toml"]].concat())
            .refused(1, "relay.toml is no folder; name the relay's data folder");
    }
}

#[cfg(feature = "aws")]
#[test]
fn without_a_way_into_aws_the_error_says_which_variables_to_set() {
    let place = Place::new();
    let show = |region: Option<&str>| {
        let mut command = place.command(&["duty", "show", "--table", "relay"]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("HOME", place.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(region.map(|region| ("AWS_REGION", region)));
        Ran(command.output().unwrap())
    };
    show(None).refused(1, "no AWS region is set; set AWS_REGION");
    show(Some("us-west-2")).refused(1, "set AWS_PROFILE to a profile");
}

#[tokio::test]
async fn an_override_is_set_shown_obeyed_and_cleared() {
    let place = Place::new();
    place.store().await;
    let away = place
        .relay(&["duty", "away", "sergio", "--until", "2h"])
        .out();
    assert!(away.starts_with("qdn: Sergio is away until "), "{away}");
    assert!(away.contains("now → Backup"), "{away}");

    let shown = place.relay(&["duty", "show", "--json"]).json();
    let sergio = &shown[0]["people"][0];
    assert_eq!(sergio["available"], false);
    assert!(
        sergio["because"]
            .as_str()
            .unwrap()
            .starts_with("away until "),
        "{shown}"
    );
    assert_eq!(shown[0]["to_person"], "Backup");

    let route = ["route", "--from", "858-555-0107", "--body", "hi", "--json"];
    assert_eq!(place.relay(&route).json()["to_person"], "Backup");
    // A file's lines have no overrides, unless a relay is named, too.
    let in_hours = ["--config", "relay.toml", "--at", FRIDAY_10];
    let from_file = [&route[..], &in_hours].concat();
    assert_eq!(place.relay(&from_file).json()["to_person"], "Sergio");

    place.relay(&["duty", "on", "Sergio"]).out();
    assert_eq!(place.relay(&route).json()["to_person"], "Sergio");
    let shown = place.relay(&["duty", "show"]).out();
    assert!(
        shown.contains("✓ Sergio  set on duty until further notice"),
        "{shown}"
    );

    let cleared = place.relay(&["duty", "clear", "SERGIO"]).out();
    assert!(
        cleared.starts_with("qdn: the hours decide about Sergio again"),
        "{cleared}"
    );
    assert_eq!(
        place.relay(&["duty", "clear", "Sergio"]).out(),
        "nothing was set for Sergio\n"
    );
}

#[tokio::test]
async fn an_override_that_cannot_be_is_refused() {
    let place = Place::new();
    place.store().await;
    let away = |rest: &[&str]| place.relay(&[&["duty", "away"][..], rest].concat());
    away(&["Zoe"]).refused(2, "there is nobody called \"Zoe\"; there is Backup, Sergio");
    away(&["Sergio", "--until", "2020-01-01"]).refused(2, "which is past; it is");
    away(&["Sergio", "--until", "later"]).refused(2, "is not a time; write one such as 2h");
    away(&["Sergio", "--line", "other"]).refused(2, "there is no line \"other\"; there is qdn");
    place
        .relay(&["duty", "clear", "Zoe"])
        .refused(2, "there is nobody called \"Zoe\"");
    let backup = away(&["Backup"]);
    assert_eq!(backup.code(), 0);
    assert!(
        backup
            .errors()
            .contains("Backup is the backup and gets texts all the same")
    );
}

#[tokio::test]
async fn a_person_of_two_lines_is_away_from_both_unless_one_is_named() {
    let two = EXAMPLE.replace("qdn", "two").replace("5550100", "5550101");
    let place = Place::with_config(&(EXAMPLE.to_owned() + &two));
    let store = place.store().await;
    place.relay(&["duty", "away", "Sergio"]).out();
    for line in store.lines().await.unwrap() {
        assert_eq!(store.overrides(&line.number).await.unwrap().0.len(), 1);
    }
    place
        .relay(&["duty", "clear", "Sergio", "--line", "two"])
        .out();
    for line in store.lines().await.unwrap() {
        let left = store.overrides(&line.number).await.unwrap();
        assert_eq!(left == Overrides::default(), line.name == "two");
    }
}

#[tokio::test]
async fn duty_check_tells_what_is_surprising() {
    let place = Place::new();
    let check = ["duty", "check", "--config", "relay.toml", "--at", FRIDAY_10];
    let out = place.relay(&check).out();
    assert!(
        out.contains("only the backup is on duty for 114 h a week"),
        "{out}"
    );
    let never = EXAMPLE.replace(
        "[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        "\"never\"",
    );
    let place = Place::with_config(&never);
    let ran = place.relay(&[&check[..], &["--json"]].concat());
    assert_eq!(ran.code(), 1, "a warning fails the check: {}", ran.errors());
    let checked: Value = serde_json::from_str(&ran.printed()).unwrap();
    assert_eq!(checked[0]["findings"][0]["finding"], "only_backup");
    assert_eq!(checked[0]["findings"][1]["finding"], "never_on_duty");
    assert_eq!(checked[0]["findings"][1]["warning"], true);
}

/// Puts a text from a customer into the store, and returns its SID.
async fn a_text_came_in(place: &Place) -> MessageSid {
    a_text_came_in_from(place, "+18585550107", "Are you open?").await
}

async fn a_text_came_in_from(place: &Place, from: &str, body: &str) -> MessageSid {
    let store = place.store().await;
    let line = store.lines().await.unwrap().remove(0);
    let sms = InboundSms {
        sid: MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap(),
        from: Sender::parse(from),
        to: line.number.clone(),
        place: None,
        body: body.to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let received = FRIDAY_10.parse().unwrap();
    let decision = decide(
        &line,
        &Known::default(),
        &sms.from,
        Nature::Ordinary,
        received,
    );
    let sid = sms.sid.clone();
    let record = InboundRecord {
        sms,
        received,
        decision,
        deliveries: Vec::new(),
        by_fallback: None,
        conversation: None,
        opt_out: None,
        subscriptions: Vec::new(),
        duty: None,
        words_removed: None,
    };
    store.record(&record, &[]).await.unwrap();
    sid
}

#[tokio::test]
async fn explain_tells_the_story_of_a_text() {
    let place = Place::new();
    let sid = a_text_came_in(&place).await;
    let out = place.relay(&["explain", sid.as_str()]).out();
    for row in [
        "+1•••07 wrote to qdn: 13 characters",
        "Fri 2026-11-20 PST",
        "10:00:00  it came in",
        "it was for Sergio, the first of the cascade who was available",
        "✓ Sergio: within Mon-Fri 08:00-18:00",
    ] {
        assert!(out.contains(row), "{out}");
    }
    assert!(!out.contains("5550107") && !out.contains("open"), "{out}");
    let full = place
        .relay(&["explain", sid.as_str(), "--numbers", "--body", "--json"])
        .json();
    assert_eq!(full["from"], "+18585550107");
    assert_eq!(full["body"], "Are you open?");
    assert_eq!(full["decision"]["to_person"], "Sergio");
    let because = &full["decision"]["candidates"][0]["because"];
    assert_eq!(because, "within Mon-Fri 08:00-18:00");
}

#[tokio::test]
async fn explain_of_an_unknown_text_says_where_it_looked() {
    let place = Place::new();
    place.store().await;
    let unknown = "SM".to_owned() + &"1".repeat(32);
    place
        .relay(&["explain", &unknown])
        .refused(1, "came in here; check that it is the SID of");
    place
        .relay(&["explain", "SM1"])
        .refused(2, "is not a message's SID (SM or MM and 32");
}

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const FIELDS: [&str; 10] = [
    "-d",
    "CallSid=CA1234567890ABCDE",
    "-d",
    "Caller=+14158675309",
    "-d",
    "Digits=1234",
    "-d",
    "From=+14158675309",
    "-d",
    "To=+18005551212",
];
const TOKEN: [(&str, &str); 1] = [("TWILIO_AUTH_TOKEN", "12345")];
/// The vector of Twilio's own SDKs for these.
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

fn twilio(command: &str, url: &str, fields: &[&str], rest: &[&str]) -> Ran {
    let arguments = [&["twilio", command, "--url", url][..], fields, rest].concat();
    Place::new().relay_with(&arguments, &TOKEN)
}

#[test]
fn twilio_signs_as_twilio_does() {
    let out = twilio("sign", URL, &FIELDS, &[]).out();
    assert_eq!(out, format!("X-Twilio-Signature: {SIGNATURE}\n"));
    let json = twilio("sign", URL, &["--body", r#"{"a":1}"#], &["--json"]).json();
    let url = json["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{URL}&bodySHA256=")), "{url}");
    let signature = json["signature"].as_str().unwrap();
    let rest = ["--signature", signature];
    twilio("verify", url, &["--body", r#"{"a":1}"#], &rest).out();
}

#[test]
fn twilio_verifies_and_names_the_mistake_but_not_the_right_signature() {
    let rest = ["--signature", SIGNATURE];
    assert!(
        twilio("verify", URL, &FIELDS, &rest)
            .out()
            .contains("the signature fits")
    );
    let http = URL.replace("https", "http");
    let ran = twilio("verify", &http, &FIELDS, &rest);
    assert_eq!(ran.code(), 1);
    assert!(
        ran.printed().contains("it fits with https instead of http"),
        "{}",
        ran.printed()
    );
    let right = twilio("sign", &http, &FIELDS, &[]).out();
    let right = right.trim().trim_start_matches("X-Twilio-Signature: ");
    assert!(!ran.printed().contains(right) && !ran.errors().contains(right));
    let ran = twilio(
        "verify",
        URL,
        &FIELDS[..8],
        &[&rest[..], &["--json"]].concat(),
    );
    assert_eq!(ran.code(), 1);
    let verdict: Value = serde_json::from_str(&ran.printed()).unwrap();
    assert_eq!(verdict["fits"], false);
    assert!(
        verdict["causes"]
            .to_string()
            .contains("a field may be missing or changed: 4")
    );
}

#[test]
fn twilio_takes_the_token_from_a_private_file_or_the_environment() {
    let place = Place::new();
    let sign = ["twilio", "sign", "--url", URL];
    place
        .relay(&sign)
        .refused(1, "there is no auth token; name the file that has it with");
    let file = place.path().join("repos.env");
    let sid = "AC".to_owned() + &"0".repeat(32);
    std::fs::write(
        &file,
        format!("TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN=12345\n"),
    )
    .unwrap();
    let with_file = [&sign[..], &FIELDS, &["--env-file", "repos.env"]].concat();
    set_mode(&file, 0o644);
    place
        .relay(&with_file)
        .refused(1, "run `chmod 600 repos.env`");
    set_mode(&file, 0o600);
    assert!(place.relay(&with_file).out().contains(SIGNATURE));
    place
        .relay(&["twilio", "sign", "--url", "/twilio/sms"])
        .refused(2, "must be a whole URL");
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::new();
    for command in ["route", "duty", "explain", "dead", "twilio"] {
        let help = place.relay(&[command, "--help"]).out();
        assert!(
            help.contains("Example") && help.contains(&format!("relay {command}")),
            "{help}"
        );
    }
}

#[test]
fn a_twilio_url_that_is_no_web_address_is_wrong_usage() {
    let place = Place::new();
    let serve = ["serve", "--config", "relay.toml", "--env-file", "repos.env"];
    for url in ["notaurl", "ftp://example.com", "https://", ""] {
        place
            .relay(&[&serve[..], &["--twilio-url", url]].concat())
            .refused(2, "not a web address; write such as https://api.twilio.com");
    }
}
