//! How the doctor's findings are printed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::again::Again;
use crate::app::doctor::catalogue;
use crate::app::doctor::report::{Finding, Fix, Verdict};
use crate::cli::candidates::{BOLD, DIM, GREEN, RED, YELLOW};
use crate::cli::output::{self, Unwritten, tell};
use crate::cli::show::count;
use crate::clock::{Clock, SystemClock};
use crate::printable::printable;

pub struct Report {
    /// The worst first.
    pub findings: Vec<Finding>,
    pub at: Timestamp,
    pub took: SignedDuration,
    /// How many requests went to Twilio.
    pub requests: usize,
    /// The options that the next command takes again.
    again: String,
}

/// Where the text of a finding begins.
const INDENT: &str = "                ";

impl Report {
    /// Of what began then and is over now: the worst first, and otherwise as the catalogue has them.
    pub fn of(mut findings: Vec<Finding>, begun: Timestamp, requests: usize) -> Self {
        findings.sort_by_key(|finding| {
            let order = catalogue::ALL
                .iter()
                .position(|check| *check == finding.check);
            (finding.verdict, order)
        });
        Self {
            findings,
            at: begun,
            took: SystemClock.now().duration_since(begun),
            requests,
            again: Again::of(std::env::args()).of_doctor,
        }
    }

    pub fn is_well(&self, strict: bool) -> bool {
        !self.findings.iter().any(|finding| finding.is_bad(strict))
    }

    pub fn print(&self, strict: bool, all: bool) -> Result<(), Unwritten> {
        let checks = count(self.findings.len(), "check");
        let (took, requests) = (self.took.as_secs_f64(), count(self.requests, "request"));
        tell!("{BOLD}{checks}{BOLD:#} {DIM}in {took:.1} s, {requests} to Twilio{DIM:#}")?;
        let lines: Vec<&str> = self
            .findings
            .iter()
            .filter_map(|f| f.line.as_deref())
            .collect();
        let several = lines.windows(2).any(|pair| pair[0] != pair[1]);
        let mut not_checked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut right = Vec::new();
        for finding in &self.findings {
            match finding.verdict {
                Verdict::Right => right.push(finding),
                Verdict::Unknown if finding.says.starts_with("not checked") => {
                    not_checked
                        .entry(&finding.says)
                        .or_default()
                        .push(finding.check.id);
                }
                _ => one(finding, several, &self.again)?,
            }
        }
        for (why, mut ids) in not_checked {
            ids.dedup();
            tell!(
                "  {YELLOW}{:<8}{YELLOW:#} {why}: {}",
                "UNKNOWN",
                ids.join(" ")
            )?;
        }
        if all {
            for finding in &right {
                let line = of_line(finding, several);
                let (id, says) = (finding.check.id, printable(&finding.says));
                tell!(
                    "  {GREEN}{:<8}{GREEN:#} {id}  {DIM}{line}{says}{DIM:#}",
                    "right"
                )?;
            }
        } else if !right.is_empty() {
            let mut ids: Vec<&str> = right.iter().map(|finding| finding.check.id).collect();
            ids.dedup();
            tell!(
                "  {GREEN}{:<8}{GREEN:#} {DIM}{}{DIM:#}",
                "right",
                ids.join(" ")
            )?;
        }
        if self.is_well(strict) {
            tell!("{GREEN}✓{GREEN:#} nothing is broken in what was looked at")?;
        } else if self
            .findings
            .iter()
            .any(|finding| !finding.fix.plan().is_empty())
        {
            let again = &self.again;
            tell!("`relay doctor --fix{again}` shows what it would change at Twilio, and asks")?;
        }
        Ok(())
    }

    pub fn json(&self, strict: bool) -> anyhow::Result<()> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.verdict.name()).or_default() += 1;
        }
        output::json(&json!({
            "version": 1,
            "at": self.at,
            "ok": self.is_well(strict),
            "counts": counts,
            "checks": self.findings,
        }))
    }
}

/// The line's name, where there are several.
fn of_line(finding: &Finding, several: bool) -> String {
    let line = finding.line.as_deref().filter(|_| several);
    line.map(|line| format!("{}: ", printable(line)))
        .unwrap_or_default()
}

fn one(finding: &Finding, several: bool, again: &str) -> Result<(), Unwritten> {
    let (style, word) = match finding.verdict {
        Verdict::Broken => (RED, "BROKEN"),
        Verdict::Risk => (YELLOW, "RISK"),
        Verdict::Unknown => (YELLOW, "UNKNOWN"),
        _ => (DIM, "note"),
    };
    let line = of_line(finding, several);
    let says = printable(&finding.says);
    tell!(
        "  {style}{word:<8}{style:#} {BOLD}{}{BOLD:#}  {line}{says}",
        finding.check.id
    )?;
    for seen in &finding.evidence {
        let is = seen.is.as_deref().unwrap_or("(none)");
        tell!(
            "{INDENT}{DIM}{} = {}{DIM:#}",
            printable(&seen.field),
            printable(is)
        )?;
        if let Some(want) = &seen.want {
            tell!("{INDENT}{DIM}wanted: {}{DIM:#}", printable(want))?;
        }
    }
    if let Some(consequence) = &finding.consequence {
        tell!("{INDENT}{}", printable(consequence))?;
    }
    match &finding.fix {
        Fix::None => {}
        Fix::Doctor { plan } => {
            let foreign = plan.iter().any(|change| change.takes_over.is_some());
            let take_over = if foreign { " --take-over" } else { "" };
            tell!(
                "{INDENT}→ relay doctor --fix={}{take_over}{again}",
                finding.check.id
            )?;
        }
        Fix::Command { command } => tell!("{INDENT}→ {}", printable(command))?,
        Fix::OnlyYou { what } => tell!("{INDENT}→ only you: {}", printable(what))?,
    }
    if let Some(needs) = &finding.needs {
        tell!("{INDENT}needs: {}", printable(needs))?;
    }
    Ok(())
}
