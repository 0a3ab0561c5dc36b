//! The addresses that Twilio calls about a call. A call and a leg are named by the path; nothing is in a
//! query, because Twilio sorts the fields of a query after it signed them (twilio-php, issue 790), and no
//! path has a telephone number.

use std::fmt;

use crate::domain::ids::CallSid;

/// What all of them begin with, behind the line's public URL.
pub const VOICE_PATH: &str = "/twilio/voice";

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoicePath {
    /// A call came.
    Call,
    /// Somebody or something picked up the leg.
    Screen(CallSid, usize),
    /// They pressed a key, or none.
    Chosen(CallSid, usize),
    /// News of the leg.
    Progress(CallSid, usize),
    /// The leg is over, and the caller waits for what comes next.
    Ended(CallSid, usize),
    /// The recording ended.
    Recorded(CallSid),
    /// Twilio has the recording, or says that there is none.
    Recording(CallSid),
    Transcribed(CallSid),
    /// Somebody or something picked up at the person who asked for a call, which has this name of the relay's.
    OutAsk(CallSid),
    /// They pressed a key, or none.
    OutChosen(CallSid),
    /// News of their leg.
    OutProgress(CallSid),
    /// News of the leg of the customer whom they call.
    OutCustomer(CallSid),
    /// That leg is over, and the person waits for what comes next.
    OutEnded(CallSid),
    /// A person who called the line pressed keys, or none.
    Menu(CallSid),
    /// The leg of the customer is over whom such a person called.
    Called(CallSid),
    /// A call is over.
    End,
    /// One of the others failed.
    Fallback,
    /// The recording that the fallback asked for ended.
    FallbackRecorded,
    /// News of that recording.
    FallbackRecording,
}

impl VoicePath {
    /// Reads what `Display` writes, and nothing else: no other spelling of a SID or of a number.
    pub fn parse(path: &str) -> Option<Self> {
        let rest = match path.strip_prefix(VOICE_PATH)? {
            "" | "/" => return Some(Self::Call),
            rest => rest.strip_prefix('/')?,
        };
        let parts: Vec<&str> = rest.split('/').collect();
        Some(match parts[..] {
            ["end"] => Self::End,
            ["fallback"] => Self::Fallback,
            ["fallback", "recorded"] => Self::FallbackRecorded,
            ["fallback", "recording"] => Self::FallbackRecording,
            ["out", call, what] => {
                let of = match what {
                    "ask" => Self::OutAsk,
                    "chosen" => Self::OutChosen,
                    "progress" => Self::OutProgress,
                    "customer" => Self::OutCustomer,
                    "ended" => Self::OutEnded,
                    _ => return None,
                };
                of(CallSid::parse(call).ok()?)
            }
            [call, leg, what] => {
                let of = match what {
                    "screen" => Self::Screen,
                    "chosen" => Self::Chosen,
                    "progress" => Self::Progress,
                    "ended" => Self::Ended,
                    _ => return None,
                };
                of(CallSid::parse(call).ok()?, leg_number(leg)?)
            }
            [call, what] => {
                let of = match what {
                    "recorded" => Self::Recorded,
                    "recording" => Self::Recording,
                    "transcribed" => Self::Transcribed,
                    "menu" => Self::Menu,
                    "called" => Self::Called,
                    _ => return None,
                };
                of(CallSid::parse(call).ok()?)
            }
            _ => return None,
        })
    }

    /// The call that the path names.
    pub fn call(&self) -> Option<&CallSid> {
        match self {
            Self::Screen(call, _)
            | Self::Chosen(call, _)
            | Self::Progress(call, _)
            | Self::Ended(call, _)
            | Self::Recorded(call)
            | Self::Recording(call)
            | Self::Transcribed(call)
            | Self::Menu(call)
            | Self::Called(call)
            | Self::OutAsk(call)
            | Self::OutChosen(call)
            | Self::OutProgress(call)
            | Self::OutCustomer(call)
            | Self::OutEnded(call) => Some(call),
            Self::Call
            | Self::End
            | Self::Fallback
            | Self::FallbackRecorded
            | Self::FallbackRecording => None,
        }
    }

    /// Whether it is about a call that a person asked for: every request of it is from the line to somebody, and
    /// `CallSid` is the provider's name for one of the two legs.
    pub fn is_out(&self) -> bool {
        matches!(
            self,
            Self::OutAsk(_)
                | Self::OutChosen(_)
                | Self::OutProgress(_)
                | Self::OutCustomer(_)
                | Self::OutEnded(_)
        )
    }

    /// Whether the request comes from the leg of the person who is rung: it is from the line to them, and
    /// `CallSid` is the leg's.
    pub fn is_of_leg(&self) -> bool {
        let is_rung = matches!(
            self,
            Self::Screen(..) | Self::Chosen(..) | Self::Progress(..)
        );
        is_rung || self.is_out()
    }

    /// Whether the person of a line hears the answer, who is not asked to leave a message.
    pub fn is_of_person(&self) -> bool {
        self.is_of_leg() || matches!(self, Self::Menu(_) | Self::Called(_))
    }

    /// Whether Twilio only tells something, and nobody waits for a document: it is answered with 204.
    pub fn is_callback(&self) -> bool {
        matches!(
            self,
            Self::Progress(..)
                | Self::Recording(_)
                | Self::Transcribed(_)
                | Self::OutProgress(_)
                | Self::OutCustomer(_)
                | Self::End
                | Self::FallbackRecording
        )
    }
}

/// Legs are counted from 1, and no call rings ten people.
fn leg_number(text: &str) -> Option<usize> {
    let [digit @ b'1'..=b'9'] = text.as_bytes() else {
        return None;
    };
    Some((digit - b'0').into())
}

impl fmt::Display for VoicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VOICE_PATH)?;
        match self {
            Self::Call => Ok(()),
            Self::Screen(call, leg) => write!(f, "/{call}/{leg}/screen"),
            Self::Chosen(call, leg) => write!(f, "/{call}/{leg}/chosen"),
            Self::Progress(call, leg) => write!(f, "/{call}/{leg}/progress"),
            Self::Ended(call, leg) => write!(f, "/{call}/{leg}/ended"),
            Self::Recorded(call) => write!(f, "/{call}/recorded"),
            Self::Recording(call) => write!(f, "/{call}/recording"),
            Self::Transcribed(call) => write!(f, "/{call}/transcribed"),
            Self::Menu(call) => write!(f, "/{call}/menu"),
            Self::Called(call) => write!(f, "/{call}/called"),
            Self::OutAsk(call) => write!(f, "/out/{call}/ask"),
            Self::OutChosen(call) => write!(f, "/out/{call}/chosen"),
            Self::OutProgress(call) => write!(f, "/out/{call}/progress"),
            Self::OutCustomer(call) => write!(f, "/out/{call}/customer"),
            Self::OutEnded(call) => write!(f, "/out/{call}/ended"),
            Self::End => f.write_str("/end"),
            Self::Fallback => f.write_str("/fallback"),
            Self::FallbackRecorded => f.write_str("/fallback/recorded"),
            Self::FallbackRecording => f.write_str("/fallback/recording"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> CallSid {
        CallSid::parse(&format!("CA{}", "0a".repeat(16))).unwrap()
    }

    #[test]
    fn every_path_is_read_as_it_is_written() {
        let legs = (1..=9).flat_map(|leg| {
            [
                VoicePath::Screen(call(), leg),
                VoicePath::Chosen(call(), leg),
                VoicePath::Progress(call(), leg),
                VoicePath::Ended(call(), leg),
            ]
        });
        let others = [
            VoicePath::Call,
            VoicePath::Recorded(call()),
            VoicePath::Recording(call()),
            VoicePath::Transcribed(call()),
            VoicePath::Menu(call()),
            VoicePath::Called(call()),
            VoicePath::OutAsk(call()),
            VoicePath::OutChosen(call()),
            VoicePath::OutProgress(call()),
            VoicePath::OutCustomer(call()),
            VoicePath::OutEnded(call()),
            VoicePath::End,
            VoicePath::Fallback,
            VoicePath::FallbackRecorded,
            VoicePath::FallbackRecording,
        ];
        for path in legs.chain(others) {
            assert_eq!(VoicePath::parse(&path.to_string()), Some(path));
        }
        let screen = VoicePath::Screen(call(), 2).to_string();
        assert_eq!(screen, format!("/twilio/voice/{}/2/screen", call()));
        assert_eq!(VoicePath::parse("/twilio/voice/"), Some(VoicePath::Call));
    }

    #[test]
    fn no_other_path_is_read() {
        let (ours, upper) = (call(), call().to_string().to_uppercase());
        for rest in [
            "s",
            "/x",
            "//",
            "/end/",
            "/END",
            "/fallback/screen",
            "/fallback/recorded/",
            &format!("/{ours}"),
            &format!("/{ours}/"),
            &format!("/{ours}/screen"),
            &format!("/{ours}/0/screen"),
            &format!("/{ours}/00/screen"),
            &format!("/{ours}/01/screen"),
            &format!("/{ours}/10/screen"),
            &format!("/{ours}/99/screen"),
            &format!("/{ours}/-1/screen"),
            &format!("/{ours}/+1/screen"),
            &format!("/{ours}/%31/screen"),
            &format!("/{ours}/１/screen"),
            &format!("/{ours}%2F1/screen"),
            &format!("/{ours}/1%2Fscreen"),
            &format!("/{ours}/1/screen/"),
            &format!("/{ours}/1/screen?a=b"),
            &format!("/{ours}//screen"),
            &format!("/{ours}/1/recorded"),
            &format!("/{ours}/recorded/1"),
            &format!("/{upper}/1/screen"),
            &format!("/{}/1/screen", ours.as_str().replace("CA", "SM")),
            &format!("/{}/1/screen", &ours.as_str()[..33]),
            &format!("/{ours}0/1/screen"),
            &format!("/../voice/{ours}/1/screen"),
            "/out",
            &format!("/out/{ours}"),
            &format!("/out/{ours}/screen"),
            &format!("/out/{ours}/1/ask"),
            &format!("/out/{upper}/ask"),
            &format!("/{ours}/ask"),
            &format!("/out/{ours}/ask/"),
        ] {
            let path = format!("{VOICE_PATH}{rest}");
            assert_eq!(VoicePath::parse(&path), None, "{path}");
        }
        for path in ["", "/", "/twilio/sms", "/twilio", "twilio/voice"] {
            assert_eq!(VoicePath::parse(path), None, "{path}");
        }
    }
}
