use http::StatusCode;

use crate::twilio::form::BadForm;

/// Why a request is not let in. What it displays is what the outside is told. It helps somebody who
/// set up a webhook, and nobody who forges one: no value from the request, no configuration, and the
/// same words for a wrong signature, a wrong account and a line or delivery that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The body must be a form (application/x-www-form-urlencoded).")]
    NotAForm,
    #[error("The form cannot be read: {0}.")]
    BadForm(#[from] BadForm),
    #[error("{NOT_TWILIO}")]
    Unsigned,
    #[error("{NOT_TWILIO}")]
    Forged,
    /// A shared key signed it, and the relay has none.
    #[error("{NOT_TWILIO}")]
    NoWebhookKey,
    /// A shared key signed it, and not one that the relay has.
    #[error("{NOT_TWILIO}")]
    OtherWebhookKey,
    #[error("{NOT_TWILIO}")]
    UnknownAlgorithm,
    #[error("{NOT_TWILIO}")]
    OtherAccount,
    /// There is no line of the number that the request is for.
    #[error("{NOT_TWILIO}")]
    UnknownLine,
    /// There is no delivery of the name in the path.
    #[error("{NOT_TWILIO}")]
    UnknownDelivery,
    /// There is no call of the name in its path.
    #[error("{NOT_TWILIO}")]
    UnknownCall,
    /// Its path names another call than its form.
    #[error("{NOT_TWILIO}")]
    OtherCall,
    /// A field that every such webhook has is absent or makes no sense.
    #[error("The field {0} is missing or cannot be read.")]
    Incomplete(&'static str),
    #[error(
        "There is nothing here. Texts go to /twilio/sms, their fallback to /twilio/fallback, calls to /twilio/voice."
    )]
    NoSuchPath,
    /// Nobody can tell now whether it is Twilio's, and as much of that kind is kept as may be.
    #[error("The relay cannot keep more texts that it cannot check now. Please try again.")]
    NoRoom,
    #[error("Webhooks are called with POST.")]
    NotPosted,
}

const NOT_TWILIO: &str = "This request is not signed by Twilio for this address.";

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::BadForm(BadForm::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::NoSuchPath => StatusCode::NOT_FOUND,
            Refusal::NotPosted => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::BadForm(_) | Refusal::Incomplete(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// What is wrong, for whoever reads the log. It has no value from the request.
    pub fn reason(self) -> String {
        let reason = match self {
            Refusal::Unsigned => "it has no X-Twilio-Signature, or several",
            Refusal::Forged => "its signature fits neither this URL nor the auth token",
            Refusal::NoWebhookKey => {
                "a shared key of Twilio's webhook rules signed it, and its secret is not in \
                 TWILIO_WEBHOOK_KEY, in repos.env or in the secret"
            }
            Refusal::OtherWebhookKey => {
                "a shared key of Twilio's webhook rules signed it, and the signature fits neither this \
                 URL nor TWILIO_WEBHOOK_KEY"
            }
            Refusal::UnknownAlgorithm => {
                "X-Twilio-Webhooks-Signature-Settings names an algorithm that the relay does not know"
            }
            Refusal::OtherAccount => "its AccountSid is another account's",
            Refusal::UnknownLine => "no line has the number that it is for",
            Refusal::UnknownDelivery => "there is no delivery of the name in its path",
            Refusal::UnknownCall => "there is no call of the name in its path",
            Refusal::OtherCall => "its path names another call than its form",
            Refusal::NoSuchPath => {
                "there is no webhook at this path: at Twilio, texts go to public_url and /twilio/sms, \
                 their fallback to public_url and /twilio/fallback, calls to public_url and /twilio/voice, \
                 their fallback to public_url and /twilio/voice/fallback, and the news of their end to \
                 public_url and /twilio/voice/end"
            }
            Refusal::NoRoom => {
                "the credentials cannot be had, so that its signature cannot be checked, and its sender, \
                 its address or all together have filled the room for such texts: see to the credentials"
            }
            Refusal::NotPosted => "webhooks are called with POST: set that at Twilio",
            other => return other.to_string(),
        };
        reason.to_owned()
    }

    /// Whether the signature, or that it came at all, is what is wrong.
    pub(in crate::twilio) fn is_of_signature(self) -> bool {
        matches!(
            self,
            Refusal::Unsigned | Refusal::Forged | Refusal::OtherAccount | Refusal::UnknownLine
        )
    }

    /// The name of the counter.
    pub fn counts_as(self) -> &'static str {
        match self {
            Refusal::NotAForm => "not_a_form",
            Refusal::BadForm(BadForm::TooLarge) => "too_large",
            Refusal::BadForm(BadForm::NotUtf8 | BadForm::Repeated) => "unreadable",
            Refusal::Unsigned => "unsigned",
            Refusal::Forged => "forged",
            Refusal::NoWebhookKey => "no_webhook_key",
            Refusal::OtherWebhookKey => "other_webhook_key",
            Refusal::UnknownAlgorithm => "unknown_algorithm",
            Refusal::OtherAccount => "other_account",
            Refusal::UnknownLine => "unknown_line",
            Refusal::UnknownDelivery => "unknown_delivery",
            Refusal::UnknownCall => "unknown_call",
            Refusal::OtherCall => "other_call",
            Refusal::Incomplete(_) => "incomplete",
            Refusal::NoSuchPath => "no_such_path",
            Refusal::NotPosted => "not_posted",
            Refusal::NoRoom => "no_room",
        }
    }
}
