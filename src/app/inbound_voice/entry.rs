//! What people are told of a call, taken in like a text of its caller.

use jiff::Timestamp;

use super::voicemail::VOICEMAIL_PATH;
use crate::app::call_work::Work;
use crate::app::inbound_sms::{self, Talk, Text};
use crate::app::ports::store::ForCall;
use crate::domain::call::{Call, Outcome, Stage, entry, says_voicemail};

/// A talk that is shorter does not answer what the customer waits for.
const ANSWERS: u32 = 10;

/// Whether people were told of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// Now, or the same was told before.
    This,
    /// Something else was told before, and the message that the caller left was not.
    NotOfTheMessage,
}

/// Takes it in. Once more makes no difference: the call's name is its name.
pub async fn take_in(
    work: &Work<'_>,
    stored: &ForCall,
    call: &Call,
    received: Timestamp,
) -> anyhow::Result<Told> {
    if let Some(earlier) = &stored.inbound.earlier {
        // Whoever took it in was stopped before the call itself was saved.
        let is_message = matches!(
            call.stage,
            Stage::Over {
                outcome: Outcome::Voicemail { .. }
            }
        );
        let is_other = is_message && !says_voicemail(&earlier.sms.body);
        return Ok(if is_other {
            Told::NotOfTheMessage
        } else {
            Told::This
        });
    }
    let caller = call.caller.phone();
    // A request may say nothing of the caller, or something else: what the call began with counts.
    let read_for = work.from.and_then(|from| from.caller.phone());
    let found = if read_for == caller {
        stored.inbound.clone()
    } else {
        let (store, line) = (&work.relay.store, &work.line.number);
        store.for_call(line, &call.sid, caller).await?.inbound
    };
    let token = call
        .message
        .as_ref()
        .and_then(|message| message.token.as_deref());
    let url = |token| format!("{}{VOICEMAIL_PATH}{token}", work.line.public_url);
    let link = token.map(url);
    let Some(sms) = entry(call, work.line, link.as_deref()) else {
        return Ok(Told::This);
    };
    let text = Text {
        received,
        talk: talk(work, call),
        ..Text::of(sms, work.relay.now())
    };
    inbound_sms::take_in_call(work.relay, found, text, &work.key()).await?;
    Ok(Told::This)
}

fn talk(work: &Work, call: &Call) -> Option<Talk> {
    let Stage::Over { outcome } = &call.stage else {
        return None;
    };
    let (person, seconds) = match outcome {
        Outcome::Spoke { person, seconds } => (person, seconds),
        // The person heard it.
        Outcome::NotReached { .. } => {
            return Some(Talk {
                person: call.legs.first()?.person.clone(),
                is_answer: false,
                is_told: false,
                was_reached: false,
            });
        }
        _ => return None,
    };
    let is_told = work
        .line
        .voice
        .as_ref()
        .is_some_and(|voice| voice.after_call);
    Some(Talk {
        person: person.clone(),
        is_answer: seconds.is_none_or(|seconds| ANSWERS <= seconds),
        is_told,
        was_reached: true,
    })
}
