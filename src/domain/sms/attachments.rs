//! What stands in place of words in a text that has none.

use crate::domain::language::{Language, say};

/// The words, or what came instead of them.
pub fn or_attachments(language: Language, body: &str, media: usize) -> String {
    match (body.trim(), media) {
        ("", 1) => say!(language, "(1 attachment)", "(1 adjunto)"),
        ("", n) => say!(language, "({n} attachments)", "({n} adjuntos)"),
        (words, _) => words.to_owned(),
    }
}
