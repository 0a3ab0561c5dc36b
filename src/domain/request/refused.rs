use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::template::RenderError;

/// Why something that was asked for is not done. Nothing has been sent then. Carries nothing of
/// what was written, so that it may stand in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub because: Because,
    /// What is wrong and what to do, in a sentence.
    pub detail: String,
    /// The fields that are wrong, if it is about fields.
    pub fields: Vec<Problem>,
}

/// What kind of thing is wrong; callers may branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Because {
    TooLarge,
    NotJson,
    WrongFields,
    /// The topic has no subscribers: nobody would get it.
    NobodySubscribed,
    /// There is no notice or invitation of that name.
    Unknown,
    /// The idempotency key was used before, for something else.
    KeyReused,
    /// The caller has used up its segments of the day; more in so many seconds.
    UsedUp {
        after: u64,
    },
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "WrongField")]
pub struct Problem {
    /// Where it stands: `data.starts`, `audience.numbers[3]`; empty for the whole request.
    pub path: String,
    /// What is wrong with it, and what to write.
    pub problem: String,
}

impl Problem {
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
        }
    }

    fn sentence(&self) -> String {
        match self.path.as_str() {
            "" => format!("the request {}", self.problem),
            path => format!("{path} {}", self.problem),
        }
    }
}

impl Refused {
    pub fn new(because: Because, detail: impl Into<String>) -> Self {
        Self {
            because,
            detail: detail.into(),
            fields: Vec::new(),
        }
    }

    /// Because of one field.
    pub fn field(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::fields(vec![Problem::new(path, problem)])
    }

    pub fn fields(fields: Vec<Problem>) -> Self {
        let detail = match fields.as_slice() {
            [only] => only.sentence(),
            [first, rest @ ..] => {
                format!(
                    "{}; and {} more fields are wrong",
                    first.sentence(),
                    rest.len()
                )
            }
            [] => String::new(),
        };
        Self {
            because: Because::WrongFields,
            detail,
            fields,
        }
    }

    /// Fails if there are problems.
    pub fn if_any(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        Err(Self::fields(problems))
    }

    /// The same about a part of something larger: every path begins with `place`.
    pub fn within(self, place: &str) -> Self {
        if self.fields.is_empty() {
            return Self {
                detail: format!("{place}: {}", self.detail),
                ..self
            };
        }
        let fields = self.fields.into_iter();
        Self::fields(
            fields
                .map(|field| Problem::new(join(place, &field.path), field.problem))
                .collect(),
        )
    }
}

/// The path of what is at `inner` within `outer`.
fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        (outer, "") => outer.to_owned(),
        ("", inner) => inner.to_owned(),
        (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
        (outer, inner) => format!("{outer}.{inner}"),
    }
}

impl From<RenderError> for Refused {
    fn from(error: RenderError) -> Self {
        match &error {
            RenderError::Missing(name) => {
                Refused::field(format!("data.{name}"), "is missing; the template needs it")
            }
            RenderError::NotATime(name) => Refused::field(
                format!("data.{name}"),
                "must be a time such as 2026-04-29T18:00:00-07:00, or a date such as 2026-04-29; the template shows it as one",
            ),
            RenderError::TooLong(_) | RenderError::Empty => {
                Refused::field("data", format!("does not do: {error}"))
            }
            RenderError::TooMuchWork | RenderError::Template { .. } => {
                Refused::field("template", format!("does not work: {error}"))
            }
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_the_first_field_and_how_many_more_there_are() {
        let one = Refused::field("topic", "is missing");
        assert_eq!(one.to_string(), "topic is missing");
        let problems = ["a", "b", "c"].map(|path| Problem::new(path, "is wrong"));
        let three = Refused::fields(problems.into());
        assert_eq!(three.to_string(), "a is wrong; and 2 more fields are wrong");
    }

    #[test]
    fn a_value_that_the_template_misses_is_named_with_its_path() {
        let refused = Refused::from(RenderError::Missing("starts".to_owned()));
        assert_eq!(refused.fields[0].path, "data.starts");
    }

    #[test]
    fn paths_grow_from_the_inside_out() {
        let inner = Refused::field("numbers[3]", "is wrong").within("audience");
        assert_eq!(inner.fields[0].path, "audience.numbers[3]");
        let whole = Refused::new(Because::NotJson, "this is no JSON").within("Sns.Message");
        assert_eq!(whole.to_string(), "Sns.Message: this is no JSON");
    }
}
