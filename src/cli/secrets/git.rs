//! What git would do with the file: a value that was committed once stays in the history.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::credentials::inspection::Finding;
use crate::credentials::repos_env::quoted;

/// Nothing if the file is in no repository, or there is no git.
pub fn findings(path: &Path) -> Vec<Finding> {
    let Some(name) = path.file_name() else {
        return Vec::new();
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let says_yes = |arguments: &[&OsStr]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(arguments);
        git.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        git.status().is_ok_and(|status| status.success())
    };
    let [tree, list, check] = [
        "rev-parse --show-toplevel",
        "ls-files --error-unmatch --",
        "check-ignore --quiet --",
    ]
    .map(|words| words.split(' ').map(OsStr::new).collect::<Vec<_>>());
    if !says_yes(&tree) {
        return Vec::new();
    }
    let place = path.display().to_string();
    let file = quoted(&place);
    if says_yes(&[&list[..], &[name]].concat()) {
        return vec![Finding {
            finding: "in_git",
            variable: None,
            message: format!(
                "{place} is in git, where its values stay for good; run `git rm --cached {file}`, move it out of the repository, and rotate what it holds"
            ),
        }];
    }
    if !says_yes(&[&check[..], &[name]].concat()) {
        return vec![Finding {
            finding: "not_ignored",
            variable: None,
            message: format!(
                "{place} is in a git repository that does not ignore it; move it out, or add the lines {0} and .{0}.* to the .gitignore",
                name.to_string_lossy()
            ),
        }];
    }
    Vec::new()
}
