//! Which values all loaders read alike, and in which quotes.

/// Bytes of a value. Linux lets a program's environment have 128 KiB for each variable, and a
/// secret in Secrets Manager 64 KiB for all.
pub(super) const LONGEST: usize = 32 * 1024;

/// What no way of writing survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Class {
    #[error("a line break or another control character")]
    Control,
    #[error("a single quote together with one of \" $ ` \\ !")]
    Quotes,
    #[error("two backslashes in a row")]
    Backslashes,
    #[error("a backslash at its end")]
    BackslashAtEnd,
    #[error("a ${{…}}")]
    Expansion,
    #[error("more than 32 KiB")]
    Long,
}

/// What stands around a value; nothing if it is bare.
pub(super) fn quote(value: &str) -> Result<&'static str, Class> {
    if value.len() > LONGEST {
        Err(Class::Long)
    } else if value.contains(|c| is_control(c) || is_line_break(c)) {
        Err(Class::Control)
    } else if !value.is_empty() && value.chars().all(is_bare) {
        Ok("")
    } else if !value.contains('\'') && in_single_quotes(value).is_none() {
        Ok("'")
    } else if !value.contains('"') && in_double_quotes(value).is_none() {
        Ok("\"")
    } else if value.contains('\'') {
        Err(Class::Quotes)
    } else if value.contains("\\\\") {
        Err(Class::Backslashes)
    } else if value.ends_with('\\') {
        Err(Class::BackslashAtEnd)
    } else {
        Err(Class::Expansion)
    }
}

/// JavaScript takes these for the end of a line (ECMA-262, "Line Terminators").
pub(super) fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

pub(super) fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// Where text inside single quotes is read differently: python-dotenv alone unescapes and expands
/// there, and a backslash before the closing quote keeps some loaders from seeing it.
pub(super) fn in_single_quotes(inside: &str) -> Option<usize> {
    let expanded = inside.find("${").filter(|at| inside[*at..].contains('}'));
    let ends_in_backslash = || inside.ends_with('\\').then(|| inside.len() - 1);
    inside.find("\\\\").or(expanded).or_else(ends_in_backslash)
}

/// Where text inside double quotes is read differently: shells and Go expand there, and no escape
/// means the same to all.
pub(super) fn in_double_quotes(inside: &str) -> Option<usize> {
    inside.find(['$', '`', '\\', '!'])
}

pub(super) fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c)
}
