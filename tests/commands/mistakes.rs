//! Mistakes on the command line: each answer says what is wrong, where, and what to do next. Wrong usage ends
//! with 2, what failed with 1.

use crate::support::tools;

use super::*;

/// A command line, its exit code, and what the answer says.
type Mistake = (&'static str, i32, &'static [&'static str]);

/// In a folder with the example's lines in `.relay`, where no sandbox runs. Words in single quotes are one; `{0}` is
/// 32 zeros, since SIDs are assembled at run time.
const MISTAKES: &[Mistake] = &[
    // No such command
    (
        "conversation",
        2,
        &["unrecognized subcommand 'conversation'", "'conversations'"],
    ),
    (
        "expl SM1",
        2,
        &["unrecognized subcommand 'expl'", "'explain'"],
    ),
    ("duty sho", 2, &["unrecognized subcommand 'sho'", "'show'"]),
    (
        "nonsense",
        2,
        &["unrecognized subcommand 'nonsense'", "--help"],
    ),
    // Something is missing
    ("explain", 2, &["<SID>", "Example", "relay explain SM"]),
    ("dead replay", 2, &["<ID>", "Example", "relay dead replay"]),
    (
        "optouts add",
        2,
        &["<NUMBER>", "relay optouts add 858-555-0107"],
    ),
    ("duty away", 2, &["<PERSON>", "relay duty away"]),
    ("route --body hi", 2, &["--from <SENDER>", "relay route"]),
    (
        "notify --topic events",
        2,
        &["--template", "relay notify --topic events"],
    ),
    (
        "text --from 619-555-0107",
        2,
        &["<BODY>", "relay text --from"],
    ),
    ("twilio verify", 2, &["--signature", "relay twilio verify"]),
    ("secrets add", 2, &["<KEY>", "relay secrets add"]),
    ("call", 2, &["say who calls", "--from 619-555-0142"]),
    // Numbers
    (
        "optouts add 555",
        2,
        &[
            "\"555\" is no telephone number",
            "too few digits",
            "with a plus sign",
        ],
    ),
    (
        "subscribers add 619-555-010 --topic events",
        2,
        &["is no telephone number", "with a plus sign"],
    ),
    (
        "block '+1 619 555'",
        2,
        &["is no telephone number", "with a plus sign"],
    ),
    (
        "optouts add 619-555-0100",
        2,
        &["the number of line qdn itself", "somebody who texts it"],
    ),
    (
        "optouts remove '(619) 555-0100'",
        2,
        &["the number of line qdn itself", "somebody who texts it"],
    ),
    (
        "block remove +16195550100",
        2,
        &["the number of line qdn itself", "somebody who texts it"],
    ),
    (
        "block 619-555-0110 --yes",
        2,
        &["that is Sergio", "cannot be blocked"],
    ),
    (
        "forget 619-555-0100",
        2,
        &["of line qdn itself", "take it out of relay.toml first"],
    ),
    (
        "notify --topic events --template event_published --set name=Z --set starts=2099-01-01 --number 619-555-0100",
        1,
        &[
            "audience.numbers[0]",
            "the line's own number",
            "people's phones",
        ],
    ),
    (
        "notify --topic events --template event_published --set name=Z --number 555",
        2,
        &["\"555\" is no telephone number", "with a plus sign"],
    ),
    // SIDs
    (
        "explain 0107",
        2,
        &["\"0107\" is not a message's SID", "relay calls"],
    ),
    (
        "explain AC{0}",
        2,
        &["is not a message's SID", "Twilio's console"],
    ),
    (
        "explain SM{0}",
        1,
        &[
            "no text SM",
            "check that it is the SID",
            "--data or --stack",
        ],
    ),
    ("dead show SM{0}", 1, &["there is no", "relay dead list"]),
    (
        "voicemail save CA12 x.mp3",
        2,
        &["\"CA12\" is not a call's SID", "CA and 32"],
    ),
    (
        "voicemail save CA{0} x.mp3",
        1,
        &["no call CA", "relay voicemail list"],
    ),
    (
        "notice show 1",
        1,
        &[
            "no notice and no invitation of this id",
            "relay notice list",
        ],
    ),
    // Lines, people, topics, templates
    (
        "optouts add 619-555-0107 --line qdm",
        2,
        &["no line \"qdm\"", "there is qdn", "did you mean \"qdn\"?"],
    ),
    (
        "duty away Sergoi",
        2,
        &["nobody called \"Sergoi\"", "did you mean \"Sergio\"?"],
    ),
    (
        "duty away Zoe",
        2,
        &["nobody called \"Zoe\"; there is Backup, Sergio"],
    ),
    (
        "subscribers add 619-555-0107 --topic evens",
        2,
        &["no topic \"evens\"", "did you mean \"events\"?"],
    ),
    (
        "subscribers add 619-555-0107",
        2,
        &["has several topics", "--topic: events, maintenance"],
    ),
    (
        "notify --topic event --template event_published --set name=Z --set starts=2099-01-01",
        1,
        &[
            "topic is not a topic of the line qdn",
            "events, maintenance",
        ],
    ),
    (
        "notify --topic events --template event_publishd --set name=Z",
        1,
        &[
            "template is not a template of the line qdn",
            "event_published",
        ],
    ),
    (
        "notify --topic events --template event_published --set name",
        2,
        &["is no value", "--set name=Zurek"],
    ),
    // Times
    (
        "duty away Sergio --until yesterday",
        2,
        &["\"yesterday\" is", "which is past", "write a later time"],
    ),
    (
        "duty away Sergio --until whenever",
        2,
        &["\"whenever\" is not a time", "tomorrow 9am"],
    ),
    (
        "calls --since 30x",
        2,
        &["\"30x\" is no age", "90m, 2h or 3d"],
    ),
    (
        "notify --topic events --template event_published --set name=Z --set starts=2020-01-01",
        1,
        &["data.starts is over", "nobody would hear of it"],
    ),
    // Files
    (
        "notify nofile.json",
        1,
        &["cannot read nofile.json", "name a JSON file"],
    ),
    (
        "notify relay.toml",
        1,
        &["relay.toml is no JSON", "relay schema"],
    ),
    (
        "subscribers import nofile.csv --topic events",
        1,
        &["cannot read nofile.csv", "name a CSV file"],
    ),
    (
        "subscribers import relay.toml --topic events",
        1,
        &["no column called \"number\"", "number,since,how"],
    ),
    (
        "config check --config nofile.toml",
        1,
        &["there is no nofile.toml", "copy relay.example.toml"],
    ),
    (
        "config check --config list.csv",
        1,
        &["list.csv:1:", "this is not TOML"],
    ),
    (
        "secrets check --file none.env",
        1,
        &["there is no none.env", "relay secrets add --file none.env"],
    ),
    (
        "serve --env-file none.env",
        1,
        &["there is no none.env", "relay secrets add --file none.env"],
    ),
    (
        "conversations --data nowhere",
        1,
        &["there is no relay in nowhere", "relay dev", "--data"],
    ),
    ("conversations --data later", 1, &["shape", "to begin anew"]),
    ("conversations --data open", 1, &["open", "chmod"]),
    // No running sandbox
    (
        "text --from 619-555-0107 hi --url http://127.0.0.1:1",
        1,
        &[
            "nothing answers at http://127.0.0.1:1",
            "relay dev",
            "--url",
        ],
    ),
    (
        "phone 619-555-0110 --url http://127.0.0.1:1",
        1,
        &[
            "nothing answers at http://127.0.0.1:1",
            "relay dev",
            "--url",
        ],
    ),
    (
        "status --url http://127.0.0.1:1",
        1,
        &[
            "nothing answers at http://127.0.0.1:1",
            "start the relay",
            "--url",
        ],
    ),
    (
        "phone 619-555-0110 --url nonsense",
        1,
        &["\"nonsense\" is not a URL", "such as http://127.0.0.1:4000"],
    ),
    // Faults
    (
        "sandbox fault server-error=200",
        2,
        &[
            "\"server-error=200\"",
            "from 500 to 599, such as server-error=503",
        ],
    ),
    (
        "sandbox fault lost-answer --times 0",
        2,
        &["--times", "from 1 to 1000"],
    ),
    (
        "sandbox fault lost-answr",
        2,
        &[
            "\"lost-answr\" is no fault",
            "did you mean \"lost-answer\"?",
        ],
    ),
    (
        "sandbox fault held=10",
        2,
        &["\"held=10\"", "such as held=8s"],
    ),
    // Questions without a terminal
    (
        "block 619-555-0107",
        2,
        &[
            "reach nobody from then on",
            "no terminal to ask on: add --yes",
        ],
    ),
    ("dead drop SM{0}", 2, &["no terminal to ask on: add --yes"]),
    // Options
    (
        "conversations --numbrs",
        2,
        &["unexpected argument '--numbrs'", "'--numbers'"],
    ),
    (
        "config check --stack x",
        2,
        &["unexpected argument '--stack'", "Usage: relay config check"],
    ),
    (
        "explain SM{0} --yes",
        2,
        &["unexpected argument '--yes'", "Usage: relay explain"],
    ),
    ("completions tcsh", 2, &["'tcsh'", "bash, zsh, fish"]),
    ("serve --port 99999", 2, &["99999 is not in 0..=65535"]),
    (
        "serve --bind nonsense",
        2,
        &["not an IP address", "127.0.0.1 for this machine"],
    ),
    (
        "secrets add lower",
        2,
        &["is not a variable's name", "TWILIO_AUTH_TOKEN"],
    ),
    ("reconcile", 2, &["credentials are needed", "--env-file"]),
];

#[tokio::test]
async fn each_mistake_is_answered_with_what_is_wrong_and_what_to_do() {
    let place = Place::new();
    drop(place.store().await);
    std::fs::write(place.path().join("list.csv"), "+16195550107\n").unwrap();
    for data in ["later", "open"] {
        let data = place.path().join(data);
        relay::adapters::files::private_folder::create_data(&data).unwrap();
        drop(Database::open(&data.join(DATABASE)).unwrap());
    }
    set_shape(&place.path().join("later").join(DATABASE), 99);
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(place.path().join("open"), everybody).unwrap();
    let mut wrong = Vec::new();
    for (line, code, told) in MISTAKES {
        let zeros = "0".repeat(32);
        let words = words(&line.replace("{0}", &zeros));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = place.command(&words).env("HOME", place.path()).output();
        let ran = Ran(ran.unwrap());
        let errors = ran.errors() + &ran.printed();
        let lacks = told.iter().find(|phrase| !errors.contains(**phrase));
        if ran.code() != *code || lacks.is_some() {
            wrong.push(format!(
                "{line} [{}], lacks {lacks:?}:\n{errors}",
                ran.code()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(MISTAKES.len() >= 40);
}

/// The words of a command line; what stands in single quotes is one.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(n, part)| match n % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

/// As a later version of the relay would leave it.
fn set_shape(database: &Path, shape: i32) {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection
        .pragma_update(None, "user_version", shape)
        .unwrap();
}

#[test]
fn a_variable_that_is_empty_is_named() {
    let place = Place::new();
    for (command, variable, what) in [
        ("serve", "RELAY_CONFIG", "the path of a relay.toml"),
        ("config check", "RELAY_CONFIG", "the path of a relay.toml"),
        ("config diff", "RELAY_CONFIG", "the path of a relay.toml"),
        ("serve", "RELAY_DATA", "the path of a data folder"),
        ("serve", "REPOS_ENV", "the path of a repos.env"),
    ] {
        let ran = place.relay_with(&words_of(command), &[(variable, "")]);
        ran.refused(2, &format!("{variable} is set and empty"));
        assert!(ran.errors().contains(what), "{}", ran.errors());
        assert!(ran.errors().contains(&format!("unset {variable}")));
    }
    let of_its_own = place.relay_with(
        &["config", "check", "--config", ""],
        &[("RELAY_CONFIG", "")],
    );
    assert!(
        !of_its_own.errors().contains("RELAY_CONFIG is set"),
        "{}",
        of_its_own.errors()
    );
}

fn words_of(line: &'static str) -> Vec<&'static str> {
    line.split(' ').collect()
}

#[tokio::test]
async fn numbers_are_taken_in_every_form() {
    let place = Place::new();
    place.store().await;
    for number in [
        "858-555-0107",
        "(858) 555 0107",
        "+1 858 555 0107",
        "8585550107",
        "1-858-555-0107",
        "tel:+18585550107",
    ] {
        let added = place.relay(&["optouts", "add", number, "--json"]).json();
        assert_eq!(added["number"], "+18585550107", "{number}");
        assert_eq!(
            place.relay(&["optouts", "remove", number, "--json"]).json()["changed"],
            true
        );
        let notify = [
            "notify",
            "--topic",
            "events",
            "--template",
            "event_published",
            "--set",
            "name=Z",
            "--set",
            "starts=2099-01-01",
            "--number",
            number,
            "--dry-run",
            "--json",
        ];
        let estimate = place.relay(&notify).json();
        assert_eq!(estimate["recipients"], 1, "{number}: {estimate}");
    }
}

#[test]
fn serve_and_secrets_take_the_same_file() {
    let place = Place::new();
    let run = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        Ran(command
            .env_remove("REPOS_ENV")
            .env("HOME", place.path())
            .output()
            .unwrap())
    };
    // Both find fault with the file of this folder.
    std::fs::write(place.path().join("repos.env"), "TWILIO_ACCOUNT_SID=x\n").unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(place.path().join("repos.env"), everybody).unwrap();
    for arguments in [&["serve", "--port", "0"][..], &["secrets", "check"]] {
        let ran = run(arguments);
        assert_eq!(ran.code(), 1);
        let said = ran.errors() + &ran.printed();
        assert!(
            said.contains("chmod 600 repos.env"),
            "{arguments:?}: {said}"
        );
    }
    // Otherwise that of the home folder.
    std::fs::create_dir(place.path().join(".secrets")).unwrap();
    std::fs::rename(
        place.path().join("repos.env"),
        place.path().join(".secrets/repos.env"),
    )
    .unwrap();
    for arguments in [&["serve", "--port", "0"][..], &["secrets", "check"]] {
        let ran = run(arguments);
        let said = ran.errors() + &ran.printed();
        assert!(said.contains(".secrets"), "{arguments:?}: {said}");
    }
}

/// Runs the command on a terminal of its own.
fn on_a_terminal(place: &Place, arguments: &[&str]) -> String {
    let spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut python = Command::new(tools::python());
    python
        .args(["-c", spawn, env!("CARGO_BIN_EXE_relay")])
        .args(arguments);
    let ran = python.current_dir(place.path()).output().unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[tokio::test]
async fn whoever_reads_masked_numbers_on_a_terminal_is_told_once_how_to_see_them() {
    const HOW: &str = "--numbers shows them in full";
    let place = Place::new();
    place.store().await;
    for number in ["858-555-0107", "858-555-0108"] {
        place.relay(&["optouts", "add", number]).out();
        place.relay(&["block", number, "--yes"]).out();
        place
            .relay(&["subscribers", "add", number, "--topic", "events"])
            .out();
    }
    for list in [
        &["optouts", "list"][..],
        &["block", "list"],
        &["subscribers", "list"],
    ] {
        let shown = on_a_terminal(&place, list);
        assert_eq!(shown.matches(HOW).count(), 1, "{list:?}: {shown}");
        let in_full = on_a_terminal(&place, &[list, &["--numbers"]].concat());
        assert!(
            in_full.contains("+18585550107") && !in_full.contains(HOW),
            "{in_full}"
        );
        let piped = place.relay(list);
        assert!(!piped.errors().contains(HOW), "{}", piped.errors());
    }
    let nothing = on_a_terminal(&place, &["duty", "show"]);
    assert!(!nothing.contains(HOW), "{nothing}");
}
