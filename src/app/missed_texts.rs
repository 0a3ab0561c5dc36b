//! The texts that Twilio received for a line and no webhook brought, because the relay was off or could not
//! be reached. The nightly comparison ([`super::reconciliation`]) finds them as well, hours later.

use jiff::Timestamp;

use crate::app::inbound_sms;
use crate::app::ports::store::Recorded;
use crate::app::relay::Relay;
use crate::domain::credentials::Credentials;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::reconciliation::{Message, TOO_OLD, days_in_gmt};

/// How many pages of Twilio's list are read for a number and a day. More than that within minutes is left
/// to the night.
const MOST_PAGES: usize = 50;

/// Takes in those that came from `since` on, before `until`. Returns how many there were. Once more
/// makes no difference.
pub async fn take_in(
    relay: &Relay,
    line: &Line,
    since: Timestamp,
    until: Timestamp,
) -> anyhow::Result<usize> {
    let credentials = relay.credentials.current().await?;
    let since = since.max(relay.now() - TOO_OLD);
    let mut taken = 0;
    for number in line.numbers() {
        let mut missed = missed(relay, &credentials, number, since, until).await?;
        // In the order in which they were written.
        missed.sort_by_key(|message| message.at);
        for message in missed {
            let recorded = inbound_sms::take_in_late(relay, &credentials, line, &message);
            if recorded.await? != Recorded::Already {
                tracing::warn!(
                    count = "missed_text", line = line.name, message.sid = %message.sid,
                    "a text that no webhook brought was taken in"
                );
                taken += 1;
            }
        }
    }
    Ok(taken)
}

async fn missed(
    relay: &Relay,
    credentials: &Credentials,
    number: &PhoneNumber,
    since: Timestamp,
    until: Timestamp,
) -> anyhow::Result<Vec<Message>> {
    let mut missed = Vec::new();
    for day in days_in_gmt(since, until) {
        let first = relay.twilio.received_on(credentials, number, day);
        let mut page = first.await?;
        for read in 1.. {
            // The newest come first.
            let is_last = page.messages.last().is_none_or(|last| last.at < since);
            for message in page.messages {
                let is_ours = since <= message.at && message.at < until;
                if is_ours && relay.store.inbound(&message.sid).await?.is_none() {
                    missed.push(message);
                }
            }
            let Some(next) = page.next.filter(|_| !is_last && read < MOST_PAGES) else {
                break;
            };
            page = relay.twilio.messages_at(credentials, &next).await?;
        }
    }
    Ok(missed)
}
