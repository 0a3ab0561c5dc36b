//! All that is kept of a text, in one transaction. Where texts come at once, each changes the line's
//! threads by what they are then: whoever comes second plans anew.

use anyhow::bail;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::item::{self, Key};
use super::table::{Table, pause};
use super::{opt_outs, pick, set_override, subscribers, unique};
use crate::app::ports::store::{Kept, Planned, Planning, Result};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::Threads;

/// How often a text is planned anew because somebody else changed the line's threads meanwhile.
const MOST_PLANS: usize = 12;

pub async fn take_in(
    table: &Table,
    (line, sid): (&PhoneNumber, &MessageSid),
    seen: &Threads,
    plan: Planning,
) -> Result<Kept> {
    let saved_by = unique()?;
    let mut threads = seen.clone();
    for again in 0..MOST_PLANS {
        pause(again).await;
        let planned = plan(&threads);
        let writes = writes_of(table, line, &planned, &saved_by)?;
        let of_threads = planned.threads.as_ref().map(|_| writes.len() - 1);
        match table.transact(writes).await?.as_slice() {
            [] => return Ok(Kept::New(Box::new(planned))),
            [0, ..] => return Ok(Kept::Already),
            [.., last] if Some(*last) == of_threads => {}
            _ => bail!(
                "{}: one of the deliveries is there already",
                table.failed("write to")
            ),
        }
        // Somebody else was first: it is planned by what is true now.
        let keys = [Key::threads(line), Key::inbound(sid)];
        let items = table.read(&keys).await?;
        if keys[1].find(&items).is_some() {
            return Ok(Kept::Already);
        }
        threads = pick(&items, &keys[0])?.unwrap_or_default();
    }
    bail!(
        "{}: other texts kept changing the line's threads",
        table.failed("write to")
    )
}

/// All that is kept of a text. The record is the first of them, and the threads, if they change,
/// are the last.
fn writes_of(
    table: &Table,
    line: &PhoneNumber,
    planned: &Planned,
    saved_by: &str,
) -> Result<Vec<TransactWriteItem>> {
    let record = &planned.record;
    let mut writes = vec![table.put_new(item::of_inbound(record)?)];
    for delivery in &planned.deliveries {
        writes.push(table.put_new(item::of_delivery(delivery, saved_by)?));
    }
    if let Some(change) = &record.opt_out {
        writes.extend(opt_outs::writes(table, line, change, false)?);
    }
    if let Some(change) = &record.duty {
        writes.push(set_override(
            table,
            line,
            &change.person,
            change.to.as_ref(),
        )?);
    }
    writes.extend(subscribers::writes(table, line, &record.subscriptions)?);
    if let Some(threads) = &planned.threads {
        let item = item::of_threads(line, threads, saved_by)?;
        writes.push(table.put_threads(item, threads.version));
    }
    Ok(writes)
}
