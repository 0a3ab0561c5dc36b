//! Numbers and words, for a while, for somebody who asks for it.

use axum::extract::State;
use jiff::Timestamp;

use super::Page;
use super::access::{SHOWN_FOR, Session};
use super::answer::{Answer, Form, see_other};
use crate::app::ports::audit::{Kind, Record};
use crate::printable::printable;

/// Where the form was, if that is a path of the page's own.
fn back(form: &Form) -> &str {
    let back = form.get("back").unwrap_or_default();
    let is_path = back.starts_with('/') && !back.starts_with("//");
    let is_plain = back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_path && is_plain { back } else { "/" }
}

/// Shows them only once it is on record who asked.
pub(super) async fn show(State(page): State<Page>, session: Session, form: Form) -> Answer {
    let now: Timestamp = page.now();
    let (name, view) = (printable(session.name()), back(&form));
    let minutes = SHOWN_FOR.as_secs() / 60;
    let record = Record::new(Kind::Shown, "all lines", now).with_outcome(format!(
        "{name} had numbers and words shown for {minutes} minutes, from {view} on"
    ));
    page.relay.audit.write(&[record]).await?;
    session.show_until(Some(now + SHOWN_FOR));
    Ok(see_other(view))
}

pub(super) async fn hide(session: Session, form: Form) -> Answer {
    session.show_until(None);
    Ok(see_other(back(&form)))
}
