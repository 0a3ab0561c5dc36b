//! What a shell and a newcomer meet first: the help, the version, completion, the manual.

use super::*;

#[test]
fn the_help_lists_the_commands_in_groups() {
    let place = Place::new();
    let help = place.relay(&["--help"]).out();
    let place_of = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text}: {help}"));
    assert!(place_of("Try it and run it:") < place_of("\n  dev "));
    assert!(place_of("Every day:") < place_of("\n  explain "));
    assert!(place_of("Set up and repair:") < place_of("\n  config "));
    assert!(!help.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn the_version_says_what_is_compiled_in() {
    let version = Place::new().relay(&["--version"]).out();
    let with = if cfg!(feature = "aws") {
        "with AWS"
    } else {
        "without AWS"
    };
    let number = env!("CARGO_PKG_VERSION");
    assert!(
        version.starts_with(&format!("relay {number} (")),
        "{version}"
    );
    assert!(version.ends_with(&format!(", {with})\n")), "{version}");
}

/// What a shell is offered after these words.
fn candidates(place: &Place, words: &[&str]) -> Vec<String> {
    let last = words.len().to_string();
    let mut arguments = vec!["--", "relay"];
    arguments.extend(words);
    let variables = [
        ("RELAY_COMPLETE", "bash"),
        ("_CLAP_COMPLETE_INDEX", last.as_str()),
        ("_CLAP_IFS", "\n"),
    ];
    let offered = place.relay_with(&arguments, &variables).out();
    offered.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_commands_and_the_names_of_the_configuration() {
    let config = EXAMPLE
        .replace("\"qdn\"", "\"harbour\"")
        .replace("\"Sergio\"", "\"Salome\"");
    let place = Place::with_config(&config);
    assert_eq!(candidates(&place, &["dut"]), ["duty"]);
    assert_eq!(candidates(&place, &["duty", "away", "Sal"]), ["Salome"]);
    assert_eq!(
        candidates(&place, &["duty", "show", "--line", ""]),
        ["harbour"]
    );
    assert_eq!(
        candidates(&place, &["notify", "--topic", ""]),
        ["events", "maintenance"]
    );
    let templates = candidates(&place, &["notify", "--template", "event"]);
    assert!(
        templates.contains(&"event_published".to_owned()),
        "{templates:?}"
    );
    assert_eq!(
        candidates(&place, &["phone", "+1619555011"])[0],
        "+16195550110"
    );
    // A file with a mistake completes no names, and says nothing into the line that is being typed.
    std::fs::write(place.path().join("relay.toml"), "[[line]").unwrap();
    assert_eq!(
        candidates(&place, &["duty", "away", ""])
            .concat()
            .find("Sal"),
        None
    );
}

#[test]
fn the_scripts_are_ones_that_their_shell_reads() {
    let place = Place::new();
    for (shell, word) in [
        ("bash", "complete -o"),
        ("zsh", "compdef"),
        ("fish", "complete --"),
    ] {
        let script = place.relay(&["completions", shell]).out();
        assert!(script.contains(word), "{shell}: {script}");
        assert!(script.contains("RELAY_COMPLETE"), "{script}");
    }
    let script = place.relay(&["completions", "bash"]).out();
    std::fs::write(place.path().join("script"), &script).unwrap();
    let mut bash = Command::new("bash");
    let read = bash
        .arg("-n")
        .arg(place.path().join("script"))
        .status()
        .unwrap();
    assert!(read.success());
    place
        .relay(&["completions", "tcsh"])
        .refused(2, "bash, zsh, fish");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let place = Place::new();
    place.relay(&["manual", "man"]).out();
    let page = |name: &str| std::fs::read_to_string(place.path().join("man").join(name)).unwrap();
    assert!(page("relay.1").contains("a Twilio number") || page("relay.1").contains("phone line"));
    assert!(
        page("relay-dead-replay.1").contains("older"),
        "{}",
        page("relay-dead-replay.1")
    );
    assert!(page("relay-secrets-rotate.1").contains("Example"));
}

#[test]
fn a_configuration_is_checked_without_a_relay() {
    let place = Place::new();
    let checked = place.relay(&["config", "check"]).out();
    for line in [
        "qdn +16195550100, clock of America/Los_Angeles\n",
        "  Sergio: Mon-Fri 08:00-18:00, Sat 09:00-13:00\n",
        "  Backup, the backup: always\n",
        "  topics: events, maintenance\n",
        "relay.toml is right\n",
    ] {
        assert!(checked.contains(line), "{line}: {checked}");
    }
    assert!(!place.path().join(".relay").exists(), "it leaves nothing");
    let pin = EXAMPLE.replace("# pin = \"4711\"", "pin = \"4711\"");
    assert!(pin != EXAMPLE);
    std::fs::write(place.path().join("own.toml"), pin).unwrap();
    let json = place
        .relay(&["config", "check", "--config", "own.toml", "--json"])
        .json();
    assert_eq!(json["lines"][0]["people"][0]["name"], "Sergio");
    assert!(!json.to_string().contains("4711"), "{json}");
    std::fs::write(
        place.path().join("own.toml"),
        EXAMPLE.replace("country", "cuntry"),
    )
    .unwrap();
    place
        .relay(&["config", "check", "--config", "own.toml"])
        .refused(1, "did you mean country?");
    place
        .relay(&["config", "check", "--config", "none.toml"])
        .refused(1, "there is no none.toml");
}

#[test]
fn a_configuration_is_made_from_answers() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Stdio;
    let place = Place::new();
    place
        .relay(&["init"])
        .refused(1, "relay.toml is there already");
    let init = |answers: &str| {
        let mut command = place.command(&["init", "--config", "own.toml"]);
        let piped = command.env("TZ", "Europe/Madrid").stdin(Stdio::piped());
        let mut process = piped
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process
            .stdin
            .take()
            .unwrap()
            .write_all(answers.as_bytes())
            .unwrap();
        Ran(process.wait_with_output().unwrap())
    };
    let answers = "+16195550100\n\nqdn\n\nSergio\n619-555-0110\nalways\n\n\n619-555-0111\n\n\n\n";
    init(answers).refused(1, "there is no answer to \"Write own.toml?\"");
    assert!(!place.path().join("own.toml").exists());
    init(&format!("{answers}no\n")).refused(1, "nothing was written");
    let out = init(&format!("{answers}\n")).out();
    assert!(out.contains("A text right now → Sergio"), "{out}");
    let file = place.path().join("own.toml");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let checked = place
        .relay(&["config", "check", "--config", "own.toml"])
        .out();
    assert!(checked.contains("clock of Europe/Madrid"), "{checked}");
    assert!(checked.contains("Backup, the backup: always"), "{checked}");
}
