//! All that is kept of a text, in one transaction.

use anyhow::bail;

use super::item;
use super::table::Table;
use super::{conversations, opt_outs, set_override, subscribers, unique};
use crate::app::ports::store::{Kept, Planned, Result};
use crate::domain::phone::PhoneNumber;

/// The record is the first write, and those that somebody else may have overtaken come next.
pub async fn take_in(table: &Table, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
    let saved_by = unique()?;
    let record = &planned.record;
    let mut writes = vec![table.put_new(item::of_inbound(record)?)];
    if let Some((person, state)) = &planned.person {
        writes.push(conversations::put_person_state(
            table, line, person, state, &saved_by,
        )?);
    }
    for changed in &planned.conversations {
        writes.extend(conversations::writes(table, line, changed, &saved_by)?);
    }
    let overtaken = 1..writes.len();
    for delivery in &planned.deliveries {
        writes.push(table.put_new(item::of_delivery(delivery, table.shards, &saved_by)?));
    }
    if let Some(change) = &record.opt_out {
        writes.extend(opt_outs::writes(table, line, change, false)?);
    }
    for (line, change) in planned.duty(line) {
        writes.push(set_override(
            table,
            line,
            &change.person,
            change.to.as_ref(),
        )?);
    }
    writes.extend(subscribers::writes(table, line, &record.subscriptions)?);
    match table.transact(writes).await?.as_slice() {
        [] => Ok(Kept::New),
        [0, ..] => Ok(Kept::Already),
        failed if failed.iter().all(|position| overtaken.contains(position)) => Ok(Kept::Outdated),
        _ => bail!(
            "{}: one of the deliveries is there already",
            table.failed("write to")
        ),
    }
}
