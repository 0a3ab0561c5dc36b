//! Rows of a list of subscribers: read one by one, each with its line, however long the list is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Read, Take};
use std::path::Path;

use anyhow::{Context, bail};
use csv::{ByteRecord, StringRecord};
use jiff::Timestamp;
use serde::Deserialize;

use super::consent::Kind;
use super::encoding::Plain;
use crate::cli::schedule::{how_written, read_number};
use crate::cli::show::count;
use crate::domain::line::Line;
use crate::domain::phone::{Country, PhoneNumber, Prefix};
use crate::domain::subscriber::{Change, Consent, How, HowLeft, Leaving, Subscriber, To};
use crate::domain::when::option;

/// A column's name, and what stands in it of a subscriber.
type Column = (&'static str, fn(&Subscriber) -> String);

/// What a list can say, in the order in which it is exported. [`Fields`] are the same, read.
pub const COLUMNS: [Column; 4] = [
    ("number", |subscriber| {
        as_text(subscriber.number.expose().to_owned())
    }),
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

type Source = Chain<Box<dyn Read + Send>, &'static [u8]>;

/// A list that is being read.
pub struct Rows {
    reader: csv::Reader<Take<Source>>,
    /// How many lines stand before what the reader has: a line that names the separator.
    lines_before: u64,
    header: StringRecord,
    /// The columns that say who wants texts, by their places.
    consents: Vec<(usize, Kind)>,
    /// Those without a name, which have to be empty.
    unnamed: Vec<usize>,
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
    /// Whether a column says that they want no texts, or have not agreed to any.
    #[serde(skip)]
    wants_none: bool,
}

impl Rows {
    /// Opens a file and reads its header. Of the columns that the relay does not know, only those that are
    /// to be ignored may be there.
    pub fn open(path: &Path, ignored: &[String]) -> anyhow::Result<Self> {
        let name = path.display();
        let file = File::open(path)
            .with_context(|| format!("cannot read {name}; name a CSV file that you may read"))?;
        Self::of(file, ignored).with_context(|| name.to_string())
    }

    fn of(file: impl Read + Send + 'static, ignored: &[String]) -> anyhow::Result<Self> {
        let mut file = BufReader::new(Plain::new(file));
        let mut first = first_line(&mut file)?;
        let mut lines_before = 0;
        let mut separator = separator_in(&first);
        // What Excel reads and writes in front of a list.
        if let [
            b's' | b'S',
            b'e' | b'E',
            b'p' | b'P',
            b'=',
            named,
            rest @ ..,
        ] = &first[..]
            && rest.trim_ascii().is_empty()
        {
            separator = *named;
            lines_before = 1;
            first = Vec::new();
        }
        let file: Box<dyn Read + Send> = Box::new(io::Cursor::new(first).chain(file));
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(file.chain(END).take(MOST_BYTES));
        let mut rows = Self {
            reader,
            lines_before,
            header: StringRecord::new(),
            consents: Vec::new(),
            unnamed: Vec::new(),
            record: ByteRecord::new(),
        };
        rows.read()?;
        rows.read_header(ignored)?;
        Ok(rows)
    }

    fn read_header(&mut self, ignored: &[String]) -> anyhow::Result<()> {
        let names = StringRecord::from_byte_record_lossy(self.record.clone());
        let name = |name: &str| name.trim().to_lowercase();
        self.header = names.iter().map(name).collect();
        let has = |column: &str| self.header.iter().filter(|name| *name == column).count();
        if has("number") == 0 {
            // Not if it is a row, whose numbers stand in no message.
            let is_name = |name: &&str| !name.contains(|c: char| c.is_ascii_digit());
            let mut names = self.header.iter().filter(is_name);
            let others = names.find(|name| is_like_number(name));
            let advice = match others {
                Some(other) => format!("rename the column {other:?} to number"),
                None => "write the columns' names there, such as number,since,how".to_owned(),
            };
            bail!("the first row has no column called \"number\"; {advice}");
        }
        if let Some((column, _)) = COLUMNS.iter().find(|(column, _)| has(column) > 1) {
            bail!("the first row has several columns called {column:?}; rename all but one");
        }
        let ignored: Vec<String> = ignored.iter().map(|column| name(column)).collect();
        if let Some(column) = ignored.iter().find(|column| has(column) == 0) {
            bail!("the first row has no column called {column:?}, which is to be ignored");
        }
        let mut unknown = Vec::new();
        for (place, column) in self.header.iter().enumerate() {
            if ignored.iter().any(|ignored| ignored == column) {
                continue;
            }
            match Kind::of(column) {
                _ if COLUMNS.iter().any(|(known, _)| *known == column) => {}
                Some(kind) => self.consents.push((place, kind)),
                None if column.is_empty() => self.unnamed.push(place),
                None => unknown.push(format!("{:?}", shown(column))),
            }
        }
        if let Some(first) = unknown.first() {
            bail!(
                "the relay does not know the {} {}; remove what is not needed from the file, or leave it out \
                 with --ignore {first}",
                if unknown.len() == 1 {
                    "column"
                } else {
                    "columns"
                },
                unknown.join(", ")
            );
        }
        Ok(())
    }

    /// Whether the list says who wants texts.
    pub fn says_who_agreed(&self) -> bool {
        !self.consents.is_empty()
    }

    /// The next row; `None` after the last one. Rows without anything are passed over.
    pub fn next(&mut self) -> anyhow::Result<Option<Row>> {
        while let Some(line) = self.read()? {
            let mut fields = self.record.iter();
            if fields.any(|field| !field.trim_ascii().is_empty()) {
                let fields = match self.fields() {
                    Ok(mut fields) => {
                        fields.wants_none = self.wants_none(line)?;
                        Ok(fields)
                    }
                    Err(problem) => Err(problem),
                };
                return Ok(Some(Row { line, fields }));
            }
        }
        Ok(None)
    }

    /// Reads a row and returns the line on which it begins; `None` after the last one.
    fn read(&mut self) -> anyhow::Result<Option<u64>> {
        let place = self.reader.position().line() + self.lines_before;
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
        let line = self.reader.position().line() - 1 - breaks.count() as u64 + self.lines_before;
        Ok(is_row.then_some(line))
    }

    /// Whether the row that was read last says that they want no texts. What cannot be read stops the
    /// import: it may be a no.
    fn wants_none(&self, line: u64) -> anyhow::Result<bool> {
        let mut wants_none = false;
        for (place, kind) in &self.consents {
            let value = self.record.get(*place).unwrap_or_default();
            let value = String::from_utf8_lossy(value);
            let column = &self.header[*place];
            match kind.wants_texts(value.trim()) {
                Some(wants) => wants_none |= !wants,
                None => bail!(
                    "line {line}: the column {:?} says {:?}, which is neither yes nor no; write one of them, or \
                     leave the column out with --ignore {0:?}",
                    shown(column),
                    shown(value.trim())
                ),
            }
        }
        Ok(wants_none)
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
        let is_empty = |place: &usize| self.record[*place].trim_ascii().is_empty();
        if let Some(place) = self.unnamed.iter().find(|place| !is_empty(place)) {
            let column = place + 1;
            return Err(format!(
                "its field {column} is in a column without a name; name it in the first row"
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

/// The first line with its end.
fn first_line(file: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    file.take(MOST_BYTES).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// What stands between the columns of a header: what is there most often outside of quotes.
fn separator_in(header: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in header {
        is_quoted ^= *byte == b'"';
        let counted = counts.iter_mut().find(|(separator, _)| separator == byte);
        if let Some((_, count)) = counted.filter(|_| !is_quoted) {
            *count += 1;
        }
    }
    // Of several that are there as often, the first.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(separator, _)| *separator)
}

/// Whether a column has numbers by its name, in other systems.
fn is_like_number(column: &str) -> bool {
    ["phone", "mobile", "cell", "tel", "msisdn", "number"]
        .iter()
        .any(|word| column.contains(word))
}

/// A name or a value of a file, short enough for a message, and without its digits if it may be a number.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let may_be_number = text.bytes().filter(u8::is_ascii_digit).count() >= 5;
    let shown = text.chars().take(LONGEST);
    let masked = shown.map(|c| match c {
        c if may_be_number && c.is_ascii_digit() => '•',
        c => c,
    });
    masked.collect()
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
        // Bare digits that are another number once they have their plus sign again.
        if let Some(other) = Country::with_plus(&self.number)
            && other != number
            && line.policy.allows(&other)
        {
            return Err(format!(
                "its number is one of two: one of {}, or one of another country without its plus sign; {}",
                line.country,
                how_written(line)
            ));
        }
        if self.wants_none {
            let (at, how) = (meant.now, HowLeft::Hand);
            return Ok(Change {
                topic: self.topic(meant)?.to_owned(),
                number,
                to: To::Out(Leaving { at, how }),
            });
        }
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

/// When somebody agreed: a day or a time, with its year, on the line's clock; a day is its beginning.
pub fn since(text: &str, line: &Line, now: Timestamp) -> Result<Timestamp, String> {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    let has_year = digits
        .into_iter()
        .any(|digits| matches!(digits.len(), 4 | 8));
    match option::instant(text, now, line.clock()) {
        Ok(at) if has_year && at <= now => Ok(at),
        Ok(at) if has_year && at > now => {
            Err(format!("{text:?} is still to come; write when they agreed"))
        }
        Err(two) if has_year && two.to_string().contains(" can be ") => Err(two.to_string()),
        _ => Err(format!(
            "{text:?} is no time; write when they agreed as 2026-11-02, \"2026-11-02 18:30\" or \
             2026-11-02T18:30:00Z"
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
