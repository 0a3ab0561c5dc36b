use jiff::Timestamp;
use serde_json::{Value, json};

use super::CallSid;
use crate::sandbox::message::{API_PATH, API_VERSION, rfc2822};
use crate::twilio::API_URL;

/// A recording that Twilio keeps.
#[derive(Clone)]
pub(in crate::sandbox) struct Stored {
    pub sid: String,
    pub call: CallSid,
    pub begun: Timestamp,
    pub seconds: u64,
    /// From when on its file can be fetched; never, if nothing was recorded.
    pub ready: Option<Timestamp>,
}

impl Stored {
    fn path(&self, account_sid: &str) -> String {
        format!("{API_PATH}/{account_sid}/Recordings/{}", self.sid)
    }

    /// Where its file is.
    pub fn url(&self, account_sid: &str) -> String {
        format!("{API_URL}{}", self.path(account_sid))
    }

    /// The Recording resource of Twilio's API.
    pub fn json(&self, account_sid: &str) -> Value {
        let at = rfc2822(self.begun);
        let status = if self.ready.is_some() {
            "completed"
        } else {
            "absent"
        };
        json!({
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "call_sid": self.call,
            "channels": 1,
            "conference_sid": null,
            "date_created": at,
            "date_updated": at,
            "duration": self.seconds.to_string(),
            "encryption_details": null,
            "error_code": null,
            "media_url": self.url(account_sid),
            "price": null,
            "price_unit": "USD",
            "sid": self.sid,
            "source": "RecordVerb",
            "start_time": at,
            "status": status,
            "subresource_uris": {},
            "uri": format!("{}.json", self.path(account_sid)),
        })
    }

    /// What a machine heard: two words for each second.
    pub fn said(&self) -> String {
        const WORDS: [&str; 7] = ["please", "call", "me", "back", "about", "the", "boat"];
        let words = WORDS.iter().cycle().take(2 * self.seconds as usize);
        words.copied().collect::<Vec<_>>().join(" ")
    }

    /// A real MP3 of about that length, in which nothing is heard.
    pub fn mp3(&self) -> Vec<u8> {
        silence(self.seconds)
    }
}

/// Silent frames of MPEG 1, layer III: 44.1 kHz, mono, 32 kbit/s, without padding. A frame holds 1,152
/// samples; what follows its header is zero, so it has no sound.
fn silence(seconds: u64) -> Vec<u8> {
    const HEADER: [u8; 4] = [0xff, 0xfb, 0x10, 0xc4];
    const FRAME: usize = 144 * 32_000 / 44_100;
    let frames = (seconds * 44_100).div_ceil(1152);
    let mut frame = [0; FRAME];
    frame[..4].copy_from_slice(&HEADER);
    frame.repeat(frames as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_mp3_is_frames_from_end_to_end_and_as_long_as_the_recording() {
        let file = silence(23);
        let mut at = 0;
        let mut frames = 0;
        while at < file.len() {
            let header = &file[at..at + 4];
            assert_eq!((header[0], header[1] & 0xe0), (0xff, 0xe0), "the sync word");
            assert_eq!(header[1] & 0x1e, 0x1a, "MPEG 1, layer III");
            let (bit_rate, rate) = (32_000, 44_100);
            assert_eq!((header[2] >> 4, header[2] >> 2 & 3), (1, 0));
            at += 144 * bit_rate / rate + usize::from(header[2] >> 1 & 1);
            frames += 1;
        }
        assert_eq!(at, file.len());
        let seconds = f64::from(frames) * 1152.0 / 44_100.0;
        assert!((23.0..23.1).contains(&seconds), "{seconds}");
        assert!(silence(0).is_empty());
    }
}
