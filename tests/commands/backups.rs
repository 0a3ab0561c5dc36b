//! Backups and going on from one, from a shell.

use super::*;

impl Place {
    fn back_up(&self) -> Ran {
        self.relay(&["backup", "usb", "--json"])
    }
}

#[tokio::test]
async fn a_relay_goes_on_from_a_verified_copy_in_another_folder() {
    let place = Place::new();
    place.store().await;
    let made = place.back_up().json();
    assert_eq!(made["verified"], true);
    let backup = made["path"].as_str().unwrap().to_owned();
    let restore = ["restore", &backup, "--data", "new"];
    // Nobody is there to be asked.
    place.relay(&restore).refused(1, "nothing was restored");
    assert!(!place.path().join("new").exists());
    let done = place.relay(&[&restore[..], &["--yes"]].concat()).out();
    assert!(
        done.contains("relay serve --data new --config new/relay.toml"),
        "{done}"
    );
    let show = ["duty", "show", "--data", "new"];
    assert!(place.relay(&show).out().contains("Sergio"));
}

#[tokio::test]
async fn a_full_disk_leaves_no_copy() {
    let place = Place::new();
    place.store().await;
    // The limit on a file's size acts like a full disk. What SQLite needs beside the database has room.
    let script = r#"trap "" XFSZ; ulimit -f 160; exec "$0" backup usb"#;
    let mut limited = Command::new("sh");
    limited
        .args(["-c", script, env!("CARGO_BIN_EXE_relay")])
        .current_dir(place.path());
    Ran(limited.output().unwrap()).refused(1, "is the disk full?");
    let left = std::fs::read_dir(place.path().join("usb")).unwrap();
    assert_eq!(left.count(), 0);
    place.back_up().out();
}

#[test]
fn what_cannot_be_is_told() {
    let place = Place::new();
    place
        .relay(&["backup", "usb"])
        .refused(1, "there is no relay in .relay");
    let every = ["backup", "usb", "--every", "1h"];
    place.relay(&every).refused(2, "--every needs --keep");
    let keep = ["backup", "usb", "--keep", "7w"];
    place.relay(&keep).refused(2, "24h,7d,12m");
    place
        .relay(&["restore", "usb", "--data", "new", "--yes"])
        .refused(1, "no whole backup");
}
