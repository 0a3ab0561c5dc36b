//! Why nobody is called: what the person reads, in the language in which the line speaks.

use crate::domain::line::{Line, Voice};

fn either(line: &Line, english: String, spanish: String) -> String {
    let is_spanish = line.voice.as_ref().is_some_and(Voice::speaks_spanish);
    if is_spanish { spanish } else { english }
}

/// A line that takes no calls says nothing by voice, and has no language for it.
pub fn takes_no_calls(line: &Line) -> String {
    let name = &line.name;
    format!("{name} takes no calls and makes none. Nobody was called.")
}

pub fn is_late(tag: &str, line: &Line) -> String {
    either(
        line,
        format!("That came late, and nobody was called. Text CALL {tag} again."),
        format!("Eso llegó tarde y no se llamó a nadie. Envíe CALL {tag} otra vez."),
    )
}

pub fn is_ours(line: &Line) -> String {
    either(
        line,
        "That number is the line's or one of its people's. Nobody was called.".to_owned(),
        "Ese número es de la línea o de una de sus personas. No se llamó a nadie.".to_owned(),
    )
}

pub fn is_not_allowed(tag: &str, line: &Line) -> String {
    either(
        line,
        format!("The line does not call that country (allowed_prefixes). {tag} was not called."),
        format!("La línea no llama a ese país (allowed_prefixes). No se llamó a {tag}."),
    )
}

pub fn is_too_old(tag: &str, line: &Line) -> String {
    either(
        line,
        format!(
            "{tag} was not called: nothing was written with them for a week. Call them from your own \
             phone."
        ),
        format!(
            "No se llamó a {tag}: hace una semana que no se escriben. Llame desde su propio teléfono."
        ),
    )
}
