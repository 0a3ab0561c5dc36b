//! How the owner hears of what a text cannot tell them, because it is texts that do not work.

use crate::domain::call;
use crate::domain::delivery::wording;
use crate::domain::language::Language;

/// Something that the owner has to hear of. It has no numbers and no words of customers, and is in English,
/// as are the commands that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Of one cause there is one alert in a while.
    pub cause: String,
    pub text: String,
    /// The error with which Twilio refuses a line's texts, if that is it.
    pub refused_with: Option<u32>,
}

impl Alert {
    /// Account, number or campaign do not let a line's texts out: `error` is Twilio's code or, if there
    /// is none, the status of its answer.
    pub fn needs_repair(line: &str, error: u32) -> Self {
        Self {
            cause: format!("texts of {line} refused with {error}"),
            text: wording::needs_repair(Language::English, line, error),
            refused_with: Some(error),
        }
    }

    /// Something is wrong with a line's calls.
    pub fn of_calls(line: &str, alert: &call::Alert) -> Self {
        let about = alert
            .person()
            .map_or_else(String::new, |person| format!(" ({person})"));
        Self {
            cause: format!("calls of {line}: {}{about}", alert.cause()),
            text: alert.in_words(Language::English, line),
            refused_with: None,
        }
    }

    /// A text reached nobody, and the owner cannot be told so by text.
    pub fn reached_nobody(line: &str) -> Self {
        Self {
            cause: format!("texts of {line} reach nobody"),
            text: format!(
                "A text to {line} reached nobody, or the text that tells you of such a one did not reach \
                 you. List those that wait for you with `relay dead list`."
            ),
            refused_with: None,
        }
    }
}

/// Ways to the owner beside Twilio.
pub trait Alerts: Send + Sync {
    /// Has the alert sent, without waiting for it.
    fn raise(&self, alert: Alert);
}

/// Where there is no such way, or another: on AWS an alarm goes off.
pub struct NoAlerts;

impl Alerts for NoAlerts {
    fn raise(&self, _: Alert) {}
}
