//! What a line answers its customers at once, by who is on duty.

use jiff::Timestamp;

use super::{Overrides, duty_of, next_change};
use crate::domain::line::auto_reply::Sends;
use crate::domain::line::{AutoReply, Line};
use crate::domain::template::RenderError;

/// What a customer of the line is answered now, if anything.
pub fn auto_reply_words(
    auto_reply: &AutoReply,
    line: &Line,
    overrides: &Overrides,
    now: Timestamp,
) -> Option<Result<String, RenderError>> {
    let (_backup, before_backup) = line.people.split_last().unzip();
    let before_backup = before_backup.unwrap_or_default();
    let is_on_duty = |person| duty_of(line, person, overrides, now).available;
    let is_open = before_backup.iter().any(is_on_duty)
        || (before_backup.is_empty() && !line.people.is_empty());
    if is_open && auto_reply.when == Sends::OutsideHours {
        return None;
    }
    let changes = before_backup
        .iter()
        .filter_map(|person| next_change(line, person, overrides, now));
    let opens = changes.min().filter(|_| !is_open);
    Some(auto_reply.render(&line.name, opens, line.clock(), now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;

    const FRIDAY_10: &str = "2026-11-20T18:00:00Z";
    const FRIDAY_20: &str = "2026-11-21T04:00:00Z";

    fn words(text: &str, when: Sends, now: &str) -> Option<String> {
        let line = config::parse(config::EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0);
        let auto_reply = AutoReply {
            text: text.to_owned(),
            when,
        };
        auto_reply.check(line.clock()).unwrap();
        let words = auto_reply_words(
            &auto_reply,
            &line,
            &Overrides::default(),
            now.parse().unwrap(),
        );
        words.map(Result::unwrap)
    }

    #[test]
    fn outside_the_hours_customers_read_when_they_are_answered() {
        let text = "Thanks! {{ line }} answers {% if opens %}from {{ opens | when }}{% else %}soon{% endif %}.";
        let said = |when, now| words(text, when, now);
        assert_eq!(
            said(Sends::OutsideHours, FRIDAY_20).unwrap(),
            "Thanks! qdn answers from Sat Nov 21, 9:00 AM."
        );
        assert_eq!(said(Sends::OutsideHours, FRIDAY_10), None);
        assert_eq!(
            said(Sends::Always, FRIDAY_10).unwrap(),
            "Thanks! qdn answers soon."
        );
    }
}
