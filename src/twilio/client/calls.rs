//! Calls as Twilio has them: one by its SID, and a day of those to a number.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::{Client, NotRead, account_path, instant};
use crate::domain::call::{Caller, LegStatus};
use crate::domain::credentials::Credentials;
use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;
use crate::twilio::api::{HostPath, Page, Refused};
use crate::twilio::call_status::{is_over, leg_status, seconds};
use crate::twilio::form::Form;
use crate::twilio::voice::caller;

/// Calls on a page: as many as Twilio has on one at most.
const PAGE_SIZE: u32 = 1000;

/// A call, as Twilio has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAtTwilio {
    pub sid: CallSid,
    pub caller: Caller,
    pub status: LegStatus,
    /// How long it took from its answer on; `None` while it goes on.
    pub seconds: Option<u32>,
    /// When it came, to the second.
    pub began: Option<Timestamp>,
    /// Whether somebody called the line; its legs to people are not.
    pub is_inbound: bool,
    /// Whether the account made it.
    pub is_by_api: bool,
}

impl CallAtTwilio {
    pub fn is_over(&self) -> bool {
        is_over(self.status)
    }
}

/// A page of a day's calls to a number, newest first.
pub struct CallsPage {
    pub calls: Vec<CallAtTwilio>,
    pub next: Option<HostPath>,
}

impl Client {
    /// A call or a leg, if there is one of that SID.
    pub async fn call(
        &self,
        credentials: &Credentials,
        sid: &CallSid,
    ) -> Result<Option<CallAtTwilio>, NotRead> {
        let path = account_path(credentials, &format!("Calls/{sid}.json"));
        let call: Option<Listed> = self.read(credentials, &path).await?;
        Ok(call.map(CallAtTwilio::from))
    }

    /// The first page of the calls that came to a number on a day in GMT.
    ///
    /// Source: Twilio, "Read multiple Call resources": of the filters by `StartTime` a whole day is
    /// `YYYY-MM-DD`.
    pub async fn calls_on(
        &self,
        credentials: &Credentials,
        number: &PhoneNumber,
        day: Date,
    ) -> Result<CallsPage, NotRead> {
        let query = Form::from_fields([
            ("To", number.expose().to_owned()),
            ("StartTime", day.to_string()),
            ("PageSize", PAGE_SIZE.to_string()),
        ]);
        let first = account_path(credentials, &format!("Calls.json?{}", query.encode()));
        self.calls_at(credentials, &HostPath(first)).await
    }

    /// The page that another one named as its next.
    pub async fn calls_at(
        &self,
        credentials: &Credentials,
        page: &HostPath,
    ) -> Result<CallsPage, NotRead> {
        let page: Option<Page<Listed>> = self.read(credentials, &page.0).await?;
        // A list without a match is empty; what is not found is the account.
        let (http_status, code) = (404, None);
        let page = page.ok_or(Refused { http_status, code })?;
        let calls = page.records.into_iter().map(CallAtTwilio::from);
        Ok(CallsPage {
            calls: calls.filter(|call| call.is_inbound).collect(),
            next: page.next_page_uri,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Listed {
    sid: CallSid,
    from: Option<String>,
    status: Option<String>,
    duration: Option<String>,
    start_time: Option<String>,
    date_created: Option<String>,
    direction: Option<String>,
}

impl From<Listed> for CallAtTwilio {
    fn from(listed: Listed) -> Self {
        let began = listed.start_time.or(listed.date_created);
        Self {
            sid: listed.sid,
            caller: caller(listed.from.as_deref().unwrap_or_default()),
            status: leg_status(listed.status.as_deref().unwrap_or_default()),
            seconds: listed.duration.as_deref().and_then(seconds),
            began: began.as_deref().and_then(instant),
            is_inbound: listed.direction.as_deref() == Some("inbound"),
            is_by_api: listed.direction.as_deref() == Some("outbound-api"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_twilio_lists_it() {
        let sid = format!("CA{}", "0a".repeat(16));
        let listed = serde_json::json!({
            "sid": sid,
            "from": "+16195550142",
            "status": "completed",
            "duration": "64",
            "start_time": "Fri, 20 Nov 2026 22:13:02 +0000",
            "direction": "inbound",
        });
        let read = |listed: serde_json::Value| {
            CallAtTwilio::from(serde_json::from_value::<Listed>(listed).unwrap())
        };
        let call = read(listed.clone());
        assert!(call.is_over() && call.is_inbound);
        assert_eq!(call.seconds, Some(64));
        assert_eq!(call.began, Some("2026-11-20T22:13:02Z".parse().unwrap()));
        assert_eq!(call.caller, caller("+16195550142"));

        let mut ringing = listed;
        for field in ["duration", "start_time", "from"] {
            ringing[field] = serde_json::Value::Null;
        }
        ringing["status"] = "ringing".into();
        ringing["direction"] = "outbound-dial".into();
        let call = read(ringing);
        assert!(!call.is_over() && !call.is_inbound);
        assert_eq!((call.seconds, call.began), (None, None));
        assert_eq!(call.caller, Caller::Withheld);
    }
}
