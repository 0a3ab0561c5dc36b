//! A command that is killed: whenever that is, the file is the old one or the new one, and the next
//! command goes on as if nothing had been.

use serde::Deserialize;

use super::*;
use crate::support::tools;

#[derive(Deserialize)]
struct Killed {
    traced: bool,
    order: Vec<String>,
    old: u32,
    new: u32,
    neither: Vec<String>,
}

fn killed_while_adding(desk: &Desk) -> Killed {
    let input = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(input.path(), "it's a new value\n").unwrap();
    let mut python = Command::new(tools::python());
    python.arg(client("kill.py"));
    python.args([&desk.path("folder"), Path::new("repos.env"), input.path()]);
    python.arg(env!("CARGO_BIN_EXE_relay"));
    python.args(["secrets", "add", "--replace", "--file"]);
    python.arg(desk.path("folder/repos.env")).arg("VICTIM");
    serde_json::from_str(&given(python, "").done()).unwrap()
}

#[track_caller]
fn check(killed: &Killed) {
    assert_eq!(killed.neither, [""; 0]);
    if !killed.traced {
        eprintln!("SKIPPED: ptrace is forbidden here; the command was killed after delays instead");
        return;
    }
    let (old, new) = (killed.old, killed.new);
    assert!(old > 10 && new > 10, "{old} times old, {new} times new");
    // The content is on the disk before the name is, and the name before the command says so.
    assert_eq!(
        killed.order[..3],
        ["sync", "rename", "sync"],
        "{:?}",
        killed.order
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_kill_at_any_system_call_leaves_the_old_file_or_the_new_one() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("folder")).unwrap();
    let file = desk.path("folder/repos.env");
    std::fs::write(&file, values().concat() + "VICTIM='old value'\nAFTER=1").unwrap();
    set_mode(&file, 0o600);
    check(&killed_while_adding(&desk));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        values().concat() + "VICTIM=\"it's a new value\"\nAFTER=1"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_kill_while_the_file_is_made_leaves_none_or_a_whole_one() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("folder")).unwrap();
    check(&killed_while_adding(&desk));
}
