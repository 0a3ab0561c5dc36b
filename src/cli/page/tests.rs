//! Requests of all kinds against a page that really listens, byte for byte.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Page;
use super::access::{Access, Key, SESSION_FOR};
use crate::adapters::files::audit::FileAudit;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::ports::alerts::NoAlerts;
use crate::app::ports::audit::{Audit, Kind, Record};
use crate::app::ports::event_bus::NoBus;
use crate::app::ports::store::Store;
use crate::app::relay::{PublicUrls, Relay};
use crate::clock::{FixedChance, ManualClock};
use crate::domain::line::config;
use crate::hosts::server::{AUDIT, DATABASE};
use crate::sandbox::demo_account;
use crate::twilio::API_URL;
use crate::twilio::client::Client;
use crate::twilio::network::Network;

/// What stands on the page, and may stand in no answer to whoever may not see it.
const DATA: [&str; 2] = ["Sergio", "555-0100"];

/// Addresses of the page, those that change something last.
const READS: [&str; 24] = [
    "/",
    "/lines/qdn",
    "/stream",
    "/stream?problems=1",
    "/events",
    "/texts/SM1",
    "/phones",
    "/phones/changes",
    "/phones/messages/CA1",
    "/duty",
    "/duty/somebody",
    "/dead",
    "/dead/x",
    "/dead/x/replay",
    "/dead/x/drop",
    "/conversations",
    "/conversations/x",
    "/notices",
    "/notices/x",
    "/notices/x/cancel",
    "/subscribers",
    "/optouts",
    "/optouts/x",
    "/health",
];
const CHANGES: [&str; 18] = [
    "/logout",
    "/show",
    "/hide",
    "/duty/somebody",
    "/dead/x/replay",
    "/dead/x/drop",
    "/conversations/x/answer",
    "/optouts",
    "/optouts/x",
    "/health/run",
    "/notices/x/cancel",
    "/phones",
    "/phones/burst",
    "/phones/x/texts",
    "/phones/x/power",
    "/phones/x/call",
    "/faults",
    "/faults/forget",
];

struct World {
    folder: TempDir,
    address: SocketAddr,
    clock: Arc<ManualClock>,
    page: Page,
    stop: watch::Sender<bool>,
}

impl World {
    /// A page with a line and a record, as `relay serve` has it.
    async fn new() -> Self {
        Self::with(false).await
    }

    async fn with(is_open: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T22:02:11Z".parse().unwrap()));
        let database = Database::open(&folder.path().join(DATABASE)).unwrap();
        let store = SqliteStore::on(database.clone());
        for line in config::example(4000) {
            store.put_line(&line).await.unwrap();
        }
        let audit = FileAudit::open(&folder.path().join(AUDIT)).unwrap();
        let relay = Relay {
            store: Arc::new(store),
            queue: Arc::new(SqliteQueue::on(database)),
            audit: Arc::new(audit),
            credentials: Arc::new(Arc::new(demo_account())),
            public_urls: PublicUrls::default(),
            twilio: Client::new(Box::new(Network::new()), API_URL),
            bus: Arc::new(NoBus),
            alerts: Arc::new(NoAlerts),
            clock: clock.clone(),
            chance: Arc::new(FixedChance(0.5)),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let access = Access::new(address.port(), None, is_open);
        let data = folder.path().to_owned();
        let page = Page::new(Arc::new(relay), data, None, access, stopped);
        tokio::spawn(page.clone().serve(listener));
        let world = Self {
            folder,
            address,
            clock,
            page,
            stop,
        };
        world.happens(1).await;
        world
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts so many records into the audit.
    async fn happens(&self, count: u32) {
        let now = self.page.now();
        let record = |n| Record {
            to_person: Some("Sergio".to_owned()),
            attempt: Some(n),
            ..Record::new(Kind::Attempt, "qdn", now)
        };
        let records: Vec<Record> = (1..=count).map(record).collect();
        self.page.relay.audit.write(&records).await.unwrap();
    }

    /// The cookie of somebody who comes with a new key.
    async fn log_in(&self, read_only: bool) -> String {
        let (secret, key) = Key::new("Maria", read_only, SESSION_FOR, self.page.now());
        self.page.access.add(key);
        let answer = self.get(&format!("/login?key={secret}"), "").await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let cookie = answer.split("set-cookie: ").nth(1).unwrap();
        let (cookie, attributes) = cookie.split_once(';').unwrap();
        assert!(
            attributes.contains("HttpOnly; SameSite=Strict"),
            "{attributes}"
        );
        cookie.to_owned()
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.address.port())
    }

    /// What is answered to a head and a body, as far as it comes at once.
    async fn answer(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // A refusal may come, and the connection go, before all of it is sent.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let mut piece = [0; 16 * 1024];
        while let Ok(Ok(read)) =
            tokio::time::timeout(Duration::from_millis(400), stream.read(&mut piece)).await
        {
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&piece[..read]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        let host = self.host();
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
        self.answer(&head, b"").await
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let (host, length) = (self.host(), body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\
             content-type: application/x-www-form-urlencoded\r\n{headers}\r\n"
        );
        self.answer(&head, body.as_bytes()).await
    }
}

const OWN: &str = "sec-fetch-site: same-origin\r\n";

fn status(answer: &str) -> u16 {
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_that_should_not_be_is_answered_with_data() {
    let world = World::new().await;
    let cookie = format!("cookie: {}\r\n", world.log_in(false).await);
    let id = cookie.split('=').nth(1).unwrap().trim();
    let (host, port) = (world.host(), world.address.port());
    let own = format!("host: {host}\r\n{cookie}{OWN}");
    let hostile: Vec<(&str, String)> = vec![
        ("no cookie", format!("host: {host}\r\n{OWN}")),
        (
            "another cookie",
            format!(
                "host: {host}\r\n{OWN}cookie: relay_page_{port}={}\r\n",
                "0".repeat(32)
            ),
        ),
        (
            "another port's cookie",
            format!("host: {host}\r\n{OWN}cookie: relay_page_1={id}\r\n"),
        ),
        (
            "foreign host",
            format!("host: evil.example:{port}\r\n{cookie}{OWN}"),
        ),
        (
            "rebound host",
            format!("host: 127.0.0.1.evil.example:{port}\r\n{cookie}{OWN}"),
        ),
        ("no port", format!("host: 127.0.0.1\r\n{cookie}{OWN}")),
        (
            "host twice",
            format!("host: {host}\r\nhost: {host}\r\n{cookie}{OWN}"),
        ),
        ("no host", format!("{cookie}{OWN}")),
        (
            "origin null",
            format!("host: {host}\r\n{cookie}origin: null\r\n"),
        ),
        (
            "origin of another port",
            format!("{own}origin: http://127.0.0.1:1\r\n"),
        ),
        (
            "cross-site",
            format!("host: {host}\r\n{cookie}sec-fetch-site: cross-site\r\n"),
        ),
        (
            "same-site",
            format!("host: {host}\r\n{cookie}sec-fetch-site: same-site\r\n"),
        ),
        ("said twice", format!("{own}{OWN}")),
    ];
    let mut count = 0;
    let mut asked: Vec<(String, String, Vec<u8>)> = Vec::new();
    for (why, headers) in &hostile {
        let of_reads = READS.map(|path| ("GET", path, ""));
        let form = "content-length: 0\r\ncontent-type: application/x-www-form-urlencoded\r\n";
        let of_changes = CHANGES.map(|path| ("POST", path, form));
        for (method, path, more) in of_reads.into_iter().chain(of_changes) {
            let head =
                format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n{headers}{more}\r\n");
            asked.push((format!("{why}: {method} {path}"), head, Vec::new()));
        }
    }
    for path in READS.into_iter().chain(CHANGES) {
        let target = format!("http://{host}{path}");
        let head = format!("GET {target} HTTP/1.1\r\nconnection: close\r\n{own}\r\n");
        asked.push((format!("absolute target: {path}"), head, Vec::new()));
    }
    for path in CHANGES {
        let bare = format!(
            "POST {path} HTTP/1.1\r\nconnection: close\r\nhost: {host}\r\n{cookie}content-length: 0\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n"
        );
        asked.push((format!("no word of its origin: {path}"), bare, Vec::new()));
        let text = format!(
            "POST {path} HTTP/1.1\r\nconnection: close\r\n{own}content-length: 3\r\ncontent-type: text/plain\r\n\r\n"
        );
        asked.push((format!("text: {path}"), text, b"a=b".to_vec()));
        let long = format!(
            "POST {path} HTTP/1.1\r\nconnection: close\r\n{own}content-length: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n",
            65 * 1024
        );
        asked.push((format!("65 KiB: {path}"), long, vec![b'a'; 65 * 1024]));
        // Where a GET asks before a POST does it, the GET is one of the reads.
        if !READS.contains(&path) {
            let get = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{own}\r\n");
            asked.push((format!("GET for POST: {path}"), get, Vec::new()));
        }
    }
    let events =
        format!("GET /events HTTP/1.1\r\nconnection: close\r\nhost: {host}\r\n{cookie}\r\n");
    asked.push((
        "no word of its origin: /events".to_owned(),
        events,
        Vec::new(),
    ));
    for (why, head, body) in asked {
        let answer = world.answer(&head, &body).await;
        count += 1;
        // What was not read may have the connection reset before the answer is seen.
        assert!(
            answer.is_empty() || (400..500).contains(&status(&answer)),
            "{why}: {answer}"
        );
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        for data in DATA {
            assert!(!body.contains(data), "{why} shows {data}: {answer}");
        }
    }
    assert!(count >= 200, "only {count} requests");
    // The session is still good: none of them logged it out.
    let answer = world.get("/", &format!("{cookie}{OWN}")).await;
    assert!(
        status(&answer) == 200 && answer.contains("Sergio"),
        "{answer}"
    );
    // And is over in its time.
    world.clock.advance(SESSION_FOR);
    for path in READS {
        let answer = world.get(path, &format!("{cookie}{OWN}")).await;
        assert_eq!(status(&answer), 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_the_head_that_keeps_others_out() {
    let world = World::new().await;
    let cookie = format!("cookie: {}\r\n", world.log_in(false).await);
    for (path, status_wanted) in [
        ("/", 200),
        ("/nope", 404),
        ("/static/x", 404),
        ("/login?key=1", 403),
    ] {
        let answer = world.get(path, &cookie).await;
        assert_eq!(status(&answer), status_wanted, "{answer}");
        for part in [
            "content-security-policy: default-src 'none'",
            "nosniff",
            "no-referrer",
            "no-store",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(answer.contains(part), "{path} without {part}: {answer}");
        }
    }
    let css = world.get(super::assets::css(), "").await;
    assert!(
        css.contains("immutable") && css.contains("nosniff"),
        "{css}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_good_once_and_for_ten_minutes_and_guessing_ends_soon() {
    let world = World::new().await;
    let (secret, key) = Key::new("Maria", false, SESSION_FOR, world.page.now());
    world.page.access.add(key);
    let path = format!("/login?key={secret}");
    assert_eq!(status(&world.get(&path, "").await), 303);
    assert_eq!(status(&world.get(&path, "").await), 403, "twice");
    let (secret, key) = Key::new("Maria", false, SESSION_FOR, world.page.now());
    world.page.access.add(key);
    world.clock.advance(Duration::from_secs(10 * 60));
    let path = format!("/login?key={secret}");
    assert_eq!(status(&world.get(&path, "").await), 403, "too late");
    for guess in 1..10 {
        let answer = world.get(&format!("/login?key={guess}"), "").await;
        assert_eq!(status(&answer), 403, "{guess}");
    }
    // Not even the right one, until a minute has passed.
    let (secret, key) = Key::new("Maria", false, SESSION_FOR, world.page.now());
    world.page.access.add(key);
    let path = format!("/login?key={secret}");
    assert_eq!(status(&world.get(&path, "").await), 429);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(status(&world.get(&path, "").await), 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_nine_sessions_the_first_is_over() {
    let world = World::new().await;
    let first = world.log_in(false).await;
    let second = world.log_in(false).await;
    for _ in 0..7 {
        world.log_in(false).await;
    }
    assert_eq!(
        status(&world.get("/", &format!("cookie: {first}\r\n")).await),
        403
    );
    let second = format!("cookie: {second}\r\n");
    assert_eq!(status(&world.get("/", &second).await), 200);
    let out = world.post("/logout", &format!("{second}{OWN}"), "").await;
    assert_eq!(status(&out), 200, "{out}");
    assert_eq!(status(&world.get("/", &second).await), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_only_look_changes_nothing_and_sees_no_numbers() {
    let world = World::new().await;
    let cookie = format!("cookie: {}\r\n{OWN}", world.log_in(true).await);
    assert_eq!(status(&world.get("/", &cookie).await), 200);
    for path in CHANGES.into_iter().filter(|path| *path != "/logout") {
        let answer = world.post(path, &cookie, "").await;
        assert_eq!(status(&answer), 403, "{path}: {answer}");
        assert!(answer.contains("change nothing"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_shown_for_a_quarter_of_an_hour_and_that_is_on_record() {
    let world = World::new().await;
    let cookie = format!("cookie: {}\r\n{OWN}", world.log_in(false).await);
    let masked = "numbers are masked";
    assert!(world.get("/", &cookie).await.contains(masked));
    let answer = world.post("/show", &cookie, "back=%2Fstream").await;
    assert!(
        status(&answer) == 303 && answer.contains("location: /stream"),
        "{answer}"
    );
    assert!(!world.get("/", &cookie).await.contains(masked));
    let audit = std::fs::read_to_string(world.path().join(AUDIT)).unwrap();
    assert!(
        audit.contains("\"shown\"") && audit.contains("Maria"),
        "{audit}"
    );
    world.clock.advance(Duration::from_secs(15 * 60));
    assert!(world.get("/", &cookie).await.contains(masked));
    for back in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "x",
        "%2F%0Aa",
    ] {
        let answer = world.post("/show", &cookie, &format!("back={back}")).await;
        assert!(answer.contains("location: /\r\n"), "{back}: {answer}");
    }
    let answer = world.post("/hide", &cookie, "back=%2F").await;
    assert_eq!(status(&answer), 303, "{answer}");
    assert!(world.get("/", &cookie).await.contains(masked));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_this_machine_alone_dev_logs_in_by_itself() {
    let world = World::with(true).await;
    let answer = world.get("/", "").await;
    assert!(
        status(&answer) == 200 && answer.contains("set-cookie: relay_page_"),
        "{answer}"
    );
    // Not a page of another site, and not for a change.
    assert_eq!(
        status(&world.get("/", "sec-fetch-site: cross-site\r\n").await),
        403
    );
    assert_eq!(status(&world.post("/show", OWN, "").await), 403);
    let now = world.page.now();
    let stranger = Some("192.0.2.1".parse().unwrap());
    assert!(world.page.access.by_itself(stranger, now).is_none());
    assert!(world.page.access.by_itself(None, now).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_goes_on_where_it_was_and_says_if_it_cannot() {
    let world = World::new().await;
    let cookie = format!("cookie: {}\r\n{OWN}", world.log_in(false).await);
    let from = super::tail::end(&world.page.audit()).unwrap();
    world.happens(20).await;
    let count = |answer: &str| answer.matches("event: attempt").count();
    let resumed = world
        .get("/events", &format!("{cookie}last-event-id: {from}\r\n"))
        .await;
    assert_eq!(count(&resumed), 20, "{resumed}");
    let last = resumed
        .rsplit("\nid: ")
        .next()
        .unwrap()
        .lines()
        .next()
        .unwrap();
    world.happens(3).await;
    let further = world
        .get("/events", &format!("{cookie}last-event-id: {last}\r\n"))
        .await;
    assert_eq!(count(&further), 3, "{further}");
    assert!(!further.contains("event: lost"), "{further}");
    // Also one that has to go back further than the rows that are at hand.
    let beginning = from.to_string().split('-').next().unwrap().to_owned() + "-0";
    let all = world
        .get(&format!("/events?from={beginning}"), &cookie)
        .await;
    assert_eq!(count(&all), 24, "{all}");
    for none in [
        "-1",
        "text",
        "1-1",
        &beginning.replace("-0", "-9000000000000"),
        &beginning.replace("-0", "-3"),
    ] {
        let lost = world
            .get("/events", &format!("{cookie}last-event-id: {none}\r\n"))
            .await;
        assert!(
            lost.contains("event: lost") && count(&lost) == 0,
            "{none}: {lost}"
        );
    }
    world.happens(300).await;
    let behind = world
        .get(&format!("/events?from={beginning}"), &cookie)
        .await;
    assert!(
        behind.contains("event: lost") && count(&behind) == 0,
        "{behind}"
    );
    // Moved away, as logrotate does.
    std::fs::rename(world.page.audit(), world.path().join("audit-2026-10.jsonl")).unwrap();
    world.happens(1).await;
    let moved = world
        .get("/events", &format!("{cookie}last-event-id: {last}\r\n"))
        .await;
    assert!(moved.contains("event: lost"), "{moved}");
    // What people see has all of it, newest first, over both files.
    let page = world.get("/stream", &cookie).await;
    assert_eq!(page.matches("<li data-id").count(), 100, "{page}");
    assert!(page.contains(">Older<"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_counted_and_end_at_the_stop() {
    let world = World::new().await;
    let cookie = world.log_in(false).await;
    let head = format!(
        "GET /events HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n{OWN}\r\n",
        world.host()
    );
    let mut open = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut begin = [0; 15];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200 OK");
        open.push(stream);
    }
    assert_eq!(status(&world.answer(&head, b"").await), 503);
    let began = std::time::Instant::now();
    world.stop.send_replace(true);
    for mut stream in open {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut rest));
        ended.await.expect("it ends at the stop").unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_read_leaves_the_last_view_with_a_word_about_it() {
    let world = World::with(true).await;
    let now = world.page.now();
    let here = Some("127.0.0.1".parse().unwrap());
    let (_, session) = world.page.access.by_itself(here, now).unwrap();
    let view = |path: &str, shows: anyhow::Result<serde_json::Value>| {
        let uri = path.parse().unwrap();
        let template = ("stream.html", "Stream");
        world.page.view(&session, &uri, template, shows)
    };
    let gone = || Err(anyhow::anyhow!("the disk is gone"));
    // Nothing was ever seen of it: that is no empty list.
    let never = view("/stream", gone()).unwrap_err();
    assert_eq!(
        axum::response::IntoResponse::into_response(never).status(),
        503
    );
    let row = serde_json::json!({
        "id": "1-2", "iso": "", "time": "", "full": "", "state": "bad", "word": "marker", "says": "",
    });
    let good =
        serde_json::json!({ "rows": [row], "groups": [], "lines": [], "from": "1-2", "kinds": "" });
    view("/stream", Ok(good)).unwrap();
    let text = async |answer: axum::response::Response| {
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
        String::from_utf8(body.unwrap().to_vec()).unwrap()
    };
    let stale = text(view("/stream", gone()).unwrap()).await;
    assert!(
        stale.contains("marker") && stale.contains("cannot be read"),
        "{stale}"
    );
    assert!(view("/stream?kind=calls", gone()).is_err(), "another view");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_takes_no_webhook_and_a_key_that_was_left_opens_it() {
    let world = World::new().await;
    let cookie = format!("cookie: {}\r\n{OWN}", world.log_in(false).await);
    for path in [
        "/twilio/sms",
        "/twilio/voice",
        "/v1/notices",
        "/sandbox/texts",
    ] {
        let answer = world.post(path, &cookie, "Body=hi").await;
        assert_eq!(status(&answer), 404, "{path}: {answer}");
    }
    let (secret, key) = Key::new("Ana", true, Duration::from_secs(60), world.page.now());
    super::links::leave(world.path(), &key).unwrap();
    let answer = world.get(&format!("/login?key={secret}"), "").await;
    assert!(
        status(&answer) == 303 && answer.contains("Max-Age=60"),
        "{answer}"
    );
    assert_eq!(
        status(&world.get(&format!("/login?key={secret}"), "").await),
        403,
        "twice"
    );
}
