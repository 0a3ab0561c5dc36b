//! A caller's message: fetched from Twilio, kept, and given to whoever has the link.

use anyhow::Context;
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};

use crate::app::call_work::Work;
use crate::app::ports::store::{Store, TokenDigest};
use crate::app::relay::Relay;
use crate::clock::Chance;
use crate::domain::call::Call;
use crate::domain::ids::{CallSid, RecordingSid};
use crate::domain::line::Line;
use crate::domain::line::voice::Voicemail;
use crate::twilio::signature::sha256_hex;

/// What the links begin with, behind the line's public URL.
pub const VOICEMAIL_PATH: &str = "/v/";

/// For how long a link leads to its message.
pub const LINK_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// 128 bits, in hexadecimal digits.
const TOKEN: usize = 32;

/// How a link ends that nobody guesses: of another call it is another one, whatever chance says.
pub fn token(call: &CallSid, chance: &dyn Chance) -> String {
    let drawn = [chance.draw(), chance.draw(), chance.draw()].map(f64::to_bits);
    let mut token = sha256_hex(format!("voicemail\n{call}\n{drawn:?}").as_bytes());
    token.truncate(TOKEN);
    token
}

/// Fetches the recording and keeps it. `false` if Twilio does not have the file yet.
pub(super) async fn keep(
    work: &Work<'_>,
    call: &Call,
    recording: &RecordingSid,
) -> anyhow::Result<bool> {
    let token = TokenDigest::of_call(call).context("the message has no name")?;
    let twilio = &work.relay.twilio;
    let Some(sound) = twilio.recording_file(work.credentials, recording).await? else {
        return Ok(false);
    };
    let until = call.opened + keeps_for(work.line);
    work.relay
        .store
        .keep_voicemail(&token, &sound, until)
        .await?;
    Ok(true)
}

/// For how long a line's messages are kept.
pub fn keeps_for(line: &Line) -> SignedDuration {
    let usual = Voicemail::default().keep;
    let keep = line
        .voice
        .as_ref()
        .map_or(usual, |voice| voice.voicemail.keep);
    SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX)
}

/// Answers `GET /v/{token}` with the message as MP3, whole or the part that the player asks for. What is not
/// kept yet is fetched from Twilio. Nothing in the answer says whose message it is.
pub async fn listen(relay: &Relay, token: &str, headers: &HeaderMap) -> Response<Vec<u8>> {
    let is_token = token.len() == TOKEN && token.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_token {
        return sentence(StatusCode::NOT_FOUND, NO_SUCH_MESSAGE);
    }
    match sound(relay, &TokenDigest::of(token)).await {
        Ok(Some(sound)) => part(sound, headers),
        Ok(None) => sentence(StatusCode::NOT_FOUND, NO_SUCH_MESSAGE),
        Err(error) => {
            tracing::error!(
                count = "voicemail_failed",
                error = format!("{error:#}"),
                "a message could not be given to whoever has its link"
            );
            sentence(StatusCode::SERVICE_UNAVAILABLE, TRY_AGAIN)
        }
    }
}

const NO_SUCH_MESSAGE: &str =
    "There is no message here. A link leads to its message for seven days.\n";
const TRY_AGAIN: &str =
    "The message cannot be played at the moment. Please try again in a minute.\n";

async fn sound(relay: &Relay, token: &TokenDigest) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(sid) = relay.store.voicemail_call(token).await? else {
        return Ok(None);
    };
    let Some(call) = relay.store.call(&sid).await? else {
        return Ok(None);
    };
    let now: Timestamp = relay.now();
    if call.opened + LINK_FOR < now {
        return Ok(None);
    }
    if let Some(kept) = relay.store.voicemail(token, now).await? {
        return Ok(Some(kept.sound));
    }
    let recording = call.message.and_then(|message| message.recording);
    let Some(recording) = recording else {
        return Ok(None);
    };
    let credentials = relay.credentials.current().await?;
    let sound = relay
        .twilio
        .recording_file(&credentials, &recording)
        .await?;
    Ok(sound.map(Into::into))
}

/// When a greeting goes that is not put in force any more: whoever puts a configuration in force puts it anew.
const GREETING_FOR: SignedDuration = SignedDuration::from_hours(20 * 365 * 24);

/// Keeps the greetings of a configuration, before its lines are put in force.
pub async fn put_greeting(
    store: &dyn Store,
    hash: &str,
    sound: &[u8],
    now: Timestamp,
) -> anyhow::Result<()> {
    let token = TokenDigest::of_greeting(hash);
    store
        .keep_voicemail(&token, sound, now + GREETING_FOR)
        .await
}

/// Answers `GET /twilio/voice/greeting/{hash}.mp3`: what a caller hears before the tone, if that is a file.
pub async fn greeting(relay: &Relay, hash: &str) -> Response<Vec<u8>> {
    let token = TokenDigest::of_greeting(hash);
    match relay.store.voicemail(&token, relay.now()).await {
        Ok(Some(kept)) => {
            let mut response = Response::new(kept.sound);
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(MP3));
            let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
            headers.insert(CACHE_CONTROL, forever);
            response
        }
        Ok(None) => sentence(StatusCode::NOT_FOUND, "There is no such greeting.\n"),
        Err(error) => {
            tracing::error!(
                count = "voicemail_failed",
                error = format!("{error:#}"),
                "a greeting could not be read"
            );
            sentence(StatusCode::SERVICE_UNAVAILABLE, TRY_AGAIN)
        }
    }
}

const MP3: &str = "audio/mpeg";

/// Players of phones ask for the beginning first, and play nothing that is answered otherwise.
///
/// Source: RFC 9110, section 14 ("Range Requests").
fn part(sound: Vec<u8>, headers: &HeaderMap) -> Response<Vec<u8>> {
    let all = sound.len();
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let asked = asked.and_then(|asked| range(asked, all));
    let mut response = match asked {
        None => Response::new(sound),
        Some(None) => {
            let mut refused = sentence(StatusCode::RANGE_NOT_SATISFIABLE, "");
            let size = format!("bytes */{all}");
            set(&mut refused, CONTENT_RANGE, &size);
            return refused;
        }
        Some(Some((first, last))) => {
            let mut response = Response::new(sound[first..=last].to_vec());
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(
                &mut response,
                CONTENT_RANGE,
                &format!("bytes {first}-{last}/{all}"),
            );
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MP3));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    keep_private(&mut response);
    response
}

/// The first and the last byte of one range: `None` if the header asks for something else, which is not
/// heeded, and `Some(None)` if there is no such part.
fn range(asked: &str, all: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let end = all.saturating_sub(1);
    let (first, last) = match (first, last) {
        ("", last) => (all.saturating_sub(last.parse().ok()?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    Some((first <= last && first < all).then_some((first, last)))
}

fn sentence(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
    keep_private(&mut response);
    response
}

fn keep_private(response: &mut Response<Vec<u8>>) {
    set(response, CACHE_CONTROL, "no-store");
    let robots = http::HeaderName::from_static("x-robots-tag");
    set(response, robots, "noindex, nofollow");
    set(response, http::header::REFERRER_POLICY, "no-referrer");
    set(response, http::header::X_CONTENT_TYPE_OPTIONS, "nosniff");
}

fn set(response: &mut Response<Vec<u8>>, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedChance;

    #[test]
    fn a_link_is_of_128_bits_and_of_one_call() {
        let call = |n: u8| CallSid::parse(&format!("CA{n:032x}")).unwrap();
        let one = token(&call(1), &FixedChance(0.5));
        assert_eq!(one.len(), TOKEN);
        assert_ne!(one, token(&call(2), &FixedChance(0.5)));
        assert_ne!(one, token(&call(1), &FixedChance(0.25)));
    }

    #[test]
    fn players_get_the_part_that_they_ask_for() {
        for (asked, expected) in [
            ("bytes=0-1", Some(Some((0, 1)))),
            ("bytes=2-", Some(Some((2, 9)))),
            ("bytes=-3", Some(Some((7, 9)))),
            ("bytes=-30", Some(Some((0, 9)))),
            ("bytes=5-99", Some(Some((5, 9)))),
            ("bytes=10-", Some(None)),
            ("bytes=5-4", Some(None)),
            ("bytes=0-1,3-4", None),
            ("bytes=a-b", None),
            ("seconds=0-1", None),
        ] {
            assert_eq!(range(asked, 10), expected, "{asked}");
        }
        assert_eq!(range("bytes=0-", 0), Some(None));
    }
}
