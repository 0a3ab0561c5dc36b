//! The audit's file read from any place, forward as it grows and back into the past.
//!
//! A place is the file's inode and an offset right behind a line. When the file was renamed (a month is over)
//! or moved away, a place in it leads forward no further.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub inode: u64,
    pub offset: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{}", self.inode, self.offset)
    }
}

impl Position {
    /// As it was shown; `None` of anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (inode, offset) = text.split_once('-')?;
        let is_plain = |c: char| c.is_ascii_hexdigit();
        if text.len() > 40 || !inode.chars().all(is_plain) || !offset.chars().all(is_plain) {
            return None;
        }
        Some(Self {
            inode: u64::from_str_radix(inode, 16).ok()?,
            offset: offset.parse().ok()?,
        })
    }
}

/// A line of the audit and the place behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub end: Position,
    pub bytes: Vec<u8>,
}

/// What stands behind a place.
#[derive(Debug)]
pub enum After {
    Lines(Vec<Line>),
    /// The place is none of this file, or too far back; this is the file's end.
    Lost(Position),
}

/// No record comes near this size.
const LONGEST: u64 = 256 * 1024;

/// The most bytes that are read forward in one go.
const MOST_FORWARD: u64 = 2 * 1024 * 1024;

fn open(path: &Path) -> std::io::Result<Option<(File, u64, u64)>> {
    match File::open(path) {
        Ok(file) => {
            let found = file.metadata()?;
            Ok(Some((file, found.ino(), found.len())))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The place behind the last whole line. Of a file that is not there yet it is the beginning.
pub fn end(path: &Path) -> std::io::Result<Position> {
    let Some((file, inode, length)) = open(path)? else {
        return Ok(Position {
            inode: 0,
            offset: 0,
        });
    };
    let from = length.saturating_sub(LONGEST);
    let bytes = read(&file, from, length)?;
    let newline = bytes.iter().rposition(|byte| *byte == b'\n');
    let offset = newline.map_or(0, |at| from + at as u64 + 1);
    Ok(Position { inode, offset })
}

/// Where the file ends, be it in the middle of a line; `None` if there is no file.
pub fn end_of(path: &Path) -> std::io::Result<Option<Position>> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Some(Position {
            inode: found.ino(),
            offset: found.len(),
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &File, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

/// The whole lines behind a place, at most `most`.
pub fn after(path: &Path, from: Position, most: usize) -> std::io::Result<After> {
    let Some((file, inode, length)) = open(path)? else {
        return Ok(After::Lines(Vec::new()));
    };
    // Nothing was there when the place was noted.
    let from = if from.inode == 0 && from.offset == 0 {
        Position { inode, offset: 0 }
    } else {
        from
    };
    if from.inode != inode || length < from.offset || MOST_FORWARD < length - from.offset {
        return Ok(After::Lost(end(path)?));
    }
    if length == from.offset {
        return Ok(After::Lines(Vec::new()));
    }
    let is_behind_a_line = from.offset == 0 || read(&file, from.offset - 1, from.offset)? == b"\n";
    if !is_behind_a_line {
        return Ok(After::Lost(end(path)?));
    }
    let bytes = read(&file, from.offset, length)?;
    let (mut lines, mut at) = (Vec::new(), from.offset);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len() as u64;
        if let Some(line) = line.strip_suffix(b"\n") {
            let end = Position { inode, offset: at };
            let bytes = line.to_vec();
            lines.push(Line { end, bytes });
        }
    }
    if most < lines.len() {
        return Ok(After::Lost(end(path)?));
    }
    Ok(After::Lines(lines))
}

/// Lines before a place, oldest first, and whether there are more before them.
pub struct Before {
    pub lines: Vec<Line>,
    /// The place before the oldest of them.
    pub start: Option<Position>,
}

/// The files of the audit, newest first.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let beginning = format!("{stem}-");
    let mut older = Vec::new();
    for entry in std::fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&beginning) && name.ends_with(".jsonl") {
            older.push(path.with_file_name(name));
        }
    }
    older.sort();
    older.push(path.to_owned());
    older.reverse();
    Ok(older)
}

/// Reads back from a place, or from the end of all, until `enough` has seen what it wants or `most` bytes are
/// read. `enough` sees the lines newest first.
pub fn before(
    path: &Path,
    from: Option<Position>,
    most: u64,
    mut enough: impl FnMut(&Line) -> bool,
) -> std::io::Result<Before> {
    let mut found = Before {
        lines: Vec::new(),
        start: None,
    };
    let (mut left, mut is_found) = (most, from.is_none());
    for path in files(path)? {
        let Some((file, inode, length)) = open(&path)? else {
            continue;
        };
        let mut to = match from {
            Some(from) if !is_found => {
                if from.inode != inode {
                    continue;
                }
                is_found = true;
                from.offset.min(length)
            }
            _ => length,
        };
        let mut rest: Vec<u8> = Vec::new();
        while to > 0 {
            let start = to.saturating_sub(64 * 1024);
            let mut bytes = read(&file, start, to)?;
            left = left.saturating_sub(to - start);
            bytes.extend_from_slice(&rest);
            // The first may be a part of a line, unless the file begins there.
            let whole = match bytes.iter().position(|byte| *byte == b'\n') {
                _ if start == 0 => 0,
                Some(at) => at + 1,
                None => bytes.len(),
            };
            let mut end = start + bytes.len() as u64;
            let lines = bytes[whole..].split_inclusive(|byte| *byte == b'\n');
            for line in lines.collect::<Vec<_>>().into_iter().rev() {
                let position = Position { inode, offset: end };
                end -= line.len() as u64;
                let Some(line) = line.strip_suffix(b"\n") else {
                    continue;
                };
                let line = Line {
                    end: position,
                    bytes: line.to_vec(),
                };
                let is_enough = enough(&line);
                found.lines.push(line);
                found.start = Some(Position { inode, offset: end });
                if is_enough {
                    found.lines.reverse();
                    return Ok(found);
                }
            }
            bytes.truncate(whole);
            rest = bytes;
            to = start;
            if left == 0 || rest.len() as u64 > LONGEST {
                found.lines.reverse();
                return Ok(found);
            }
        }
    }
    // That was all.
    found.start = None;
    found.lines.reverse();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        let lines = lines.iter();
        lines
            .map(|line| String::from_utf8_lossy(&line.bytes).into_owned())
            .collect()
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        (folder, path)
    }

    #[test]
    fn what_is_added_is_found_once_and_half_a_line_is_waited_for() {
        let (_folder, path) = folder();
        let start = end(&path).unwrap();
        assert!(matches!(after(&path, start, 9), Ok(After::Lines(none)) if none.is_empty()));
        let mut file = File::create(&path).unwrap();
        file.write_all(b"one\ntwo\nthr").unwrap();
        let Ok(After::Lines(lines)) = after(&path, start, 9) else {
            panic!("lines");
        };
        assert_eq!(texts(&lines), ["one", "two"]);
        file.write_all(b"ee\n").unwrap();
        let Ok(After::Lines(more)) = after(&path, lines[1].end, 9) else {
            panic!("lines");
        };
        assert_eq!(texts(&more), ["three"]);
        assert_eq!(end(&path).unwrap(), more[0].end);
    }

    #[test]
    fn places_that_are_none_are_lost_and_nothing_is_made_up() {
        let (_folder, path) = folder();
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let own = end(&path).unwrap();
        for text in [
            "",
            "-",
            "-1",
            "1",
            "1--1",
            "text",
            "1-99999999999999999999",
            "+1-2",
            "ffffffffffffffffff-1",
            "1 -2",
            "1-2-3",
            &"1".repeat(300),
        ] {
            assert_eq!(Position::parse(text), None, "{text:?}");
        }
        assert_eq!(Position::parse(&own.to_string()), Some(own));
        for offset in [2, 1_000_000] {
            let lost = after(&path, Position { offset, ..own }, 9).unwrap();
            assert!(matches!(lost, After::Lost(end) if end == own), "{offset}");
        }
        let other = Position {
            inode: own.inode + 1,
            offset: 4,
        };
        assert!(matches!(after(&path, other, 9).unwrap(), After::Lost(_)));
        let start = Position { offset: 0, ..own };
        assert!(
            matches!(after(&path, start, 2).unwrap(), After::Lost(_)),
            "too many"
        );
        // Cut off, and moved away.
        std::fs::write(&path, "one\n").unwrap();
        assert!(matches!(after(&path, own, 9).unwrap(), After::Lost(_)));
    }

    #[test]
    fn the_past_is_read_in_pages_over_months_without_a_gap() {
        let (folder, path) = folder();
        let all: Vec<String> = (0..5_000)
            .map(|n| format!("line {n} {}", "x".repeat(n % 90)))
            .collect();
        let month = folder.path().join("audit-2026-10.jsonl");
        std::fs::write(&month, all[..2_000].join("\n") + "\n").unwrap();
        std::fs::write(&path, all[2_000..].join("\n") + "\nhalf").unwrap();
        let (mut read, mut from) = (Vec::new(), None);
        loop {
            let mut count = 0;
            let page = before(&path, from, u64::MAX, |_| {
                count += 1;
                count == 700
            })
            .unwrap();
            let mut lines = texts(&page.lines);
            lines.append(&mut read);
            read = lines;
            from = page.start;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(read, all);
    }
}
