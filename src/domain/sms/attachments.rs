//! What stands in place of words in a text that has none.

/// The words, or what came instead of them.
pub fn or_attachments(body: &str, media: usize) -> String {
    match (body.trim(), media) {
        ("", 1) => "(1 attachment)".to_owned(),
        ("", n) => format!("({n} attachments)"),
        (words, _) => words.to_owned(),
    }
}
