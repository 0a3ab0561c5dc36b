//! `relay install`: what systemd and launchd get.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// Whether there is systemd's own judge of units.
fn has_systemd() -> bool {
    let found = Command::new("systemd-analyze").arg("--version").output();
    found.is_ok_and(|found| found.status.success())
}

fn judged(folder: &Path, arguments: &[&str]) {
    let judged = Command::new("systemd-analyze")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stderr).into_owned();
    assert!(judged.status.success(), "{said}");
    assert_eq!(said, "");
}

#[test]
fn systemd_finds_no_mistake_in_the_unit_and_little_that_it_may_do() {
    let place = Place::new();
    let root = place.path().join("image");
    let install = ["install", "--write", "--root", "image", "--port", "4001"];
    let said = place.relay(&install).out();
    assert!(
        said.contains("/etc/relay/repos.env is still missing"),
        "{said}"
    );
    assert!(
        said.contains("systemctl enable --now relay.socket"),
        "{said}"
    );
    for (path, mode) in [
        ("usr/local/bin/relay", 0o755),
        ("etc/relay", 0o700),
        ("etc/relay/relay.toml", 0o600),
        ("var/lib/relay", 0o700),
        ("etc/systemd/system/relay.service", 0o644),
    ] {
        let found = std::fs::metadata(root.join(path)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
    }
    let units = root.join("etc/systemd/system");
    let socket = std::fs::read_to_string(units.join("relay.socket")).unwrap();
    assert!(socket.contains("ListenStream=127.0.0.1:4001"), "{socket}");
    // What the owner changed stays.
    let config = root.join("etc/relay/relay.toml");
    std::fs::write(&config, "changed").unwrap();
    place.relay(&install).out();
    assert_eq!(std::fs::read_to_string(&config).unwrap(), "changed");
    if !has_systemd() {
        return;
    }
    let service = std::fs::read_to_string(units.join("relay.service")).unwrap();
    // The program has to be on this machine.
    let here = service.replace("/usr/local/bin/relay", env!("CARGO_BIN_EXE_relay"));
    std::fs::write(units.join("relay.service"), here).unwrap();
    judged(&units, &["verify", "./relay.service", "./relay.socket"]);
    let most = "--threshold=15";
    judged(
        &units,
        &[
            "security",
            "--offline=yes",
            "--no-pager",
            most,
            "./relay.service",
        ],
    );
}

#[test]
fn without_write_it_is_only_printed() {
    let place = Place::new();
    let said = place.relay(&["install", "--user", "line"]).out();
    assert!(said.contains("User=line\n"), "{said}");
    for word in ["PROGRAM", "ETC", "STATE", "USER\n", "PORT"] {
        assert!(!said.contains(word), "{word}");
    }
    let said = place.relay(&["install", "--launchd"]).out();
    let plist = said.split_once("<?xml").unwrap().1;
    let plist = arguments_of(&format!("<?xml{plist}"));
    assert!(plist.contains("--env-file"), "{plist}");
    place
        .relay(&["install", "--user", "Root; rm"])
        .refused(2, "small letters");
}

/// What a property list has started, by a reader of such lists.
fn arguments_of(document: &str) -> String {
    let python = std::env::var("RELAY_TEST_PYTHON").unwrap_or("python3".to_owned());
    let script =
        "import plistlib, sys; print(plistlib.loads(sys.argv[1].encode())['ProgramArguments'])";
    let read = Command::new(python).args(["-c", script, document]).output();
    let read = read.unwrap();
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    String::from_utf8(read.stdout).unwrap()
}
