use std::path::{Path, PathBuf};

const DEFAULT: &str = ".secrets/repos.env";
const BESIDE: &str = "repos.env";
/// Names the file for all commands.
pub const VARIABLE: &str = "REPOS_ENV";

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no file is named and there is no home folder to look in; name the file with --file, or set {VARIABLE}"
)]
pub struct NoPlace;

/// Where the file is: as `named`, else as the variable `REPOS_ENV` says, else `repos.env` in `here`, as beside
/// a `relay.toml`, else `.secrets/repos.env` in the nearest folder from `here` upwards that has one, else in the home folder, where it may
/// not be yet.
pub fn find(
    named: Option<&Path>,
    here: &Path,
    look_up: impl Fn(&str) -> Option<PathBuf>,
) -> Result<PathBuf, NoPlace> {
    let set = |name: &str| look_up(name).filter(|path| !path.as_os_str().is_empty());
    if let Some(path) = named.map(Path::to_owned).or_else(|| set(VARIABLE)) {
        return Ok(path);
    }
    // A dangling link counts: it is refused later, and not passed over.
    let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
    let above = here.ancestors().map(|folder| folder.join(DEFAULT));
    let candidates = std::iter::once(here.join(BESIDE)).chain(above);
    match candidates.into_iter().find(is_there) {
        Some(path) => Ok(path),
        None => Ok(set("HOME").ok_or(NoPlace)?.join(DEFAULT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_where_it_is_named_or_nearest_or_at_home() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir_all(at("team/project/src")).unwrap();
        let find = |named: Option<&str>, variable: &str| {
            let home = at("home");
            find(
                named.map(Path::new),
                &at("team/project/src"),
                |name| match name {
                    "REPOS_ENV" => Some(variable.into()),
                    "HOME" => Some(home.clone()),
                    _ => None,
                },
            )
        };
        assert_eq!(find(None, ""), Ok(at("home/.secrets/repos.env")));
        for folder in ["team", "team/project"] {
            std::fs::create_dir(at(folder).join(".secrets")).unwrap();
            let file = at(folder).join(".secrets/repos.env");
            std::fs::write(&file, "").unwrap();
            assert_eq!(find(None, ""), Ok(file));
        }
        let beside = at("team/project/src/repos.env");
        std::fs::write(&beside, "").unwrap();
        assert_eq!(find(None, ""), Ok(beside));
        // That of a folder above is another program's.
        std::fs::rename(
            at("team/project/src/repos.env"),
            at("team/project/repos.env"),
        )
        .unwrap();
        assert_eq!(find(None, ""), Ok(at("team/project/.secrets/repos.env")));
        assert_eq!(find(None, "/x/y.env"), Ok("/x/y.env".into()));
        assert_eq!(find(Some("z.env"), "/x/y.env"), Ok("z.env".into()));
    }

    #[test]
    fn without_a_home_folder_a_file_must_be_named() {
        assert_eq!(find(None, Path::new(""), |_| None), Err(NoPlace));
    }
}
