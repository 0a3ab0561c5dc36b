use std::time::Duration;

/// How often a failed webhook is repeated, and how long its answer may take, as Twilio's connection
/// overrides in the URL's fragment say: `#rc=3&rp=ct,rt,5xx&rt=4000`.
///
/// Source: Twilio, "Webhooks: connection overrides".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retries {
    left: u32,
    /// What is tried again, by the names that the fragment has for failures.
    on: Vec<String>,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// Twilio's limit for a webhook.
const LONGEST: u64 = 15_000;

impl Retries {
    /// Takes a configured URL apart into what is called and signed, and what its fragment says.
    pub fn split(url: &str) -> (String, Self) {
        let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
        let mut retries = Self {
            left: 1,
            on: vec!["ct".to_owned()],
            timeout: Duration::from_millis(LONGEST),
        };
        for (name, value) in form_urlencoded::parse(fragment.as_bytes()) {
            match &*name {
                "rc" => retries.left = value.parse().unwrap_or(1).min(5),
                "rt" => {
                    let ms = value.parse().unwrap_or(LONGEST).clamp(100, LONGEST);
                    retries.timeout = Duration::from_millis(ms);
                }
                "rp" => retries.on = value.split(',').map(str::to_owned).collect(),
                _ => {}
            }
        }
        (url.to_owned(), retries)
    }

    /// Whether to try again after a failure, `ct`, `rt`, `4xx` or `5xx`; counts the try.
    pub fn again_after(&mut self, failure: &str) -> bool {
        let again = self.left > 0 && self.on.iter().any(|on| on == failure || on == "all");
        self.left -= u32::from(again);
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_only_a_missing_connection_is_tried_again_once() {
        let (url, mut retries) = Retries::split("https://relay.example.com/twilio/sms");
        assert_eq!(url, "https://relay.example.com/twilio/sms");
        assert!(!retries.again_after("5xx"));
        assert!(retries.again_after("ct"));
        assert!(!retries.again_after("ct"));
    }

    #[test]
    fn the_fragment_sets_the_policy_and_is_not_called() {
        let (url, mut retries) = Retries::split("https://x.example/?a=1#rc=2&rp=5xx,rt&rt=4000");
        assert_eq!(url, "https://x.example/?a=1");
        assert_eq!(retries.timeout, Duration::from_secs(4));
        assert!(retries.again_after("5xx"));
        assert!(!retries.again_after("ct"));
        assert!(retries.again_after("rt"));
        assert!(!retries.again_after("rt"));
    }
}
