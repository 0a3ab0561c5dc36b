//! Rows of a list of subscribers: read one by one, each with its line, however long the list is.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, bail};
use csv::{ByteRecord, StringRecord};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::domain::line::Line;
use crate::domain::phone::{PhoneNumber, Prefix};
use crate::domain::subscriber::{Change, Consent, How, To};

/// What a list can say, in the order in which it is exported.
pub const COLUMNS: [&str; 4] = ["number", "topic", "since", "how"];

/// Nobody's row comes near this size; a quote that is never closed makes one of all the rest.
const MOST_BYTES: usize = 64 * 1024;

/// How somebody agreed stands in lists and commands, on one line.
const LONGEST_HOW: usize = 200;

/// A list that is being read.
pub struct Rows {
    reader: csv::Reader<Metered>,
    columns: Columns,
    meter: Rc<Meter>,
    record: ByteRecord,
}

/// Where each column stands.
struct Columns {
    count: usize,
    at: [Option<usize>; COLUMNS.len()],
}

/// A row, which may be a mistake.
pub struct Row {
    /// Counts from 1, the header included.
    pub line: u64,
    pub fields: Result<Fields, String>,
}

/// What a row says, each without the spaces around it; empty where it says nothing.
#[derive(Debug, Default, PartialEq)]
pub struct Fields([String; COLUMNS.len()]);

impl Rows {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let file = File::open(path)
            .with_context(|| format!("cannot read {name}; name a CSV file that you may read"))?;
        Self::of(file).with_context(|| name.to_string())
    }

    fn of(file: impl Read + 'static) -> anyhow::Result<Self> {
        let meter = Rc::new(Meter::default());
        let metered = Metered {
            inner: Box::new(file),
            meter: Rc::clone(&meter),
        };
        // A carriage return before the end of a row goes with the spaces around its last field.
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(metered);
        let header = reader.byte_headers()?;
        let columns = Columns::of(header)?;
        Ok(Self {
            reader,
            columns,
            meter,
            record: ByteRecord::new(),
        })
    }

    /// The next row; `None` after the last one. Rows without anything are passed over.
    pub fn next(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            self.meter.since_row.set(0);
            let place = self.reader.position().line();
            let is_row = self.reader.read_byte_record(&mut self.record);
            if !is_row.with_context(|| format!("line {place}"))? {
                return Ok(None);
            }
            if self
                .record
                .iter()
                .all(|field| field.trim_ascii().is_empty())
            {
                continue;
            }
            return Ok(Some(Row {
                line: self.line(),
                fields: self.columns.fields(&self.record),
            }));
        }
    }

    /// Where the row begins that was read last. The reader itself says where the rows without
    /// anything before it begin.
    fn line(&self) -> u64 {
        let end = self.reader.position();
        let is_all = end.byte() == self.meter.read.get();
        let is_cut_off = is_all && self.meter.last.get() != b'\n';
        let within = self.record.as_slice().iter().filter(|b| **b == b'\n');
        let lines = within.count() as u64 + u64::from(!is_cut_off);
        end.line().saturating_sub(lines)
    }
}

impl Columns {
    fn of(header: &ByteRecord) -> anyhow::Result<Self> {
        let names: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_lowercase())
            .collect();
        let at = COLUMNS.map(|column| names.iter().position(|name| name == column));
        if at[0].is_none() {
            let commas = match names.iter().any(|name| name.contains([';', '\t'])) {
                true => ", with commas between them",
                false => "",
            };
            bail!(
                "the first row has no column called \"number\"; write the columns' names there, \
                 such as number,since,how{commas}"
            );
        }
        Ok(Self {
            count: names.len(),
            at,
        })
    }

    fn fields(&self, record: &ByteRecord) -> Result<Fields, String> {
        if record.len() != self.count {
            return Err(format!(
                "{} where the first row has {}; put what has a comma in it in double quotes",
                count(record.len()),
                count(self.count)
            ));
        }
        let Ok(record) = StringRecord::from_byte_record(record.clone()) else {
            return Err("it is not UTF-8; save the file as UTF-8".to_owned());
        };
        let field = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
        Ok(Fields(self.at.map(|at| field(at).trim().to_owned())))
    }
}

fn count(fields: usize) -> String {
    match fields {
        1 => "1 field".to_owned(),
        fields => format!("{fields} fields"),
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
        let Fields([number, topic, since, said]) = self;
        let line = meant.line;
        let number = read_number(number, line)?;
        may_be_texted(&number, line, meant.lines)?;
        let topic = match (topic.as_str(), meant.topic) {
            ("", Some(topic)) => topic,
            ("", None) => {
                return Err("it has no topic; write one, or import with --topic".to_owned());
            }
            (named, asked) => match line.topic_named(named) {
                Some(topic) if asked.is_none_or(|asked| asked == topic.name) => &topic.name,
                Some(topic) => return Err(format!("it is of the topic {}", topic.name)),
                None => return Err(format!("the line has no topic {named:?}")),
            },
        };
        let dated = !since.is_empty();
        let at = match dated {
            true => self::since(since, line, meant.now)?,
            false => meant.now,
        };
        let how = how(Some(said))?;
        Ok(Change {
            topic: topic.to_owned(),
            number,
            to: To::In(Consent {
                at,
                how: How::List { how, dated },
            }),
        })
    }
}

fn read_number(text: &str, line: &Line) -> Result<PhoneNumber, String> {
    let read = match line.country() {
        _ if text.is_empty() => return Err("it has no number".to_owned()),
        Some(country) => country.read(text).ok(),
        None => PhoneNumber::parse(text).ok(),
    };
    read.ok_or_else(|| {
        format!(
            "its number is none; write it as {} does or with a plus sign and the country code",
            line.country
        )
    })
}

/// Whether notices of the line can go there at all.
pub fn may_be_texted(number: &PhoneNumber, line: &Line, lines: &[Line]) -> Result<(), String> {
    if let Some(line) = lines.iter().find(|line| line.number == *number) {
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
    let of_day = |date: Date| {
        let zone = line.time_zone.zone().clone();
        let began = date.to_datetime(Time::midnight()).to_zoned_datetime(zone);
        began.ok().map(|began| began.timestamp())
    };
    let read = match text.parse::<Timestamp>() {
        Ok(instant) => Some(instant),
        Err(_) => text.parse::<Date>().ok().and_then(of_day),
    };
    match read {
        Some(at) if at <= now => Ok(at),
        Some(_) => Err(format!("{text:?} is still to come; write when they agreed")),
        None => Err(format!(
            "{text:?} is no time; write when they agreed as 2026-11-02 or 2026-11-02T18:30:00Z"
        )),
    }
}

/// How somebody agreed; `None` if nothing is said.
pub fn how(text: Option<&str>) -> Result<Option<String>, String> {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > LONGEST_HOW {
        return Err(format!(
            "how they agreed takes more than {LONGEST_HOW} characters; write it shorter"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("how they agreed has control characters or line breaks in it".to_owned());
    }
    Ok(Some(text)
        .filter(|text| !text.is_empty())
        .map(str::to_owned))
}

/// The same for a list that is exported.
pub fn how_of(how: &How) -> String {
    match how {
        How::List { how, .. } => how.clone().unwrap_or_default(),
        how => how.to_string(),
    }
}

/// What was read of a file so far.
#[derive(Default)]
struct Meter {
    /// Bytes, of the whole file and since the last row was asked for.
    read: Cell<u64>,
    since_row: Cell<usize>,
    last: Cell<u8>,
}

/// Stops where a row would be longer than memory is to hold.
struct Metered {
    inner: Box<dyn Read>,
    meter: Rc<Meter>,
}

impl Read for Metered {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let meter = &self.meter;
        if meter.since_row.get() > MOST_BYTES {
            return Err(io::Error::other(format!(
                "the row that begins here is longer than {} KiB; is a double quote not closed?",
                MOST_BYTES / 1024
            )));
        }
        let read = self.inner.read(to)?;
        meter.since_row.set(meter.since_row.get() + read);
        meter.read.set(meter.read.get() + read as u64);
        meter
            .last
            .set(to[..read].last().copied().unwrap_or(meter.last.get()));
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
