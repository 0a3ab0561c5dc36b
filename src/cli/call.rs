use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::candidates::{BOLD, DIM};
use super::output::{note, tell};
use super::running_sandbox::RunningSandbox;
use super::{WrongUsage, show};
use crate::printable::printable;
use crate::sandbox::control_calls::{Acted, Attested, Called, PlaceCall};
use crate::sandbox::{Act, CallView, Heard, Kind};

/// Call a line as a customer in a running sandbox
///
/// Prints what the caller hears, and in brackets what each phone hears that is called, until the call is over.
/// Ctrl-C hangs up.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  relay call --from 619-555-0142
  relay phone 619-555-0110 answer        # meanwhile in another shell; then: press 1
  relay call say 20s                     # speak, in the call that came last: to a mailbox or a voicemail
  relay call press 1
  relay call hang-up                     # also a call that a person asked for by CALL 0142
  relay call --withheld --hang-up-after 12s")]
pub struct Call {
    /// What the caller does in a call that goes on: press KEYS, say 20s, hang-up; then, if it is not the last,
    /// which call
    #[arg(value_name = "ACTION", num_args = 0..=3)]
    act: Vec<String>,
    /// Who calls
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["withheld", "act"])]
    from: Option<String>,
    /// The number to call; may be left out where the sandbox has only one line
    #[arg(long, value_name = "NUMBER", conflicts_with = "act")]
    to: Option<String>,
    /// The caller withholds their number
    #[arg(long, conflicts_with = "act")]
    withheld: bool,
    /// What the network says of the caller's number: A, B, C, failed or none
    #[arg(long, value_name = "LEVEL", value_parser = attested, conflicts_with = "act")]
    attested: Option<Attested>,
    /// The caller's patience; without it they wait for ever
    #[arg(long, value_name = "TIME", value_parser = length, conflicts_with = "act")]
    hang_up_after: Option<Duration>,
    /// Print the whole call as JSON once it is over
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: RunningSandbox,
}

/// How often a call is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

fn attested(level: &str) -> Result<Attested, &'static str> {
    Ok(match level {
        "A" => Attested::A,
        "B" => Attested::B,
        "C" => Attested::C,
        "failed" => Attested::Failed,
        "none" => Attested::None,
        _ => return Err("write A, B, C, failed or none"),
    })
}

pub fn length(text: &str) -> Result<Duration, &'static str> {
    let length: Result<SignedDuration, _> = text.parse();
    let length = length.ok().and_then(|length| length.try_into().ok());
    length.ok_or("write it like 12s or 2m")
}

/// What somebody on a call does, by the words of a command line.
pub fn act(words: &[String], known: &[&str]) -> Result<Act, WrongUsage> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let known_word = words.first().is_some_and(|word| known.contains(word));
    let act = match words.as_slice() {
        _ if !known_word => None,
        ["answer"] => Some(Act::Answer),
        ["decline"] => Some(Act::Decline),
        ["hang-up"] => Some(Act::HangUp),
        ["press", keys] => Some(Act::Press((*keys).to_owned())),
        ["say", time] => {
            let length = length(time).map_err(|how| WrongUsage(format!("say {time}: {how}")))?;
            Some(Act::Say(length.as_secs_f64()))
        }
        _ => None,
    };
    act.ok_or_else(|| {
        let forms = known.iter().map(|word| match *word {
            "press" => "press 1",
            "say" => "say 20s",
            word => word,
        });
        let forms: Vec<_> = forms.collect();
        WrongUsage(format!("`{}`: write {}", words.join(" "), forms.join(", ")))
    })
}

impl Call {
    pub async fn run(mut self) -> anyhow::Result<ExitCode> {
        if !self.act.is_empty() {
            let is_call = |word: &mut String| word.starts_with("CA");
            let call = self
                .act
                .pop_if(is_call)
                .unwrap_or_else(|| "latest".to_owned());
            let act = act(&self.act, &["press", "say", "hang-up"])?;
            let path = format!("/sandbox/calls/{call}");
            let acted: Acted = self.sandbox.post(&path, &act).await?;
            return show::print(&acted, self.json, |Acted { sid }| {
                tell!("done, in the call {sid}")
            });
        }
        let from = match (&self.from, self.withheld) {
            (Some(from), _) => Some(self.sandbox.number(from)?.expose().to_owned()),
            (None, true) => None,
            (None, false) => {
                let why = "say who calls: --from 619-555-0142, or --withheld";
                return Err(WrongUsage(why.to_owned()).into());
            }
        };
        let to = self.to.as_deref().map(|to| self.sandbox.number(to));
        let new = PlaceCall {
            from,
            to: to.transpose()?,
            attested: self.attested,
            hang_up_after_ms: self.hang_up_after.map(|after| after.as_millis() as u64),
            ..PlaceCall::default()
        };
        // From here on Ctrl-C is for the call.
        let interrupts = signal(SignalKind::interrupt())?;
        let called: Called = self.sandbox.post("/sandbox/calls", &new).await?;
        if !self.json {
            let Called { sid, from, to } = &called;
            tell!("{} → {to}  {sid}", printable(from))?;
        }
        let call = self.follow(&called.sid, interrupts).await?;
        show::print(&call, self.json, |call| {
            let last = call.ended.unwrap_or(call.started);
            let billed = call.answered.map(|answered| seconds(answered, last));
            match billed {
                Some(billed) => tell!(
                    "{BOLD}over after {} s, answered for {billed} s{BOLD:#}",
                    seconds(call.started, last)
                ),
                None => tell!(
                    "{BOLD}over after {} s, never answered{BOLD:#}",
                    seconds(call.started, last)
                ),
            }
        })
    }

    /// Watches a call until it is over.
    async fn follow(&self, sid: &str, mut interrupts: Signal) -> anyhow::Result<CallView> {
        let mut printed = 0;
        let mut has_hung_up = false;
        loop {
            let call: CallView = self.sandbox.get(&format!("/sandbox/calls/{sid}")).await?;
            if !self.json {
                let lines = lines(&call);
                for line in lines.iter().skip(printed) {
                    tell!("{line}")?;
                }
                printed = lines.len();
            }
            if !call.status.is_live() && !call.legs.iter().any(|leg| leg.status.is_live()) {
                return Ok(call);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = interrupts.recv() => {
                    if std::mem::replace(&mut has_hung_up, true) {
                        return Ok(call);
                    }
                    let path = format!("/sandbox/calls/{sid}");
                    // It may be over by now.
                    if let Err(error) = self.sandbox.post::<Acted>(&path, &Act::HangUp).await {
                        note!("{error:#}");
                    }
                }
            }
        }
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// Everything that was heard, in order, with the time since the call began.
fn lines(call: &CallView) -> Vec<String> {
    let callers = call.heard.iter().map(|heard| (heard, None));
    let legs = call.legs.iter();
    let callees = legs.flat_map(|leg| leg.heard.iter().map(move |heard| (heard, Some(&leg.to))));
    let mut all: Vec<_> = callers.chain(callees).collect();
    all.sort_by_key(|(heard, _)| heard.at);
    let line = |(heard, phone): &(&Heard, Option<&String>)| {
        let at = seconds(call.started, heard.at);
        let what = words(heard);
        match phone {
            Some(phone) => {
                let phone = printable(phone);
                format!(
                    "{DIM}{:>3}:{:02}  [{phone}: {what}]{DIM:#}",
                    at / 60,
                    at % 60
                )
            }
            None => format!("{DIM}{:>3}:{:02}{DIM:#}  {what}", at / 60, at % 60),
        }
    };
    all.iter().map(line).collect()
}

fn words(heard: &Heard) -> String {
    let text = printable(&heard.text);
    match heard.kind {
        Kind::Says => format!("“{text}”"),
        Kind::Plays => format!("sound: {text}"),
        Kind::Tone => format!("~ {text}"),
        Kind::Voice => format!("the other side: {text}"),
        Kind::Did => format!("→ {text}"),
        Kind::State => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_does_is_read_and_a_slip_is_told_the_forms() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let known = ["press", "say", "hang-up"];
        let read = |text: &str| act(&words(text), &known).map_err(|error| error.0);
        assert_eq!(read("press 12#"), Ok(Act::Press("12#".to_owned())));
        assert_eq!(read("say 1.5m"), Ok(Act::Say(90.0)));
        assert_eq!(read("hang-up"), Ok(Act::HangUp));
        let wrong = "write press 1, say 20s, hang-up";
        for text in ["press", "hang", "answer", "hang-up now"] {
            let told = read(text).unwrap_err();
            assert!(told.ends_with(wrong), "{told}");
        }
        assert!(read("say 20").unwrap_err().contains("write it like 12s"));
    }

    #[test]
    fn what_both_sides_hear_stands_in_the_order_of_time() {
        let heard = |second: i64, kind, text: &str| Heard {
            at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
            kind,
            text: text.to_owned(),
        };
        let call = |to: &str, heard, legs| CallView {
            sid: "CA1".to_owned(),
            parent: None,
            from: "+16195550142".to_owned(),
            to: to.to_owned(),
            status: crate::sandbox::CallStatus::Completed,
            error_code: None,
            started: Timestamp::from_second(1_700_000_000).unwrap(),
            answered: None,
            ended: None,
            now: "over".to_owned(),
            connected: false,
            heard,
            legs,
        };
        let leg = vec![heard(61, Kind::Says, "Press\u{1b}[2J 1.")];
        let leg = call("+16195550110", leg, vec![]);
        let own = vec![
            heard(0, Kind::Tone, "ringing"),
            heard(70, Kind::Did, "hangs up"),
        ];
        let shown = lines(&call("+16195550100", own, vec![leg])).join("\n");
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(
            plain,
            "  0:00  ~ ringing\n  1:01  [+16195550110: “Press�[2J 1.”]\n  1:10  → hangs up"
        );
    }
}
