//! Tells `relay --version` which commit it was built from.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=RELAY_COMMIT");
    let commit = match std::env::var("RELAY_COMMIT") {
        Ok(commit) => commit,
        // A debug build is compiled again for what changed, and not for each commit.
        Err(_) if std::env::var("PROFILE").as_deref() == Ok("debug") => "debug build".to_owned(),
        Err(_) => checked_out().unwrap_or_else(|| "commit unknown".to_owned()),
    };
    println!("cargo:rustc-env=RELAY_COMMIT={commit}");
}

/// The commit of the checkout, if there is one and git knows it.
fn checked_out() -> Option<String> {
    for file in ["HEAD", "logs/HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        println!("cargo:rerun-if-changed={path}");
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let changed = if changes.is_empty() {
        ""
    } else {
        " with changes"
    };
    Some(format!("commit {commit}{changed}"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
