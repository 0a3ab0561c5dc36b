//! Who opted out of a line's texts.

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use super::item::{self, Item, Key};
use super::table::Table;
use crate::app::ports::store::Result;
use crate::aws_error::plain;
use crate::domain::line::Line;
use crate::domain::opt_out::{Change, OptOut, OptOuts};
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
            match new {
                true => table.put_new(item)?,
                false => table.put_any(item)?,
            }
        }
        None => match new {
            true => table.delete_existing(key)?,
            false => table.delete(key)?,
        },
    }];
    if change.of_person {
        let people = Key::opted_out_people(line);
        let number = change.number.expose().to_owned();
        writes.push(match &change.to {
            Some(opt_out) => {
                let json = item::string(&serde_json::to_string(opt_out)?);
                table.set(people, &number, json)?
            }
            None => table.remove(people, &[number])?,
        });
    }
    Ok(writes)
}

/// The item of those of the line's people who are among the `known` opt-outs.
pub fn people_among(known: &[Item], line: &Line) -> Item {
    let opt_out = |number: &PhoneNumber| {
        let key = Key::opt_out(&line.number, number);
        let item = known.iter().find(|item| key.is_of(item))?;
        let json: &AttributeValue = item.get(item::JSON)?;
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
    let item = items.iter().find(|item| key.is_of(item));
    for (name, value) in item.into_iter().flatten() {
        if let (Ok(number), Ok(json)) = (PhoneNumber::parse(name), value.as_s()) {
            let opt_out: OptOut =
                serde_json::from_str(json).context("a person's stored opt-out cannot be read")?;
            opt_outs.0.insert(number, opt_out);
        }
    }
    Ok(opt_outs)
}

pub async fn all(table: &Table, line: &PhoneNumber) -> Result<OptOuts> {
    let partition = item::text(&Key::line(line).item(), item::PK).map(str::to_owned);
    let mut pages = table
        .client
        .query()
        .table_name(&table.name)
        .key_condition_expression("#pk = :line AND begins_with(#sk, :opt_out)")
        .expression_attribute_names("#pk", item::PK)
        .expression_attribute_names("#sk", item::SK)
        .expression_attribute_values(":line", item::string(&partition.unwrap_or_default()))
        .expression_attribute_values(":opt_out", item::string(item::OPT_OUT))
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let mut opt_outs = OptOuts::default();
    while let Some(item) = pages.next().await {
        let item = item
            .map_err(plain)
            .with_context(|| table.failed("list the opt-outs of"))?;
        let number = item::text(&item, item::SK)
            .and_then(|sk| PhoneNumber::parse(sk.strip_prefix(item::OPT_OUT)?).ok())
            .ok_or_else(|| anyhow!("the list of opt-outs has an entry without a number"))?;
        opt_outs.0.insert(number, item::from_json(&item)?);
    }
    Ok(opt_outs)
}
