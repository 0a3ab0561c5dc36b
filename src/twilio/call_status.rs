//! Twilio's names of a call's states, and its seconds.

use crate::domain::call::LegStatus;

/// The state of a call or of a leg that Twilio calls so.
///
/// Source: Twilio, "Call resource" (status values) and "TwiML Dial" (`DialCallStatus`).
pub fn leg_status(name: &str) -> LegStatus {
    match name {
        "ringing" => LegStatus::Ringing,
        // `answered` is Dial's name for it, and `in-progress` the call's.
        "answered" | "in-progress" => LegStatus::Answered,
        "completed" => LegStatus::Completed,
        "busy" => LegStatus::Busy,
        "no-answer" => LegStatus::NoAnswer,
        "failed" => LegStatus::Failed,
        "canceled" => LegStatus::Canceled,
        _ => LegStatus::Unknown,
    }
}

/// Whether nothing follows upon this state.
pub fn is_over(status: LegStatus) -> bool {
    match status {
        LegStatus::Completed
        | LegStatus::Busy
        | LegStatus::NoAnswer
        | LegStatus::Failed
        | LegStatus::Canceled => true,
        LegStatus::Ringing | LegStatus::Answered | LegStatus::Unknown => false,
    }
}

/// Seconds as Twilio writes them: whole ones, in a text.
pub fn seconds(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_twilios_and_say_what_is_over() {
        for (name, status, over) in [
            ("ringing", LegStatus::Ringing, false),
            ("in-progress", LegStatus::Answered, false),
            ("answered", LegStatus::Answered, false),
            ("completed", LegStatus::Completed, true),
            ("busy", LegStatus::Busy, true),
            ("no-answer", LegStatus::NoAnswer, true),
            ("failed", LegStatus::Failed, true),
            ("canceled", LegStatus::Canceled, true),
            ("queued", LegStatus::Unknown, false),
            ("Completed", LegStatus::Unknown, false),
        ] {
            assert_eq!(leg_status(name), status, "{name}");
            assert_eq!(is_over(status), over, "{name}");
        }
    }

    #[test]
    fn seconds_are_whole_and_not_negative() {
        for (text, expected) in [
            ("0", Some(0)),
            ("23", Some(23)),
            ("-1", None),
            ("+1", None),
            ("NaN", None),
            ("1.5", None),
            ("", None),
            ("4294967296", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
