//! What the doctor says.

use serde::{Serialize, Serializer};

use super::catalogue::Check;
use super::hook::shown;
pub use super::verdict::Verdict;
use crate::twilio::setup::Address;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    #[serde(rename = "id", serialize_with = "as_id")]
    pub check: &'static Check,
    pub verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    pub says: String,
    pub evidence: Vec<Evidence>,
    /// What it means for a customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<String>,
    #[serde(skip_serializing_if = "Fix::is_none")]
    pub fix: Fix,
    /// What would let an unknown check be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
}

fn as_id<S: Serializer>(check: &&'static Check, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(check.id)
}

/// What was seen, and what should be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub field: String,
    pub is: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub want: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Fix {
    #[default]
    None,
    /// `relay doctor --fix` sets these fields.
    Doctor { plan: Vec<Change> },
    /// Another command of `relay`.
    Command { command: String },
    /// Only a person can: where to go and what to do.
    OnlyYou { what: String },
}

impl Fix {
    pub fn is_none(&self) -> bool {
        matches!(self, Fix::None)
    }

    pub fn plan(&self) -> &[Change] {
        match self {
            Fix::Doctor { plan } => plan,
            _ => &[],
        }
    }
}

/// A field of one of Twilio's resources that is to have another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    #[serde(serialize_with = "as_text")]
    pub address: Address,
    /// What it is, for people.
    pub what: String,
    pub field: &'static str,
    #[serde(serialize_with = "as_shown")]
    pub from: Option<String>,
    pub to: String,
    /// The host that is replaced, if it is neither this relay's nor Twilio's example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes_over: Option<String>,
    /// Whom else it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
}

fn as_text<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

fn as_shown<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().map(shown).serialize(serializer)
}

impl Finding {
    pub fn new(check: &'static Check, verdict: Verdict, says: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            line: None,
            says: says.into(),
            evidence: Vec::new(),
            consequence: None,
            fix: Fix::None,
            needs: None,
        }
    }

    pub fn right(check: &'static Check, says: impl Into<String>) -> Self {
        Self::new(check, Verdict::Right, says)
    }

    /// That something that is needed could not be read.
    pub fn not_checked(check: &'static Check, because: &'static Check) -> Self {
        let says = format!("not checked: {} failed", because.id);
        Self::new(check, Verdict::Unknown, says)
    }

    /// This, and that others could not be made because of it.
    pub fn without<const N: usize>(self, others: [&'static Check; N]) -> Vec<Self> {
        let because = self.check;
        let others = others.map(|check| Self::not_checked(check, because));
        [self].into_iter().chain(others).collect()
    }

    pub fn of_line(mut self, line: &str) -> Self {
        self.line = Some(line.to_owned());
        self
    }

    pub fn seen(mut self, field: &str, is: Option<&str>, want: Option<&str>) -> Self {
        self.evidence.push(Evidence {
            field: field.to_owned(),
            is: is.map(shown),
            want: want.map(str::to_owned),
        });
        self
    }

    pub fn so(mut self, consequence: impl Into<String>) -> Self {
        self.consequence = Some(consequence.into());
        self
    }

    pub fn fixed_by(mut self, plan: Vec<Change>) -> Self {
        if !plan.is_empty() {
            self.fix = Fix::Doctor { plan };
        }
        self
    }

    pub fn only_you(mut self, what: impl Into<String>) -> Self {
        self.fix = Fix::OnlyYou { what: what.into() };
        self
    }

    pub fn command(mut self, command: impl Into<String>) -> Self {
        let command = command.into();
        self.fix = Fix::Command { command };
        self
    }

    pub fn needing(mut self, needs: impl Into<String>) -> Self {
        self.needs = Some(needs.into());
        self
    }

    /// Whether it keeps the whole from being right: it is broken, or nobody knows whether it is.
    pub fn is_bad(&self, strict: bool) -> bool {
        match self.verdict {
            Verdict::Broken => true,
            Verdict::Unknown => self.check.worst == Verdict::Broken,
            Verdict::Risk => strict,
            Verdict::Note | Verdict::Right => false,
        }
    }
}
