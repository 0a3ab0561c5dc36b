use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;

use super::*;
use crate::adapters::sqlite::caught_up::CaughtUp;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::ports::store::{Notices, Store};
use crate::domain::delivery::{Delivery, Purpose, Recipient, Restoration, State};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::{Line, config};

const NAMES: Names = Names {
    database: "relay.db",
    audit: "audit.jsonl",
    kept_texts: "kept-texts.jsonl",
};

const MADE: &str = "2026-11-29T20:00:04Z";

fn made_at() -> Timestamp {
    MADE.parse().expect("an instant")
}

/// A relay with a text that waits, in a folder of its own.
struct Machine {
    place: tempfile::TempDir,
    store: SqliteStore,
    line: Line,
}

impl Machine {
    async fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let data = place.path().join("data");
        std::fs::create_dir(&data).expect("it is ours");
        let database = Database::open(&data.join(NAMES.database)).expect("it is new");
        let store = SqliteStore::on(database);
        let line = config::example(4000).remove(0);
        store.put_line(&line).await.expect("it is kept");
        for (name, text) in [
            (
                NAMES.audit,
                "{\"at\":\"2026-11-29T19:58:00Z\"}\n{\"at\":\"2026",
            ),
            ("audit-2026-10.jsonl", "{\"at\":\"2026-10-31T00:00:00Z\"}\n"),
            ("audit-2026-09.jsonl", "{\"at\":\"2026-09-30T00:00:00Z\"}\n"),
            (NAMES.kept_texts, "{\"text\":1}\n"),
            (ACCOUNT, "AC-made-up\n"),
            ("lock", "17\n"),
            ("repos.env", "TWILIO_AUTH_TOKEN=made-up\n"),
        ] {
            std::fs::write(data.join(name), text).expect("it is ours");
        }
        std::fs::write(place.path().join("relay.toml"), "[[line]]\n").expect("it is ours");
        let machine = Self { place, store, line };
        machine.keep(1).await;
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    async fn keep(&self, n: u32) -> DeliveryId {
        let sid = MessageSid::parse(&format!("SM{n:032x}")).expect("a SID");
        let (id, to) = (
            DeliveryId::of_inbound(&sid),
            Recipient::of(&self.line.people[0]),
        );
        let words = ("Is it ready?".to_owned(), Vec::new());
        let text = Delivery::new(&self.line, id, Purpose::Relay, to, words, made_at());
        let id = text.id.clone();
        self.store.spawn(&[text]).await.expect("it is kept");
        id
    }

    fn back_up(&self) -> anyhow::Result<Made> {
        self.back_up_to(&self.path("usb"))
    }

    fn back_up_to(&self, into: &Path) -> anyhow::Result<Made> {
        let (data, config) = (self.path("data"), self.path("relay.toml"));
        let source = Source {
            data: &data,
            names: NAMES,
            config: Some(&config),
            version: "0.1.0",
        };
        make(&source, into, made_at())
    }
}

fn files(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).expect("a folder");
    let names = files.map(|file| file.expect("it is there").file_name());
    let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    names
}

fn refused(folder: &Path) -> String {
    let refused = Restorable::open(folder, NAMES);
    format!("{:#}", refused.expect_err("it is damaged"))
}

#[tokio::test]
async fn a_copy_has_all_but_the_credentials_for_its_owner_alone() {
    let machine = Machine::new().await;
    let made = machine.back_up().expect("it is made");
    assert_eq!(made.path, machine.path("usb/relay-20261129T200004Z"));
    let all = [
        ACCOUNT,
        "audit-2026-10.jsonl",
        NAMES.audit,
        NAMES.kept_texts,
        manifest::MANIFEST,
        NAMES.database,
        CONFIG,
    ];
    assert_eq!(files(&made.path), all);
    for file in &all {
        let mode = made.path.join(file).metadata().expect("it is there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{file}");
    }
    for folder in [&made.path, &machine.path("usb")] {
        let mode = folder.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    let manifest = made.manifest;
    assert!(manifest.verified);
    assert_eq!(manifest.counts["deliveries"], 1);
    let last = manifest.last_audit.map(|at| at.to_string());
    assert_eq!(last.as_deref(), Some("2026-11-29T19:58:00Z"));
    // What somebody was writing is not in it.
    let audit = std::fs::read_to_string(made.path.join(NAMES.audit)).expect("it is text");
    assert!(audit.ends_with("}\n"), "{audit}");
    assert_eq!(list(&machine.path("usb")).expect("it is there").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_are_whole_while_texts_come() {
    let machine = Machine::new().await;
    let writes = async {
        for n in 2..400 {
            machine.keep(n).await;
        }
    };
    let (data, into) = (machine.path("data"), machine.path("usb"));
    let copies = tokio::task::spawn_blocking(move || {
        let source = Source {
            data: &data,
            names: NAMES,
            config: None,
            version: "0.1.0",
        };
        let one = |n| make(&source, &into, made_at() + SignedDuration::from_secs(n));
        (0..5).map(one).collect::<anyhow::Result<Vec<_>>>()
    });
    let ((), copies) = futures::join!(writes, copies);
    for made in copies.expect("it does not panic").expect("they are made") {
        Restorable::open(&made.path, NAMES).expect("it is whole");
    }
}

#[tokio::test]
async fn whatever_is_damaged_is_named() {
    let machine = Machine::new().await;
    let made = machine.back_up().expect("it is made");
    let usb = machine.path("usb");
    for name in files(&made.path) {
        let path = made.path.join(&name);
        let whole = std::fs::read(&path).expect("it is ours");
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).expect("it is ours");
            // A flipped digit of the manifest makes another file look wrong.
            let error = refused(&made.path);
            let is_named = error.contains(&name) || name == manifest::MANIFEST;
            assert!(is_named, "{name}, {at}: {error}");
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).expect("it is ours");
        let error = refused(&made.path);
        assert!(error.contains(&name), "{name}: {error}");
        std::fs::remove_file(&path).expect("it is ours");
        let error = refused(&made.path);
        assert!(error.contains(&name), "{name}: {error}");
        std::fs::write(&path, &whole).expect("it is ours");
    }
    Restorable::open(&made.path, NAMES).expect("it is whole again");
    let path = made.path.join(NAMES.audit);
    std::fs::write(&path, "{").expect("it is ours");
    assert!(refused(&made.path).contains("cut off: it has 1 of"));
    // And nothing of that is a copy.
    std::fs::create_dir(usb.join("relay-mine")).expect("it is ours");
    assert_eq!(list(&usb).expect("it is there").len(), 1);
}

#[tokio::test]
async fn a_newer_relays_copy_is_refused() {
    let machine = Machine::new().await;
    let made = machine.back_up().expect("it is made");
    let mut manifest = made.manifest.clone();
    manifest.format += 1;
    std::fs::remove_file(made.path.join(manifest::MANIFEST)).expect("it is ours");
    manifest.write(&made.path).expect("it is ours");
    assert!(refused(&made.path).contains("newer relay"));

    let data = rusqlite::Connection::open(machine.path("data").join(NAMES.database));
    let data = data.expect("it is ours");
    data.pragma_update(None, "user_version", 99)
        .expect("it is ours");
    let error = machine.back_up_to(&machine.path("other"));
    let error = format!("{:#}", error.expect_err("it is newer"));
    assert!(error.contains("newer relay"), "{error}");
    assert_eq!(files(&machine.path("other")), [] as [&str; 0]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let machine = Machine::new().await;
    let error = machine.back_up_to(Path::new("/proc/backups"));
    let error = format!("{:#}", error.expect_err("nobody can write there"));
    assert!(error.contains("/proc/backups"), "{error}");
    assert!(error.contains("must be allowed to write"), "{error}");
}

#[tokio::test]
async fn a_restored_relay_asks_before_it_sends() {
    let machine = Machine::new().await;
    let waits = machine.keep(2).await;
    let made = machine.back_up().expect("it is made");
    let lost = machine.keep(3).await;
    let backup = Restorable::open(&made.path, NAMES).expect("it is whole");
    let (new, now) = (
        machine.path("new"),
        made_at() + SignedDuration::from_hours(2),
    );
    let marked = backup.put_into(&new, NAMES, now).await;
    assert_eq!(marked.expect("it is empty").open, 2);

    let database = Database::open(&new.join(NAMES.database)).expect("it is whole");
    let store = SqliteStore::on(database.clone());
    let since = made_at() - SignedDuration::from_hours(1);
    let restoration = store.restoration().await.expect("it is read");
    assert_eq!(restoration, Some(Restoration { since, at: now }));
    let text = store.delivery(&waits).await.expect("it is read");
    let text = text.expect("it is in the copy");
    assert_eq!(text.is_to_be_looked_for(), Some(since));
    assert!(matches!(text.state, State::Waiting { due } if now < due));
    assert_eq!(store.delivery(&lost).await.expect("it is read"), None);
    // Texts of a line that never had any are asked for as well.
    let to = CaughtUp::on(database).to(&machine.line.number);
    assert_eq!(to.expect("it is read"), Some(since));
    let mode = new.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let again = backup.put_into(&new, NAMES, now).await;
    let error = format!("{:#}", again.expect_err("it is full"));
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(
        files(machine.place.path()),
        ["data", "new", "relay.toml", "usb"]
    );
}

#[tokio::test]
async fn old_copies_are_removed_and_nothing_else() {
    let machine = Machine::new().await;
    let usb = machine.path("usb");
    machine.back_up().expect("it is made");
    let later = made_at() + SignedDuration::from_hours(48);
    std::fs::create_dir(usb.join(manifest::name(made_at() - SignedDuration::from_hours(9))))
        .expect("it is ours");
    std::fs::rename(
        usb.join(manifest::name(made_at())),
        usb.join(manifest::name(later)),
    )
    .expect("it is ours");
    machine.back_up().expect("it is made");
    let keep = "2h".parse().expect("it is one");
    assert_eq!(remove_old(&usb, &keep, later).expect("they are ours"), 1);
    assert_eq!(files(&usb).len(), 2, "what has no manifest stays");
}

#[test]
fn what_was_set_by_hand_since_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = folder.path().join("audit.jsonl");
    let lines = [
        r#"{"at":"2026-11-29T20:00:00Z","kind":"duty_by_text","line":"qdn","to_person":"Ana"}"#,
        r#"{"at":"2026-11-29T20:10:00Z","kind":"duty_by_text","line":"qdn","to_person":"Sergio","outcome":"away"}"#,
        r#"{"at":"2026-11-29T20:11:00Z","kind":"decision","line":"qdn"}"#,
        r#"{"at":"2026-11"#,
    ];
    std::fs::write(&audit, lines.join("\n")).expect("it is ours");
    let lost = lost_with_the_disk(&audit, made_at()).expect("it is read");
    assert_eq!(lost, ["2026-11-29T20:10:00Z duty: qdn, Sergio, away"]);
}
