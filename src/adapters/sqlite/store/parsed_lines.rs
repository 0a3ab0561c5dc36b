//! Lines that were parsed before. Every text needs its line, which changes once in a while; reading
//! one out of its JSON costs more than looking it up.

use std::collections::HashMap;
use std::sync::Mutex;

use super::parse;
use crate::app::ports::store::Result;
use crate::domain::line::Line;

/// By their JSON, so that none of them is ever out of date.
#[derive(Default)]
pub struct ParsedLines(Mutex<HashMap<String, Line>>);

/// More than one machine has lines, at about 5 KB each; what is older goes all at once.
const MOST: usize = 4096;

impl ParsedLines {
    pub fn parsed(&self, json: String) -> Result<Line> {
        let Ok(mut lines) = self.0.lock() else {
            return parse(&json);
        };
        if let Some(line) = lines.get(&json) {
            return Ok(line.clone());
        }
        let line: Line = parse(&json)?;
        if lines.len() >= MOST {
            lines.clear();
        }
        lines.insert(json, line.clone());
        Ok(line)
    }
}
