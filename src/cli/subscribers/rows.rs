//! Rows of a list of subscribers: read one by one, each with its line, however long the list is.

use std::fs::File;
use std::io::{Chain, Read, Take};
use std::path::Path;

use anyhow::{Context, bail};
use csv::{ByteRecord, StringRecord};
use jiff::Timestamp;
use serde::Deserialize;

use crate::cli::schedule::{how_written, read_number};
use crate::cli::show::count;
use crate::domain::line::Line;
use crate::domain::phone::{PhoneNumber, Prefix};
use crate::domain::subscriber::{Change, Consent, How, Subscriber, To};

/// A column's name, and what stands in it of a subscriber.
type Column = (&'static str, fn(&Subscriber) -> String);

/// What a list can say, in the order in which it is exported. [`Fields`] are the same, read.
pub const COLUMNS: [Column; 4] = [
    ("number", |subscriber| subscriber.number.expose().to_owned()),
    ("topic", |subscriber| subscriber.topic.clone()),
    ("since", |subscriber| subscriber.consent.at.to_string()),
    ("how", |subscriber| as_text(how_of(subscriber))),
];

/// Nobody's row comes near this size; a quote that is never closed makes one of all the rest.
const MOST_BYTES: u64 = 64 * 1024;

/// What is read after the file. It ends the last row, also one whose quote is not closed; otherwise
/// it is a row without anything. So every row has an end, from which its line is counted.
const END: &[u8] = b"\n\"\n";

/// How somebody agreed stands in lists and commands, on one line.
const LONGEST_HOW: usize = 200;

/// A list that is being read.
pub struct Rows<R> {
    reader: csv::Reader<Take<Chain<R, &'static [u8]>>>,
    header: StringRecord,
    record: ByteRecord,
}

/// A row, which may be a mistake.
pub struct Row {
    /// Counts from 1, the header included.
    pub line: u64,
    pub fields: Result<Fields, String>,
}

/// What a row says, each without the spaces around it; empty where it says nothing.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Fields {
    number: String,
    topic: String,
    since: String,
    how: String,
}

impl Rows<File> {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let file = File::open(path)
            .with_context(|| format!("cannot read {name}; name a CSV file that you may read"))?;
        Self::of(file).with_context(|| name.to_string())
    }
}

impl<R: Read> Rows<R> {
    fn of(file: R) -> anyhow::Result<Self> {
        // A carriage return before the end of a row goes with the spaces around its last field.
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(file.chain(END).take(MOST_BYTES));
        let mut rows = Self {
            reader,
            header: StringRecord::new(),
            record: ByteRecord::new(),
        };
        rows.read()?;
        let names = StringRecord::from_byte_record_lossy(rows.record.clone());
        rows.header = names
            .iter()
            .map(|name| name.trim().to_lowercase())
            .collect();
        let has = |column: &str| rows.header.iter().filter(|name| *name == column).count();
        if has("number") == 0 {
            let has_others = rows.header.iter().any(|name| name.contains([';', '\t']));
            let commas = if has_others {
                ", with commas between them"
            } else {
                ""
            };
            bail!(
                "the first row has no column called \"number\"; write the columns' names there, \
                 such as number,since,how{commas}"
            );
        }
        if let Some((column, _)) = COLUMNS.iter().find(|(column, _)| has(column) > 1) {
            bail!("the first row has several columns called {column:?}; rename all but one");
        }
        Ok(rows)
    }

    /// The next row; `None` after the last one. Rows without anything are passed over.
    pub fn next(&mut self) -> anyhow::Result<Option<Row>> {
        while let Some(line) = self.read()? {
            let mut fields = self.record.iter();
            if fields.any(|field| !field.trim_ascii().is_empty()) {
                let fields = self.fields();
                return Ok(Some(Row { line, fields }));
            }
        }
        Ok(None)
    }

    /// Reads a row and returns the line on which it begins; `None` after the last one.
    fn read(&mut self) -> anyhow::Result<Option<u64>> {
        let place = self.reader.position().line();
        self.reader.get_mut().set_limit(MOST_BYTES);
        let is_row = self.reader.read_byte_record(&mut self.record);
        let is_row = is_row.with_context(|| format!("line {place}"))?;
        if self.reader.get_ref().limit() == 0 {
            bail!(
                "line {place}: the row that begins here is longer than {} KiB; is a double quote \
                 not closed?",
                MOST_BYTES / 1024
            );
        }
        // From the row's end, since empty lines before it are passed over unseen.
        let breaks = self.record.as_slice().iter().filter(|b| **b == b'\n');
        let line = self.reader.position().line() - 1 - breaks.count() as u64;
        Ok(is_row.then_some(line))
    }

    /// What the row says that was read last.
    fn fields(&self) -> Result<Fields, String> {
        let (fields, columns) = (self.record.len(), self.header.len());
        if fields != columns {
            return Err(format!(
                "{} where the first row has {}; put what has a comma in it in double quotes",
                count(fields, "field"),
                count(columns, "field")
            ));
        }
        let Ok(mut record) = StringRecord::from_byte_record(self.record.clone()) else {
            return Err("it is not UTF-8; save the file as UTF-8".to_owned());
        };
        record.trim();
        let fields = record.deserialize(Some(&self.header));
        fields.map_err(|error| error.to_string())
    }
}

/// What the rows of a list are read for.
pub struct Meant<'l> {
    pub line: &'l Line,
    /// All of the relay's lines.
    pub lines: &'l [Line],
    /// The topic of rows that name none.
    pub topic: Option<&'l str>,
    pub now: Timestamp,
}

impl Fields {
    /// Who joins what by this row. The error says nothing of the number.
    pub fn read(&self, meant: &Meant) -> Result<Change, String> {
        let line = meant.line;
        if self.number.is_empty() {
            return Err("it has no number".to_owned());
        }
        let number = read_number(&self.number, line)
            .map_err(|reason| format!("its number is none: {reason}; {}", how_written(line)))?;
        may_be_texted(&number, line, meant.lines)?;
        let dated = !self.since.is_empty();
        let at = if dated {
            since(&self.since, line, meant.now)?
        } else {
            meant.now
        };
        let how = how(from_text(&self.how))?;
        let how = How::List { how, dated };
        Ok(Change {
            topic: self.topic(meant)?.to_owned(),
            number,
            to: To::In(Consent { at, how }),
        })
    }

    fn topic<'l>(&self, meant: &Meant<'l>) -> Result<&'l str, String> {
        let named = &self.topic;
        if named.is_empty() {
            let none = "it has no topic; write one, or import with --topic";
            return meant.topic.ok_or_else(|| none.to_owned());
        }
        match meant.line.topic_named(named) {
            Some(topic) if meant.topic.is_none_or(|meant| meant == topic.name) => Ok(&topic.name),
            Some(topic) => Err(format!("it is of the topic {}", topic.name)),
            None => Err(format!("the line has no topic {named:?}")),
        }
    }
}

/// Whether notices of the line can go there at all.
pub fn may_be_texted(number: &PhoneNumber, line: &Line, lines: &[Line]) -> Result<(), String> {
    let is_own = |line: &&Line| line.numbers().any(|own| own == number);
    if let Some(line) = lines.iter().find(is_own) {
        return Err(format!(
            "this is the number of the line {}, which is no phone",
            line.name
        ));
    }
    if !line.policy.allows(number) {
        let allowed = line.policy.allowed_prefixes.iter().map(Prefix::as_str);
        return Err(format!(
            "numbers that begin like this one are not texted, only those with {}; see \
             allowed_prefixes in the line's configuration",
            allowed.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(())
}

/// When somebody agreed; a date is its beginning on the line's clock.
pub fn since(text: &str, line: &Line, now: Timestamp) -> Result<Timestamp, String> {
    let begin_of_day = || line.time_zone.midnight(text.parse().ok()?).ok();
    match text.parse().ok().or_else(begin_of_day) {
        Some(at) if at <= now => Ok(at),
        Some(_) => Err(format!("{text:?} is still to come; write when they agreed")),
        None => Err(format!(
            "{text:?} is no time; write when they agreed as 2026-11-02 or 2026-11-02T18:30:00Z"
        )),
    }
}

/// How somebody agreed; `None` if nothing is said.
pub fn how(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_HOW {
        return Err(format!(
            "how they agreed takes more than {LONGEST_HOW} characters; write it shorter"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("how they agreed has control characters or line breaks in it".to_owned());
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The same for a list that is exported.
fn how_of(subscriber: &Subscriber) -> String {
    match &subscriber.consent.how {
        How::List { how, .. } => how.clone().unwrap_or_default(),
        how => how.to_string(),
    }
}

/// A spreadsheet takes what begins like this for a formula and carries it out; with an apostrophe in front it
/// is a text. Source: OWASP, "CSV Injection".
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn as_text(cell: String) -> String {
    if cell.starts_with(FORMULA) {
        return format!("'{cell}");
    }
    cell
}

fn from_text(cell: &str) -> &str {
    let formula = cell.strip_prefix('\'');
    formula
        .filter(|rest| rest.starts_with(FORMULA))
        .unwrap_or(cell)
}

#[cfg(test)]
mod tests;
