use std::os::unix::fs::PermissionsExt;

use super::*;

struct Place(tempfile::TempDir);

impl Place {
    fn path(&self) -> PathBuf {
        self.0.path().join("kept-texts.jsonl")
    }

    fn open(&self) -> SpoolFile {
        SpoolFile::open(&self.path()).unwrap()
    }
}

fn place() -> Place {
    Place(tempfile::tempdir().unwrap())
}

fn text(n: u32) -> SpooledText {
    let request = serde_json::json!({
        "path_and_query": "/twilio/fallback",
        "form": "Body=one%0Atwo",
        "signature": "of somebody",
    });
    serde_json::from_value(serde_json::json!({
        "sid": format!("SM{n:032x}"),
        "received": "2026-11-23T19:00:00Z",
        "checked": true,
        "request": request,
    }))
    .unwrap()
}

async fn texts(kept: &SpoolFile) -> Vec<Option<String>> {
    let entries = kept.oldest(100).await.unwrap();
    let sid = |entry: &Entry| Some(entry.text()?.sid.to_string());
    entries.iter().map(sid).collect()
}

fn sids(numbers: &[u32]) -> Vec<Option<String>> {
    let sid = |n: &u32| Some(format!("SM{n:032x}"));
    numbers.iter().map(sid).collect()
}

#[tokio::test]
async fn what_is_kept_is_there_until_it_is_forgotten_whatever_process_asks() {
    let place = place();
    let kept = place.open();
    for n in 1..=4 {
        kept.add(&text(n)).await.unwrap();
    }
    let again = place.open();
    assert_eq!(texts(&again).await, sids(&[1, 2, 3, 4]));
    let mut entries = again.oldest(3).await.unwrap();
    entries.remove(0);
    again.forget(entries, Vec::new()).await.unwrap();
    again.add(&text(5)).await.unwrap();
    assert_eq!(texts(&place.open()).await, sids(&[1, 4, 5]));
}

#[tokio::test]
async fn texts_that_come_while_others_are_forgotten_stay() {
    let place = place();
    let kept = place.open();
    for n in 0..20 {
        kept.add(&text(n)).await.unwrap();
    }
    let old = kept.oldest(20).await.unwrap();
    let forget = old
        .chunks(1)
        .map(|some| kept.forget(some.to_vec(), Vec::new()));
    let new: Vec<_> = (20..40).map(text).collect();
    let keep = new.iter().map(|text| kept.add(text));
    let (forgotten, added) = futures::join!(
        futures::future::try_join_all(forget),
        futures::future::try_join_all(keep)
    );
    forgotten.and(added).unwrap();
    let mut left = texts(&kept).await;
    left.sort();
    assert_eq!(left, sids(&(20..40).collect::<Vec<_>>()));
}

#[tokio::test]
async fn what_was_being_written_when_the_process_was_killed_is_cut_off() {
    let place = place();
    place.open().add(&text(1)).await.unwrap();
    let whole = std::fs::read_to_string(place.path()).unwrap();
    std::fs::write(place.path(), format!("{whole}{{\"sid\": \"SM0")).unwrap();
    let kept = place.open();
    kept.add(&text(2)).await.unwrap();
    assert_eq!(texts(&kept).await, sids(&[1, 2]));
}

#[tokio::test]
async fn a_full_file_takes_nothing_more_and_loses_nothing() {
    let place = place();
    let line = serde_json::to_vec(&text(1)).unwrap().len() as u64 + 1;
    let kept = SpoolFile::with_room(&place.path(), 2 * line).unwrap();
    kept.add(&text(1)).await.unwrap();
    kept.add(&text(2)).await.unwrap();
    let error = format!("{:#}", kept.add(&text(3)).await.unwrap_err());
    assert!(error.contains("full"), "{error}");
    assert_eq!(texts(&kept).await, sids(&[1, 2]));
    let first = kept.oldest(1).await.unwrap();
    kept.forget(first, Vec::new()).await.unwrap();
    kept.add(&text(3)).await.unwrap();
    assert_eq!(texts(&kept).await, sids(&[2, 3]));
}

#[tokio::test]
async fn what_cannot_be_used_goes_aside_and_only_the_owner_may_read_any_of_it() {
    let place = place();
    let kept = place.open();
    kept.add(&text(1)).await.unwrap();
    let mut file = open_to_append(&place.path()).unwrap();
    file.write_all(b"no text \xff\n").unwrap();
    assert_eq!(texts(&kept).await, [sids(&[1]), vec![None]].concat());
    let mut entries = kept.oldest(2).await.unwrap();
    let unusable = entries.split_off(1);
    kept.forget(Vec::new(), unusable).await.unwrap();
    assert_eq!(texts(&kept).await, sids(&[1]));
    assert_eq!(std::fs::read(kept.aside()).unwrap(), b"no text \xff\n");
    for file in std::fs::read_dir(place.0.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn what_could_not_be_checked_leaves_half_of_the_room_to_what_could() {
    let place = place();
    let unchecked = |n| SpooledText {
        checked: false,
        ..text(n)
    };
    let line = serde_json::to_vec(&unchecked(1)).unwrap().len() as u64 + 1;
    let kept = SpoolFile::with_room(&place.path(), 4 * line).unwrap();
    kept.add(&unchecked(1)).await.unwrap();
    kept.add(&unchecked(2)).await.unwrap();
    assert!(kept.add(&unchecked(3)).await.is_err());
    kept.add(&text(4)).await.unwrap();
    kept.add(&text(5)).await.unwrap();
    assert!(kept.add(&text(6)).await.is_err());
    assert_eq!(texts(&kept).await, sids(&[1, 2, 4, 5]));
}
