//! P01 to P03: requests that are signed as Twilio signs, to the addresses that Twilio calls. They prove name,
//! certificate, proxy, path, token, line and store; Twilio's own way to there they cannot prove.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use jiff::Timestamp;

use super::catalogue::{Check, L07, P01, P02, P03};
use super::hook::Hook;
use super::report::{Finding, Verdict};
use crate::domain::credentials::Credentials;
use crate::domain::line::Line;
use crate::twilio::answer::PROBED;
use crate::twilio::api::{NoAnswer, Transport};
use crate::twilio::form::Form;
use crate::twilio::signature::{self, Signed, sign};
use crate::twilio::webhook::PROBE;

/// The most of a page of somebody else's that is quoted.
const LONGEST_TITLE: usize = 60;

/// What came back from one address.
pub struct Probed {
    pub answer: Result<Answer, NoAnswer>,
}

pub struct Answer {
    pub status: u16,
    /// What the relay said of itself, if it was one.
    pub told: Option<String>,
    /// Of a page, its title.
    pub title: Option<String>,
}

/// Probes the three addresses of a line.
pub async fn probe(
    transport: &dyn Transport,
    line: &Line,
    credentials: &Credentials,
    nonce: &str,
) -> [Probed; 3] {
    let url = |hook: Hook| {
        let whole = hook.at(&line.public_url);
        whole.split('#').next().unwrap_or_default().to_owned()
    };
    // No delivery has this name.
    let status = format!(
        "{}/twilio/status/probe/1",
        line.public_url.trim_end_matches('/')
    );
    let (main, fallback, status) = futures::join!(
        ask(transport, url(Hook::Text), line, credentials, nonce),
        ask(transport, url(Hook::TextFallback), line, credentials, nonce),
        ask(transport, status, line, credentials, nonce),
    );
    [main, fallback, status]
}

async fn ask(
    transport: &dyn Transport,
    url: String,
    line: &Line,
    credentials: &Credentials,
    nonce: &str,
) -> Probed {
    let form = Form::from_fields([
        ("AccountSid", credentials.account_sid.as_str()),
        (PROBE, nonce),
        ("To", line.number.expose()),
    ]);
    let signature = sign(&credentials.auth_token, &url, Signed::Form(&form));
    let request = Request::builder()
        .method(Method::POST)
        .uri(&url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(signature::HEADER, signature)
        .body(Bytes::from(form.encode()));
    let answer = match request {
        Ok(request) => transport.send(request).await,
        Err(error) => Err(NoAnswer::NotSent(error.to_string())),
    };
    let answer = answer.map(|answer| Answer {
        status: answer.status().as_u16(),
        told: answer
            .headers()
            .get(PROBED)
            .and_then(|told| Some(told.to_str().ok()?.to_owned())),
        title: title(answer.body()),
    });
    Probed { answer }
}

/// The title of a page that answers in the relay's place.
fn title(body: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(body.get(..4096).unwrap_or(body)).into_owned();
    let lower = page.to_ascii_lowercase();
    let from = lower.find("<title>")? + "<title>".len();
    let to = from + lower[from..].find("</title>")?;
    let title: String = page
        .get(from..to)?
        .trim()
        .chars()
        .take(LONGEST_TITLE)
        .collect();
    (!title.is_empty()).then_some(title)
}

/// What the probes come to, and whether the relay is of this version.
pub fn judge(
    line: &Line,
    probed: &[Probed; 3],
    nonce: &str,
    here: &str,
    now: Timestamp,
) -> Vec<Finding> {
    let of = |check: &'static Check, n: usize, so: &str| of_one(check, &probed[n], nonce, so);
    let mut findings = vec![
        of(
            &P01,
            0,
            "A customer's text does not come through to the relay.",
        ),
        of(
            &P02,
            1,
            "A text that the relay could not keep is not kept by the fallback either.",
        ),
        of(
            &P03,
            2,
            "Whether a text arrived is found out later, and a hand-over takes longer.",
        ),
    ];
    // What keeps a request from the relay keeps all of them.
    let first = findings[0].clone();
    for finding in &mut findings[1..] {
        if first.verdict != Verdict::Right && finding.says == first.says {
            *finding = Finding::not_checked(finding.check, first.check);
        }
    }
    if let Some(told) = told(&probed[0], nonce) {
        findings.push(version(told, here));
        let clock = value(told, "clock").and_then(|clock| clock.parse::<i64>().ok());
        let off = clock.map(|clock| (clock - now.as_second()).abs());
        if let Some(off) = off.filter(|off| *off > 60) {
            findings[0] = Finding::new(
                &P01,
                Verdict::Risk,
                format!("the relay's clock is {off} s off this machine's"),
            )
            .so("Times in texts and who is on duty may be wrong.")
            .only_you("turn on time synchronisation on both");
        }
    }
    findings
        .into_iter()
        .map(|finding| finding.of_line(&line.name))
        .collect()
}

fn version(told: &str, here: &str) -> Finding {
    let runs = format!(
        "{} ({})",
        value(told, "v").unwrap_or("?"),
        value(told, "commit").unwrap_or("?")
    );
    if runs == here {
        return Finding::right(&L07, format!("the relay that runs is {runs}"));
    }
    Finding::new(
        &L07,
        Verdict::Note,
        "the relay that runs is of another version than this command",
    )
    .seen("version", Some(&runs), Some(here))
}

/// What an answer tells, if it is one to this very question.
fn told<'p>(probed: &'p Probed, nonce: &str) -> Option<&'p str> {
    let answer = probed.answer.as_ref().ok()?;
    let told = answer.told.as_deref()?;
    (answer.status == 204 && value(told, "nonce") == Some(nonce)).then_some(told)
}

fn value<'t>(told: &'t str, name: &str) -> Option<&'t str> {
    told.split("; ").find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key == name).then_some(value)
    })
}

fn of_one(check: &'static Check, probed: &Probed, nonce: &str, so: &str) -> Finding {
    if let Some(told) = told(probed, nonce) {
        if value(told, "token") == Some("current") {
            return Finding::right(check, "signed probe came through");
        }
        return Finding::new(
            check,
            Verdict::Risk,
            "the relay takes this token only as the one before or after",
        )
        .so("Once a rotation ends, texts are refused as forged.")
        .command("relay secrets check --live");
    }
    let worst = |says: String| Finding::new(check, check.worst, says).so(so);
    match &probed.answer {
        Err(NoAnswer::NotSent(why)) => worst(format!("no connection to public_url: {why}"))
            .only_you("is `relay serve` running, and the tunnel or proxy in front of it? Is the name in DNS?"),
        Err(NoAnswer::Unknown(why)) => worst(format!("no answer at public_url: {why}"))
            .only_you("look into the log of the relay and of the proxy in front of it"),
        Ok(Answer { status: 403, .. }) => worst("the relay refuses the signature (HTTP 403)".to_owned())
            .only_you("it has another TWILIO_AUTH_TOKEN, another public_url or no such line: compare its repos.env and `relay config diff`; a proxy may change the path, too"),
        Ok(Answer { status: 503, .. }) => worst("the relay could not look (HTTP 503)".to_owned())
            .only_you("it cannot reach its store or its credentials: see its log"),
        Ok(Answer { status: status @ (502 | 504 | 521..=523 | 530), .. }) => {
            worst(format!("the tunnel or proxy answers, and the relay behind it does not (HTTP {status})"))
                .only_you("is `relay serve` running, on the port that the tunnel or proxy passes requests to?")
        }
        Ok(Answer { status, title, .. }) => {
            let title = title.as_ref().map(|title| format!(", page \"{title}\"")).unwrap_or_default();
            worst(format!("something else answers at public_url (HTTP {status}{title})"))
                .seen("status", Some(&status.to_string()), Some("204"))
                .only_you("have the tunnel or proxy pass public_url and all below it to the relay as it is")
        }
    }
}
