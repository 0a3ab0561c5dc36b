//! What goes wrong at Twilio and beyond.

use relay::sandbox;

use super::faults::Fault;
use super::weather::Weather;

/// What Twilio and the carrier do to this request and its message.
pub fn troubles(weather: &Weather, creates: bool) -> Vec<sandbox::Fault> {
    let mut troubles = Vec::new();
    if creates && weather.strikes(Fault::Refused) {
        let (code, status) = weather.pick(&REFUSALS);
        troubles.push(sandbox::Fault::Refuse { code, status });
    } else if !creates && weather.strikes(Fault::AskRefused) {
        let (code, status) = weather.pick(&[(20003, 401), (20500, 500), (20404, 400)]);
        troubles.push(sandbox::Fault::Refuse { code, status });
    } else if weather.strikes(Fault::TooMany) {
        let seconds = weather.pick(&[None, Some(1), Some(5), Some(60), Some(120)]);
        let retry_after = seconds.map(|seconds: u32| seconds.to_string());
        troubles.push(sandbox::Fault::TooManyRequests { retry_after });
    } else if weather.strikes(Fault::ServerError) {
        let status = weather.pick(&[500, 502, 503, 504]);
        troubles.push(sandbox::Fault::ServerError { status });
    } else if weather.strikes(Fault::ErrorAfterAccept) {
        let status = weather.pick(&[500, 502, 503, 504]);
        troubles.push(sandbox::Fault::ErrorAfterAccept { status });
    } else if weather.strikes(Fault::AnswerLost) {
        troubles.push(sandbox::Fault::LostAnswer);
    }
    if creates && weather.strikes(Fault::Undeliverable) {
        let code = weather.pick(&UNDELIVERABLE);
        troubles.push(sandbox::Fault::Undeliverable { code });
    } else if creates && weather.strikes(Fault::ArrivesAfterAll) {
        let code = weather.pick(&UNDELIVERABLE);
        let ms = u64::from(weather.draw(0..600_000));
        troubles.push(sandbox::Fault::ArrivesAfterAll { code, ms });
    } else if creates && weather.strikes(Fault::Held) {
        let ms = 1000 * u64::from(weather.draw(1..600));
        troubles.push(sandbox::Fault::Held { ms });
    } else if creates && weather.strikes(Fault::Unreported) {
        troubles.push(sandbox::Fault::Unreported);
    }
    troubles
}

/// Of every class, and one that nobody knows.
const REFUSALS: [(u32, u16); 14] = [
    (21611, 400),
    (30001, 400),
    (30003, 400),
    (30008, 400),
    (21211, 400),
    (21612, 400),
    (21614, 400),
    (21610, 400),
    (20003, 401),
    (21408, 400),
    (21606, 400),
    (21617, 400),
    (20503, 503),
    (99999, 400),
];

const UNDELIVERABLE: [u32; 9] = [
    30001, 30003, 30004, 30005, 30006, 30007, 30008, 30034, 99999,
];
