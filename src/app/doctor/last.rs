//! What was found last at Twilio, for a look without a network.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalogue;
use super::report::{Finding, Verdict};

/// Where it is kept, within the data folder.
pub const PLACE: &str = "doctor/last.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    pub at: Timestamp,
    checks: Vec<Kept>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: String,
    verdict: Verdict,
    line: Option<String>,
    says: String,
    consequence: Option<String>,
}

impl Last {
    /// Of what was looked at beyond this machine.
    pub fn of(findings: &[Finding], at: Timestamp) -> Self {
        let kept = findings
            .iter()
            .filter(|finding| finding.check.id.starts_with(['T', 'P']))
            .map(|finding| Kept {
                id: finding.check.id.to_owned(),
                verdict: finding.verdict,
                line: finding.line.clone(),
                says: finding.says.clone(),
                consequence: finding.consequence.clone(),
            });
        Self {
            at,
            checks: kept.collect(),
        }
    }

    /// The findings again, each with the time of which it is true. A check of another version of the relay that is
    /// not known here is left out.
    pub fn findings(self, when: &str) -> Vec<Finding> {
        let again = self.checks.into_iter().filter_map(|kept| {
            let check = catalogue::named(&kept.id)?;
            let says = format!("{} (as of {when})", kept.says);
            let mut finding = Finding::new(check, kept.verdict, says);
            finding.line = kept.line;
            finding.consequence = kept.consequence;
            Some(finding)
        });
        again.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{L01, T08, T10};
    use super::*;

    #[test]
    fn what_was_found_at_twilio_is_told_again_with_its_time() {
        let at: Timestamp = "2026-11-29T14:02:11Z".parse().unwrap();
        let found = [
            Finding::new(&L01, Verdict::Broken, "of this machine"),
            Finding::new(&T08, Verdict::Broken, "elsewhere")
                .of_line("qdn")
                .so("None comes."),
            Finding::right(&T10, "the relay's"),
        ];
        let kept = serde_json::to_string(&Last::of(&found, at)).unwrap();
        let last: Last = serde_json::from_str(&kept).unwrap();
        assert_eq!(last.at, at);
        let again = last.findings("Nov 29, 2:02 PM");
        let expected = [
            Finding::new(&T08, Verdict::Broken, "elsewhere (as of Nov 29, 2:02 PM)")
                .of_line("qdn")
                .so("None comes."),
            Finding::right(&T10, "the relay's (as of Nov 29, 2:02 PM)"),
        ];
        assert_eq!(again, expected);

        let of_tomorrow = kept.replace("T10", "T99");
        let last: Last = serde_json::from_str(&of_tomorrow).unwrap();
        assert_eq!(last.findings("x").len(), 1);
    }
}
