//! A day of a number's messages, page by page, and single texts that came in: for whoever compares
//! what Twilio has with what the relay knows.

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::{Client, NotRead, instant, messages_path};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::{InboundSms, Media};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::reconciliation::{Message, Way, Words};
use crate::domain::sms::MOST_MEDIA;
use crate::twilio::webhook::{Verified, is_fetchable};

/// Messages on a page: as many as Twilio has on one at most.
const PAGE_SIZE: u32 = 1000;

/// Which messages are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those to a number.
    To,
    /// Those from a number.
    From,
}

/// Where a list goes on.
#[derive(Debug)]
pub struct NextPage(String);

/// A page of a day's messages, newest first.
pub struct DayPage {
    pub messages: Vec<Message>,
    pub next: Option<NextPage>,
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
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(filter, number.expose())
            .append_pair("DateSent", &day.to_string())
            .append_pair("PageSize", &PAGE_SIZE.to_string())
            .finish();
        let first = messages_path(credentials, &format!(".json?{query}"));
        self.messages_at(credentials, &NextPage(first)).await
    }

    /// The page that another one named as its next.
    pub async fn messages_at(
        &self,
        credentials: &Credentials,
        page: &NextPage,
    ) -> Result<DayPage, NotRead> {
        let answer = self.get(credentials, &page.0).await?;
        // A list without a match is empty; what is not found is the account.
        let answer = answer.ok_or(NotRead::Refused {
            http_status: 404,
            code: None,
        })?;
        let page: Page = serde_json::from_slice(answer.body())?;
        let next = page.next_page_uri.map(super::on_this_host).transpose()?;
        Ok(DayPage {
            messages: page.messages.into_iter().map(Message::from).collect(),
            next: next.map(NextPage),
        })
    }

    /// A text that came in, as Twilio has it, with its attachments; `None` if there is none of that
    /// SID.
    pub async fn received(
        &self,
        credentials: &Credentials,
        sid: &MessageSid,
    ) -> Result<Option<Verified<InboundSms>>, NotRead> {
        let path = messages_path(credentials, &format!("/{sid}.json"));
        let Some(answer) = self.get(credentials, &path).await? else {
            return Ok(None);
        };
        let text: Listed = serde_json::from_slice(answer.body())?;
        let Ok(to) = PhoneNumber::parse(&text.to) else {
            return Ok(None);
        };
        if text.direction != INBOUND {
            return Ok(None);
        }
        let path = messages_path(credentials, &format!("/{sid}/Media.json"));
        let media = match self.get(credentials, &path).await? {
            Some(answer) => self.media(&answer)?,
            None => Vec::new(),
        };
        let all = media.len();
        let fetchable = media.into_iter().filter(|media| is_fetchable(&media.url));
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

    /// The attachments at the addresses that a webhook has them at: the resource's own, without
    /// what asks for its description.
    fn media(&self, answer: &Response<Bytes>) -> Result<Vec<Media>, NotRead> {
        let list: MediaList = serde_json::from_slice(answer.body())?;
        let media = list.media_list.into_iter().map(|media| {
            let uri = super::on_this_host(media.uri)?;
            Ok(Media {
                url: format!("{}{}", self.base, uri.trim_end_matches(".json")),
                content_type: media.content_type.unwrap_or_default(),
            })
        });
        media.collect()
    }
}

const INBOUND: &str = "inbound";
const REPLY: &str = "outbound-reply";

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    sid: MessageSid,
    direction: String,
    from: Option<String>,
    to: String,
    body: Option<String>,
    status: String,
    error_code: Option<u32>,
    /// A message without a date would be in no day's comparison, so there must be one.
    #[serde(deserialize_with = "rfc2822")]
    date_sent: Timestamp,
}

#[derive(Deserialize)]
struct MediaList {
    media_list: Vec<ListedMedia>,
}

#[derive(Deserialize)]
struct ListedMedia {
    uri: String,
    content_type: Option<String>,
}

impl From<Listed> for Message {
    fn from(listed: Listed) -> Self {
        let way = match listed.direction.as_str() {
            INBOUND => Way::In,
            REPLY => Way::Reply,
            _ => Way::Out,
        };
        let other = match way {
            Way::In => listed.from.as_deref().unwrap_or_default(),
            Way::Out | Way::Reply => &listed.to,
        };
        Self {
            at: listed.date_sent,
            way,
            other: Sender::parse(other),
            words: Words::of(&listed.to, listed.body.as_deref().unwrap_or_default()),
            status: Status::parse(&listed.status).unwrap_or(Status::Accepted),
            code: listed.error_code,
            sid: listed.sid,
        }
    }
}

fn rfc2822<'de, D: Deserializer<'de>>(text: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(text)?;
    instant(&text).ok_or_else(|| D::Error::custom("not a date as of RFC 2822"))
}
