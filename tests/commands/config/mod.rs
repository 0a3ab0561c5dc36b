//! A mistake in `relay.toml` is refused with its line, its column and what to write instead.

mod conversations;
mod file;
mod hours;
mod notices;
mod policy;
mod reply_numbers;
mod schema;
mod templates;
mod values;

use relay::domain::line::config::parse;

use crate::support::RELAY_TOML as CONFIG;

/// The mistakes in the configuration after `wrong` has taken the place of `right`, one to a line, without
/// the excerpts.
fn mistakes_after(right: &str, wrong: &str) -> Vec<String> {
    assert!(CONFIG.contains(right), "the configuration has no {right:?}");
    mistakes_in(&CONFIG.replacen(right, wrong, 1))
}

fn mistakes_in(text: &str) -> Vec<String> {
    let errors = parse(text, "relay.toml").expect_err("this should have been refused");
    errors
        .mistakes()
        .iter()
        .map(|m| format!("{}:{}: {}", m.line, m.column, m.message))
        .collect()
}

/// There is exactly one mistake, where and as expected.
#[track_caller]
fn check(right: &str, wrong: &str, at: &str, phrases: &[&str]) {
    let mistakes = mistakes_after(right, wrong);
    let [mistake] = &mistakes[..] else {
        panic!("one mistake expected: {mistakes:#?}");
    };
    assert!(mistake.starts_with(&format!("{at}: ")), "{mistake}");
    for phrase in phrases {
        assert!(mistake.contains(phrase), "{mistake:?} lacks {phrase:?}");
    }
}
