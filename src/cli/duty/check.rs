use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::AsOf;
use crate::cli::candidates::{BOLD, YELLOW};
use crate::cli::output::{Unwritten, tell};
use crate::cli::schedule::instant;
use crate::cli::show;
use crate::domain::duty::check::{Finding, check};

/// The findings of a line, as `--json` shows them.
#[derive(Serialize)]
struct Checked<'a> {
    line: &'a str,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    finding: Finding,
    warning: bool,
    sentence: String,
}

pub async fn run(as_of: AsOf, now: Timestamp) -> anyhow::Result<ExitCode> {
    let lines = as_of.schedule.lines().await?;
    let mut checked = Vec::new();
    for (line, known) in &lines {
        let at = instant(as_of.at.as_deref(), now, line)?;
        let findings = check(line, &known.overrides, at).into_iter();
        let findings = findings.map(|finding| Found {
            warning: finding.is_warning(),
            sentence: finding.to_string(),
            finding,
        });
        checked.push(Checked {
            line: &line.name,
            findings: findings.collect(),
        });
    }
    show::print(&checked, as_of.json, |all| all.iter().try_for_each(print))?;
    let mut findings = checked.iter().flat_map(|line| &line.findings);
    Ok(ExitCode::from(u8::from(
        findings.any(|found| found.warning),
    )))
}

fn print(line: &Checked) -> Result<(), Unwritten> {
    tell!("{BOLD}{}{BOLD:#}", line.line)?;
    if line.findings.is_empty() {
        tell!("  nothing to tell: somebody besides the backup is on duty at all times")?;
    }
    for found in &line.findings {
        if found.warning {
            tell!("  {YELLOW}!{YELLOW:#} {}", found.sentence)?;
        } else {
            tell!("  · {}", found.sentence)?;
        }
    }
    Ok(())
}
