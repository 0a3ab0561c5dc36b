//! The one-machine mode when things around it fail: its log, its disk, its files, its credentials.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::machine::{Dev, Place};

/// A webhook that nobody signed. The log has a line about each.
fn unsigned(count: usize, url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let form = "Body=hi";
    let head = format!(
        "POST /twilio/sms HTTP/1.1\r\nHost: {address}\r\nX-Twilio-Signature: bm90aGluZw==\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut answer = [0; 4096];
    for _ in 0..count {
        stream.write_all((head.clone() + form).as_bytes()).unwrap();
        let length = stream.read(&mut answer).expect("an answer in time");
        assert!(answer[..length].starts_with(b"HTTP/1.1 4"), "it is refused");
    }
}

/// A text gets through, and the relay ends when it is asked to.
fn works_and_stops(place: &Place, mut dev: Dev) {
    dev.text(place, "Is the boat ready?");
    assert_eq!(dev.shows(place, "Is the boat ready?"), 1);
    let began = Instant::now();
    let status = dev.signal("-TERM");
    assert!(status.success(), "{status}");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// How much of the processors' time it has used.
#[cfg(target_os = "linux")]
fn processor_time(dev: &Dev) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", dev.process.id())).unwrap();
    // Source: proc_pid_stat(5): utime and stime are the fields 14 and 15, in hundredths of a second.
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(14) + ticks(15)))
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_on_a_full_disk_stops_nothing() {
    let place = Place::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let dev = place.dev_logging_to(full());
    unsigned(100, &dev.url);
    let before = processor_time(&dev);
    std::thread::sleep(Duration::from_secs(1));
    let used = processor_time(&dev) - before;
    assert!(used < Duration::from_millis(500), "it spins: {used:?}");
    works_and_stops(&place, dev);
}

#[test]
fn a_log_whose_pipe_is_closed_stops_nothing() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let dev = place.dev_logging_to(OwnedFd::from(writer));
    drop(reader);
    unsigned(100, &dev.url);
    works_and_stops(&place, dev);
}

#[test]
fn a_log_that_nobody_reads_stops_nothing_and_says_afterwards_how_much_is_missing() {
    let place = Place::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut dev = place.dev_logging_to(OwnedFd::from(writer));
    // A pipe holds 64 KiB, which is some hundred lines, and as much as is kept for it some thousands.
    unsigned(12_000, &dev.url);
    dev.text(&place, "Is the boat ready?");
    assert_eq!(dev.shows(&place, "Is the boat ready?"), 1);
    // It is read after all.
    let (found, log) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut log = Vec::new();
        let mut piece = [0; 64 * 1024];
        while let Ok(length @ 1..) = reader.read(&mut piece) {
            log.extend_from_slice(&piece[..length]);
            if String::from_utf8_lossy(&log).contains(" lines are missing about here: ") {
                let _ = found.send(());
            }
        }
    });
    let wait = Duration::from_secs(30);
    log.recv_timeout(wait)
        .expect("it says how many are missing");
    let status = dev.signal("-TERM");
    assert!(status.success(), "{status}");
}

#[test]
fn nobody_reads_the_log_and_it_stops_all_the_same() {
    let place = Place::new();
    let (_reader, writer) = std::io::pipe().unwrap();
    let dev = place.dev_logging_to(OwnedFd::from(writer));
    unsigned(3_000, &dev.url);
    works_and_stops(&place, dev);
}
