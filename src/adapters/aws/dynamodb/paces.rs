//! The paces at which texts may go. DynamoDB adds up by itself, so nobody has to read first, and no
//! two who ask at once get the same slot.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::item::{self, Key};
use super::table::Table;
use crate::app::ports::store::Result;
use crate::aws_error::plain;
use crate::domain::pace::{self, Rate};

const TAT: &str = "tat";

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
) -> Result<Option<Timestamp>> {
    let milliseconds = now.as_millisecond();
    let interval = i64::try_from(rate.interval().as_millis())?;
    let latest = rate.latest(now, patience).as_millisecond();
    for _ in 0..MOST_TRIES {
        let idle = Update {
            expression: "SET #tat = :next, #expires = :expires",
            condition: "attribute_not_exists(#tat) OR #tat <= :now",
            values: vec![
                (":next", milliseconds + interval),
                (":now", milliseconds),
                (":expires", expires(now)?),
            ],
        };
        let tat = match idle.make(table, key).await? {
            Updated::To(_) => return Ok(Some(now)),
            Updated::Not { tat } => tat,
        };
        if tat > latest {
            return Ok(None);
        }
        let tat = Timestamp::from_millisecond(tat)?;
        let busy = Update {
            expression: "SET #tat = #tat + :interval, #expires = :expires",
            condition: "#tat > :now AND #tat <= :latest",
            values: vec![
                (":interval", interval),
                (":now", milliseconds),
                (":latest", latest),
                (":expires", expires(tat)?),
            ],
        };
        if let Updated::To(next) = busy.make(table, key).await? {
            let tat = Timestamp::from_millisecond(next - interval)?;
            return Ok(Some(rate.slot(tat, now)));
        }
    }
    bail!("{}: others kept changing a pace", table.failed("write to"))
}

fn expires(tat: Timestamp) -> Result<i64> {
    Ok(tat.checked_add(KEPT)?.as_second())
}

struct Update {
    expression: &'static str,
    condition: &'static str,
    values: Vec<(&'static str, i64)>,
}

enum Updated {
    /// The new TAT.
    To(i64),
    /// The condition does not hold; what the TAT is.
    Not { tat: i64 },
}

impl Update {
    async fn make(self, table: &Table, key: &pace::Key) -> Result<Updated> {
        let mut update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(Key::pace(key).item()))
            .update_expression(self.expression)
            .condition_expression(self.condition)
            .expression_attribute_names("#tat", TAT)
            .expression_attribute_names("#expires", item::EXPIRES)
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in self.values {
            update = update.expression_attribute_values(name, item::number(value));
        }
        let read = |item: Option<&item::Item>| {
            item.and_then(|item| item.get(TAT)?.as_n().ok()?.parse().ok())
                .ok_or_else(|| anyhow!("a stored pace has no time"))
        };
        let error = match update.send().await {
            Ok(updated) => return Ok(Updated::To(read(updated.attributes())?)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(check)) => Ok(Updated::Not {
                tat: read(check.item())?,
            }),
            _ => Err(plain(error)).with_context(|| table.failed("write to")),
        }
    }
}
