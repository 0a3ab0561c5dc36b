//! As many texts as the relay takes: wrk posts signed ones as fast as they are answered.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::processes::{DISTANCE, Place, Process};
use super::report::{Percentiles, Table};
use super::town::Town;
use super::twilio::Twilio;

/// How many requests are under way at once.
const CONNECTIONS: u32 = 48;

/// How many signed texts are there for each second; no relay takes them all.
const TEXTS_A_SECOND: u32 = 25_000;

/// How long a relay that was started again is watched.
const AT_WORK: Duration = Duration::from_secs(10);

/// What wrk saw.
struct Seen {
    sent: u64,
    answered: u64,
    refused: u64,
    broken: u64,
    percentiles: Percentiles,
}

pub async fn run(shape: &str, town: Town, seconds: u32) {
    let place = Place::of(&town);
    let texts = place.path("texts");
    println!("signing {} texts", seconds * TEXTS_A_SECOND);
    sign(&town, seconds * TEXTS_A_SECOND, &texts).unwrap();
    let (_sandbox, twilio) = place.sandbox(DISTANCE);
    Twilio::at(&twilio).connect(&town).await;
    let mut relay = place.start(&twilio);
    assert!(relay.is_ready(), "{}", place.end_of_log());

    let (began, cpu) = (Instant::now(), relay.cpu());
    let seen = wrk(&place, &texts, seconds);
    // Nothing is posted in the last second, but the worker goes on.
    let cpu = (relay.cpu() - cpu).as_secs_f64() / seen.answered as f64;
    let kept = kept(&place, &town, seen.sent);
    report(shape, &place, &relay, &seen, seconds, cpu, began.elapsed());
    assert_eq!(
        (seen.refused, seen.broken),
        (0, 0),
        "{}",
        place.end_of_log()
    );
    assert_eq!(seen.sent, seen.answered);
    assert_eq!(
        kept, seen.sent,
        "an acknowledged text is not in the database"
    );
    restart(&place, relay, &twilio).await;
}

/// Kills the relay with all that it has not sent yet, starts it again and looks how it does.
async fn restart(place: &Place, mut relay: Process, twilio: &str) {
    relay.kill();
    let waiting = waiting(place);
    let began = Instant::now();
    let mut relay = place.start(twilio);
    assert!(relay.is_ready(), "{}", place.end_of_log());
    let took = began.elapsed();
    tokio::time::sleep(AT_WORK).await;
    let sent = waiting - self::waiting(place);
    let mut table = Table::new("restart after a kill, with what was not sent yet");
    table.row("texts that wait", waiting);
    table.row("ready after", format!("{} ms", took.as_millis()));
    let rate = sent as f64 / AT_WORK.as_secs_f64();
    table.row("sent a second from then on", format!("{rate:.0}"));
    table.row("memory at that work", format!("{:.1} MiB", relay.memory()));
    table.files(place);
    table.print();
}

/// How many deliveries are not with Twilio yet.
fn waiting(place: &Place) -> u64 {
    let waiting = "SELECT count(*) FROM deliveries WHERE due IS NOT NULL
        AND json_extract(delivery, '$.state.accepted') IS NULL";
    let count: i64 = database(place)
        .query_row(waiting, [], |row| row.get(0))
        .unwrap();
    count.try_into().unwrap()
}

fn database(place: &Place) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(place.data().join("relay.db"), flags).unwrap()
}

fn sign(town: &Town, count: u32, file: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(file)?);
    for number in 0..count {
        let text = town.text(number);
        writeln!(file, "{} {}", text.signature, text.form)?;
    }
    file.flush()
}

fn wrk(place: &Place, texts: &Path, seconds: u32) -> Seen {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/endurance/load/burst.lua");
    let wrk = Command::new("wrk")
        .args(["--threads", "1", "--connections", &CONNECTIONS.to_string()])
        .arg("--duration")
        .arg(format!("{}s", seconds + 1))
        .arg("--script")
        .arg(script)
        .arg(place.url())
        .arg("--")
        .arg(texts)
        .arg(seconds.to_string())
        .output()
        .expect("wrk cannot be started; install it: apt-get install wrk, or brew install wrk");
    let output = String::from_utf8_lossy(&wrk.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&wrk.stderr);
    let result = output
        .lines()
        .find_map(|line| line.strip_prefix("result "))
        .unwrap_or_else(|| panic!("wrk failed: {output}{complaint}"));
    let value = |name: &str| -> f64 {
        let value = result
            .split(' ')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(n, value)| (n == name).then_some(value));
        value.unwrap().parse().unwrap()
    };
    let time = |name: &str| Duration::from_secs_f64(value(name) / 1e6);
    Seen {
        sent: value("sent") as u64,
        answered: value("answered") as u64,
        refused: value("refused") as u64,
        broken: value("broken") as u64,
        percentiles: Percentiles {
            p50: time("p50"),
            p90: time("p90"),
            p99: time("p99"),
            p999: time("p99.9"),
            max: time("max"),
        },
    }
}

/// How many of the first `sent` texts the database has, with a delivery for each.
fn kept(place: &Place, town: &Town, sent: u64) -> u64 {
    let database = database(place);
    let mut inbound = database
        .prepare(
            "SELECT EXISTS (SELECT 1 FROM inbounds WHERE sid = ?1)
                AND EXISTS (SELECT 1 FROM deliveries WHERE id = 'in-' || ?1)",
        )
        .unwrap();
    let texts = (0..u32::try_from(sent).unwrap()).map(|number| town.text(number));
    texts
        .filter(|text| {
            let sid = text.sid.as_str();
            inbound.query_row([sid], |row| row.get(0)).unwrap()
        })
        .count() as u64
}

fn report(
    shape: &str,
    place: &Place,
    relay: &Process,
    seen: &Seen,
    seconds: u32,
    cpu: f64,
    took: Duration,
) {
    let mut table = Table::new(&format!("burst: as many as are answered, {shape}"));
    table.row(
        "duration",
        format!(
            "{seconds} s ({:.1} s with wrk's start and end)",
            took.as_secs_f64()
        ),
    );
    table.row("texts acknowledged", seen.answered);
    table.row(
        "a second",
        format!("{:.0}", seen.answered as f64 / f64::from(seconds)),
    );
    table.percentiles(&seen.percentiles);
    table.row(
        "processor time a text",
        format!("{:.0} µs, sending included", cpu * 1e6),
    );
    table.row("memory", format!("{:.1} MiB", relay.memory()));
    table.files(place);
    table.print();
}
