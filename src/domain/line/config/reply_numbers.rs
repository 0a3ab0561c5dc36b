//! The further numbers of a line, each of which is one conversation on one person's phone.

use toml::de::DeValue;

use super::phones::{Numbers, Phones};
use super::table::{Table, list, text};
use super::values;
use crate::domain::phone::{Country, PhoneNumber};

/// Many times what a team needs; what is kept of a person's phone has as many entries at most.
const MOST: usize = 20;

const ADVICE: &str = "write a list of Twilio numbers, such as [\"+16195550150\", \"+16195550151\"]";

/// Those of all lines, with the names of their lines. What is wrong with them is found when the lines are
/// read.
pub(super) fn of(lines: &[Table]) -> Numbers {
    let mut all = Numbers::new();
    for line in lines {
        let text = |key: &str| line.entries.get(key)?.get_ref().as_str();
        let country = text("country").and_then(|code| values::country(code).ok());
        let written = line.entries.get("reply_numbers");
        let written = written.and_then(|value| value.get_ref().as_array());
        for item in written.into_iter().flat_map(|items| items.iter()) {
            let name = text("name").unwrap_or("another line").to_owned();
            if let Ok(Some(number)) = number(item.get_ref(), country) {
                all.insert(number, name);
            }
        }
    }
    all
}

/// Those of a line. `earlier` are those that were read before, of any line.
pub(super) fn read(
    line: &mut Table,
    called: &str,
    phones: &Phones,
    earlier: &mut Numbers,
) -> Vec<PhoneNumber> {
    let mistakes = line.mistakes;
    let written = line.optional("reply_numbers", |value| {
        let written = list(value, ADVICE)?;
        match written.len() {
            0..=MOST => Ok(written),
            count => Err(format!(
                "these are {count} reply numbers, and a line has {MOST} at most; five to ten do for a \
                 small team"
            )),
        }
    });
    let mut numbers = Vec::new();
    for item in written.into_iter().flat_map(|items| items.iter()) {
        let read = number(item.get_ref(), phones.country).and_then(|number| {
            let Some(number) = number else {
                return Ok(None);
            };
            if let Some(line) = phones.numbers_of_lines.get(&number) {
                return Err(format!(
                    "this is the number of line {line:?}; a reply number is another Twilio number, \
                     which nothing else uses"
                ));
            }
            match earlier.insert(number.clone(), called.to_owned()) {
                None => Ok(Some(number)),
                Some(line) => Err(format!(
                    "this is a reply number of line {line:?} already; write it once"
                )),
            }
        });
        numbers.extend(mistakes.check(item.span(), read).flatten());
    }
    numbers
}

fn number(value: &DeValue, country: Option<Country>) -> Result<Option<PhoneNumber>, String> {
    values::number(text(value)?, country)
}
