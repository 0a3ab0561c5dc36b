//! What a configuration would change about the lines that are in force.

use super::Line;

/// The difference between two sets of lines; a line is the same one if it has the same number.
#[derive(Debug, PartialEq)]
pub struct Changes<'l> {
    pub added: Vec<&'l Line>,
    /// As they are and as they are to be.
    pub changed: Vec<(&'l Line, &'l Line)>,
    pub removed: Vec<&'l Line>,
}

impl<'l> Changes<'l> {
    pub fn between(old: &'l [Line], new: &'l [Line]) -> Self {
        let same = |line: &Line, among: &'l [Line]| {
            let mut among = among.iter();
            among.find(|other| other.number == line.number)
        };
        let missing = |lines: &'l [Line], among: &'l [Line]| {
            let lines = lines.iter();
            lines.filter(|line| same(line, among).is_none()).collect()
        };
        let pairs = new.iter().filter_map(|line| Some((same(line, old)?, line)));
        Self {
            added: missing(new, old),
            changed: pairs.filter(|(before, after)| before != after).collect(),
            removed: missing(old, new),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::PhoneNumber;
    use crate::domain::time_zone::TimeZone;

    fn line(number: u32, name: &str) -> Line {
        Line {
            name: name.to_owned(),
            number: PhoneNumber::parse(&format!("+1619555{number:04}")).unwrap(),
            country: "US".to_owned(),
            time_zone: TimeZone::named("America/Los_Angeles").unwrap(),
            public_url: "https://relay.example.com".to_owned(),
            people: Vec::new(),
            policy: Default::default(),
            notices: Default::default(),
            retention: Default::default(),
            auto_reply: None,
            voice: None,
            reply_numbers: Vec::new(),
            language: Default::default(),
        }
    }

    #[test]
    fn lines_are_told_apart_by_their_number() {
        let old = [line(100, "qdn"), line(101, "shop"), line(102, "gone")];
        let new = [line(103, "new"), line(101, "store"), line(100, "qdn")];
        let changes = Changes::between(&old, &new);
        assert_eq!(changes.added, [&new[0]]);
        assert_eq!(changes.changed, [(&old[1], &new[1])]);
        assert_eq!(changes.removed, [&old[2]]);
        assert!(!changes.is_empty());
    }

    #[test]
    fn the_order_of_lines_is_no_difference() {
        let old = [line(100, "qdn"), line(101, "shop")];
        let new = [line(101, "shop"), line(100, "qdn")];
        assert!(Changes::between(&old, &new).is_empty());
    }
}
