//! What has to be read before a person's text can be planned.

use crate::app::inbound_sms::plan;
use crate::app::inbound_sms::text::Text;
use crate::app::relay::Relay;
use crate::domain::delivery::Purpose;
use crate::domain::inbound::InboundSms;
use crate::domain::line::Line;
use crate::domain::routing::Known;
use crate::domain::thread::Threads;

/// The records of the texts that whoever gets a thread by this text reads first. They are read only
/// if it is such a text.
pub async fn to_be_read_first(
    relay: &Relay,
    line: &Line,
    known: &Known,
    threads: &Threads,
    text: &Text,
) -> anyhow::Result<Vec<InboundSms>> {
    if text
        .sms
        .from
        .phone()
        .is_none_or(|n| line.person_with(n).is_none())
    {
        return Ok(Vec::new());
    }
    let planned = plan(line, known, text, threads);
    let passes = planned
        .deliveries
        .iter()
        .find(|d| d.purpose == Purpose::Relay);
    let Some(thread) = passes.and_then(|passes| threads.of(&passes.in_thread.as_ref()?.customer))
    else {
        return Ok(Vec::new());
    };
    relay.texts(&thread.texts).await
}
