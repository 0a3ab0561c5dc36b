//! The paces at which texts may go, what of a day's budget is used, and what is claimed for a while. DynamoDB adds up by itself, so nobody has to read first, and no
//! two who ask at once get the same slot.

use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;

use super::item::{self, Item, Key};
use super::table::{Table, Written};
use crate::app::ports::store::Result;
use crate::domain::ids::DeliveryId;
use crate::domain::pace::{self, BELIEVED, Budget, Rate, Slot, Spent};

/// How often a pace may change between one try and the next: it does when its time passes, or when
/// another one asked first.
const MOST_TRIES: usize = 8;

/// How long a pace is kept after its time has passed; whatever it was, it is as good as none then.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// First as if nobody else had asked of late, which is most of the time; if somebody has, behind
/// them.
pub async fn claim_slot(
    table: &Table,
    key: &pace::Key,
    rate: Rate,
    patience: Duration,
    now: Timestamp,
) -> Result<Slot> {
    let milliseconds = now.as_millisecond();
    let interval = i64::try_from(rate.interval().as_millis())?;
    let latest = rate.latest(now, patience).as_millisecond();
    let update = async |expression: &str, condition: &str, values: Vec<(&str, i64)>| {
        let values = values.into_iter();
        let values = values.map(|(name, value)| (name.to_owned(), item::number(value)));
        let update = table
            .client
            .update_item()
            .set_key(Some(Key::pace(key).item()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values.collect()));
        table.update_if(update).await
    };
    for _ in 0..MOST_TRIES {
        let idle = update(
            "SET tat = :next, expires = :expires",
            "attribute_not_exists(tat) OR tat <= :now OR tat > :end",
            vec![
                (":next", milliseconds + interval),
                (":now", milliseconds),
                (":end", milliseconds + i64::try_from(BELIEVED.as_millis())?),
                (":expires", expires(now)?),
            ],
        );
        let tat = match idle.await? {
            Written::Yes(_) => return Ok(Slot::Taken(now)),
            Written::Not(pace) => tat(&pace)?,
        };
        if tat > latest {
            return Ok(Slot::TooLate(
                rate.slot(Timestamp::from_millisecond(tat)?, now),
            ));
        }
        let busy = update(
            "SET tat = tat + :interval, expires = :expires",
            "tat > :now AND tat <= :latest",
            vec![
                (":interval", interval),
                (":now", milliseconds),
                (":latest", latest),
                (":expires", expires(Timestamp::from_millisecond(tat)?)?),
            ],
        );
        if let Written::Yes(pace) = busy.await? {
            let before = Timestamp::from_millisecond(self::tat(&pace)? - interval)?;
            return Ok(Slot::Taken(rate.slot(before, now)));
        }
    }
    bail!("{}: others kept changing a pace", table.failed("write to"))
}

/// One conditional write, whether there is enough left or not.
pub async fn spend(table: &Table, budget: &Budget, segments: u32) -> Result<Spent> {
    let Some(left) = budget.most.checked_sub(segments) else {
        let found = table.read([&Key::pace(&budget.key)]).await?;
        let used = found.first().map_or(Ok(0), used)?;
        return Ok(Spent::Not { used });
    };
    let update = table
        .client
        .update_item()
        .set_key(Some(Key::pace(&budget.key).item()))
        .update_expression("ADD used :segments SET expires = :expires")
        .condition_expression("attribute_not_exists(used) OR used <= :left")
        .expression_attribute_values(":segments", item::number(segments))
        .expression_attribute_values(":left", item::number(left))
        .expression_attribute_values(":expires", item::number(expires(budget.until)?));
    Ok(match table.update_if(update).await? {
        Written::Yes(after) => Spent::Yes {
            used: used(&after)?,
        },
        Written::Not(found) => Spent::Not {
            used: used(&found)?,
        },
    })
}

fn used(spent: &Item) -> Result<u32> {
    let used = spent
        .get("used")
        .and_then(|used| used.as_n().ok()?.parse().ok());
    used.context("a stored budget does not say what is used of it")
}

/// The same delivery may claim it again: its first claim's answer may have got lost.
pub async fn claim_once(
    table: &Table,
    key: &pace::Key,
    by: &DeliveryId,
    within: Duration,
    now: Timestamp,
) -> Result<bool> {
    let until = now.checked_add(within)?.as_second() + 1;
    let item = Key::pace(key).with([
        (item::SAVED_BY, item::string(by.as_str())),
        (item::EXPIRES, item::number(until)),
    ]);
    let put = table
        .client
        .put_item()
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk) OR expires <= :now OR expires > :until")
        .expression_attribute_values(":now", item::number(now.as_second()))
        .expression_attribute_values(":until", item::number(until));
    Ok(table.put_if(put).await?.is_by(by.as_str()))
}

fn expires(tat: Timestamp) -> Result<i64> {
    Ok(tat.checked_add(KEPT)?.as_second())
}

/// When the next one is due, in milliseconds since 1970.
fn tat(pace: &Item) -> Result<i64> {
    let tat = pace
        .get("tat")
        .and_then(|tat| tat.as_n().ok()?.parse().ok());
    tat.context("a stored pace has no time")
}
