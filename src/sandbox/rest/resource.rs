use ::http::Method;

use super::setup::Setup;
use crate::domain::ids::message_sid::MessageSid;
use crate::sandbox::Requests;

/// What a path names. Twilio has keys and tokens on three hosts (`api`, `iam` and `accounts`); the
/// sandbox has them under one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource<'p> {
    Messages,
    Message(MessageSid),
    Media(MessageSid),
    /// An attachment's description.
    Medium(MessageSid, &'p str),
    /// The attachment itself.
    File(MessageSid, &'p str),
    Calls,
    Call(&'p str),
    /// The recordings of a call.
    RecordingsOf(&'p str),
    Recording(&'p str),
    /// What was recorded, as MP3.
    RecordingFile(&'p str),
    /// What the account has.
    Setup(Setup<'p>),
    Keys,
    Key(&'p str),
    SecondaryToken,
    PromotedToken,
}

impl<'p> Resource<'p> {
    pub fn of(path: &'p str, account_sid: &str) -> Option<Self> {
        let (path, is_described) = match path.strip_suffix(".json") {
            Some(path) => (path, true),
            None => (path, false),
        };
        let message = |sid: &str| MessageSid::parse(sid).ok();
        let parts: Vec<_> = path.strip_prefix('/')?.split('/').collect();
        match parts.as_slice() {
            ["v1", "Keys"] => Some(Resource::Keys),
            ["v1", "Keys", sid] => Some(Resource::Key(sid)),
            ["v1", "AuthTokens", "Secondary"] => Some(Resource::SecondaryToken),
            ["v1", "AuthTokens", "Promote"] => Some(Resource::PromotedToken),
            ["v1", below @ ..] => Setup::of_v1(below).map(Resource::Setup),
            ["2010-04-01", "Accounts", sid, below @ ..] if *sid == account_sid => match below {
                ["Messages"] => Some(Resource::Messages),
                ["Messages", sid] => message(sid).map(Resource::Message),
                ["Messages", sid, "Media"] => message(sid).map(Resource::Media),
                ["Messages", sid, "Media", medium] => {
                    let sid = message(sid)?;
                    Some(if is_described {
                        Resource::Medium(sid, medium)
                    } else {
                        Resource::File(sid, medium)
                    })
                }
                ["Calls"] => Some(Resource::Calls),
                ["Calls", sid] => Some(Resource::Call(sid)),
                ["Calls", sid, "Recordings"] => Some(Resource::RecordingsOf(sid)),
                ["Recordings", sid] if is_described => Some(Resource::Recording(sid)),
                ["Recordings", file] => file.strip_suffix(".mp3").map(Resource::RecordingFile),
                ["Keys"] => Some(Resource::Keys),
                ["Keys", sid] => Some(Resource::Key(sid)),
                other => Setup::of_account(other).map(Resource::Setup),
            },
            _ => None,
        }
    }

    /// What faults call a request to it.
    pub fn requests(&self, method: &Method) -> Requests {
        match (self, method) {
            (Resource::Messages, &Method::POST) => Requests::Create,
            (Resource::Calls, &Method::POST) => Requests::CreateCall,
            (Resource::Keys, &Method::POST) => Requests::CreateKey,
            (Resource::Keys, _) => Requests::ListKeys,
            (Resource::Key(_), &Method::DELETE) => Requests::DeleteKey,
            (Resource::SecondaryToken, &Method::POST) => Requests::CreateSecondary,
            (Resource::SecondaryToken, _) => Requests::DeleteSecondary,
            (Resource::PromotedToken, _) => Requests::Promote,
            (Resource::File(..) | Resource::RecordingFile(_), _) => Requests::FetchFile,
            _ => Requests::Other,
        }
    }
}
