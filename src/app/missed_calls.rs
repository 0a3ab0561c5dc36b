//! The calls that came to a line and of which no request reached the relay, because it was off or could not be
//! reached. Of calls that it knows and whose end it did not hear, [`super::inbound_voice::sweep`] asks Twilio.

use jiff::Timestamp;

use crate::app::inbound_voice;
use crate::app::relay::Relay;
use crate::domain::credentials::Credentials;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::reconciliation::{TOO_OLD, days_in_gmt};
use crate::twilio::client::CallAtTwilio;

/// How many pages of Twilio's list are read for a number and a day.
const MOST_PAGES: usize = 50;

/// Takes in those that came from `since` on, before `until`, and are over. Returns how many there were. Once more
/// makes no difference.
pub async fn take_in(
    relay: &Relay,
    line: &Line,
    since: Timestamp,
    until: Timestamp,
) -> anyhow::Result<usize> {
    if !takes_calls(relay, line).await? {
        return Ok(0);
    }
    let credentials = relay.credentials.current().await?;
    let since = since.max(relay.now() - TOO_OLD);
    let mut taken = 0;
    for number in line.numbers() {
        let mut missed = missed(relay, &credentials, number, since, until).await?;
        missed.sort_by_key(|call| call.began);
        for call in missed {
            if inbound_voice::take_in_late(relay, &credentials, line, &call).await? {
                tracing::error!(
                    count = "missed_call", line = line.name, call.sid = %call.sid,
                    "a call of which no request came was taken in: look at the number's voice URLs and at the way \
                     to public_url"
                );
                taken += 1;
            }
        }
    }
    Ok(taken)
}

/// Whether the calls of the line's number come here: of a line without `[line.voice]` they may be another
/// program's.
async fn takes_calls(relay: &Relay, line: &Line) -> anyhow::Result<bool> {
    if line.voice.is_some() {
        return Ok(true);
    }
    let earlier = relay
        .store
        .calls_of(&line.number, Timestamp::UNIX_EPOCH, 1)
        .await?;
    Ok(!earlier.is_empty())
}

async fn missed(
    relay: &Relay,
    credentials: &Credentials,
    number: &PhoneNumber,
    since: Timestamp,
    until: Timestamp,
) -> anyhow::Result<Vec<CallAtTwilio>> {
    let mut missed = Vec::new();
    for day in days_in_gmt(since, until) {
        let mut page = relay.twilio.calls_on(credentials, number, day).await?;
        for read in 1.. {
            for call in page.calls {
                let is_of_period = call
                    .began
                    .is_some_and(|began| since <= began && began < until);
                let is_new = is_of_period && call.is_over();
                if is_new && relay.store.call(&call.sid).await?.is_none() {
                    missed.push(call);
                }
            }
            let Some(next) = page.next.filter(|_| read < MOST_PAGES) else {
                break;
            };
            page = relay.twilio.calls_at(credentials, &next).await?;
        }
    }
    Ok(missed)
}
