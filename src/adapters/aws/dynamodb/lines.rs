//! Lines, and the reply numbers by which they are found too.

use anyhow::Context;

use super::item::{self, Item, Key};
use super::table::Table;
use super::{opt_outs, pick};
use crate::app::ports::store::Result;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;

pub async fn all(table: &Table) -> Result<Vec<Line>> {
    let query = table.query(item::REGISTER);
    let register = table.find(query, usize::MAX, "list the lines of");
    let mut keys = Vec::new();
    for registered in register.await? {
        let number = item::text(&registered, item::SK)
            .and_then(|number| PhoneNumber::parse(number).ok())
            .context("the register of lines has an entry without a number")?;
        keys.push(Key::line(&number));
    }
    let items = table.read(&keys).await?;
    // In the order of the register.
    keys.iter()
        .filter_map(|key| at(&items, key).transpose())
        .collect()
}

pub async fn of(table: &Table, number: &PhoneNumber) -> Result<Option<Line>> {
    let key = Key::line(number);
    let items = table.read([&key]).await?;
    let Some(line) = of_reply_number(&items, &key)? else {
        return at(&items, &key);
    };
    let key = Key::line(&line);
    at(&table.read([&key]).await?, &key)
}

/// The line of whose reply numbers one stands there.
pub fn of_reply_number(items: &[Item], key: &Key) -> Result<Option<PhoneNumber>> {
    let found = key.find(items).map(item::to_line_of_reply_number);
    Ok(found.transpose()?.flatten())
}

/// The line that stands there; `None` if a reply number does.
fn at(items: &[Item], key: &Key) -> Result<Option<Line>> {
    match of_reply_number(items, key)? {
        Some(_) => Ok(None),
        None => pick(items, key),
    }
}

pub async fn put(table: &Table, line: &Line) -> Result<()> {
    let overrides = Key::overrides(&line.number);
    let people = line.people.iter();
    let people = people.map(|person| Key::opt_out(&line.number, &person.number));
    let own = Key::line(&line.number);
    let keys: Vec<Key> = people.chain([overrides.clone(), own.clone()]).collect();
    let known = table.read(&keys).await?;
    let before = at(&known, &own)?.map_or(Vec::new(), |before| before.reply_numbers);
    let mut writes = vec![
        table.put_any(item::with_json(own, line)?),
        table.put_any(Key::registered(&line.number).item()),
        table.put_any(opt_outs::people_among(&known, line)),
    ];
    for number in &line.reply_numbers {
        writes.push(table.put_any(item::of_reply_number(number, &line.number)));
        writes.push(table.put_any(Key::registered(number).item()));
    }
    let gone: Vec<_> = before
        .into_iter()
        .filter(|number| !line.reply_numbers.contains(number))
        .collect();
    for key in keys_of_reply_numbers(table, &line.number, &gone).await? {
        writes.push(table.delete(&key));
    }
    let overridden = item::to_overrides(overrides.find(&known))?.0.into_keys();
    let gone: Vec<String> = overridden
        .filter(|name| line.people.iter().all(|person| person.name != *name))
        .map(|name| item::override_attribute(&name))
        .collect();
    if !gone.is_empty() {
        writes.push(table.remove(&overrides, gone));
    }
    table.transact(writes).await.map(drop)
}

pub async fn remove(table: &Table, number: &PhoneNumber) -> Result<()> {
    let mut keys = vec![
        Key::overrides(number),
        Key::reconciled(number),
        Key::opted_out_people(number),
    ];
    let line = Key::line(number);
    // Meanwhile the number may have become a reply number.
    if let Some(before) = at(&table.read([&line]).await?, &line)? {
        keys.extend([line, Key::registered(number)]);
        keys.extend(keys_of_reply_numbers(table, number, &before.reply_numbers).await?);
    }
    let writes = keys.iter().map(|key| table.delete(key)).collect();
    table.transact(writes).await.map(drop)
}

/// What stands of those that are still this line's: meanwhile a number may have become another's, or a line.
async fn keys_of_reply_numbers(
    table: &Table,
    line: &PhoneNumber,
    numbers: &[PhoneNumber],
) -> Result<Vec<Key>> {
    let keys: Vec<Key> = numbers.iter().map(Key::line).collect();
    let items = if keys.is_empty() {
        Vec::new()
    } else {
        table.read(&keys).await?
    };
    let mut theirs = Vec::new();
    for (key, number) in keys.into_iter().zip(numbers) {
        if of_reply_number(&items, &key)?.as_ref() == Some(line) {
            theirs.extend([key, Key::registered(number)]);
        }
    }
    Ok(theirs)
}
