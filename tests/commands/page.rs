//! The page of `relay dev` and `relay page`, as browsers and people at a shell meet it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::machine::Place;

/// A program that says where its page is.
struct Shown {
    process: Child,
    page: Option<String>,
    webhooks: Option<String>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Shown {
    fn started(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command(arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let greeting = BufReader::new(process.stdout.take().unwrap());
        let (mut page, mut webhooks) = (None, None);
        for line in greeting.lines().map_while(Result::ok) {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("page"), Some(url)) => page = Some(url.to_owned()),
                (Some("ready"), Some(url)) => webhooks = Some(url.to_owned()),
                _ => {}
            }
            if line.trim().starts_with("Ctrl-C") {
                break;
            }
        }
        Self {
            process,
            page,
            webhooks,
        }
    }

    fn page(&self) -> &str {
        let host = self.page.as_deref().unwrap().strip_prefix("http://");
        host.unwrap().split('/').next().unwrap()
    }
}

/// What is answered to a request, with these headers.
fn ask(host: &str, request: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_port_of_the_webhooks_has_no_page_and_the_stop_waits_for_no_stream() {
    let place = Place::new();
    let mut dev = Shown::started(&place, &["dev", "--port", "0"]);
    let host = dev.page().to_owned();
    assert!(ask(&host, "GET /", "").contains("Sergio"));
    let webhooks = dev.webhooks.clone().unwrap();
    let webhooks = webhooks
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap();
    for path in [
        "/",
        "/stream",
        "/events",
        "/login?key=x",
        "/lines/qdn",
        "/static/x.css",
    ] {
        let answer = ask(webhooks, &format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let mut streams = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(&host).unwrap();
        let head =
            format!("GET /events HTTP/1.1\r\nhost: {host}\r\nsec-fetch-site: same-origin\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut begin = [0; 15];
        stream.read_exact(&mut begin).unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200 OK");
        streams.push(stream);
    }
    let asked = Instant::now();
    let id = dev.process.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(killed.unwrap().success());
    for mut stream in streams {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    assert!(dev.process.wait().unwrap().success());
}

#[test]
fn a_port_that_is_asked_for_and_taken_is_an_error_and_none_is_no_page() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = place.run(&["dev", "--port", "0", "--page", &port]);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{error}");
    assert!(error.contains("--page 0"), "{error}");
    let public = place.run(&["dev", "--port", "0", "--page-bind", "0.0.0.0"]);
    let error = String::from_utf8(public.stderr).unwrap();
    assert!(
        error.contains("--page-url") && error.contains("ssh -L"),
        "{error}"
    );
    let without = Shown::started(&place, &["dev", "--port", "0", "--page", "0"]);
    assert_eq!(without.page, None);
}

#[test]
fn a_relay_that_rests_is_looked_at_with_a_key_and_lets_others_in_by_a_link() {
    let place = Place::new();
    drop(Shown::started(&place, &["dev", "--port", "0"]));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let shown = Shown::started(&place, &["page", "--data", ".relay/dev", "--page", &port]);
    let host = shown.page().to_owned();
    let refused = ask(&host, "GET /", "");
    assert!(
        refused.starts_with("HTTP/1.1 403") && !refused.contains("Sergio"),
        "{refused}"
    );
    let link = place.run(&[
        "page",
        "link",
        "--as",
        "Maria",
        "--read-only",
        "--data",
        ".relay/dev",
    ]);
    assert!(link.status.success(), "{link:?}");
    let link = String::from_utf8(link.stdout).unwrap();
    for address in [shown.page.as_deref().unwrap(), link.trim()] {
        let path = address.strip_prefix(&format!("http://{host}")).unwrap();
        let answer = ask(&host, &format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 303"), "{address}: {answer}");
        let cookie = answer.split("set-cookie: ").nth(1).unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let page = ask(&host, "GET /", &format!("cookie: {cookie}\r\n"));
        assert!(
            page.contains("Sergio") && page.contains("numbers are masked"),
            "{page}"
        );
        let again = ask(&host, &format!("GET {path}"), "");
        assert!(again.starts_with("HTTP/1.1 403"), "{again}");
    }
}
