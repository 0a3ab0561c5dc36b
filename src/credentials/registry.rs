//! The variables that the relay knows: what each is, how it is shaped, whether it rotates. Whatever
//! else stands in `repos.env` belongs to other services. `reference.md.jinja` describes them.

use crate::domain::credentials::{
    ACCOUNT_SID, API_KEY, API_SECRET, AUDIT_KEY, AUTH_TOKEN, CallerKey, PREVIOUS_AUTH_TOKEN,
    PREVIOUS_NOT_AFTER, PREVIOUS_WEBHOOK_KEY, PREVIOUS_WEBHOOK_KEY_NOT_AFTER, WEBHOOK_KEY, end_of,
    name_of,
};

/// The schedule of rotation: a value that is older is reported.
pub const MOST_DAYS: u32 = 90;

/// The variables that the relay knows, besides the keys of callers.
pub const VARIABLES: [(&str, Kind); 10] = [
    (ACCOUNT_SID, Kind::AccountSid),
    (AUTH_TOKEN, Kind::Token),
    (PREVIOUS_AUTH_TOKEN, Kind::Token),
    (PREVIOUS_NOT_AFTER, Kind::End),
    (API_KEY, Kind::KeySid),
    (API_SECRET, Kind::KeySecret),
    (WEBHOOK_KEY, Kind::WebhookKey),
    (PREVIOUS_WEBHOOK_KEY, Kind::WebhookKey),
    (PREVIOUS_WEBHOOK_KEY_NOT_AFTER, Kind::End),
    (AUDIT_KEY, Kind::AuditKey),
];

/// The variables of a complete file: a previous token is there only for a while, a webhook key
/// only where webhook rules are set up, and in place of the audit's key one is made of the token.
pub fn required() -> impl Iterator<Item = (&'static str, Kind)> {
    let variables = VARIABLES.into_iter();
    variables.filter(|(name, kind)| {
        *name != PREVIOUS_AUTH_TOKEN
            && !matches!(kind, Kind::WebhookKey | Kind::AuditKey | Kind::End)
    })
}

/// How the value of a variable is shaped, if the relay knows the variable.
pub fn kind_of(name: &str) -> Option<Kind> {
    let known = VARIABLES.into_iter().find(|(known, _)| *known == name);
    let of_caller = || name_of(name).map(|_| Kind::CallerKey);
    known.map(|(_, kind)| kind).or_else(of_caller)
}

/// Whether a variable is to be replaced by another value now and then.
pub fn rotates(name: &str) -> bool {
    let is_kept = matches!(name, ACCOUNT_SID | PREVIOUS_AUTH_TOKEN);
    // Records with hashes of another audit key could not be compared.
    let kind = kind_of(name);
    kind.is_some_and(|kind| !matches!(kind, Kind::WebhookKey | Kind::AuditKey | Kind::End))
        && !is_kept
}

/// How a value is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    AccountSid,
    KeySid,
    Token,
    KeySecret,
    CallerKey,
    WebhookKey,
    AuditKey,
    /// When a previous value ends; no secret.
    End,
}

impl Kind {
    /// What a value looks like, whatever it is called.
    pub fn of(value: &str) -> Option<Self> {
        let is_hex_of = |length, text: &str| {
            text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit())
        };
        let is_hex = |text: &str| is_hex_of(32, text);
        if value.strip_prefix("AC").is_some_and(is_hex) {
            Some(Kind::AccountSid)
        } else if value.strip_prefix("SK").is_some_and(is_hex) {
            Some(Kind::KeySid)
        } else if is_hex(value) {
            Some(Kind::Token)
        } else if is_hex_of(64, value) {
            Some(Kind::AuditKey)
        } else if value.len() == 32 && value.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Some(Kind::KeySecret)
        } else if CallerKey::parse("", value).is_ok() {
            Some(Kind::CallerKey)
        } else {
            None
        }
    }

    /// What is wrong with a value, if anything is. Says nothing of what it is.
    pub fn complaint(self, value: &str) -> Option<String> {
        if value.is_empty() {
            return Some("is empty".to_owned());
        }
        let (name, shape) = self.name_and_shape();
        if self == Kind::End {
            return end_of(Some(value)).err().map(|wrong| wrong.to_string());
        }
        match Self::of(value) {
            Some(kind) if kind == self => None,
            // Twilio does not say how it is shaped.
            other if self == Kind::WebhookKey && !other.is_some_and(Self::is_sid) => None,
            // A key's secret may happen to have no letters beyond f.
            Some(Kind::Token) if self == Kind::KeySecret => None,
            Some(other) => Some(format!(
                "is not {name} ({shape}); it looks like {}",
                other.name()
            )),
            None => Some(format!("is not {name} ({shape})")),
        }
    }

    /// Whether everything refuses another shape, or only Twilio would.
    pub fn is_sid(self) -> bool {
        matches!(self, Kind::AccountSid | Kind::KeySid)
    }

    pub fn name(self) -> &'static str {
        self.name_and_shape().0
    }

    fn name_and_shape(self) -> (&'static str, &'static str) {
        match self {
            Kind::AccountSid => ("an account's SID", "AC and 32 hexadecimal digits"),
            Kind::KeySid => ("an API key's SID", "SK and 32 hexadecimal digits"),
            Kind::Token => ("an auth token", "32 hexadecimal digits"),
            Kind::KeySecret => ("an API key's secret", "32 letters and digits"),
            Kind::WebhookKey => ("a webhook key", "the secret of a shared key of Twilio's"),
            Kind::AuditKey => ("an audit key", "64 hexadecimal digits"),
            Kind::End => ("an end", "a time such as 2026-11-23T18:00:00Z"),
            Kind::CallerKey => (
                "a caller's key",
                "what it may do, a colon and a key, as `relay secrets caller` makes it",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_anothers_place_is_recognised_and_not_shown() {
        let zeros = "0".repeat(32);
        let secret = "Zz".repeat(16);
        let values = [
            (Kind::AccountSid, format!("AC{zeros}")),
            (Kind::KeySid, format!("SK{zeros}")),
            (Kind::Token, zeros.clone()),
            (Kind::KeySecret, secret),
        ];
        for (kind, value) in &values {
            assert_eq!(Kind::of(value), Some(*kind));
            assert_eq!(kind.complaint(value), None);
        }
        assert_eq!(Kind::KeySecret.complaint(&zeros), None);
        let complaint = Kind::AccountSid.complaint(&zeros).unwrap();
        assert_eq!(
            complaint,
            "is not an account's SID (AC and 32 hexadecimal digits); it looks like an auth token"
        );
        let complaint = Kind::Token.complaint("hunter2").unwrap();
        assert_eq!(complaint, "is not an auth token (32 hexadecimal digits)");
        assert_eq!(Kind::Token.complaint("").unwrap(), "is empty");
        assert!(
            Kind::KeySid
                .complaint(&format!("SK{}", &zeros[1..]))
                .is_some()
        );
    }
}
