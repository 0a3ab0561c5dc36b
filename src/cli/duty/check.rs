use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::candidates::{BOLD, YELLOW};
use crate::cli::output::{self, Unwritten, tell};
use crate::cli::schedule::{Schedule, instant};
use crate::domain::duty::check::{Finding, check};

#[derive(clap::Args)]
pub struct Check {
    #[command(flatten)]
    schedule: Schedule,
    /// As of another time: RFC 3339, or such as "Sat 02:00" on the line's clock
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The findings of a line, as `--json` shows them.
#[derive(Serialize)]
struct Checked<'a> {
    line: &'a str,
    findings: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    finding: Finding,
    warning: bool,
    sentence: String,
}

impl Check {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let lines = self.schedule.lines().await?;
        let mut checked = Vec::new();
        for (line, known) in &lines {
            let at = instant(self.at.as_deref(), now, line)?;
            let findings = check(line, &known.overrides, at)
                .into_iter()
                .map(|finding| Told {
                    warning: finding.is_warning(),
                    sentence: finding.to_string(),
                    finding,
                });
            checked.push(Checked {
                line: &line.name,
                findings: findings.collect(),
            });
        }
        let warnings = checked
            .iter()
            .flat_map(|line| &line.findings)
            .any(|told| told.warning);
        if self.json {
            output::json(&checked)?;
        } else {
            checked.iter().try_for_each(print_findings)?;
        }
        Ok(if warnings {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn print_findings(line: &Checked) -> Result<(), Unwritten> {
    tell!("{BOLD}{}{BOLD:#}", line.line)?;
    if line.findings.is_empty() {
        tell!("  nothing to tell: somebody besides the backup is on duty at all times")?;
    }
    for told in &line.findings {
        let mark = match told.warning {
            true => format!("{YELLOW}!{YELLOW:#}"),
            false => "·".to_owned(),
        };
        tell!("  {mark} {}", told.sentence)?;
    }
    Ok(())
}
