use jiff::Timestamp;
use minijinja::value::{Serde, Value as Given};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::{Map, Value};

use super::When;
use crate::domain::sms::{MOST_CHARACTERS, size};
use crate::domain::time_zone::Clock;

/// What a template may cost: about as many steps, and 64 bytes each of what it makes. A text takes
/// some dozens.
const FUEL: u64 = 10_000;

/// Why a template does not become a text. Carries no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("{0} is missing: the template needs it")]
    Missing(String),
    #[error(
        "{0} is no time such as 2026-04-29T18:00:00-07:00 and no date such as 2026-04-29, but the template shows it as one"
    )]
    NotATime(String),
    #[error("the text would have {0} characters, and {MOST_CHARACTERS} are the most")]
    TooLong(usize),
    #[error("the text would be empty")]
    Empty,
    #[error("the template takes too many steps; write it without long loops")]
    TooMuchWork,
    #[error("the template is wrong in its line {line}: {problem}")]
    Template { line: usize, problem: String },
}

impl RenderError {
    /// The name of the value that it is about.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Missing(name) | Self::NotATime(name) => Some(name),
            _ => None,
        }
    }
}

pub(super) fn render(
    source: &str,
    data: &Map<String, Value>,
    clock: Clock,
    now: Timestamp,
) -> Result<String, RenderError> {
    let environment = environment(clock, now);
    let template = environment
        .template_from_str(source)
        .map_err(|error| render_error(&error, source))?;
    let text = template
        .render(Serde(data))
        .map_err(|error| render_error(&error, source))?;
    let text = clean(&text);
    match size(&text) {
        0 => Err(RenderError::Empty),
        size if size > MOST_CHARACTERS => Err(RenderError::TooLong(size)),
        _ => Ok(text),
    }
}

/// What data cannot do: leave spaces around the text, or put in characters that steer a screen.
fn clean(text: &str) -> String {
    let is_clean = |c: &char| *c == '\n' || !c.is_control();
    let text: String = text.replace('\t', " ").chars().filter(is_clean).collect();
    text.trim().to_owned()
}

fn environment(clock: Clock, now: Timestamp) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // False in an `if`, and a mistake wherever it would be written.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    // Says which value was missing.
    environment.set_debug(true);
    let own = clock.to_owned();
    environment.add_filter("when", move |from: Given, until: Option<Given>| {
        let from = read(&from, Operand::Value)?;
        let is_said =
            |until: &Given| !until.is_none() && !until.is_undefined() && until.as_str() != Some("");
        match until.filter(is_said) {
            Some(until) => Ok(from.until(&read(&until, Operand::Argument)?, own.get(), now)),
            None => Ok::<_, Error>(from.words(own.get(), now)),
        }
    });
    let own = clock.to_owned();
    environment.add_filter("day", move |when: Given| {
        read(&when, Operand::Value).map(|when| when.day(own.get(), now))
    });
    let own = clock.to_owned();
    environment.add_filter("time", move |when: Given| {
        read(&when, Operand::Value).map(|when| when.time(own.get()))
    });
    environment
}

fn read(value: &Given, operand: Operand) -> Result<When, Error> {
    let when = value.as_str().and_then(When::parse);
    when.ok_or_else(|| {
        let is_missing = value.is_undefined();
        let no_time = NoTime {
            is_missing,
            operand,
        };
        Error::new(ErrorKind::InvalidOperation, "no time").with_source(no_time)
    })
}

/// Where a filter has a value from: `value | filter(argument)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operand {
    Value,
    Argument,
}

#[derive(Debug, thiserror::Error)]
#[error("no time")]
struct NoTime {
    is_missing: bool,
    operand: Operand,
}

/// The library's errors in our words: theirs may quote values.
fn render_error(error: &Error, source: &str) -> RenderError {
    let range = error.range().unwrap_or_default();
    let cause = std::error::Error::source(error);
    if let Some(no_time) = cause.and_then(|cause| cause.downcast_ref::<NoTime>()) {
        let name = match no_time.operand {
            Operand::Value => named_in(before_filter(source, range.start)),
            Operand::Argument => named_in(source.get(range.start..).map_or("", after_bracket)),
        };
        return if no_time.is_missing {
            RenderError::Missing(name)
        } else {
            RenderError::NotATime(name)
        };
    }
    let place = source.get(range).filter(|place| !place.is_empty());
    let line = error.line().unwrap_or(1);
    let problem = match error.kind() {
        ErrorKind::UndefinedError => {
            let name = missing_in(error);
            return RenderError::Missing(
                name.unwrap_or_else(|| named_in(place.unwrap_or_default())),
            );
        }
        ErrorKind::OutOfFuel => return RenderError::TooMuchWork,
        // About the template's own words, not about values.
        ErrorKind::SyntaxError
        | ErrorKind::UnknownFilter
        | ErrorKind::UnknownTest
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownMethod
        | ErrorKind::TooManyArguments
        | ErrorKind::MissingArgument => match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        },
        kind => match place {
            Some(place) => format!("{kind} in {place:?}"),
            None => kind.to_string(),
        },
    };
    RenderError::Template { line, problem }
}

/// What the library says is undefined: an expression in backticks.
fn missing_in(error: &Error) -> Option<String> {
    let (_, rest) = error.detail()?.split_once('`')?;
    let (expression, _) = rest.split_once('`')?;
    Some(expression.to_owned())
}

/// The expression up to the filter that stands at `at`.
fn before_filter(source: &str, at: usize) -> &str {
    let before = source.get(..at).unwrap_or_default();
    let begin = ["{{", "{%"].map(|open| before.rfind(open).map_or(0, |open| open + 2));
    let expression = before[begin[0].max(begin[1])..].trim_start_matches(['-', '+', ' ']);
    let keywords = ["if ", "elif ", "set "];
    let keyword = keywords
        .iter()
        .find_map(|word| expression.strip_prefix(word));
    keyword.unwrap_or(expression)
}

fn after_bracket(filter: &str) -> &str {
    filter.split_once('(').map_or("", |(_, argument)| argument)
}

/// The value that an expression such as `starts | when` begins with.
fn named_in(expression: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "_.".contains(c);
    let start = expression.find(is_part).unwrap_or_default();
    let name = &expression[start..];
    let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
    match &name[..end] {
        "" => "a value".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::time_zone::TimeZone;

    fn rendered(source: &str, data: Value) -> Result<String, RenderError> {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        let now = "2026-04-01T12:00:00Z".parse().unwrap();
        render(
            source,
            data.as_object().unwrap(),
            Clock::new(&zone, "US"),
            now,
        )
    }

    #[test]
    fn values_times_and_conditions_stand_where_the_template_has_them() {
        let source =
            "{{ name }}: {{ at | day }} at {{ at | time }}{% if more %}, {{ more }}{% endif %}";
        let data = json!({"name": "A & B <c>", "at": "2026-04-29T18:00:00-07:00"});
        assert_eq!(
            rendered(source, data).as_deref(),
            Ok("A & B <c>: Wed Apr 29 at 6:00 PM")
        );
    }

    #[test]
    fn a_value_that_is_missing_is_named() {
        for (source, name) in [
            ("{{ name }}", "name"),
            ("{{ starts | when }}", "starts"),
            ("{{ starts | when(ends) }}", "starts"),
            ("{{name_}}{% if at | day %}{% endif %}", "name_"),
            ("{% if at | day %}{% endif %}", "at"),
            ("{{ venue.city }}", "venue.city"),
            ("{{ names | join(', ') }}", "names"),
            ("{% for name in names %}{{ name }}{% endfor %}", "names"),
            ("{{ name | upper }}", "name"),
            ("{% if place %}{{ place }}{% endif %}{{ name }}", "name"),
        ] {
            let missing = rendered(source, json!({"venue": {}, "other": 1})).unwrap_err();
            assert_eq!(missing, RenderError::Missing(name.to_owned()), "{source}");
        }
    }

    #[test]
    fn a_value_that_is_no_time_is_named_and_not_quoted() {
        for value in [json!("hunter2"), json!(20770), json!(null), json!([])] {
            let wrong = rendered("{{ starts | when }}", json!({"starts": value})).unwrap_err();
            assert_eq!(wrong, RenderError::NotATime("starts".to_owned()));
            let wrong = format!("{wrong:?} {wrong}");
            assert!(
                !wrong.contains("hunter2") && !wrong.contains("20770"),
                "{wrong}"
            );
        }
        let data = json!({"starts": "2026-04-29", "ends": "later"});
        let wrong = rendered("{{ starts | when(ends) }}", data).unwrap_err();
        assert_eq!(wrong, RenderError::NotATime("ends".to_owned()));
    }

    #[test]
    fn a_text_is_neither_empty_nor_longer_than_twilio_takes() {
        let long = json!({"name": "x".repeat(1601), "blank": " \n "});
        assert_eq!(
            rendered("{{ name }}", long.clone()),
            Err(RenderError::TooLong(1601))
        );
        assert_eq!(rendered("{{ blank }}", long), Err(RenderError::Empty));
    }

    #[test]
    fn a_template_that_makes_much_of_little_is_stopped() {
        let loops =
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}";
        assert_eq!(rendered(loops, json!({})), Err(RenderError::TooMuchWork));
        assert_eq!(
            rendered("{{ 'x' * 999999999 }}", json!({})),
            Err(RenderError::TooMuchWork)
        );
    }

    #[test]
    fn a_mistake_in_a_template_is_told_with_its_line_and_without_values() {
        for (source, line, says) in [
            ("a\n{{ name", 2, "syntax error"),
            ("{{ name | shout }}", 1, "shout"),
            ("{{ name | when(1, 2, 3) }}", 1, "many"),
            ("{{ name + 1 }}", 1, "name + 1"),
        ] {
            let wrong = rendered(source, json!({"name": "hunter2"})).unwrap_err();
            let RenderError::Template { line: at, problem } = &wrong else {
                panic!("{source}: {wrong:?}");
            };
            assert!(*at == line && problem.contains(says), "{source}: {wrong}");
            assert!(!wrong.to_string().contains("hunter2"), "{wrong}");
        }
    }

    #[test]
    fn what_steers_a_screen_does_not_come_through() {
        let data = json!({"name": "a\u{7}\u{1b}[31mb\tc\nd"});
        assert_eq!(
            rendered(" {{ name }}\r\n", data).as_deref(),
            Ok("a[31mb c\nd")
        );
    }
}
