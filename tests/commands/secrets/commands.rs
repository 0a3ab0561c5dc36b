//! What the commands do, as people use them.

use super::*;

#[test]
fn from_an_empty_folder_to_a_file_that_is_as_it_should_be() {
    let desk = Desk::new();
    let input = NAMES.map(|name| value(name) + "\n").concat();
    let out = desk.add(&NAMES, &input).done();
    assert_eq!(out, format!("{}: added to repos.env\n", NAMES.join(", ")));
    let text = desk.text();
    let audit_key = text.strip_prefix(&values().concat()).unwrap();
    let audit_key = audit_key.strip_prefix("RELAY_AUDIT_KEY=").unwrap().trim();
    assert!(
        audit_key.len() == 64 && audit_key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "it was made with the file"
    );
    assert_eq!(mode(&desk.file()), 0o600);
    let check = desk.on_file(&["check"]);
    assert!(
        check
            .out
            .contains("✓ repos.env is as it should be (5 variables)"),
        "{}",
        check.out
    );
    assert!(
        check.out.contains("TWILIO_API_KEY      changed 20"),
        "{}",
        check.out
    );
    let checked = desk.on_file(&["check", "--json"]).json();
    assert_eq!(checked["clean"], true);
    assert_eq!(checked["variables"][0]["kind"], "an account's SID");
    assert_eq!(checked["variables"][3]["age_days"], 0);
    let listed = desk.on_file(&["list"]).done();
    assert!(
        listed.contains("TWILIO_AUTH_TOKEN   an auth token        "),
        "{listed}"
    );
}

#[test]
fn another_audit_key_is_one_command() {
    let desk = Desk::new();
    let input = NAMES.map(|name| value(name) + "\n").concat();
    desk.add(&NAMES, &input).done();
    let before = desk.text();
    desk.on_file(&["rotate", "audit-key", "--file-alone"])
        .done();
    let after = desk.text();
    assert_ne!(before, after);
    assert!(after.starts_with(&values().concat()));
    // It is as it was once it is there.
    desk.add(
        &["--replace", "TWILIO_ACCOUNT_SID"],
        &value("TWILIO_ACCOUNT_SID"),
    )
    .done();
    assert_eq!(desk.text(), after);
}

#[test]
fn a_change_keeps_comments_and_other_services_and_needs_replace() {
    let desk = Desk::new();
    let others = "# crew portal\nTSHEETS_TOKEN='x y'\n\n";
    desk.write(&format!("{others}TWILIO_AUTH_TOKEN={}", "9d".repeat(16)));
    let token = value("TWILIO_AUTH_TOKEN");
    desk.add(&["TWILIO_AUTH_TOKEN"], &token)
        .refused(1, "give --replace");
    assert!(desk.text().contains("9d9d"));
    let replaced = desk
        .add(&["--replace", "--json", "TWILIO_AUTH_TOKEN"], &token)
        .json();
    assert_eq!(replaced["replaced"][0], "TWILIO_AUTH_TOKEN");
    assert_eq!(desk.text(), format!("{others}TWILIO_AUTH_TOKEN={token}"));
    let same = desk.add(&["TWILIO_AUTH_TOKEN"], &token).done();
    assert!(same.contains("as it was in repos.env"), "{same}");
}

#[test]
fn values_are_taken_from_another_file() {
    let desk = Desk::new();
    std::fs::write(desk.path("old.env"), values().concat()).unwrap();
    set_mode(&desk.path("old.env"), 0o600);
    let from = ["--from", "old.env"];
    desk.add(&[&from[..], &NAMES].concat(), "").done();
    assert!(desk.text().starts_with(&values().concat()));
    desk.add(&[&from[..], &["MISSING"]].concat(), "")
        .refused(1, "MISSING is not in old.env");
    set_mode(&desk.path("old.env"), 0o644);
    desk.add(&[&from[..], &["A"]].concat(), "")
        .refused(1, "run `chmod 600 old.env`");
}

#[test]
fn a_value_that_is_no_such_thing_is_refused_and_changes_nothing() {
    let desk = Desk::new();
    let add = |key, input: &str| desk.add(&[key], input);
    let token = value("TWILIO_AUTH_TOKEN");
    for (key, input, phrase) in [
        (
            "TWILIO_ACCOUNT_SID",
            token.as_str(),
            "it looks like an auth token",
        ),
        (
            "TWILIO_API_KEY",
            &value("TWILIO_ACCOUNT_SID"),
            "it looks like an account's SID",
        ),
        (
            "TWILIO_ACCOUNT_SID",
            "AC123",
            "is not an account's SID (AC and 32",
        ),
        ("TWILIO_AUTH_TOKEN", "hunter2", "--any-shape"),
        ("TWILIO_AUTH_TOKEN", "\n", "is empty"),
        (
            "OTHER",
            "one\ntwo\n",
            "it has a line break or another control character",
        ),
        (
            "OTHER",
            "a\\\\b",
            "it has two backslashes in a row; store it as OTHER_B64",
        ),
        ("OTHER", "", "no value came by standard input"),
    ] {
        add(key, input).refused(1, phrase);
        assert!(!desk.file().exists());
    }
    let both = desk.add(&["GOOD", "OTHER"], "fine\n${BAD}\n");
    both.refused(1, "it has a ${…}");
    assert!(!desk.file().exists(), "all or none");
    desk.add(&["--any-shape", "TWILIO_AUTH_TOKEN"], "sandbox-auth-token")
        .done();
}

#[test]
fn a_value_as_an_argument_is_refused_without_being_repeated() {
    let desk = Desk::new();
    for (arguments, phrase) in [
        (&["TWILIO_AUTH_TOKEN=hunter2"][..], "argument 1 has a value"),
        (
            &["TWILIO_AUTH_TOKEN", "hunter2"],
            "argument 2 is not a variable's name",
        ),
        (&["=hunter2"], "argument 1 is not a variable's name"),
        (
            &["LD_PRELOAD"],
            "argument 1 is a name by which programs are controlled",
        ),
        (&["A", "A"], "argument 2 is there twice"),
        (&[], "KEY"),
    ] {
        let said = desk.add(arguments, "x\n");
        assert!(!said.everything().contains("hunter2"));
        said.refused(2, phrase);
    }
}

#[test]
fn the_file_is_found_as_it_is_for_programs() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("work/project")).unwrap();
    let here = desk.path("work/project");
    let add = |key: &str, variable: &str| {
        let mut command = desk.command(&["add", "--json", key]);
        command.current_dir(&here).env("REPOS_ENV", variable);
        let added = given(command, "1\n").json();
        added["file"].as_str().unwrap().to_owned()
    };
    let at_home = desk.path(".secrets/repos.env").display().to_string();
    assert_eq!(add("A", ""), at_home);
    std::fs::create_dir(desk.path("work/.secrets")).unwrap();
    let nearer = desk.path("work/.secrets/repos.env");
    std::fs::write(&nearer, "").unwrap();
    set_mode(&nearer, 0o600);
    assert_eq!(add("A", ""), nearer.display().to_string());
    assert_eq!(add("A", "mine.env"), "mine.env");
}

#[test]
fn check_tells_everything_there_is_to_put_right() {
    let desk = Desk::new();
    let sid = value("TWILIO_ACCOUNT_SID");
    let token = value("TWILIO_AUTH_TOKEN");
    desk.write(&format!(
        "TWILIO_ACCOUNT_SID={token}\nTWILIO_AUTH_TOKEN={token}\nTWILIO_API_KEY={sid}x\nA = 1\nB=$x\n"
    ));
    set_mode(&desk.file(), 0o644);
    std::fs::write(desk.path("repos.env.bak"), "").unwrap();
    let mut check = desk.command(&["check", "--json", "--file", "repos.env"]);
    check.env("TWILIO_AUTH_TOKEN", "exported");
    let said = given(check, "");
    assert_eq!(said.code, 1);
    let checked: Value = serde_json::from_str(&said.out).unwrap();
    let found = checked["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found
        .map(|finding| {
            let variable = finding["variable"].as_str().unwrap_or_default();
            format!("{} {variable}", finding["finding"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            "exposed ",
            "syntax ",
            "syntax ",
            "copy ",
            "malformed TWILIO_ACCOUNT_SID",
            "malformed TWILIO_API_KEY",
            "missing_variable TWILIO_API_SECRET",
            "shadowed TWILIO_AUTH_TOKEN",
        ]
    );
    assert_eq!(checked["clean"], false);
}

#[test]
fn a_value_that_has_not_been_rotated_for_too_long_is_reported() {
    let desk = Desk::with_file();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(100 * 86_400);
    let file = std::fs::File::options()
        .write(true)
        .open(desk.file())
        .unwrap();
    file.set_modified(long_ago).unwrap();
    let said = desk.on_file(&["check"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.out
            .matches("has had its value for 100 days, and 90")
            .count(),
        3,
        "{}",
        said.out
    );
    desk.on_file(&["check", "--max-age", "101"]).done();
}

#[test]
fn a_token_that_a_rotation_left_behind_is_reported_after_a_day() {
    let desk = Desk::new();
    let previous = format!("TWILIO_AUTH_TOKEN_PREVIOUS={}\n", "9d".repeat(16));
    let until = |time| format!("TWILIO_AUTH_TOKEN_PREVIOUS_NOT_AFTER={time}\n");
    let whole = values().concat() + &previous;
    desk.write(&whole);
    let said = desk.on_file(&["check"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("does not say until when"), "{}", said.out);
    let advice = "relay secrets add --file repos.env TWILIO_AUTH_TOKEN_PREVIOUS_NOT_AFTER";
    assert!(said.out.contains(advice), "{}", said.out);
    desk.write(&(whole.clone() + &until("2026-01-01T00:00:00Z")));
    let said = desk.on_file(&["check"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("is over since 2026-01-01T00:00:00Z"),
        "{}",
        said.out
    );
    desk.write(&(whole.clone() + &until("soon")));
    let said = desk.on_file(&["check"]);
    assert!(said.out.contains("is no time such as"), "{}", said.out);
    desk.write(&(whole + &until("2199-01-01T00:00:00Z")));
    desk.on_file(&["check"]).done();
    let file = std::fs::File::options().write(true).open(desk.file());
    let days_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 86_400);
    file.unwrap().set_modified(days_ago).unwrap();
    let said = desk.on_file(&["check"]);
    assert_eq!(said.code, 1);
    let finding = "TWILIO_AUTH_TOKEN_PREVIOUS has a value that has been accepted for 3 days";
    assert!(said.out.contains(finding), "{}", said.out);
}

#[test]
fn a_file_in_a_git_repository_is_reported_unless_it_is_ignored() {
    let desk = Desk::with_file();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(desk.0.path()).args(arguments);
        let output = git
            .output()
            .expect("git is there: the sources come with it");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    desk.on_file(&["check"]).done();
    git(&["init", "--quiet"]);
    let said = desk.on_file(&["check"]);
    assert!(said.out.contains("does not ignore it"), "{}", said.out);
    git(&["add", "repos.env"]);
    let said = desk.on_file(&["check"]);
    assert!(
        said.out.contains("run `git rm --cached repos.env`"),
        "{}",
        said.out
    );
    git(&["rm", "--quiet", "--cached", "repos.env"]);
    std::fs::write(desk.path(".gitignore"), "repos.env\n.repos.env.*\n").unwrap();
    desk.on_file(&["check"]).done();
}

#[test]
fn exec_runs_a_program_with_the_variables_as_its_own() {
    let desk = Desk::with_file();
    desk.add(&["MOTTO"], "it's 1 of $x\n")
        .refused(1, "a single quote together");
    desk.add(&["MOTTO"], "it's 1\n").done();
    let script = "printf '%s|%s' \"$MOTTO\" \"$TWILIO_API_KEY\"; exit 7";
    let arguments = ["exec", "--file", "repos.env", "--", "sh", "-c", script];
    let mut exec = desk.command(&arguments);
    exec.env("MOTTO", "exported before");
    let said = given(exec, "");
    assert_eq!(said.code, 7);
    assert_eq!(said.out, format!("it's 1|{}", value("TWILIO_API_KEY")));
    desk.run(&["exec", "--file", "repos.env", "--", "no-such-program"])
        .refused(1, "cannot run no-such-program");
    desk.run(&["exec", "--file", "repos.env", "--"])
        .refused(2, "COMMAND");
}

/// The printed commands are run by a shell, with a `gh` that notes what it is given.
#[test]
fn github_prints_commands_that_hand_values_over_by_standard_input() {
    let desk = Desk::with_file();
    let github = ["github", "--repo", "example/crew", "--env", "production"];
    let script = desk.on_file(&github).done();
    assert_eq!(script.lines().count(), 3, "{script}");
    assert!(
        script.contains(env!("CARGO_BIN_EXE_relay")),
        "its own path: {script}"
    );
    let bin = desk.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(
        bin.join("gh"),
        "#!/bin/sh\necho \"$* ${TWILIO_API_SECRET-unset} $(cat)\" >> given\n",
    )
    .unwrap();
    set_mode(&bin.join("gh"), 0o700);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell
        .current_dir(desk.0.path())
        .env("PATH", path)
        .env_remove("TWILIO_API_SECRET");
    given(shell, &script).done();
    // The auth token may do everything with the account, and a workflow that sends texts needs it for nothing.
    let sending = NAMES.iter().filter(|name| **name != "TWILIO_AUTH_TOKEN");
    let expected = sending.map(|name| {
        format!(
            "secret set {name} --repo example/crew --env production unset {}\n",
            value(name)
        )
    });
    assert_eq!(
        std::fs::read_to_string(desk.path("given")).unwrap(),
        expected.collect::<String>()
    );
    let named = desk.on_file(&["github", "TWILIO_AUTH_TOKEN"]).done();
    assert!(named.contains("gh secret set TWILIO_AUTH_TOKEN"), "{named}");
    desk.on_file(&["github", "MISSING"])
        .refused(1, "MISSING is not in repos.env");
    desk.on_file(&["github", "hunter2"])
        .refused(2, "KEY is the name of a variable");
}

#[test]
fn reference_writes_the_document_and_its_line_in_an_index() {
    let desk = Desk::with_file();
    desk.add(&["TSHEETS_TOKEN"], "of another service\n").done();
    std::fs::write(desk.path("INDEX.md"), "# Index\n- [Crew](crew.md)").unwrap();
    let reference = ["reference", "--index", "INDEX.md"];
    desk.on_file(&reference).done();
    let document = std::fs::read_to_string(desk.path("reference_twilio_credentials.md")).unwrap();
    for phrase in [
        "chmod 600",
        "TWILIO_API_KEY",
        "`TSHEETS_TOKEN`",
        "20003",
        "Every 90 days",
    ] {
        assert!(document.contains(phrase), "{phrase}: {document}");
    }
    let index = std::fs::read_to_string(desk.path("INDEX.md")).unwrap();
    assert!(index.starts_with("# Index\n- [Crew](crew.md)\n- [Twilio credentials](reference_"));
    let again = desk.on_file(&reference);
    assert_eq!(
        again.errors.matches("says that already").count(),
        2,
        "{}",
        again.errors
    );
    assert_eq!(desk.on_file(&["reference", "--out", "-"]).done(), document);
}

#[test]
fn a_previous_value_that_is_added_gets_an_end() {
    let desk = Desk::with_file();
    let add = desk.command(&["add", "--file", "repos.env", "TWILIO_AUTH_TOKEN_PREVIOUS"]);
    let said = given(add, &format!("{}\n", "9d".repeat(16)));
    assert_eq!(said.code, 0, "{}", said.everything());
    let text = desk.text();
    let mut lines = text.lines();
    let end = lines.find_map(|line| line.strip_prefix("TWILIO_AUTH_TOKEN_PREVIOUS_NOT_AFTER="));
    let end: jiff::Timestamp = end.expect("an end").parse().unwrap();
    let left = end.duration_since(jiff::Timestamp::now());
    assert_eq!(left.as_hours(), 23, "a day, begun a moment ago");
    desk.on_file(&["check"]).done();
    desk.on_file(&["reference"]).done();
}
