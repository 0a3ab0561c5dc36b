//! Why nobody is called: what the person reads.

use crate::domain::language::say;
use crate::domain::line::Line;

pub fn takes_no_calls(line: &Line) -> String {
    let name = &line.name;
    say!(
        line.language,
        "{name} takes no calls and makes none. Nobody was called.",
        "{name} no recibe llamadas ni las hace. No se ha llamado a nadie."
    )
}

pub fn is_late(tag: &str, line: &Line) -> String {
    say!(
        line.language,
        "That came late, and nobody was called. Text CALL {tag} again.",
        "Ha llegado tarde y no se ha llamado a nadie. Escribe LLAMAR {tag} otra vez."
    )
}

pub fn is_ours(line: &Line) -> String {
    say!(
        line.language,
        "That number is the line's or one of its people's. Nobody was called.",
        "Ese teléfono es de la empresa o de alguien del equipo. No se ha llamado a nadie."
    )
}

pub fn is_not_allowed(tag: &str, line: &Line) -> String {
    say!(
        line.language,
        "The line does not call that country (allowed_prefixes). {tag} was not called.",
        "No se llama a ese destino (allowed_prefixes). No se ha llamado a {tag}."
    )
}

pub fn is_too_old(tag: &str, line: &Line) -> String {
    say!(
        line.language,
        "{tag} was not called: nothing was written with them for a week. Call them from your own phone.",
        "No se ha llamado a {tag}: hace una semana que no se escriben. Llama desde tu teléfono."
    )
}
