//! Only a change of a verdict is news: what was broken yesterday is still broken today, and the owner knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::{Finding, Verdict};
use super::{facts, judge};
use crate::app::ports::verdicts::Verdicts;
use crate::app::relay::Relay;
use crate::domain::delivery::{Purpose, wording};
use crate::domain::ids::DeliveryId;
use crate::domain::line::Line;
use crate::printable::printable;
use crate::twilio::setup::Setup;

/// How each check stood when it was last known; line and id together are the key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Known(BTreeMap<String, Stands>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    Broken,
    Risk,
    Right,
}

/// What is otherwise than the last time, for one line; what concerns no line in particular is under each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    pub worse: Vec<&'static str>,
    pub right_again: Vec<&'static str>,
}

impl News {
    pub fn is_empty(&self) -> bool {
        self.worse.is_empty() && self.right_again.is_empty()
    }
}

impl Known {
    /// Takes in what was found now. What could not be looked at stays as it was known; of what is seen for the first
    /// time only what is broken is news.
    pub fn take_in(&mut self, line: &str, findings: &[Finding]) -> News {
        let mut news = News::default();
        for finding in findings {
            if finding.line.as_deref().is_some_and(|of| of != line) {
                continue;
            }
            let now = match finding.verdict {
                Verdict::Broken => Stands::Broken,
                Verdict::Risk => Stands::Risk,
                Verdict::Right | Verdict::Note => Stands::Right,
                Verdict::Unknown => continue,
            };
            let id = finding.check.id;
            let before = self.0.insert(format!("{line}/{id}"), now);
            match (before, now) {
                (Some(Stands::Right | Stands::Risk) | None, Stands::Broken)
                | (Some(Stands::Right), Stands::Risk) => news.worse.push(id),
                (Some(Stands::Broken | Stands::Risk), Stands::Right) => news.right_again.push(id),
                _ => {}
            }
        }
        news
    }
}

/// What has to be right for a text to arrive and to be answered.
const FATAL: [&str; 10] = [
    "T01", "T02", "T05", "T06", "T08", "T09", "T11", "T12", "T14", "T18",
];

/// Looks at what is set up at Twilio, logs what keeps texts from arriving, and tells the owner of what changed. The relay
/// goes on all the same: the credentials are read again when they were put right, and without this the only sign would
/// be silence.
pub async fn look(
    relay: &Relay,
    setup: &Setup,
    lines: &[Arc<Line>],
    verdicts: &dyn Verdicts,
) -> anyhow::Result<Vec<Finding>> {
    let now = relay.now();
    let findings = judge(&facts::read(setup, lines, now).await);
    log(&findings);
    let kept = verdicts.read().await.context("what was found last")?;
    let kept = kept.and_then(|kept| serde_json::from_slice(&kept).ok());
    let mut known: Known = kept.unwrap_or_default();
    for line in lines {
        let news = known.take_in(&line.name, &findings);
        tell(relay, line, &news, now).await?;
    }
    verdicts.keep(&serde_json::to_vec(&known)?).await?;
    Ok(findings)
}

fn log(findings: &[Finding]) {
    let fatal = findings.iter().filter(|f| FATAL.contains(&f.check.id));
    let mut is_well = true;
    for finding in fatal {
        let (check, line) = (finding.check.id, finding.line.as_deref());
        let says = printable(&finding.says);
        match finding.verdict {
            Verdict::Broken => {
                let so = finding.consequence.as_deref();
                let line = line.map(printable);
                tracing::error!(
                    check,
                    line,
                    so,
                    "{says}; `relay doctor` says how to put it right"
                );
                is_well = false;
            }
            Verdict::Unknown if check == "T01" => {
                tracing::warn!(check, "{says}");
                is_well = false;
            }
            _ => {}
        }
    }
    if is_well {
        tracing::info!("Twilio accepts the credentials and brings texts to this relay");
    }
}

/// Tells the owner by text, and by the ways beside Twilio.
async fn tell(relay: &Relay, line: &Line, news: &News, now: Timestamp) -> anyhow::Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let (worse, right) = (news.worse.join(", "), news.right_again.join(", "));
    let says = |language| wording::setup_changed(language, &line.name, &worse, &right);
    let key = format!("{} {now} {worse} {right}", line.number.expose());
    let id = DeliveryId::setup_changed(&key);
    let cause = format!("setup of {}: {worse}; {right}", line.name);
    relay
        .tell_owner(line, (id, Purpose::Repair), cause, says, now)
        .await
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{T01, T08, T10, T20};
    use super::*;

    #[test]
    fn only_what_changed_is_news() {
        let mut known = Known::default();
        let of = |check, verdict| Finding::new(check, verdict, "").of_line("qdn");
        let first = [
            of(&T08, Verdict::Broken),
            of(&T10, Verdict::Risk),
            of(&T20, Verdict::Right),
            Finding::new(&T01, Verdict::Right, ""),
            Finding::new(&T08, Verdict::Broken, "").of_line("other"),
        ];
        let news = known.take_in("qdn", &first);
        assert_eq!((news.worse, news.right_again), (vec!["T08"], vec![]));
        assert!(known.take_in("qdn", &first).is_empty());
        // What cannot be looked at is no news, nor is it when it can be again.
        assert!(
            known
                .take_in("qdn", &[of(&T08, Verdict::Unknown)])
                .is_empty()
        );
        assert!(known.take_in("qdn", &first).is_empty());
        let later = [
            of(&T08, Verdict::Right),
            of(&T10, Verdict::Broken),
            of(&T20, Verdict::Risk),
            Finding::new(&T01, Verdict::Broken, ""),
        ];
        let kept = serde_json::to_string(&known).unwrap();
        let mut known: Known = serde_json::from_str(&kept).unwrap();
        let news = known.take_in("qdn", &later);
        assert_eq!(news.worse, ["T10", "T20", "T01"]);
        assert_eq!(news.right_again, ["T08"]);
    }
}
