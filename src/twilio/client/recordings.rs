//! Recordings: what Twilio says of one, its sound, and its end. An address is made of the recording's SID;
//! what a webhook or an answer says of another address is never called.
//!
//! Source: Twilio, "Recordings resource" and "Fetch a Recording's media file".

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Response};
use serde::Deserialize;

use super::{Client, NotRead, account_path};
use crate::domain::credentials::Credentials;
use crate::domain::ids::{CallSid, RecordingSid};
use crate::twilio::api::{Login, Page, success};
use crate::twilio::call_status::seconds;

/// The largest recording that is fetched: half an hour of Twilio's MP3 files of 32 kbit/s.
pub const MOST_RECORDED: usize = 8 * 1024 * 1024;

/// A recording, as Twilio has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingAtTwilio {
    pub sid: RecordingSid,
    pub state: RecordingState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingState {
    /// It goes on, or Twilio works on it.
    NotYet,
    Ready {
        seconds: u32,
    },
    /// There is nothing to hear, or it was deleted.
    Absent,
}

impl Client {
    /// What Twilio says of a recording; `None` if there is none of that SID.
    pub async fn recording(
        &self,
        credentials: &Credentials,
        sid: &RecordingSid,
    ) -> Result<Option<RecordingAtTwilio>, NotRead> {
        let path = account_path(credentials, &format!("Recordings/{sid}.json"));
        let listed: Option<Listed> = self.read(credentials, &path).await?;
        Ok(listed.map(RecordingAtTwilio::from))
    }

    /// The recordings of a call: for one of which nothing was heard.
    pub async fn recordings_of(
        &self,
        credentials: &Credentials,
        call: &CallSid,
    ) -> Result<Vec<RecordingAtTwilio>, NotRead> {
        let path = account_path(credentials, &format!("Calls/{call}/Recordings.json"));
        let page: Option<Page<Listed>> = self.read(credentials, &path).await?;
        let listed = page.map_or_else(Vec::new, |page| page.records);
        Ok(listed.into_iter().map(RecordingAtTwilio::from).collect())
    }

    /// The recording as an MP3 file of at most [`MOST_RECORDED`] bytes; `None` if Twilio does not have it,
    /// which is so for some seconds after it ended.
    pub async fn recording_file(
        &self,
        credentials: &Credentials,
        sid: &RecordingSid,
    ) -> Result<Option<Bytes>, NotRead> {
        let path = account_path(credentials, &format!("Recordings/{sid}.mp3"));
        let (user, password) = credentials.basic_auth();
        let (login, url) = (Login { user, password }, format!("{}{path}", self.0.base));
        let sent = self
            .0
            .send_for("audio/mpeg", login, Method::GET, &url, String::new());
        let answer = match success(sent.await?) {
            Err(refused) if refused.http_status == 404 => return Ok(None),
            answer => answer?,
        };
        if answer.body().len() > MOST_RECORDED {
            return Err(NotRead::TooLarge);
        }
        if !is_mp3(&answer) {
            return Err(NotRead::NotAnMp3);
        }
        Ok(Some(answer.into_body()))
    }

    /// Deletes a recording at Twilio; whether it was there.
    pub async fn delete_recording(
        &self,
        credentials: &Credentials,
        sid: &RecordingSid,
    ) -> Result<bool, NotRead> {
        let path = account_path(credentials, &format!("Recordings/{sid}.json"));
        let sent = self.send(credentials, Method::DELETE, &path, String::new());
        match success(sent.await?) {
            Ok(_) => Ok(true),
            Err(refused) if refused.http_status == 404 => Ok(false),
            Err(refused) => Err(refused.into()),
        }
    }
}

fn is_mp3(answer: &Response<Bytes>) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()?.split(';').next());
    let is_named = kind.is_some_and(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        ["audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/x-mpeg"].contains(&kind.as_str())
    });
    is_named && !answer.body().is_empty()
}

#[derive(Deserialize)]
struct Listed {
    sid: RecordingSid,
    status: Option<String>,
    duration: Option<String>,
}

impl From<Listed> for RecordingAtTwilio {
    fn from(listed: Listed) -> Self {
        let seconds = listed.duration.as_deref().and_then(seconds);
        let state = match (listed.status.as_deref(), seconds) {
            (Some("completed"), Some(seconds)) => RecordingState::Ready { seconds },
            (Some("absent" | "deleted" | "failed"), _) => RecordingState::Absent,
            _ => RecordingState::NotYet,
        };
        Self {
            sid: listed.sid,
            state,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use futures::executor::block_on;
    use http::Request;

    use super::*;
    use crate::sandbox::demo_account;
    use crate::twilio::api::{NoAnswer, Transport};

    struct Answering {
        status: u16,
        content_type: &'static str,
        body: Bytes,
        asked: Arc<Mutex<Vec<String>>>,
    }

    #[async_trait]
    impl Transport for Answering {
        async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
            assert!(request.headers()["authorization"].is_sensitive());
            let asked = format!("{} {}", request.method(), request.uri());
            self.asked.lock().unwrap().push(asked);
            let response = Response::builder()
                .status(self.status)
                .header("location", "https://example.com/elsewhere.mp3")
                .header("content-type", self.content_type);
            Ok(response.body(self.body.clone()).unwrap())
        }
    }

    fn sid() -> RecordingSid {
        RecordingSid::parse(&format!("RE{}", "0a".repeat(16))).unwrap()
    }

    /// A client to which everything is answered alike, and what it asks for.
    fn client(
        status: u16,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> (Client, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::default();
        let transport = Answering {
            status,
            content_type,
            body: body.into(),
            asked: Arc::clone(&asked),
        };
        (
            Client::new(Box::new(transport), "http://127.0.0.1:4010"),
            asked,
        )
    }

    fn file(
        status: u16,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Option<Bytes>, NotRead> {
        let (client, asked) = client(status, content_type, body);
        let file = block_on(client.recording_file(&demo_account(), &sid()));
        let account = demo_account().account_sid;
        let url = format!(
            "GET http://127.0.0.1:4010/2010-04-01/Accounts/{account}/Recordings/{}.mp3",
            sid()
        );
        assert_eq!(
            *asked.lock().unwrap(),
            [url],
            "asked once, and nowhere else"
        );
        file
    }

    #[test]
    fn a_recording_is_an_mp3_file_of_twilios_or_not_there_yet() {
        let sound = Bytes::from_static(b"ID3 sound");
        for kind in ["audio/mpeg", "Audio/MPEG; charset=binary", "audio/mp3"] {
            assert_eq!(file(200, kind, sound.clone()).unwrap(), Some(sound.clone()));
        }
        assert_eq!(file(404, "application/json", "{}").unwrap(), None);
        for (kind, body) in [
            ("text/html", "<html>"),
            ("application/json", "{}"),
            ("audio/x-wav", "RIFF"),
            ("", "ID3"),
            ("audio/mpeg", ""),
        ] {
            let refused = file(200, kind, body);
            assert!(matches!(refused, Err(NotRead::NotAnMp3)), "{kind}");
        }
        let large = file(200, "audio/mpeg", vec![0; MOST_RECORDED + 1]);
        assert!(matches!(large, Err(NotRead::TooLarge)));
        for status in [302, 401, 500] {
            let refused = file(status, "audio/mpeg", sound.clone());
            assert!(matches!(refused, Err(NotRead::Refused(_))), "{status}");
        }
    }

    #[test]
    fn a_recording_that_is_gone_is_deleted() {
        let delete = |status| {
            let (client, asked) = client(status, "application/json", "");
            let deleted = block_on(client.delete_recording(&demo_account(), &sid()));
            assert!(asked.lock().unwrap()[0].starts_with("DELETE "));
            deleted
        };
        assert!(delete(204).unwrap());
        assert!(!delete(404).unwrap());
        assert!(matches!(delete(401), Err(NotRead::Refused(_))));
        assert!(matches!(delete(503), Err(NotRead::Refused(_))));
    }

    #[test]
    fn what_twilio_says_of_a_recording_is_read() {
        let state = |status: &str, duration: Option<&str>| {
            let listed = serde_json::json!({
                "sid": sid(), "status": status, "duration": duration, "source": "RecordVerb",
                "media_url": "https://example.com/somebody-elses",
            });
            let (client, _) = client(200, "application/json", listed.to_string());
            let recording = block_on(client.recording(&demo_account(), &sid()));
            recording.unwrap().unwrap().state
        };
        let ready = RecordingState::Ready { seconds: 23 };
        assert_eq!(state("completed", Some("23")), ready);
        assert_eq!(state("completed", Some("-1")), RecordingState::NotYet);
        for status in ["processing", "in-progress", "something-new"] {
            assert_eq!(state(status, Some("23")), RecordingState::NotYet);
        }
        for status in ["absent", "deleted", "failed"] {
            assert_eq!(state(status, None), RecordingState::Absent, "{status}");
        }
    }
}
