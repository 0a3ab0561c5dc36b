use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;

use super::signature::{from_hex, is_right};
use super::{CALLER_HEADER, Denied, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER, TOLERANCE};
use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::domain::credentials::{Callers, Credentials, Secret};

/// A request of which nobody knows whose it is.
pub struct Unverified {
    caller: String,
    /// As it was signed, and the instant that it means.
    timestamp: (String, Timestamp),
    signature: Vec<u8>,
    method: String,
    path: String,
    body: Bytes,
}

/// The bytes of an HMAC-SHA256.
const SIGNATURE_BYTES: usize = 32;

impl Unverified {
    /// Reads the headers. Path and query are taken as they came, byte by byte, for they are signed.
    pub fn read(request: Request<Bytes>) -> Result<Self, Denied> {
        let headers = request.headers();
        let caller = the_one(headers, CALLER_HEADER)?;
        let timestamp = the_one(headers, TIMESTAMP_HEADER)?;
        let instant = instant(&timestamp).ok_or(Denied::Unsigned(TIMESTAMP_HEADER))?;
        let signature = from_hex(&the_one(headers, SIGNATURE_HEADER)?)
            .filter(|signature| signature.len() == SIGNATURE_BYTES)
            .ok_or(Denied::Unsigned(SIGNATURE_HEADER))?;
        let path = request.uri().path_and_query();
        let path = path.map_or("/", http::uri::PathAndQuery::as_str).to_owned();
        Ok(Self {
            caller,
            timestamp: (timestamp, instant),
            signature,
            method: request.method().as_str().to_owned(),
            path,
            body: request.into_body(),
        })
    }

    /// Checks signature and clock with the keys that are at hand; a signature that is not right by
    /// them is checked with newer ones, if there are any: a caller may be newer than what is kept.
    pub async fn verify_by(
        self,
        source: &dyn CredentialsSource,
        seen: &Credentials,
        now: Timestamp,
    ) -> Result<Signed, Denied> {
        if self.is_signed(&seen.callers) {
            return self.verify(&seen.callers, now);
        }
        match source.newer(seen, RefreshReason::Caller).await {
            Some(newer) => self.verify(&newer.callers, now),
            None => Err(Denied::Forged),
        }
    }

    pub fn verify(self, callers: &Callers, now: Timestamp) -> Result<Signed, Denied> {
        if !self.is_signed(callers) {
            return Err(Denied::Forged);
        }
        let caller = callers.named(&self.caller).ok_or(Denied::Forged)?;
        let (_, at) = self.timestamp;
        if at.duration_since(now).abs() > TOLERANCE {
            return Err(Denied::OtherTime { now });
        }
        Ok(Signed {
            caller: caller.name.clone(),
            actions: caller.actions.clone(),
            at,
            signature: self.signature,
            body: self.body,
        })
    }

    /// A caller that does not exist takes as long to refuse as one with another key.
    fn is_signed(&self, callers: &Callers) -> bool {
        let signed = [self.timestamp.0.as_str(), &self.method, &self.path];
        let is_by = |key: &Secret| is_right(key, &self.signature, signed, &self.body);
        match callers.named(&self.caller) {
            Some(caller) => caller.keys().any(is_by),
            None => {
                let _ = is_by(&Secret::new(""));
                false
            }
        }
    }
}

fn the_one(headers: &HeaderMap, name: &'static str) -> Result<String, Denied> {
    let mut values = headers.get_all(name).iter();
    let only = match (values.next(), values.next()) {
        (Some(only), None) => only.to_str().ok(),
        _ => None,
    };
    only.map(str::to_owned).ok_or(Denied::Unsigned(name))
}

/// Seconds since 1970, with or without a fraction.
fn instant(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    if !is_digits(seconds, 11) || !is_digits(fraction, 9) {
        return None;
    }
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_seconds_with_or_without_a_fraction() {
        for (text, nanoseconds) in [
            ("1777507200", 0),
            ("1777507200.5", 500_000_000),
            ("1777507200.031", 31_000_000),
            ("1777507200.000000001", 1),
        ] {
            let read = instant(text).unwrap();
            assert_eq!(
                (read.as_second(), read.subsec_nanosecond()),
                (1_777_507_200, nanoseconds)
            );
        }
        for wrong in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e9",
            "1777507200,5",
            "1.0000000001",
            " 1",
            "999999999999",
        ] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }
}
