//! Who opted out of a line's texts.

use anyhow::Context;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::item::{self, Item, Key};
use super::table::Table;
use crate::app::ports::store::Result;
use crate::domain::line::Line;
use crate::domain::opt_out::{Change, OptOuts};
use crate::domain::phone::PhoneNumber;

/// What makes a change. If it is to be `new`, the first of them fails where it changes nothing.
pub fn writes(
    table: &Table,
    line: &PhoneNumber,
    change: &Change,
    new: bool,
) -> Result<Vec<TransactWriteItem>> {
    let key = Key::opt_out(line, &change.number);
    let mut writes = vec![match &change.to {
        Some(opt_out) => {
            let item = item::with_json(key, opt_out)?;
            if new {
                table.put_new(item)
            } else {
                table.put_any(item)
            }
        }
        None if new => table.delete_existing(&key),
        None => table.delete(&key),
    }];
    if change.of_person {
        let people = Key::opted_out_people(line);
        let number = change.number.expose().to_owned();
        writes.push(match &change.to {
            Some(opt_out) => table.set(&people, [(number, item::json(opt_out)?)]),
            None => table.remove(&people, vec![number]),
        });
    }
    Ok(writes)
}

/// The item of those of the line's people who are among the `known` opt-outs.
pub fn people_among(known: &[Item], line: &Line) -> Item {
    let opt_out = |number: &PhoneNumber| {
        let key = Key::opt_out(&line.number, number);
        let json = key.find(known)?.get(item::JSON)?;
        Some((number.expose().to_owned(), json.clone()))
    };
    let people = line.people.iter();
    let mut item = Key::opted_out_people(&line.number).item();
    item.extend(people.filter_map(|person| opt_out(&person.number)));
    item
}

/// What the item of the line's people says.
pub fn of_people(items: &[Item], key: &Key) -> Result<OptOuts> {
    let mut opt_outs = OptOuts::default();
    for (name, json) in item::after_prefix(key.find(items), "") {
        if let Ok(number) = PhoneNumber::parse(name) {
            let opt_out = serde_json::from_str(json);
            let opt_out = opt_out.context("a person's stored opt-out cannot be read")?;
            opt_outs.0.insert(number, opt_out);
        }
    }
    Ok(opt_outs)
}

pub async fn all(table: &Table, line: &PhoneNumber) -> Result<OptOuts> {
    let query = table.query_where(&Key::line(line).pk, "begins_with(sk, :sk)", item::OPT_OUT);
    let items = table
        .find(query, usize::MAX, "list the opt-outs of")
        .await?;
    let mut opt_outs = OptOuts::default();
    for item in items {
        let number = item::text(&item, item::SK)
            .and_then(|sk| PhoneNumber::parse(sk.strip_prefix(item::OPT_OUT)?).ok())
            .context("the list of opt-outs has an entry without a number")?;
        opt_outs.0.insert(number, item::from_json(&item)?);
    }
    Ok(opt_outs)
}
