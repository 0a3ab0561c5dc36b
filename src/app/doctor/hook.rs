//! The addresses that Twilio has to call, and how one that it has differs from them.

use http::Uri;

/// What a webhook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    Text,
    TextFallback,
    Call,
    CallFallback,
    CallEnd,
}

impl Hook {
    fn path(self) -> &'static str {
        match self {
            Hook::Text => "/twilio/sms",
            Hook::TextFallback => "/twilio/fallback",
            Hook::Call => "/twilio/voice",
            Hook::CallFallback => "/twilio/voice/fallback",
            Hook::CallEnd => "/twilio/voice/end",
        }
    }

    /// What Twilio does if the relay does not answer. A caller waits for the answer, so that the relay has to
    /// give it at once or Twilio turns to the fallback.
    ///
    /// Source: Twilio, "Webhooks: connection overrides".
    fn overrides(self) -> &'static str {
        match self {
            Hook::Call => "#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx",
            _ => "#rc=3&rp=ct,rt,5xx",
        }
    }

    /// The whole address, as it is set at Twilio.
    pub fn at(self, public_url: &str) -> String {
        let (base, path) = (public_url.trim_end_matches('/'), self.path());
        format!("{base}{path}{}", self.overrides())
    }
}

/// Why a request to `is` is none to `want`; `None` if it is one. Fragments stay at Twilio, and what follows a
/// question mark is signed and read by nobody.
pub fn difference(is: &str, want: &str) -> Option<&'static str> {
    let parts = |url: &str| Some(url.split(['#', '?']).next()?.parse::<Uri>().ok());
    let (Some(Some(is)), Some(Some(want))) = (parts(is), parts(want)) else {
        return Some("it is no web address");
    };
    let port = |url: &Uri| {
        url.port_u16()
            .or_else(|| (url.scheme_str() == Some("http")).then_some(80))
            .unwrap_or(443)
    };
    let host = |url: &Uri| url.host().unwrap_or_default().to_ascii_lowercase();
    if is.host().is_none() {
        return Some("it is no web address");
    }
    // It is part of what is signed.
    if is
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Some("a user name in it");
    }
    if host(&is) != host(&want) {
        return Some("another host");
    }
    if is.scheme_str() != want.scheme_str() {
        return Some("another scheme: https and http are two addresses");
    }
    if port(&is) != port(&want) {
        return Some("another port");
    }
    // The relay takes one slash at the end.
    let path = is.path().strip_suffix('/').unwrap_or(is.path());
    (path != want.path()).then_some("another path")
}

/// The host of an address whose owner may miss what is taken from it: none of the relay's, and not the example
/// that Twilio gives new numbers.
pub fn foreign_host(is: &str, public_url: &str) -> Option<String> {
    let host = |url: &str| {
        let url: Uri = url.split('#').next()?.parse().ok()?;
        Some(url.host()?.to_ascii_lowercase())
    };
    let is = host(is)?;
    let is_ours = Some(&is) == host(public_url).as_ref();
    (!is_ours && is != "demo.twilio.com").then_some(is)
}

/// An address or a name as it may be shown: without user, password and query, which may be secrets, and without whole
/// telephone numbers.
pub fn shown(text: &str) -> String {
    let text = match text.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            let user = if host.len() < authority.len() {
                "…@"
            } else {
                ""
            };
            let (path, fragment) = path.split_at(path.find('#').unwrap_or(path.len()));
            let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
            let query = if query.is_empty() { "" } else { "?…" };
            format!("{scheme}://{user}{host}{path}{query}{fragment}")
        }
        None => text.to_owned(),
    };
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.len() {
            7..=15 => shown += &format!("•••{}", &digits[digits.len() - 2..]),
            _ => shown += &digits,
        }
        digits.clear();
        if c != '\0' {
            shown.push(c);
        }
    }
    shown
}

/// What the fragment lacks for a failed request to be tried again; `None` if nothing.
///
/// Source: Twilio, "Webhooks: connection overrides": `rc` from 0 to 5; `rp` a list of 4xx, 5xx, ct, rt and all;
/// anything else is error 11243.
pub fn retries_lacking(url: &str) -> Option<Lacking> {
    let fragment = url
        .split_once('#')
        .map(|(_, fragment)| fragment)
        .unwrap_or_default();
    let mut count = None;
    let mut policies: Vec<&str> = Vec::new();
    for part in fragment.split('&') {
        match part.split_once('=') {
            Some(("rc", value)) => count = Some(value.parse::<u8>().ok().filter(|n| *n <= 5)),
            Some(("rp", value)) => policies = value.split(',').collect(),
            _ => {}
        }
    }
    let known = ["4xx", "5xx", "ct", "rt", "all"];
    if count == Some(None) || policies.iter().any(|policy| !known.contains(policy)) {
        return Some(Lacking::Unreadable);
    }
    let has = |policy| policies.contains(&policy) || policies.contains(&"all");
    let is_enough =
        count.flatten().is_some_and(|n| n > 0) && ["ct", "rt", "5xx"].into_iter().all(has);
    (!is_enough).then_some(Lacking::Retries)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    Retries,
    /// Twilio refuses to call such an address (error 11243).
    Unreadable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_by_what_a_request_would_notice() {
        let want = Hook::Text.at("https://relay.example.com");
        let of = |is: &str| difference(is, &want);
        for same in [
            "https://relay.example.com/twilio/sms",
            "https://RELAY.example.com:443/twilio/sms#rc=1",
            "https://relay.example.com/twilio/sms?a=1#x",
            "https://relay.example.com/twilio/sms/",
        ] {
            assert_eq!(of(same), None, "{same}");
        }
        for (is, why) in [
            ("http://relay.example.com/twilio/sms", "scheme"),
            ("https://relay.example.com:8443/twilio/sms", "port"),
            ("https://relay.example.com/twilio/sms//", "path"),
            ("https://relay.example.com/prod/twilio/sms", "path"),
            ("https://relay.example.com/twilio/SMS", "path"),
            ("https://relay.example.com.evil.example/twilio/sms", "host"),
            (
                "https://user:pass@relay.example.com/twilio/sms",
                "user name",
            ),
            ("relay.example.com/twilio/sms", "no web address"),
            ("not an address", "no web address"),
            ("/twilio/sms", "no web address"),
            ("", "no web address"),
        ] {
            assert!(
                of(is).is_some_and(|found| found.contains(why)),
                "{is}: {:?}",
                of(is)
            );
        }
        let stage = Hook::Text.at("https://x.example/prod/");
        assert_eq!(stage, "https://x.example/prod/twilio/sms#rc=3&rp=ct,rt,5xx");
    }

    #[test]
    fn a_failed_request_is_tried_again_if_the_fragment_says_so_for_all_kinds_of_failure() {
        for hook in [
            Hook::Text,
            Hook::TextFallback,
            Hook::Call,
            Hook::CallFallback,
            Hook::CallEnd,
        ] {
            assert_eq!(retries_lacking(&hook.at("https://x.example")), None);
        }
        for (fragment, lacking) in [
            ("#rc=5&rp=all", None),
            ("#rp=5xx,rt,ct,4xx&rc=1", None),
            ("", Some(Lacking::Retries)),
            ("#rc=3", Some(Lacking::Retries)),
            ("#rc=0&rp=all", Some(Lacking::Retries)),
            ("#rc=3&rp=ct,rt", Some(Lacking::Retries)),
            ("#rp=all", Some(Lacking::Retries)),
            ("#rc=9&rp=all", Some(Lacking::Unreadable)),
            ("#rc=x&rp=all", Some(Lacking::Unreadable)),
            ("#rc=3&rp=ct,rt,500", Some(Lacking::Unreadable)),
            ("#rc=3&rp=", Some(Lacking::Unreadable)),
        ] {
            let url = format!("https://x.example/twilio/sms{fragment}");
            assert_eq!(retries_lacking(&url), lacking, "{fragment}");
        }
    }

    #[test]
    fn what_is_shown_has_no_secret_and_no_number() {
        for (text, expected) in [
            (
                "https://u:pw@old.example/sms?key=abc#rc=3",
                "https://…@old.example/sms?…#rc=3",
            ),
            ("https://old.example", "https://old.example"),
            (
                "http://127.0.0.1:4000/twilio/sms",
                "http://127.0.0.1:4000/twilio/sms",
            ),
            (
                "https://old.example/+16195550107/x",
                "https://old.example/+•••07/x",
            ),
            ("evil +16195550107", "evil +•••07"),
            ("true", "true"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn what_is_replaced_may_be_somebodys() {
        let of = |is| foreign_host(is, "https://relay.example.com/a");
        assert_eq!(
            of("https://old.example.net/sms").as_deref(),
            Some("old.example.net")
        );
        assert_eq!(of("https://demo.twilio.com/welcome/sms/reply"), None);
        assert_eq!(of("https://relay.example.com/old"), None);
        assert_eq!(of(""), None);
    }
}
