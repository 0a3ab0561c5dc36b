//! What is stored of a call, as a sequence of moments.

use serde::Serialize;

use super::moment::Moment;
use super::print_moments;
use crate::app::ports::store::Store;
use crate::cli::candidates::BOLD;
use crate::cli::output::{Unwritten, tell};
use crate::domain::call::{Call, Stage, story};
use crate::domain::ids::CallSid;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

#[derive(Debug, Serialize)]
pub struct CallTold {
    pub call_sid: CallSid,
    pub line: String,
    /// Who called the customer as the line; otherwise the customer called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called_by: Option<String>,
    pub moments: Vec<Moment>,
    #[serde(skip)]
    pub is_over: bool,
    #[serde(skip)]
    pub zone: TimeZone,
}

impl CallTold {
    /// `None` if the name is a text's, or nothing is stored of the call.
    pub async fn find(store: &dyn Store, sid: &MessageSid) -> anyhow::Result<Option<Self>> {
        let Some(sid) = sid.call() else {
            return Ok(None);
        };
        let Some(call) = store.call(&sid).await? else {
            return Ok(None);
        };
        let line = store.line(&call.line).await?;
        // The line may have been taken out since.
        let zone = line.map(|line| line.time_zone).unwrap_or_default();
        let moments = story(&call, &zone).into_iter();
        Ok(Some(Self {
            call_sid: sid,
            line: call.decision.line.clone(),
            called_by: called_by(&call),
            moments: moments.map(|(at, says)| Moment::new(at, says)).collect(),
            is_over: matches!(call.stage, Stage::Over { .. }),
            zone,
        }))
    }
}

/// Which person called, if no customer did.
pub fn called_by(call: &Call) -> Option<String> {
    let person = call.legs.first().filter(|_| call.out.is_some())?;
    Some(person.person.clone())
}

/// A call of which people have read nothing.
pub fn print(call: &CallTold) -> Result<(), Unwritten> {
    tell!("{BOLD}{}{BOLD:#}", call.call_sid)?;
    let stands = if call.is_over {
        "of which nobody is told by text"
    } else {
        "which is not over"
    };
    match &call.called_by {
        Some(person) => tell!(
            "A call of {} for {}, {stands}",
            printable(person),
            call.line
        )?,
        None => tell!("A call to {}, {stands}", call.line)?,
    }
    print_moments(&call.moments, &call.zone)
}
