//! `relay doctor`: what keeps texts and calls from arriving, and how to put it right.

mod again;
mod fixing;
mod local;
mod shown;
mod text_me;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;

use self::again::Again;
use self::fixing::Repair;
pub use self::shown::Report;
use self::text_me::TextMe;
use super::access::{OurEnvFile, api_address};
use super::candidates::DIM;
use super::config_file::TheFile;
use super::deployment::{Deployment, RelayFlags};
use super::output::tell;
use super::{WrongUsage, completions, schedule};
use crate::adapters::files::private_folder::replace;
use crate::app::doctor::catalogue::{self, Check};
use crate::app::doctor::last::{self, Last};
use crate::app::doctor::report::{Finding, Verdict};
use crate::app::doctor::{facts, judge, probe, stack};
use crate::app::ports::store::Store;
use crate::clock::{Clock, SystemClock};
use crate::credentials::keyed_hash::random_hex;
use crate::domain::credentials::Credentials;
use crate::domain::line::Line;
use crate::twilio::API_URL;
use crate::twilio::network::Network;
use crate::twilio::setup::Setup;

/// Look for what keeps texts and calls from arriving, and say how to put it right
///
/// Reads what is set up at Twilio and here, and changes nothing without --fix. Each finding says what it
/// means for a customer. Exit code 1 if something is broken or could not be looked at, 2 for wrong usage.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  relay doctor
  relay doctor --fix
  relay doctor --stack relay --json
  relay doctor --only T08,P01
  relay doctor undo .relay/doctor/2026-11-29T140211Z.json"
)]
pub struct Doctor {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    look: Look,
}

#[derive(Subcommand)]
enum Action {
    /// Put back what a `relay doctor --fix` changed at Twilio
    #[command(after_help = "Example:\n  relay doctor undo .relay/doctor/2026-11-29T140211Z.json")]
    Undo(fixing::Undo),
}

#[derive(clap::Args)]
struct Look {
    #[command(flatten)]
    lines: TheFile,
    #[command(flatten)]
    twilio: Twilio,
    #[command(flatten)]
    relay: RelayFlags,
    /// Only this line, by its name or number
    #[arg(long = "line", value_name = "LINE", add = completions::lines())]
    line: Option<String>,
    /// Only these checks, such as T08,P01
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = check)]
    only: Vec<&'static Check>,
    /// Ask neither Twilio nor the relay's address: tells what was found there last, with its time
    #[arg(long)]
    offline: bool,
    /// Count risks as failures, too
    #[arg(long)]
    strict: bool,
    /// Also show what was found right
    #[arg(long)]
    all: bool,
    /// Say what is checked, and check nothing
    #[arg(long)]
    list: bool,
    /// Put right at Twilio what can be put right, after a question; with ids, only that
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = check, num_args = 0..)]
    fix: Option<Vec<&'static Check>>,
    /// With --fix: also replace addresses of other hosts, where somebody's system may live
    #[arg(long, requires = "fix")]
    take_over: bool,
    /// Text this phone from the line, and wait for its answer: the only proof of Twilio's own way
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["fix", "offline"])]
    text_me: Option<String>,
    /// With --fix or --text-me: do not ask
    #[arg(long)]
    yes: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Twilio's account.
#[derive(clap::Args)]
struct Twilio {
    #[command(flatten)]
    env_file: OurEnvFile,
    /// Twilio's API, or a sandbox's address
    #[arg(long, value_name = "URL", env = "TWILIO_API_URL", default_value = API_URL, value_parser = api_address)]
    twilio_url: String,
}

fn check(id: &str) -> Result<&'static Check, String> {
    catalogue::named(id)
        .ok_or_else(|| "there is no such check; `relay doctor --list` has all of them".to_owned())
}

/// What a doctor works with.
struct Case {
    lines: Vec<Arc<Line>>,
    store: Option<Arc<dyn Store>>,
    credentials: Option<Arc<Credentials>>,
    /// Where a one-machine relay keeps its things, if there is one.
    data: Option<PathBuf>,
}

impl Doctor {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Some(Action::Undo(undo)) => undo.run().await,
            None => self.look.run().await,
        }
    }
}

impl Look {
    async fn run(self) -> anyhow::Result<ExitCode> {
        if self.list {
            return list(self.json);
        }
        let begun = SystemClock.now();
        let (case, local) = self.case().await?;
        let mut findings = local;
        let setup = self.setup(&case);
        if self.offline {
            findings.extend(last_found(&case));
        } else {
            let found = self.at_twilio(&case, setup.as_ref()).await?;
            if setup.is_some() && self.line.is_none() {
                keep_found(&case, &found, begun);
            }
            findings.extend(found);
        }
        findings.extend(self.text_me(&case).await?);
        let mut report = self.report(findings, setup.as_ref(), begun);
        if let (Some(only), Some(setup)) = (&self.fix, &setup) {
            let repair = Repair {
                only,
                again: Again::of(std::env::args()),
                yes: self.yes,
                take_over: self.take_over,
                data: case.data.as_deref().unwrap_or(Path::new(".")),
            };
            if !self.json {
                report.print(self.strict, self.all)?;
            }
            if repair.carry_out(setup, &report.findings).await? {
                let again = self.at_twilio(&case, Some(setup)).await?;
                let is_local = |old: &&Finding| {
                    old.check.id.starts_with(['A', 'D', 'L'])
                        && !again.iter().any(|new| new.check == old.check)
                };
                let kept: Vec<Finding> = report.findings.iter().filter(is_local).cloned().collect();
                report = self.report(kept.into_iter().chain(again).collect(), Some(setup), begun);
                if !self.json {
                    tell!("\nLooked again:")?;
                    report.print(self.strict, self.all)?;
                }
            }
        } else if !self.json {
            report.print(self.strict, self.all)?;
        }
        if self.json {
            report.json(self.strict)?;
        }
        Ok(ExitCode::from(u8::from(!report.is_well(self.strict))))
    }

    /// Finds the lines, the credentials and the relay, with what is to be said of them.
    async fn case(&self) -> anyhow::Result<(Case, Vec<Finding>)> {
        let relay = self.relay.open(&[]).await;
        let is_deployed = !self.relay.are_of_one_machine();
        let relay: Option<Deployment> = match relay {
            Ok(relay) => Some(relay),
            // Before the first start there is no relay on one machine, and that is no mistake.
            Err(_) if !is_deployed && !self.relay.are_given() => None,
            Err(error) => return Err(error),
        };
        let store = relay.as_ref().map(|relay| relay.store()).transpose()?;
        let in_force = match &store {
            Some(store) => store
                .lines()
                .await
                .context("the relay's lines cannot be read")?,
            None => Vec::new(),
        };
        let read = local::configuration(&self.lines.config, is_deployed, &in_force);
        let mut findings = read.findings;
        let lines = match &self.line {
            Some(line) if !read.lines.is_empty() => schedule::choose(read.lines, Some(line))?,
            _ => read.lines,
        };
        let file = local::env_file(&self.twilio.env_file.path(), is_deployed);
        findings.extend(file.findings);
        let credentials = match (&relay, is_deployed) {
            (Some(relay), true) => {
                match relay.credentials(None)?.current().await {
                    Ok(secret) => {
                        findings.push(local::file_and_secret(file.credentials.as_deref(), &secret));
                        Some(secret)
                    }
                    // As of a new stack, whose secret is empty.
                    Err(error) => {
                        findings.push(local::no_secret(&error));
                        None
                    }
                }
            }
            _ => file.credentials,
        };
        if let (Some(relay), false) = (&relay, self.offline) {
            let facts = relay.stack(SystemClock.now()).await;
            let judged = facts.map(|facts| stack::judge(&facts, env!("CARGO_PKG_VERSION")));
            findings.extend(judged.into_iter().flatten());
        }
        let data = relay.as_ref().and_then(|relay| relay.machine());
        let data = data.and_then(|machine| Some(machine.kept_texts.parent()?.to_owned()));
        findings.extend(data.as_deref().map(local::room));
        for line in &lines {
            findings.extend(local::duty(store.as_deref(), line, SystemClock.now()).await?);
        }
        let case = Case {
            lines: lines.into_iter().map(Arc::new).collect(),
            store,
            credentials,
            data,
        };
        Ok((case, findings))
    }

    async fn text_me(&self, case: &Case) -> anyhow::Result<Option<Finding>> {
        let Some(number) = &self.text_me else {
            return Ok(None);
        };
        let (Some(line), Some(credentials)) = (case.lines.first(), &case.credentials) else {
            return Ok(Some(Finding::not_checked(&catalogue::M01, &catalogue::L02)));
        };
        let text_me = TextMe {
            to: schedule::read_number(number, line)
                .map_err(|error| WrongUsage(format!("--text-me {error}")))?,
            line,
            credentials: credentials.clone(),
            twilio_url: &self.twilio.twilio_url,
            store: case.store.as_deref(),
            yes: self.yes,
        };
        Ok(Some(text_me.run().await?.of_line(&line.name)))
    }

    fn setup(&self, case: &Case) -> Option<Setup> {
        let credentials = case.credentials.clone()?;
        let network = Box::new(Network::new());
        Some(Setup::new(network, &self.twilio.twilio_url, credentials))
    }

    async fn at_twilio(&self, case: &Case, setup: Option<&Setup>) -> anyhow::Result<Vec<Finding>> {
        let Some(setup) = setup else {
            let others = catalogue::ALL
                .iter()
                .filter(|c| c.id.starts_with(['T', 'P']));
            let because = if self.relay.are_of_one_machine() {
                &catalogue::L02
            } else {
                &catalogue::L04
            };
            let others = others.map(|check| Finding::not_checked(check, because));
            return Ok(others.collect());
        };
        at_twilio(&case.lines, setup).await
    }

    /// Of a check that was asked for by name and that nothing was found of.
    fn not_looked_at(&self, check: &'static Check) -> Finding {
        let says = format!("not looked at: it takes {}", takes(check.id));
        Finding::new(check, Verdict::Unknown, says)
    }

    fn report(
        &self,
        findings: Vec<Finding>,
        setup: Option<&Setup>,
        begun: jiff::Timestamp,
    ) -> Report {
        let asked: BTreeSet<&str> = self.only.iter().map(|check| check.id).collect();
        let is_asked = |finding: &Finding| asked.is_empty() || asked.contains(finding.check.id);
        let mut findings: Vec<Finding> = findings.into_iter().filter(is_asked).collect();
        let is_found = |check: &Check| findings.iter().any(|f| f.check == check);
        let missing = self.only.iter().filter(|check| !is_found(check));
        let missing: Vec<Finding> = missing.map(|check| self.not_looked_at(check)).collect();
        findings.extend(missing);
        // Twilio may not know what the relay itself does.
        let wrong: BTreeSet<_> = findings
            .iter()
            .filter(|finding| finding.verdict != Verdict::Right)
            .map(|finding| (finding.check.id, finding.line.clone()))
            .collect();
        findings.retain(|f| {
            f.verdict != Verdict::Right || !wrong.contains(&(f.check.id, f.line.clone()))
        });
        Report::of(findings, begun, setup.map_or(0, Setup::requests))
    }
}

/// What the checks whose ids begin with a letter take, where it was not given.
fn takes(id: &str) -> &'static str {
    match id.as_bytes().first() {
        Some(b'A') => "--stack NAME: it looks at a deployed relay",
        Some(b'M') => "--text-me NUMBER: it sends a text",
        Some(b'T' | b'P') => "Twilio: leave --offline away",
        _ => "a relay that was started once, or --stack NAME",
    }
}

/// What was found at Twilio the last time, by this command or by `relay serve`.
fn last_found(case: &Case) -> Vec<Finding> {
    let kept = case.data.as_ref().map(|data| data.join(last::PLACE));
    let kept = kept.and_then(|file| std::fs::read(file).ok());
    let Some(last) = kept.and_then(|kept| serde_json::from_slice::<Last>(&kept).ok()) else {
        return Vec::new();
    };
    let zone = case.lines.first().map(|line| line.time_zone.clone());
    let when = zone.unwrap_or_default().show(last.at);
    let findings = last.findings(&when).into_iter();
    // A line may have been taken out since.
    let is_there = |finding: &Finding| {
        let name = finding.line.as_deref();
        name.is_none_or(|name| case.lines.iter().any(|line| line.name == name))
    };
    findings.filter(is_there).collect()
}

/// Keeps what was found for `--offline`. Without it nothing is lost but that.
fn keep_found(case: &Case, found: &[Finding], at: jiff::Timestamp) {
    let Some(data) = case.data.as_ref().filter(|data| data.is_dir()) else {
        return;
    };
    if let Ok(last) = serde_json::to_vec(&Last::of(found, at)) {
        let _ = replace(&data.join(last::PLACE), &last);
    }
}

/// What Twilio has, and what comes of requests as Twilio would send them.
async fn at_twilio(lines: &[Arc<Line>], setup: &Setup) -> anyhow::Result<Vec<Finding>> {
    let now = SystemClock.now();
    let mut findings = judge(&facts::read(setup, lines, now).await);
    let (network, mut nonce) = (Network::new(), random_hex()?);
    nonce.truncate(32);
    let here = format!("{} ({})", env!("CARGO_PKG_VERSION"), env!("RELAY_COMMIT"));
    let probes = lines.iter().map(|line| async {
        let probed = probe::probe(&network, line, setup.credentials(), &nonce).await;
        probe::judge(line, &probed, &nonce, &here, SystemClock.now())
    });
    findings.extend(
        futures::future::join_all(probes)
            .await
            .into_iter()
            .flatten(),
    );
    Ok(findings)
}

/// Looks at the lines of a relay that runs in this process: at Twilio, at its schedule, at its disk.
pub async fn look(
    lines: Vec<Line>,
    store: &dyn Store,
    credentials: Arc<Credentials>,
    twilio_url: &str,
    data: &Path,
) -> anyhow::Result<Report> {
    let begun = SystemClock.now();
    let lines: Vec<Arc<Line>> = lines.into_iter().map(Arc::new).collect();
    let setup = Setup::new(Box::new(Network::new()), twilio_url, credentials);
    let mut findings = vec![local::room(data)];
    for line in &lines {
        findings.extend(local::duty(Some(store), line, begun).await?);
    }
    findings.extend(at_twilio(&lines, &setup).await?);
    Ok(Report::of(findings, begun, setup.requests()))
}

/// Shows what is set up at Twilio for a line.
pub async fn look_at(line: Line, credentials: Credentials, twilio_url: &str) -> anyhow::Result<()> {
    let begun = SystemClock.now();
    let network = Box::new(Network::new());
    let setup = Setup::new(network, twilio_url, Arc::new(credentials));
    let findings = judge(&facts::read(&setup, &[Arc::new(line)], begun).await);
    let report = Report::of(findings, begun, setup.requests());
    Ok(report.print(false, false)?)
}

fn list(json: bool) -> anyhow::Result<ExitCode> {
    if json {
        let all: Vec<_> = catalogue::ALL
            .iter()
            .map(|check| serde_json::json!({ "id": check.id, "looks_at": check.looks_at, "worst": check.worst }))
            .collect();
        super::output::json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    tell!("{DIM}id   at worst  looks at{DIM:#}")?;
    for check in catalogue::ALL {
        let worst = check.worst.name();
        tell!("{}  {worst:<8}  {}", check.id, check.looks_at)?;
    }
    Ok(ExitCode::SUCCESS)
}
