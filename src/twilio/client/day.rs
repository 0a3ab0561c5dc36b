//! A day of a number's messages, page by page, and single texts that came in: for whoever compares
//! what Twilio has with what the relay knows.

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::Error;

use super::{Client, Listed, NotRead, instant, messages_path};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::{InboundSms, Media};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::reconciliation::{Message, Way, Words};
use crate::domain::sms::MOST_MEDIA;
use crate::twilio::api::{HostPath, Page, Refused};
use crate::twilio::form::Form;
use crate::twilio::webhook::{Verified, is_fetchable};

/// Messages on a page: as many as Twilio has on one at most.
const PAGE_SIZE: u32 = 1000;

/// Messages on a page for whoever wants the newest.
const FEW: u32 = 50;

/// Which messages are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those to a number.
    To,
    /// Those from a number.
    From,
}

/// A page of a day's messages, newest first.
pub struct DayPage {
    pub messages: Vec<Message>,
    pub next: Option<HostPath>,
}

impl Client {
    /// The first page of a number's messages of a day in GMT. Twilio files a message under the day
    /// on which it was sent; one that never left its queue is under none.
    ///
    /// Source: Twilio, "Read multiple Message resources": of the filters by date only a whole day
    /// in GMT is plainly described.
    pub async fn messages_on(
        &self,
        credentials: &Credentials,
        number: &PhoneNumber,
        listing: Listing,
        day: Date,
    ) -> Result<DayPage, NotRead> {
        let filter = match listing {
            Listing::To => "To",
            Listing::From => "From",
        };
        self.first_page(credentials, (filter, number), day, PAGE_SIZE)
            .await
    }

    /// The same of those to a number, for whoever wants the newest alone.
    pub async fn received_on(
        &self,
        credentials: &Credentials,
        number: &PhoneNumber,
        day: Date,
    ) -> Result<DayPage, NotRead> {
        self.first_page(credentials, ("To", number), day, FEW).await
    }

    async fn first_page(
        &self,
        credentials: &Credentials,
        (filter, number): (&str, &PhoneNumber),
        day: Date,
        size: u32,
    ) -> Result<DayPage, NotRead> {
        let query = Form::from_fields([
            (filter, number.expose().to_owned()),
            ("DateSent", day.to_string()),
            ("PageSize", size.to_string()),
        ]);
        let first = messages_path(credentials, &format!(".json?{}", query.encode()));
        self.messages_at(credentials, &HostPath(first)).await
    }

    /// The page that another one named as its next.
    pub async fn messages_at(
        &self,
        credentials: &Credentials,
        page: &HostPath,
    ) -> Result<DayPage, NotRead> {
        let page: Option<Page<Listed>> = self.read(credentials, &page.0).await?;
        // A list without a match is empty; what is not found is the account.
        let (http_status, code) = (404, None);
        let page = page.ok_or(Refused { http_status, code })?;
        let messages = page.records.into_iter().map(Message::try_from);
        Ok(DayPage {
            messages: messages.collect::<Result<_, _>>()?,
            next: page.next_page_uri,
        })
    }

    /// A text that came in, as Twilio has it, with its attachments; `None` if there is none of that
    /// SID.
    pub async fn received(
        &self,
        credentials: &Credentials,
        sid: &MessageSid,
    ) -> Result<Option<Verified<InboundSms>>, NotRead> {
        let Some(text) = self.message(credentials, sid).await? else {
            return Ok(None);
        };
        let Some(to) = PhoneNumber::of_address(text.to.as_deref().unwrap_or_default()) else {
            return Ok(None);
        };
        if text.direction.as_deref() != Some(INBOUND) {
            return Ok(None);
        }
        let path = messages_path(credentials, &format!("/{sid}/Media.json"));
        let media: Option<Page<ListedMedia>> = self.read(credentials, &path).await?;
        let media = media.map_or_else(Vec::new, |page| page.records);
        let all = media.len();
        let media = media.into_iter().map(|media| Media {
            // The address that a webhook has: the resource's own, which leads to the file.
            url: format!("{}{}", self.0.base, media.uri.0.trim_end_matches(".json")),
            content_type: media.content_type.unwrap_or_default(),
        });
        let fetchable = media.filter(|media| is_fetchable(&media.url));
        let media: Vec<Media> = fetchable.take(MOST_MEDIA).collect();
        Ok(Some(Verified::by_api(InboundSms {
            sid: text.sid,
            from: Sender::parse(text.from.as_deref().unwrap_or_default()),
            to,
            // The API does not tell it.
            place: None,
            body: text.body.unwrap_or_default(),
            media_left_out: all - media.len(),
            opt_out_type: None,
            media,
        })))
    }
}

const INBOUND: &str = "inbound";
const REPLY: &str = "outbound-reply";

#[derive(Deserialize)]
struct ListedMedia {
    uri: HostPath,
    content_type: Option<String>,
}

impl TryFrom<Listed> for Message {
    type Error = serde_json::Error;

    fn try_from(listed: Listed) -> Result<Self, serde_json::Error> {
        let to = listed
            .to
            .as_ref()
            .ok_or_else(|| serde_json::Error::missing_field("to"))?;
        let way = match listed.direction.as_deref() {
            Some(INBOUND) => Way::In,
            Some(REPLY) => Way::Reply,
            Some(_) => Way::Out,
            None => return Err(serde_json::Error::missing_field("direction")),
        };
        let other = match way {
            Way::In => listed.from.as_deref().unwrap_or_default(),
            Way::Out | Way::Reply => to,
        };
        // A message without a date would be in no day's comparison, so there must be one.
        let sent = listed.date_sent.as_deref().and_then(instant);
        Ok(Self {
            at: sent.ok_or_else(|| {
                serde_json::Error::custom("date_sent is not a date as of RFC 2822")
            })?,
            way,
            other: Sender::parse(other),
            words: Words::of(to, listed.body.as_deref().unwrap_or_default()),
            status: listed.status().unwrap_or(Status::Accepted),
            failure: listed.failure(),
            sid: listed.sid,
        })
    }
}
