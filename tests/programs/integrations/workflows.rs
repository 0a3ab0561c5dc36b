//! `infra/github-actions`: the workflows, as zizmor reads them.

use std::path::Path;
use std::process::Command;

use crate::support::tools;

fn workflows() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/github-actions");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn nothing_in_the_workflows_is_known_to_be_unsafe() {
    let zizmor = || {
        let mut zizmor = Command::new(tools::python().with_file_name("zizmor"));
        zizmor.args(["--offline", "--no-progress"]);
        zizmor
    };
    let files = workflows();
    assert!(files.len() >= 2, "{files:?}");
    let found = zizmor().args(&files).output().unwrap();
    assert!(found.status.success(), "{found:?}");

    // It would find something: an action by a tag, and text of others in a script.
    let folder = tempfile::tempdir().unwrap();
    let unsafe_one = folder.path().join("unsafe.yml");
    let text = "name: x\non: issues\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      \
                - run: echo ${{ github.event.issue.title }}\n";
    std::fs::write(&unsafe_one, text).unwrap();
    assert!(!zizmor().arg(&unsafe_one).output().unwrap().status.success());
}

#[test]
fn actions_are_named_by_their_commit() {
    for file in workflows() {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text
            .lines()
            .filter(|line| line.trim_start().starts_with("- uses:"))
        {
            let commit = line.split('@').nth(1).unwrap_or_default();
            let commit = commit.split_whitespace().next().unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_commit, "{}: {line}", file.display());
        }
    }
}
