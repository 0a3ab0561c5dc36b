use std::ops::RangeInclusive;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::call::length;
use super::output::tell;
use super::running_sandbox::RunningSandbox;
use super::{WrongUsage, meant};
use crate::cli::show;
use crate::printable::printable;
use crate::sandbox::{Fault as Kind, Injection, Requests};

/// Have something go wrong in a running sandbox, as it does at Twilio
///
/// WHAT is one of
///   refuse=CODE               the API refuses with this error, such as 21610 or 30034
///   too-many-requests         the API answers 429
///   server-error=503          the API answers so and sends nothing
///   error-after-accept=503    the API answers so, and yet sends the text
///   lost-answer               the text is sent, and the answer never comes
///   lost-request              the request never arrives
///   slow-answer=8s            the answer takes so long
///   undeliverable=CODE        the text fails later, such as with 30003, 30005 or 30007
///   held=10m                  the text stays in Twilio's queue
///   unreported                the text arrives, and no report comes
///   lost-callback, repeated-callback, reordered-callback, delayed-callback=1m
///   call-lost-answer, call-slow-answer=7s, call-error-answer=503, call-repeated-request,
///   call-lost-callback, call-reordered-callback, call-failed=13227
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  relay sandbox fault undeliverable=30003 --to 619-555-0110
  relay sandbox fault lost-answer --times 3
  relay sandbox fault call-error-answer=503 --url-has /ended
  relay sandbox fault              # those that have not happened yet
  relay sandbox fault --clear"
)]
pub struct Fault {
    /// What goes wrong; without it, those that wait are listed
    what: Option<String>,
    /// Only texts, or calls, to this number
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// How often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = times)]
    times: u32,
    /// Of calls: only webhooks whose URL has that in it
    #[arg(long, value_name = "TEXT")]
    url_has: Option<String>,
    /// Forget the faults that have not happened yet
    #[arg(long, conflicts_with = "what")]
    clear: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: RunningSandbox,
}

impl Fault {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.clear {
            self.sandbox.delete("/sandbox/faults").await?;
        }
        let Some(what) = &self.what else {
            let waiting: Vec<Injection> = self.sandbox.get("/sandbox/faults").await?;
            return show::print(&waiting, self.json, |waiting| {
                if waiting.is_empty() {
                    tell!("no fault waits")?;
                }
                for fault in waiting {
                    tell!("{}", printable(&json!(fault).to_string()))?;
                }
                Ok(())
            });
        };
        let to = self
            .to
            .as_ref()
            .map(|to| self.sandbox.number(to))
            .transpose()?;
        let injection = Injection {
            fault: read(what, self.url_has.as_deref())?,
            to,
            times: self.times,
            requests: Requests::default(),
            path: None,
        };
        let _: Value = self.sandbox.post("/sandbox/faults", &injection).await?;
        show::print(&injection, self.json, |_| {
            let times = show::count(self.times as usize, "time");
            tell!("{what} happens {times}")
        })
    }
}

#[rustfmt::skip]
const NAMES: [&str; 21] = [
    "refuse", "too-many-requests", "server-error", "error-after-accept", "lost-answer", "lost-request",
    "slow-answer", "undeliverable", "held", "unreported", "lost-callback", "repeated-callback",
    "reordered-callback", "delayed-callback", "call-lost-answer", "call-slow-answer", "call-error-answer",
    "call-repeated-request", "call-lost-callback", "call-reordered-callback", "call-failed",
];

fn times(text: &str) -> Result<u32, &'static str> {
    let times = text.parse().ok().filter(|times| (1..=1000).contains(times));
    times.ok_or("write how often it happens, from 1 to 1000, such as 3")
}

/// Reads `NAME` or `NAME=VALUE`.
pub fn read(what: &str, url_has: Option<&str>) -> Result<Kind, WrongUsage> {
    let (name, value) = what.split_once('=').unwrap_or((what, ""));
    let wrong = || {
        let meant = meant(name, NAMES.iter().copied());
        let why = format!("{what:?} is no fault; `relay sandbox fault --help` lists them{meant}");
        WrongUsage(why)
    };
    let call = name.strip_prefix("call-");
    if url_has.is_some() && call.is_none() {
        let why = "--url-has is for faults of calls; their names begin with call-";
        return Err(WrongUsage(why.to_owned()));
    }
    let kind = call.unwrap_or(name).replace('-', "_");
    let rather = |how: &str| {
        let list = "`relay sandbox fault --help` lists all faults";
        WrongUsage(format!("{what:?}: {how}; {list}"))
    };
    let ms = || match length(value) {
        Ok(length) => Ok(length.as_millis() as u64),
        Err(how) => Err(rather(&format!("{how}, such as {name}=8s"))),
    };
    let number = |within: RangeInclusive<u32>, how: &str| {
        let number = value.parse().ok().filter(|number| within.contains(number));
        number.ok_or_else(|| rather(how))
    };
    let code = || {
        let how = "an error of Twilio's has five digits; write it behind =, such as 30003";
        number(10_000..=99_999, how)
    };
    let status = |least: u32| {
        let how = format!("an error's status is from {least} to 599, such as {name}=503");
        number(least..=599, &how)
    };
    let is_call = call.is_some();
    let fault = match kind.as_str() {
        "refuse" | "undeliverable" if !is_call => json!({ kind: { "code": code()? } }),
        "failed" if is_call => json!({ kind: { "code": code()? } }),
        "server_error" | "error_after_accept" if !is_call => {
            json!({ kind: { "status": status(500)? } })
        }
        "error_answer" if is_call => json!({ kind: { "status": status(400)? } }),
        "slow_answer" | "held" | "delayed_callback" => json!({ kind: { "ms": ms()? } }),
        "too_many_requests" if value.is_empty() => json!({ kind: {} }),
        _ if value.is_empty() => json!(kind),
        _ => return Err(wrong()),
    };
    let fault = match (is_call, url_has) {
        (true, Some(url)) => json!({ "call": { "what": fault, "url": url } }),
        (true, None) => json!({ "call": { "what": fault } }),
        (false, _) => fault,
    };
    serde_json::from_value(fault).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_the_help_writes_them() {
        let read = |what: &str| json!(super::read(what, None).map_err(|e| e.0).unwrap());
        assert_eq!(read("refuse=21610")["refuse"]["code"], 21610);
        assert_eq!(
            read("undeliverable=30003"),
            json!({ "undeliverable": { "code": 30003 } })
        );
        assert_eq!(
            read("server-error=503"),
            json!({ "server_error": { "status": 503 } })
        );
        assert_eq!(
            read("error-after-accept=500"),
            json!({ "error_after_accept": { "status": 500 } })
        );
        assert_eq!(
            read("slow-answer=8s"),
            json!({ "slow_answer": { "ms": 8000 } })
        );
        assert_eq!(read("held=10m"), json!({ "held": { "ms": 600_000 } }));
        assert_eq!(
            read("delayed-callback=500ms"),
            json!({ "delayed_callback": { "ms": 500 } })
        );
        for plain in [
            "lost-answer",
            "lost-request",
            "unreported",
            "lost-callback",
            "repeated-callback",
            "reordered-callback",
        ] {
            assert_eq!(read(plain), json!(plain.replace('-', "_")));
        }
        assert!(read("too-many-requests")["too_many_requests"].is_object());
        let call = |what: Value| json!({ "call": { "what": what } });
        assert_eq!(
            read("call-failed=13227"),
            call(json!({ "failed": { "code": 13227 } }))
        );
        assert_eq!(
            read("call-error-answer=503"),
            call(json!({ "error_answer": { "status": 503 } }))
        );
        assert_eq!(
            read("call-slow-answer=7s"),
            call(json!({ "slow_answer": { "ms": 7000 } }))
        );
        for plain in [
            "lost-answer",
            "repeated-request",
            "lost-callback",
            "reordered-callback",
        ] {
            let what = plain.replace('-', "_");
            assert_eq!(read(&format!("call-{plain}")), call(json!(what)));
        }
        let with_url = super::read("call-lost-answer", Some("/ended")).map_err(|e| e.0);
        assert_eq!(json!(with_url.unwrap())["call"]["url"], "/ended");
    }

    #[test]
    fn what_is_no_fault_is_refused_with_where_they_are_listed() {
        for what in [
            "",
            "nonsense",
            "refuse",
            "refuse=x",
            "held=10",
            "held=",
            "lost-answer=3",
            "call-held=1s",
            "failed=1",
            "call-refuse=1",
            "held=99999999999999999999h",
            "refuse=99999999999",
            "refuse=30",
            "server-error=200",
            "server-error=600",
            "server-error",
            "error-after-accept=404",
            "call-error-answer=200",
            "call-failed=7",
            "held=-1s",
            "slow-answer=soon",
        ] {
            let error = read(what, None)
                .err()
                .map(|error| error.0)
                .unwrap_or_default();
            assert!(
                error.contains("relay sandbox fault --help"),
                "{what}: {error}"
            );
        }
        assert!(read("lost-answer", Some("/x")).is_err());
        for (what, told) in [
            (
                "server-error=200",
                "from 500 to 599, such as server-error=503",
            ),
            (
                "call-error-answer=200",
                "from 400 to 599, such as call-error-answer=503",
            ),
            ("held=10", "write it like 12s or 2m, such as held=8s"),
            ("undeliverable=3", "five digits"),
        ] {
            let error = read(what, None).map_err(|error| error.0).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_fault_happens_once_at_least_and_lasts_as_a_call_does() {
        for wrong in ["0", "-1", "1001", "x", ""] {
            assert!(times(wrong).unwrap_err().contains("from 1 to 1000"));
        }
        assert_eq!((times("1"), times("1000")), (Ok(1), Ok(1000)));
        let ms =
            |what: &str| json!(read(what, None).map_err(|e| e.0).unwrap())["held"]["ms"].clone();
        for (what, expected) in [
            ("held=1.5m", 90_000),
            ("held=1m 30s", 90_000),
            ("held=2h", 7_200_000),
            ("held=250ms", 250),
            ("held=90 seconds", 90_000),
        ] {
            assert_eq!(ms(what), expected, "{what}");
        }
    }
}
