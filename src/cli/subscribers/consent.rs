//! Columns by which other systems say who agreed to texts and who wants none.

/// What a yes in such a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Agreed,
    WantsNone,
}

/// What says in a column's name that a yes in it means no texts. These come first: `unsubscribed` has
/// `subscribed` in it.
#[rustfmt::skip]
const WANTS_NONE: [&str; 22] = [
    "optout", "optedout", "optingout", "unsub", "donot", "dont", "dnc", "dnt", "nosms", "notext", "nocontact",
    "noconsent", "nonconsent", "notconsent", "withdr", "revoke", "declin", "blacklist", "suppress", "stop", "blocked",
    "refus",
];

const AGREED: [&str; 17] = [
    "consent",
    "optin",
    "optedin",
    "subscribed",
    "status",
    "permission",
    "permit",
    "agree",
    "accepts",
    "allow",
    "maytext",
    "cantext",
    "oktotext",
    "textok",
    "smsok",
    "tcpa",
    "gdpr",
];

impl Kind {
    /// Of a column with this name; `None` if it says something else.
    pub fn of(column: &str) -> Option<Self> {
        let name = bare(column);
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&WANTS_NONE) {
            Some(Self::WantsNone)
        } else if has(&AGREED) || matches!(name.as_str(), "subscribe" | "subscription") {
            Some(Self::Agreed)
        } else {
            None
        }
    }

    /// Whether this value says that texts are wanted; `None` if it cannot be read. An empty one is no
    /// consent, and no opt-out either.
    pub fn wants_texts(self, value: &str) -> Option<bool> {
        let said = bare(value);
        let yes = match said.as_str() {
            "subscribed" | "active" | "optedin" | "optin" | "in" | "confirmed" | "consented" => {
                return Some(true);
            }
            "unsubscribed" | "unsubscribe" | "inactive" | "optedout" | "optout" | "out"
            | "stop" | "stopped" | "revoked" | "withdrawn" | "declined" | "refused" | "denied"
            | "pending" | "unconfirmed" | "unknown" | "notsubscribed" | "neversubscribed"
            | "nonsubscribed" | "notoptedin" | "notconsented" | "noconsent" | "donottext"
            | "donotcontact" | "bounced" | "blocked" | "suppressed" | "cleaned" | "invalid"
            | "deleted" | "cancelled" | "canceled" => return Some(false),
            "yes" | "y" | "true" | "t" | "1" | "10" | "x" | "on" | "ok" | "given" | "granted"
            | "agreed" | "accepted" | "wahr" | "ja" | "si" | "oui" | "vrai" | "verdadero" => true,
            "no" | "n" | "false" | "f" | "0" | "00" | "off" | "none" | "never" | "null" | "na"
            | "falsch" | "nein" | "non" | "faux" | "falso" | "notgiven" => false,
            "" if value.contains(['\u{2713}', '\u{2714}', '\u{2611}', '\u{2705}']) => true,
            "" if value.contains(['\u{2717}', '\u{2718}', '\u{2610}', '\u{274c}']) => false,
            "" if value.chars().all(|c| c.is_whitespace() || c == '-') => false,
            // When somebody agreed, or opted out.
            _ if is_date(value) => true,
            _ => return None,
        };
        Some(yes == (self == Self::Agreed))
    }
}

/// Letters and digits alone, small: `SMS consent?` as `smsconsent`.
fn bare(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'í' => 'i',
            c => c,
        })
        .collect()
}

/// Such as `2026-11-02` or `11/2/2026 18:30`.
fn is_date(value: &str) -> bool {
    let begin: String = value.chars().take(10).collect();
    let digits = begin.bytes().filter(u8::is_ascii_digit).count();
    let signs = begin.bytes().filter(|b| b"-/.".contains(b)).count();
    signs == 2 && digits >= 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_consent_and_of_opt_out_are_known_by_their_names() {
        for name in [
            "sms_consent",
            "Consent",
            "opted_in",
            "Opt-In",
            "SMS opt in",
            "subscribed",
            "status",
            "SMS Status",
            "Accepts SMS Marketing",
            "ok to text?",
            "subscription_status",
            "agreed",
            "consent_date",
        ] {
            assert_eq!(Kind::of(name), Some(Kind::Agreed), "{name}");
        }
        for name in [
            "opt_out",
            "OptedOut",
            "unsubscribed",
            "Unsubscribed At",
            "do not text",
            "DO_NOT_CONTACT",
            "don't text",
            "dnc",
            "stopped",
            "consent_withdrawn",
            "no_sms",
            "blocked",
        ] {
            assert_eq!(Kind::of(name), Some(Kind::WantsNone), "{name}");
        }
        for name in [
            "number", "topic", "since", "how", "colour", "name", "email", "id", "",
        ] {
            assert_eq!(Kind::of(name), None, "{name}");
        }
    }

    #[test]
    fn a_no_is_a_no_in_any_of_them() {
        use Kind::{Agreed, WantsNone};
        for (kind, value, wants) in [
            (Agreed, "yes", Some(true)),
            (Agreed, "TRUE", Some(true)),
            (Agreed, "1", Some(true)),
            (Agreed, "x", Some(true)),
            (Agreed, "Subscribed", Some(true)),
            (Agreed, "opted-in", Some(true)),
            (Agreed, "2026-11-02", Some(true)),
            (Agreed, "\u{2714}\u{fe0f}", Some(true)),
            (Agreed, "no", Some(false)),
            (Agreed, "FALSE", Some(false)),
            (Agreed, "0", Some(false)),
            (Agreed, "", Some(false)),
            (Agreed, "unsubscribed", Some(false)),
            (Agreed, "Opted out", Some(false)),
            (Agreed, "pending", Some(false)),
            (Agreed, "N/A", Some(false)),
            (Agreed, "maybe", None),
            (Agreed, "7", None),
            (WantsNone, "yes", Some(false)),
            (WantsNone, "TRUE", Some(false)),
            (WantsNone, "x", Some(false)),
            (WantsNone, "11/2/2026 18:30", Some(false)),
            (WantsNone, "unsubscribed", Some(false)),
            (WantsNone, "no", Some(true)),
            (WantsNone, "0", Some(true)),
            (WantsNone, "", Some(true)),
            (WantsNone, "subscribed", Some(true)),
            (WantsNone, "by phone", None),
        ] {
            assert_eq!(kind.wants_texts(value), wants, "{kind:?} {value}");
        }
    }
}
