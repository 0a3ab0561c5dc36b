//! What git would do with the file: a value that was committed once stays in the history.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::credentials::inspection::Finding;
use crate::credentials::repos_env::quoted;

/// Nothing if the file is in no repository, or there is no git.
pub fn finding(path: &Path) -> Option<Finding> {
    let (folder, name) = (path.parent()?, path.file_name()?);
    let is_here = folder.as_os_str().is_empty();
    let folder = if is_here { Path::new(".") } else { folder };
    let says_yes = |arguments: &[&str], file: Option<&OsStr>| {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(arguments).args(file);
        git.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        git.status().is_ok_and(|status| status.success())
    };
    if !says_yes(&["rev-parse", "--show-toplevel"], None) {
        return None;
    }
    let place = path.display().to_string();
    if says_yes(&["ls-files", "--error-unmatch", "--"], Some(name)) {
        let message = format!(
            "{place} is in git, where its values stay for good; run `git rm --cached {}`, move it out of the repository, and rotate what it holds",
            quoted(&place)
        );
        return Some(Finding::new("in_git", None, message));
    }
    if says_yes(&["check-ignore", "--quiet", "--"], Some(name)) {
        return None;
    }
    let message = format!(
        "{place} is in a git repository that does not ignore it; move it out, or add the lines {0} and .{0}.* to the .gitignore",
        name.to_string_lossy()
    );
    Some(Finding::new("not_ignored", None, message))
}
