//! Lists as spreadsheets save them: UTF-8 or UTF-16, lines that end in LF, CR LF or CR alone.

use std::io::{self, Read};

/// How a file is written, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

/// The same as UTF-8 with LF at the ends of lines, without a byte order mark.
pub struct Plain<R> {
    file: R,
    encoding: Option<Encoding>,
    /// What was read of the file and not yet made plain: a part of a character.
    raw: Vec<u8>,
    plain: Vec<u8>,
    given: usize,
    /// The first half of a character of two.
    high: Option<u16>,
    after_cr: bool,
    is_over: bool,
}

const BLOCK: usize = 8 * 1024;

impl<R: Read> Plain<R> {
    pub fn new(file: R) -> Self {
        Self {
            file,
            encoding: None,
            raw: Vec::new(),
            plain: Vec::new(),
            given: 0,
            high: None,
            after_cr: false,
            is_over: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.plain.clear();
        self.given = 0;
        while self.plain.is_empty() && !self.is_over {
            let mut block = [0; BLOCK];
            let count = self.file.read(&mut block)?;
            self.raw.extend_from_slice(&block[..count]);
            self.is_over = count == 0;
            // Enough to know the encoding by.
            if self.encoding.is_none() && (self.raw.len() >= 4 || self.is_over) {
                let (encoding, mark) = of(&self.raw);
                self.encoding = Some(encoding);
                self.raw.drain(..mark);
            }
            match self.encoding {
                None => {}
                Some(Encoding::Utf8) => {
                    let bytes = std::mem::take(&mut self.raw);
                    bytes.into_iter().for_each(|byte| self.put(&[byte]));
                }
                Some(Encoding::Utf16 { big_endian }) => self.units(big_endian),
            }
        }
        Ok(())
    }

    fn units(&mut self, big_endian: bool) {
        let bytes = std::mem::take(&mut self.raw);
        let (pairs, odd) = bytes.as_chunks::<2>();
        for pair in pairs {
            let unit = if big_endian {
                u16::from_be_bytes(*pair)
            } else {
                u16::from_le_bytes(*pair)
            };
            self.unit(unit);
        }
        self.raw = odd.to_vec();
    }

    fn unit(&mut self, unit: u16) {
        let high = self.high.take();
        if let (Some(high), 0xdc00..0xe000) = (high, unit) {
            let both = char::decode_utf16([high, unit]);
            both.flatten().for_each(|c| self.put_char(c));
            return;
        }
        if high.is_some() {
            self.put_char(char::REPLACEMENT_CHARACTER);
        }
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
        } else {
            let c = char::from_u32(unit.into());
            self.put_char(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn put_char(&mut self, c: char) {
        self.put(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        let after_cr = std::mem::replace(&mut self.after_cr, bytes == b"\r");
        match bytes {
            b"\n" if after_cr => {}
            b"\r" => self.plain.push(b'\n'),
            bytes => self.plain.extend_from_slice(bytes),
        }
    }
}

/// The encoding, and how long the mark in front is. Without a mark, every other byte of a header in UTF-16
/// is zero.
fn of(first: &[u8]) -> (Encoding, usize) {
    let utf16 = |big_endian| Encoding::Utf16 { big_endian };
    match first {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (utf16(false), 2),
        [0xfe, 0xff, ..] => (utf16(true), 2),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => (utf16(false), 0),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => (utf16(true), 0),
        _ => (Encoding::Utf8, 0),
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.given == self.plain.len() {
            self.fill()?;
        }
        let count = (self.plain.len() - self.given).min(to.len());
        to[..count].copy_from_slice(&self.plain[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(bytes: &[u8]) -> String {
        // Byte by byte, so that every character comes in parts.
        struct Slow<'b>(&'b [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let count = 1.min(to.len());
                self.0.read(&mut to[..count])
            }
        }
        let mut text = String::new();
        Plain::new(Slow(bytes)).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_list_is_the_same_however_it_was_saved() {
        let text = "number,how\n1,\u{e4} \u{1f600}\n2,b\n";
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        for end in ["\n", "\r\n", "\r"] {
            let ended = text.replace('\n', end);
            let little: Vec<u8> = units(&ended)
                .into_iter()
                .flat_map(u16::to_le_bytes)
                .collect();
            let big: Vec<u8> = units(&ended)
                .into_iter()
                .flat_map(u16::to_be_bytes)
                .collect();
            for bytes in [
                ended.clone().into_bytes(),
                ["\u{feff}", &ended].concat().into_bytes(),
                [&[0xff, 0xfe], &little[..]].concat(),
                [&[0xfe, 0xff], &big[..]].concat(),
                little,
                big,
            ] {
                assert_eq!(plain(&bytes), text);
            }
        }
    }

    #[test]
    fn half_a_character_is_no_reason_to_stop() {
        for (bytes, read) in [
            (&b"\xff\xfea\0\x3d\xd8"[..], "a"),
            (b"\xff\xfe\x3d\xd8a\0", "\u{fffd}a"),
            (b"\xff\xfe\x3d\xd8\x3d\xd8\x00\xde", "\u{fffd}\u{1f600}"),
            (b"\xff\xfea\0b", "a"),
            (b"", ""),
            (b"a", "a"),
            (b"\r\r\n\n", "\n\n\n"),
        ] {
            assert_eq!(plain(bytes), read, "{bytes:?}");
        }
    }
}
