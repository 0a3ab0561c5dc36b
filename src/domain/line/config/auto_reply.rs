//! A line's automatic reply: read, and tried.

use toml::Spanned;

use super::entries::{Entries, text};
use super::mistakes::Mistakes;
use super::templates::source;
use crate::domain::line::AutoReply;
use crate::domain::line::auto_reply::Sends;
use crate::domain::template::Unrendered;
use crate::domain::time_zone::TimeZone;

pub(super) const KEY: &str = "auto_reply";

pub(super) fn read(
    line: &Entries,
    zone: Option<&TimeZone>,
    mistakes: &mut Mistakes,
) -> Option<AutoReply> {
    let table = line.table(KEY, "line.auto_reply", mistakes)?;
    table.only(&["text", "when"], mistakes);
    let example = "\"We got your text and answer soon.\"";
    let words = table.required("text", example, mistakes, |v| source(text(v)?));
    let when = table.required("when", "\"outside_hours\"", mistakes, |v| match text(v)? {
        "outside_hours" => Ok(Sends::OutsideHours),
        "always" => Ok(Sends::Always),
        other => Err(format!(
            "{other:?} is no time for it; write \"outside_hours\" (while nobody is on duty but the \
             backup) or \"always\""
        )),
    });
    let (words, when) = (words?, when?);
    let at = words.span();
    let auto_reply = AutoReply {
        text: words.into_inner(),
        when: Spanned::into_inner(when),
    };
    match auto_reply.check(&zone.cloned().unwrap_or_default()) {
        Ok(()) => Some(auto_reply),
        Err(error) => {
            mistakes.add(at, advice(&error));
            None
        }
    }
}

fn advice(error: &Unrendered) -> String {
    match error {
        Unrendered::Missing(name) if name == "opens" => {
            "it is not always known when the line opens; write what needs it between {% if opens %} \
             and {% endif %}"
                .to_owned()
        }
        Unrendered::Missing(name) => {
            format!("the text shows {name}, and there are only line and opens; write one of these")
        }
        error => error.to_string(),
    }
}
