use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::clock::SystemClock;
use crate::credentials::cache::Cache;

const NOW: &str = "2026-11-23T08:00:00Z";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a file of this content and mode.
    fn with(content: &[u8], mode: u32) -> Self {
        let place = Self::new();
        std::fs::write(place.path(), content).unwrap();
        set_mode(&place.path(), mode);
        place
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("repos.env")
    }

    fn file(&self) -> EnvFile {
        EnvFile::at(self.path())
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn credentials(&self) -> Result<Credentials, String> {
        read(&self.path(), Timestamp::now()).map_err(|error| self.shown(&error))
    }

    /// An error as somebody in this folder would read it.
    fn shown(&self, error: &BadEnvFile) -> String {
        let folder = self.0.path().display().to_string();
        error
            .to_string()
            .replace(&format!("{folder}/"), "")
            .replace(&folder, "HERE")
    }

    /// Why neither reading nor writing is done; nothing has changed then.
    #[track_caller]
    fn refused(&self) -> String {
        // Opening a named pipe would wait.
        let is_file = std::fs::symlink_metadata(self.path()).is_ok_and(|found| found.is_file());
        let content = || is_file.then(|| std::fs::read(self.path()).unwrap());
        let before = content();
        let error = self.shown(&self.file().read().err().expect("it should not be read"));
        let edited = self.shown(&self.set("A", "1").unwrap_err());
        assert_eq!(edited, error);
        assert_eq!(content(), before);
        error
    }

    fn set(&self, key: &str, value: &str) -> Result<Change, BadEnvFile> {
        let now = NOW.parse().unwrap();
        self.file()
            .edit(now, |document| Ok(document.set(key, &Secret::new(value))?))
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn whole() -> String {
    let sid = "AC".to_owned() + &"0".repeat(32);
    format!("OTHER_SERVICE='pass word'\nTWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN=hunter2\n")
}

#[test]
fn twilios_credentials_are_picked_from_among_others() {
    let credentials = Place::with(whole().as_bytes(), 0o600).credentials();
    let credentials = credentials.unwrap();
    assert_eq!(credentials.auth_token.expose(), "hunter2");
    assert!(credentials.api_key.is_none());
    assert!(Place::with(whole().as_bytes(), 0o400).credentials().is_ok());
}

#[test]
fn previous_values_are_accepted_until_their_end() {
    let key = |c: &str| c.repeat(43);
    let (now, later) = (Timestamp::now(), |hours| {
        Timestamp::now() + SignedDuration::from_hours(hours)
    });
    for (end, of_token, of_caller) in [
        (Some(later(1)), 2, 2),
        (Some(later(-1)), 1, 1),
        // The file was written a moment ago.
        (None, 2, 2),
    ] {
        let end = end.map(|end| end.to_string());
        let variable = |name: &str| {
            let line = |end| format!("{name}_NOT_AFTER={end}\n");
            end.as_ref().map_or(String::new(), line)
        };
        let caller = end.as_ref().map_or(String::new(), |end| format!(":{end}"));
        let text = format!(
            "{}TWILIO_AUTH_TOKEN_PREVIOUS=old\n{}TWILIO_WEBHOOK_KEY=w\nTWILIO_WEBHOOK_KEY_PREVIOUS=v\n{}\
             RELAY_CALLER_CREW=notices:{}:{}{caller}\n",
            whole(),
            variable("TWILIO_AUTH_TOKEN_PREVIOUS"),
            variable("TWILIO_WEBHOOK_KEY_PREVIOUS"),
            key("n"),
            key("o"),
        );
        let place = Place::with(text.as_bytes(), 0o600);
        let counted = |at| {
            let read = read(&place.path(), at).unwrap();
            let crew = read.callers.named("crew").unwrap().keys().count();
            (read.signing_tokens().count(), read.webhook_keys.len(), crew)
        };
        assert_eq!(counted(now), (of_token, of_token, of_caller), "{end:?}");
        assert_eq!(counted(later(26)), (1, 1, 1), "{end:?}");
        if end.is_none() {
            // A rotation that is under way says itself when the old one ends.
            place
                .file()
                .set_note(exchange::ROTATION, Some("{}"))
                .unwrap();
            assert_eq!(counted(later(26)).0, 2);
        }
    }
    let text =
        whole() + "TWILIO_AUTH_TOKEN_PREVIOUS=old\nTWILIO_AUTH_TOKEN_PREVIOUS_NOT_AFTER=soon\n";
    let place = Place::with(text.as_bytes(), 0o600);
    let read = place.credentials().unwrap();
    assert_eq!(
        read.signing_tokens().count(),
        1,
        "what is no time is no end"
    );
}

#[test]
fn a_mistake_and_a_missing_variable_are_named_with_the_file() {
    let place = Place::with((whole() + "K = 1\n").as_bytes(), 0o600);
    let error = place.credentials().unwrap_err();
    assert!(
        error.starts_with("repos.env:4:2: there is white space around the ="),
        "{error}"
    );
    let error = Place::with(b"OTHER=1\n", 0o600).credentials().unwrap_err();
    assert!(
        error.starts_with("TWILIO_ACCOUNT_SID is missing from repos.env"),
        "{error}"
    );
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_that_helps() {
    for mode in [0o644, 0o640, 0o604, 0o666, 0o620] {
        let error = Place::with(b"A=2\n", mode).refused();
        assert!(error.contains("run `chmod 600 repos.env`"), "{error}");
        assert!(error.contains(&format!("mode {mode:o}")), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_how_to_make() {
    let place = Place::new();
    let error = place.credentials().unwrap_err();
    assert!(
        error.starts_with("there is no repos.env; create it with `relay secrets add"),
        "{error}"
    );
    let nowhere = EnvFile::at("/nonexistent/repos.env");
    let error = nowhere.read().err().unwrap().to_string();
    assert!(
        error.contains("run `mkdir -p -m 700 /nonexistent`"),
        "{error}"
    );
}

#[test]
fn what_is_no_such_file_is_refused() {
    let error = EnvFile::at("/").read().err().unwrap().to_string();
    assert!(error.contains("not a regular file"), "{error}");
    let place = Place::new();
    std::fs::create_dir(place.path()).unwrap();
    assert!(place.refused().contains("not a regular file"));
    let error = Place::with(&vec![b'#'; 10 << 20], 0o600).refused();
    assert!(error.contains("larger than 1 MiB"), "{error}");
    let error = Place::with(b"A=1\nK='\xff'\n", 0o600).refused();
    assert!(
        error.starts_with("repos.env:2:4: the file is not UTF-8"),
        "{error}"
    );
}

#[test]
fn a_named_pipe_is_refused_without_waiting_for_a_writer() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo")
        .arg(place.path())
        .status();
    assert!(made.unwrap().success());
    assert!(place.refused().contains("not a regular file"));
}

#[test]
fn a_link_is_refused_whether_symbolic_or_hard() {
    let place = Place::new();
    let elsewhere = place.0.path().join("elsewhere");
    std::fs::write(&elsewhere, "A=2\n").unwrap();
    set_mode(&elsewhere, 0o600);
    symlink(&elsewhere, place.path()).unwrap();
    assert!(place.refused().contains("is a symbolic link"));
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "A=2\n");

    std::fs::remove_file(place.path()).unwrap();
    symlink("nowhere", place.path()).unwrap();
    assert!(place.refused().contains("is a symbolic link"));

    std::fs::remove_file(place.path()).unwrap();
    std::fs::hard_link(&elsewhere, place.path()).unwrap();
    let error = place.refused();
    assert!(
        error.contains("has 2 names in the file system (hard links)"),
        "{error}"
    );
}

#[test]
fn a_folder_in_which_others_may_write_is_refused_unless_it_is_sticky() {
    let place = Place::with(b"A=2\n", 0o600);
    for mode in [0o777, 0o770, 0o702] {
        set_mode(place.0.path(), mode);
        let error = place.refused();
        assert!(error.contains("run `chmod go-w HERE`"), "{error}");
    }
    set_mode(place.0.path(), 0o1777);
    assert_eq!(place.set("A", "3").unwrap(), Change::Replaced);
}

#[test]
fn another_users_file_is_refused() {
    let place = Place::with(b"A=2\n", 0o600);
    let given = std::os::unix::fs::chown(place.path(), Some(4242), None);
    if given.is_err() {
        eprintln!("SKIPPED: only root can give a file away; run the tests as root to try this");
        return;
    }
    let error = place.refused();
    assert!(
        error.contains("belongs to another user (user ID 4242"),
        "{error}"
    );
    assert!(error.contains("run `sudo chown"), "{error}");
}

#[test]
fn a_change_keeps_every_other_byte_and_the_file_stays_private() {
    let place = Place::with(b"# ours\n\nB='x y'\nA=1", 0o400);
    assert_eq!(place.set("A", "2").unwrap(), Change::Replaced);
    assert_eq!(place.text(), "# ours\n\nB='x y'\nA=2");
    assert_eq!(place.set("C", "3").unwrap(), Change::Added);
    assert_eq!(place.text(), "# ours\n\nB='x y'\nA=2\nC=3\n");
    for name in place.names() {
        let metadata = std::fs::metadata(place.0.path().join(&name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o600, "{name}");
    }
    assert_eq!(
        place.names(),
        [".repos.env.history", ".repos.env.lock", "repos.env"]
    );
}

#[test]
fn a_change_that_changes_nothing_does_not_touch_the_file() {
    let place = Place::with(b"A='1'\n", 0o600);
    let inode = || std::fs::metadata(place.path()).unwrap().ino();
    let before = inode();
    assert_eq!(place.set("A", "1").unwrap(), Change::Same);
    assert!(place.set("A", "a\nb").is_err());
    assert_eq!((inode(), place.text().as_str()), (before, "A='1'\n"));
    let empty = Place::new();
    assert!(empty.set("A", "a\nb").is_err());
    assert!(!empty.path().exists());
}

#[test]
fn what_an_editor_saves_meanwhile_is_not_lost() {
    let place = Place::with(b"A=1\n", 0o600);
    let error = place
        .file()
        .edit(NOW.parse().unwrap(), |document| {
            std::fs::write(place.path(), "A=by-hand\n").unwrap();
            document.set("A", &Secret::new("2"))?;
            Ok::<_, BadEnvFile>(())
        })
        .unwrap_err();
    assert!(error.to_string().contains("was changed by something else"));
    assert_eq!(place.text(), "A=by-hand\n");
    assert_eq!(place.names(), [".repos.env.lock", "repos.env"]);
}

#[test]
fn what_a_killed_command_left_is_removed_by_the_next() {
    let place = Place::with(b"A=1\n", 0o600);
    let leftover = place.0.path().join(".repos.env.0123456789abcdef.tmp");
    std::fs::write(&leftover, "A=half").unwrap();
    let copies = place.file().examine().unwrap().copies;
    assert_eq!(copies, [leftover]);
    place.set("A", "2").unwrap();
    assert!(place.file().examine().unwrap().copies.is_empty());
}

#[test]
fn copies_beside_the_file_are_found_and_its_own_companions_are_not_copies() {
    let place = Place::new();
    place.set("A", "1").unwrap();
    for name in [
        "repos.env.bak",
        "repos.env~",
        ".repos.env.swp",
        "repos.env.example",
        "x.env",
    ] {
        std::fs::write(place.0.path().join(name), "").unwrap();
    }
    let copies = place.file().examine().unwrap().copies;
    let names: Vec<_> = copies
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(names, [".repos.env.swp", "repos.env.bak", "repos.env~"]);
}

#[test]
fn the_age_of_a_value_is_known_from_the_change_on() {
    let place = Place::with(b"OLD=1\n", 0o600);
    place.set("NEW", "1").unwrap();
    let examined = place.file().examine().unwrap();
    let history = examined.history.unwrap();
    let entries = examined.entries.iter();
    let changed = entries.map(|entry| history.changed(entry));
    assert_eq!(
        changed.collect::<Vec<_>>(),
        [None, Some(NOW.parse().unwrap())]
    );
}

#[test]
fn a_note_is_for_its_owner_alone_and_goes_without_a_trace() {
    let place = Place::new();
    let file = place.file();
    let file: &dyn CredentialsFile = &file;
    assert_eq!(file.read_note::<u32>("rotation").unwrap(), None);
    for number in [1, 2] {
        file.write_note("rotation", &number).unwrap();
        assert_eq!(file.read_note("rotation").unwrap(), Some(number));
    }
    assert_eq!(place.names(), [".repos.env.rotation"]);
    let path = place.0.path().join(".repos.env.rotation");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for _ in 0..2 {
        file.set_note("rotation", None).unwrap();
        assert_eq!(place.names(), [""; 0]);
    }
    file.set_note("rotation", Some("{")).unwrap();
    let error = file.read_note::<u32>("rotation").unwrap_err().to_string();
    assert!(error.contains("is damaged"), "{error}");
}

#[tokio::test]
async fn a_rotation_of_the_file_is_found_when_twilio_does_not_know_the_old_ones() {
    let write = |place: &Place, token| place.set("TWILIO_AUTH_TOKEN", token).unwrap();
    let place = Place::with(whole().as_bytes(), 0o600);
    write(&place, "old");
    let source = Cache::new(place.file(), Arc::new(SystemClock));
    let seen = source.current().await.unwrap();
    write(&place, "new");
    assert_eq!(source.current().await.unwrap().auth_token.expose(), "old");
    let newer = source.newer(&seen, RefreshReason::Refused).await.unwrap();
    assert_eq!(newer.auth_token.expose(), "new");
    assert!(!newer.version.as_deref().unwrap().contains("new"));
    let again = source.newer(&newer, RefreshReason::Refused).await;
    assert!(again.is_none());
}
