use serde::Serialize;

use crate::cli::output::{Unwritten, note, tell};
use crate::cli::show;
use crate::domain::line::Line;
use crate::printable::printable;

/// What a template comes to with its sample.
#[derive(Serialize)]
pub struct Tried<'l> {
    line: &'l str,
    template: &'l str,
    text: String,
    segments: usize,
    /// What to think about before it goes to many.
    warning: Option<String>,
}

/// Every template that a line has of its own. One that its sample does not fill was refused with the
/// file.
pub fn tried(lines: &[Line]) -> Vec<Tried<'_>> {
    let all = lines.iter().flat_map(|line| {
        let templates = line.notices.templates.iter();
        templates.map(move |(name, template)| (line, name, template))
    });
    let tried = all.filter_map(|(line, name, template)| {
        let checked = template.check(line.clock()).ok()?;
        Some(Tried {
            line: &line.name,
            template: name,
            segments: checked.segments.count,
            warning: checked.warning(),
            text: checked.text,
        })
    });
    tried.collect()
}

pub fn show(lines: &[Line]) -> Result<(), Unwritten> {
    for tried in tried(lines) {
        let Tried { line, template, .. } = tried;
        let segments = show::count(tried.segments, "segment");
        tell!(
            "{line}: {template} is {segments}: {}",
            printable(&tried.text)
        )?;
        if let Some(warning) = &tried.warning {
            note!("warning: {line}: {template}: {warning}");
        }
    }
    Ok(())
}
