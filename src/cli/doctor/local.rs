//! What is looked at without Twilio: files, clock, room, duty.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::doctor::catalogue::{D01, D02, D03, L01, L02, L03, L04, L06, T23};
use crate::app::doctor::report::{Finding, Verdict};
use crate::app::ports::store::Store;
use crate::cli::config::sorted;
use crate::cli::config_file::{self, NoConfig};
use crate::cli::schedule::known;
use crate::clock::{Clock, SystemClock};
use crate::credentials::inspection;
use crate::credentials::registry::MOST_DAYS;
use crate::credentials::repos_env::{self, EnvFile};
use crate::domain::credentials::Credentials;
use crate::domain::duty::check::{Finding as OfDuty, check};
use crate::domain::line::Line;
use crate::domain::line::changes::Changes;
use crate::domain::routing::Known;

/// Below this, backups and the database's own growth may not find room.
const LEAST_ROOM: u64 = 1 << 30;

pub struct Configuration {
    pub lines: Vec<Line>,
    pub findings: Vec<Finding>,
}

/// The lines of the file, or without one those in force.
pub fn configuration(file: &Path, is_deployed: bool, in_force: &[Line]) -> Configuration {
    let place = file.display();
    if is_deployed && !file.exists() {
        let says = format!("there is no {place}; the lines in force are looked at");
        return Configuration {
            lines: in_force.to_vec(),
            findings: vec![Finding::right(&L01, says)],
        };
    }
    let lines = match config_file::read(file) {
        Ok(lines) => lines,
        Err(error) => {
            let (first, command) = match &error {
                NoConfig::Missing(name) => (format!("there is no {name}"), "relay init"),
                error => (
                    error
                        .to_string()
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                    "relay config check",
                ),
            };
            let broken = Finding::new(&L01, Verdict::Broken, first)
                .so("The relay does not start with it, and a push is refused.")
                .command(command);
            return Configuration {
                lines: in_force.to_vec(),
                findings: vec![broken],
            };
        }
    };
    let mut findings = vec![Finding::right(&L01, format!("{place} is right"))];
    if !in_force.is_empty() {
        findings.push(in_force_too(&lines, in_force, is_deployed));
    }
    Configuration { lines, findings }
}

fn in_force_too(lines: &[Line], in_force: &[Line], is_deployed: bool) -> Finding {
    let (new, old) = (sorted(lines.to_vec()), sorted(in_force.to_vec()));
    let changes = Changes::between(&old, &new);
    if changes.is_empty() {
        return Finding::right(&L03, "the lines of the file are in force");
    }
    let names = |lines: Vec<&str>| lines.join(", ");
    let different = changes
        .added
        .iter()
        .chain(changes.changed.iter().map(|(_, new)| new));
    let different = names(different.map(|line| line.name.as_str()).collect());
    let removed = names(
        changes
            .removed
            .iter()
            .map(|line| line.name.as_str())
            .collect(),
    );
    let mut finding = Finding::new(
        &L03,
        Verdict::Broken,
        "the file has other lines than are in force",
    );
    if !different.is_empty() {
        finding = finding.seen("added or changed in the file", Some(&different), None);
    }
    if !removed.is_empty() {
        finding = finding.seen("in force and not in the file", Some(&removed), None);
    }
    let finding = finding.so("Texts go by what is in force: perhaps to somebody who left.");
    if is_deployed {
        finding.command("relay config diff")
    } else {
        finding.only_you("restart `relay serve`: it takes the lines of the file at its start")
    }
}

pub struct File {
    pub credentials: Option<Arc<Credentials>>,
    pub findings: Vec<Finding>,
}

/// `repos.env`. A deployed relay does not read it, so that none need be here.
pub fn env_file(path: &Path, is_deployed: bool) -> File {
    let (file, now) = (EnvFile::at(path), SystemClock.now());
    if is_deployed && !path.exists() {
        let findings = Vec::new();
        return File {
            credentials: None,
            findings,
        };
    }
    let so = "The relay does not start, or cannot check and send texts.";
    let credentials = match repos_env::read(path, now) {
        Ok(credentials) => Arc::new(credentials),
        Err(error) => {
            let command = if path.exists() {
                "check"
            } else {
                "add TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_API_KEY TWILIO_API_SECRET"
            };
            let broken = Finding::new(&L02, Verdict::Broken, error.to_string())
                .so(so)
                .command(format!("relay secrets {command} --file {}", path.display()));
            return File {
                credentials: None,
                findings: vec![broken],
            };
        }
    };
    let found = match file.examine() {
        Ok(examined) => {
            let exported = |name: &str| std::env::var(name).ok();
            inspection::findings(&file.place(), &examined, exported, MOST_DAYS, now)
        }
        Err(error) => vec![inspection::Finding::new(
            error.class(),
            None,
            error.to_string(),
        )],
    };
    let finding = match found.first() {
        None => Finding::right(&L02, format!("{} is as it should be", path.display())),
        Some(first) => {
            let others = match found.len() - 1 {
                0 => String::new(),
                others => format!(", and {others} more"),
            };
            Finding::new(&L02, Verdict::Risk, format!("{}{others}", first.message))
                .so("Programs may read the file otherwise than the relay, others may know it, or a value is none of Twilio's.")
                .command(format!("relay secrets check --file {}", path.display()))
        }
    };
    File {
        credentials: Some(credentials),
        findings: vec![finding],
    }
}

/// Whether the functions have the credentials that the file has.
pub fn file_and_secret(file: Option<&Credentials>, secret: &Credentials) -> Finding {
    let Some(file) = file else {
        return Finding::right(&L04, "there is no file here to compare the secret with");
    };
    let key = |credentials: &Credentials| {
        let key = credentials.api_key.as_ref();
        key.map(|key| (key.sid.clone(), key.secret.duplicate()))
    };
    let pairs = [
        ("TWILIO_ACCOUNT_SID", file.account_sid == secret.account_sid),
        ("TWILIO_AUTH_TOKEN", file.auth_token == secret.auth_token),
        ("TWILIO_API_KEY", key(file) == key(secret)),
    ];
    let different: Vec<_> = pairs
        .iter()
        .filter(|(_, same)| !same)
        .map(|(name, _)| *name)
        .collect();
    if different.is_empty() {
        return Finding::right(&L04, "the secret has the file's credentials");
    }
    Finding::new(
        &L04,
        Verdict::Broken,
        "the secret has other credentials than the file",
    )
    .seen("different", Some(&different.join(", ")), None)
    .so("If the secret's are the old ones, texts are refused as forged and none goes out.")
    .command("relay secrets diff")
}

/// The functions have no credentials.
pub fn no_secret(error: &anyhow::Error) -> Finding {
    Finding::new(
        &L04,
        Verdict::Broken,
        format!("the secret cannot be used: {error:#}"),
    )
    .so("No text is taken, and none goes out.")
    .command("relay secrets seed")
}

/// Whether the data folder can be written, and how much room it has.
pub fn room(data: &Path) -> Finding {
    let place = data.display();
    let trial = data.join(".doctor-trial");
    let written = std::fs::write(&trial, b"x");
    let _ = std::fs::remove_file(&trial);
    if let Err(error) = written {
        return Finding::new(
            &L06,
            Verdict::Broken,
            format!("{place} cannot be written: {error}"),
        )
        .so("No text is kept: Twilio hears errors and gives it to the fallback, which fails, too.")
        .only_you("look at its owner and mode, and whether the disk is full or read-only");
    }
    match rustix::fs::statvfs(data) {
        Ok(stat) => {
            let room = stat.f_bavail * stat.f_frsize;
            let gib = room as f64 / LEAST_ROOM as f64;
            let says = format!("{place} has {gib:.1} GiB left");
            if room < LEAST_ROOM {
                return Finding::new(&L06, Verdict::Risk, says)
                    .so("On a full disk no text is kept.")
                    .only_you("make room, or move the data folder");
            }
            Finding::right(&L06, says)
        }
        Err(error) => Finding::new(
            &L06,
            Verdict::Unknown,
            format!("how much room {place} has cannot be told: {error}"),
        ),
    }
}

/// Who is on duty when, and whether the owner hears of what goes wrong.
pub async fn duty(
    store: Option<&dyn Store>,
    line: &Line,
    now: Timestamp,
) -> anyhow::Result<Vec<Finding>> {
    let overrides = match store {
        Some(store) => known(store, line).await?,
        None => Known::default(),
    };
    let found = check(line, &overrides.overrides, now);
    let warnings: Vec<_> = found.iter().filter(|found| found.is_warning()).collect();
    let schedule = match warnings.first() {
        None => Finding::right(&D01, "the schedule is sound"),
        Some(first) => Finding::new(&D01, Verdict::Risk, first.to_string())
            .so("A customer's text goes to somebody else than was meant.")
            .command(format!("relay duty check --line {}", line.name)),
    };
    let left = found.iter().find_map(|found| match found {
        OfDuty::LeftToBackup { minutes, .. } if *minutes > 24 * 60 => Some(found.to_string()),
        _ => None,
    });
    let backup = match left {
        None => Finding::right(&D02, "somebody besides the backup is on duty within a day"),
        Some(says) => Finding::new(&D02, Verdict::Risk, says)
            .so("All texts of more than a day go to one person.")
            .command(format!("relay duty show --line {}", line.name)),
    };
    let alert = line.policy.alert.as_ref();
    let owner = match alert {
        None => Finding::new(
            &D03,
            Verdict::Risk,
            "nobody is told when a text reached nobody: there is no `alert`",
        )
        .so("A customer's text that reached nobody is found by `relay dead` alone.")
        .only_you("put `alert = \"the owner's number\"` into the line's part of relay.toml"),
        Some(alert) if line.people.len() == 1 && line.people[0].number == *alert => Finding::new(
            &D03,
            Verdict::Note,
            "the only person behind the line is also who is told of what reached nobody",
        ),
        Some(_) => Finding::right(&D03, "the owner is told of what reached nobody"),
    };
    let gone = line
        .people
        .iter()
        .filter(|person| overrides.opt_outs.of(&person.number).is_some());
    let gone: Vec<&str> = gone.map(|person| person.name.as_str()).collect();
    let opted_out = (!gone.is_empty()).then(|| {
        let gone = gone.join(", ");
        Finding::new(
            &T23,
            Verdict::Broken,
            format!("{gone} opted out of the line's texts"),
        )
        .so("They get no customer's text; the next person gets it.")
        .only_you(format!(
            "have {gone} text START to the line from their own phone"
        ))
    });
    let all = [schedule, backup, owner].into_iter().chain(opted_out);
    Ok(all.map(|finding| finding.of_line(&line.name)).collect())
}
