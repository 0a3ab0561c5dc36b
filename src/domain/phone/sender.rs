use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Masked, PhoneNumber, mask};

/// Whatever Twilio puts into `From`: anyone may write to the line, not only phones.
///
/// Sources: Twilio "Short codes", "Alphanumeric Sender ID", "RCS"; channel addresses have the form
/// `channel:address`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Sender {
    Phone(PhoneNumber),
    /// Three to eight digits.
    ShortCode(String),
    /// `rcs:` and an agent's name.
    Rcs(String),
    /// A name such as `ACME`, or anything else that is no telephone.
    Alphanumeric(String),
}

impl Sender {
    /// Reads any sender; a text is never refused for who wrote it.
    pub fn parse(text: &str) -> Self {
        if let Some(number) = PhoneNumber::of_address(text) {
            Sender::Phone(number)
        } else if text.starts_with("rcs:") {
            Sender::Rcs(text.into())
        } else if (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
            Sender::ShortCode(text.into())
        } else {
            Sender::Alphanumeric(text.into())
        }
    }

    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Sender::Phone(number) => Some(number),
            _ => None,
        }
    }

    /// The sender as Twilio wrote it, without the name of a channel before a number, for the text that is
    /// relayed and for stored records.
    pub fn expose(&self) -> &str {
        match self {
            Sender::Phone(number) => number.expose(),
            Sender::ShortCode(text) | Sender::Rcs(text) | Sender::Alphanumeric(text) => text,
        }
    }

    pub fn masked(&self) -> Masked {
        mask(self.expose())
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.masked(), f)
    }
}

impl From<String> for Sender {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Sender> for String {
    fn from(sender: Sender) -> Self {
        sender.expose().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_behind_the_name_of_a_channel_is_the_same_person() {
        let plain = Sender::parse("+16195550107");
        for address in [
            "rcs:+16195550107",
            "whatsapp:+16195550107",
            "RCS:+16195550107",
        ] {
            assert_eq!(Sender::parse(address), plain, "{address}");
        }
        for other in [
            "rcs:16195550107",
            ":+16195550107",
            "a b:+16195550107",
            "rcs:rcs:+16195550107",
        ] {
            assert_eq!(Sender::parse(other).phone(), None, "{other}");
        }
    }

    #[test]
    fn only_a_phone_can_be_answered() {
        let answerable = |text| Sender::parse(text).phone().is_some();
        assert!(answerable("+16195550107"));
        for text in ["72975", "ACME Alerts", "rcs:acme_agent", ""] {
            assert!(!answerable(text), "{text}");
            assert_eq!(Sender::parse(text).expose(), text);
        }
    }

    #[test]
    fn a_sender_cannot_steer_the_terminal_or_begin_a_line_of_the_log() {
        let sender = Sender::parse("\u{1b}[31mEVIL\n12:00:00 sent");
        assert_eq!(sender.masked().to_string(), "�[3•••nt");
        assert_eq!(format!("{:?}", Sender::parse("\n\n\n\n")), "�•••�");
    }
}
