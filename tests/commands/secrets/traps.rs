//! What somebody may have put in the way.

use std::os::unix::fs::symlink;

use super::*;

/// Every command that reads the file, and one that writes it.
const COMMANDS: [&[&str]; 5] = [
    &["list"],
    &["reference", "--out", "-"],
    &["github"],
    &["exec", "--", "true"],
    &["add", "NEW"],
];

#[track_caller]
fn refused(desk: &Desk, phrase: &str) {
    for command in COMMANDS {
        let split = command
            .iter()
            .position(|word| *word == "--")
            .unwrap_or(command.len());
        let (before, after) = command.split_at(split);
        let arguments = [before, &["--file", "repos.env"], after].concat();
        given(desk.command(&arguments), "value\n").refused(1, phrase);
    }
    let check = desk.on_file(&["check"]);
    assert_eq!(check.code, 1);
    assert!(check.out.contains(phrase), "{}", check.out);
}

#[test]
fn bad_files_are_refused_by_every_command_and_stay_as_they_are() {
    for (bytes, phrase) in [
        (
            &b"\xef\xbb\xbfA=1\n"[..],
            "repos.env:1:1: the file begins with a byte order mark",
        ),
        (b"A=1\r\n", "repos.env:1:4: the line ends in CR LF"),
        (
            b"A='\0'\n",
            "repos.env:1:4: there is a NUL or another control character",
        ),
        (
            b"A='1\n",
            "repos.env:1:3: there is no closing quote on the line",
        ),
        (
            b"A=1\nA=2\n",
            "repos.env:2:1: the key stands in the file twice",
        ),
        (b"A=\xff\n", "repos.env:1:3: the file is not UTF-8"),
        (&vec![b'#'; 10 << 20], "repos.env is larger than 1 MiB"),
    ] {
        let desk = Desk::new();
        desk.write("");
        std::fs::write(desk.file(), bytes).unwrap();
        refused(&desk, phrase);
        assert_eq!(std::fs::read(desk.file()).unwrap(), bytes);
    }
}

#[test]
fn a_file_that_others_can_reach_is_refused_by_every_command() {
    let desk = Desk::with_file();
    set_mode(&desk.file(), 0o640);
    refused(&desk, "run `chmod 600 repos.env`");
    set_mode(&desk.file(), 0o600);
    std::fs::hard_link(desk.file(), desk.path("other")).unwrap();
    refused(&desk, "has 2 names in the file system");
    std::fs::rename(desk.file(), desk.path("third")).unwrap();
    symlink(desk.path("third"), desk.file()).unwrap();
    refused(&desk, "repos.env is a symbolic link");
}

#[test]
fn a_folder_that_others_can_write_to_is_refused_by_every_writing_command() {
    let desk = Desk::with_file();
    set_mode(desk.0.path(), 0o777);
    desk.add(&["NEW"], "value\n")
        .refused(1, "run `chmod go-w .`");
    let check = desk.on_file(&["check"]);
    assert!(check.out.contains("run `chmod go-w .`"), "{}", check.out);
}

#[test]
fn a_lock_that_leads_elsewhere_is_not_followed() {
    let desk = Desk::with_file();
    symlink(desk.path("precious"), desk.path(".repos.env.lock")).unwrap();
    desk.add(&["NEW"], "value\n")
        .refused(1, "repos.env cannot be written");
    assert!(!desk.path("precious").exists());
}

#[test]
fn the_file_is_its_owners_alone_whatever_the_umask() {
    for umask in ["000", "002", "077", "777"] {
        let desk = Desk::new();
        let relay = env!("CARGO_BIN_EXE_relay");
        let script = format!("umask {umask}; exec '{relay}' secrets add --file repos.env A");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(desk.0.path());
        given(shell, "value\n").done();
        assert_eq!(mode(&desk.file()), 0o600, "umask {umask}");
        assert_eq!(desk.text(), "A=value\n");
    }
}

/// While a file is being made it is not open to others even for a moment: it is made so.
#[test]
fn a_missing_folder_is_made_for_its_owner_alone() {
    let desk = Desk::new();
    let mut shell = Command::new("sh");
    let relay = env!("CARGO_BIN_EXE_relay");
    let script = format!("umask 000; exec '{relay}' secrets add A");
    shell.args(["-c", &script]).current_dir(desk.0.path());
    shell.env("HOME", desk.0.path()).env_remove("REPOS_ENV");
    given(shell, "value\n").done();
    assert_eq!(mode(&desk.path(".secrets")), 0o700);
    assert_eq!(mode(&desk.path(".secrets/repos.env")), 0o600);
    let elsewhere = ["add", "--file", "nowhere/repos.env", "A"];
    given(desk.command(&elsewhere), "value\n").refused(1, "run `mkdir -p -m 700 nowhere`");
}
