//! Putting right at Twilio what the doctor found, and back.
//!
//! Each field is read again right before it is written: if somebody else changed it since, nothing of it is
//! written. What was there is kept before the first write, so that a fix that is cut off can be taken back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::{Change, Finding};
use crate::twilio::setup::{Address, DEFERS, NotRead, Product, Setup};

/// What was changed, as it is kept to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub version: u32,
    pub at: Timestamp,
    pub changes: Vec<Changed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub product: String,
    pub path: String,
    /// What it is, for people.
    #[serde(default)]
    pub what: String,
    pub field: String,
    pub before: Option<String>,
    pub after: String,
}

#[derive(Debug, thiserror::Error)]
pub enum NotFixed {
    #[error("{field} of {of} was changed by somebody else meanwhile: run relay doctor again")]
    ChangedMeanwhile { of: String, field: String },
    #[error("{of}: {why}")]
    Twilio { of: String, why: NotRead },
    #[error("the file is of another version of relay ({0})")]
    OtherVersion(u32),
    #[error("the file names something that relay doctor does not change")]
    NotOurs,
    #[error("the file is of another account than TWILIO_ACCOUNT_SID is of")]
    OtherAccount,
}

/// The changes of the findings, each once, in the order in which they have to be made: an address is set before
/// what makes it count.
pub fn plan<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Change> {
    let mut plan: Vec<Change> = Vec::new();
    for change in findings.into_iter().flat_map(|finding| finding.fix.plan()) {
        let is_there =
            |other: &Change| other.address == change.address && other.field == change.field;
        if !plan.iter().any(is_there) {
            plan.push(change.clone());
        }
    }
    plan.sort_by_key(|change| change.field == DEFERS);
    plan
}

impl Record {
    pub fn of(plan: &[Change], at: Timestamp) -> Self {
        let changes = plan.iter().map(|change| Changed {
            product: change.address.product.name().to_owned(),
            path: change.address.path.clone(),
            what: change.what.clone(),
            field: change.field.to_owned(),
            before: change.from.clone(),
            after: change.to.clone(),
        });
        Self {
            version: 1,
            at,
            changes: changes.collect(),
        }
    }
}

/// Makes the changes. Stops at the first that cannot be made.
pub async fn carry_out(setup: &Setup, plan: &[Change]) -> Result<(), NotFixed> {
    let steps = plan.iter().map(|change| Step {
        address: change.address.clone(),
        field: change.field.to_owned(),
        from: change.from.clone(),
        to: Some(change.to.clone()),
    });
    let made = make(setup, steps.collect(), true).await?;
    debug_assert!(made.left.is_empty());
    Ok(())
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// How many fields were written.
    pub written: usize,
    /// The fields that somebody else changed since, which were left alone: by resource and name.
    pub left: Vec<(String, String)>,
}

/// Puts back what was there before, the other way round. A field that somebody else changed since stays as it is.
pub async fn undo(setup: &Setup, record: &Record) -> Result<Made, NotFixed> {
    if record.version != 1 {
        return Err(NotFixed::OtherVersion(record.version));
    }
    let steps = record.changes.iter().rev().map(|change| {
        let product = Product::named(&change.product).ok_or(NotFixed::NotOurs)?;
        let path = change.path.clone();
        let address = Address { product, path };
        let own = &setup.credentials().account_sid;
        if address.product == Product::Api && !address.path.contains(own.as_str()) {
            return Err(NotFixed::OtherAccount);
        }
        if !setup.is_changeable(&address) {
            return Err(NotFixed::NotOurs);
        }
        Ok(Step {
            address,
            field: change.field.clone(),
            from: Some(change.after.clone()),
            to: change.before.clone(),
        })
    });
    let steps: Result<Vec<Step>, NotFixed> = steps.collect();
    make(setup, steps?, false).await
}

struct Step {
    address: Address,
    field: String,
    from: Option<String>,
    to: Option<String>,
}

/// Makes the steps; at a field that somebody else changed it stops, or goes on without it.
async fn make(setup: &Setup, steps: Vec<Step>, stops: bool) -> Result<Made, NotFixed> {
    let mut made = Made::default();
    // One request for what belongs together; a resource that comes again later is asked again.
    let mut groups: Vec<(Address, Vec<Step>)> = Vec::new();
    for step in steps {
        match groups.last_mut() {
            Some((address, group)) if *address == step.address => group.push(step),
            _ => groups.push((step.address.clone(), vec![step])),
        }
    }
    for (address, group) in groups {
        let failed = |why| NotFixed::Twilio {
            of: address.to_string(),
            why,
        };
        let names: Vec<&str> = group.iter().map(|step| step.field.as_str()).collect();
        let now: BTreeMap<String, Option<String>> =
            setup.fields(&address, &names).await.map_err(failed)?;
        let mut fields = Vec::new();
        for step in &group {
            let is = now.get(&step.field).cloned().flatten();
            if is == step.to {
                continue;
            }
            if is != step.from && stops {
                return Err(NotFixed::ChangedMeanwhile {
                    of: address.to_string(),
                    field: step.field.clone(),
                });
            }
            if is != step.from {
                made.left.push((address.to_string(), step.field.clone()));
                continue;
            }
            fields.push((step.field.as_str(), step.to.as_deref().unwrap_or_default()));
        }
        if !fields.is_empty() {
            setup.set(&address, &fields).await.map_err(failed)?;
            made.written += fields.len();
        }
    }
    Ok(made)
}
