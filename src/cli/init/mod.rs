mod draft;
mod first_text;

use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;

use self::draft::Draft;
use super::access::api_address;
use super::output::{note, tell};
use super::{candidates, doctor, secrets};
use crate::clock::{Clock, SystemClock};
use crate::credentials::repos_env;
use crate::domain::credentials::{ACCOUNT_SID, AUTH_TOKEN};
use crate::domain::line::Line;
use crate::domain::phone::Sender;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Known, decide};
use crate::printable::{printable, printable_lines};
use crate::twilio::API_URL;

/// Make relay.toml from a few answers
///
/// Enter takes what stands in brackets behind a question. An answer that cannot be used is asked for
/// again, with the reason. Nothing is written before the last question, and no file is replaced.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay init
  relay init --config harbour.toml")]
pub struct Init {
    /// The file to make
    #[arg(
        long,
        value_name = "FILE",
        env = "RELAY_CONFIG",
        default_value = "relay.toml"
    )]
    config: PathBuf,
    /// Twilio's API, or a sandbox's address
    #[arg(long, value_name = "URL", env = "TWILIO_API_URL", default_value = API_URL, value_parser = api_address)]
    twilio_url: String,
}

impl Init {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = &self.config;
        if file.exists() {
            bail!(
                "{0} is there already; edit it and run `relay config check`, or name another file with --config",
                file.display()
            );
        }
        note!(
            "This makes {}. Enter takes what stands in brackets; Ctrl-C leaves everything as it is.\n",
            file.display()
        );
        let mut answers = std::io::stdin().lock();
        let draft = Draft::asked(&mut |question, default| ask(&mut answers, question, default))?;
        let line = draft.line()?;
        note!("\n{} {}", line.name, line.number.expose());
        for person in &draft.people {
            note!("  {}: {}", person.name, person.hours);
        }
        let sure = ask(&mut answers, &format!("Write {}?", file.display()), "yes")?;
        if !is_yes(&sure) {
            bail!("nothing was written");
        }
        write(file, &draft.toml())?;
        tell!("\nwrote {}, which only you can read", file.display())?;
        tell!("A text right now {}", whom(&line, SystemClock.now()))?;
        drop(answers);
        show_first_text(&line).await?;
        if std::io::stdin().is_terminal() {
            self.goes_on(line).await?;
        }
        let example = if file == Path::new("relay.toml") {
            String::new()
        } else {
            format!(" --config {}", file.display())
        };
        tell!("\nNext:")?;
        tell!(
            "  relay dev{example}                      try it, with a sandbox in place of Twilio"
        )?;
        tell!(
            "  relay secrets add TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_API_KEY TWILIO_API_SECRET --file repos.env"
        )?;
        tell!(
            "  relay serve{example}                    docs/one-machine.md has what Twilio needs"
        )?;
        tell!(
            "  relay doctor{example} --fix             sets the number's addresses at Twilio, and looks for what is missing"
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Init {
    /// Takes Twilio's credentials, and looks at what is set up there. What goes wrong here leaves the file as it is.
    async fn goes_on(&self, line: Line) -> anyhow::Result<()> {
        let file = self.config.with_file_name("repos.env");
        if !file.exists() {
            let question = format!("\nPut Twilio's credentials into {} now?", file.display());
            if !is_yes(&ask(&mut std::io::stdin().lock(), &question, "yes")?) {
                return Ok(());
            }
            let is_sandbox = self.twilio_url != API_URL;
            secrets::add(&file, &[ACCOUNT_SID, AUTH_TOKEN], is_sandbox).await?;
        }
        let credentials = repos_env::read(&file, SystemClock.now())?;
        note!("\nLooking at what is set up at Twilio…");
        doctor::look_at(line, credentials, &self.twilio_url).await
    }
}

/// Asks until there is an answer. What is printed before the answer goes to standard error, so that a pipe
/// gets the result alone.
fn ask(answers: &mut impl BufRead, question: &str, default: &str) -> anyhow::Result<String> {
    loop {
        let mut out = anstream::stderr();
        let _ = match default {
            "" => write!(out, "{question}: "),
            default => write!(out, "{question} [{default}]: "),
        };
        let _ = out.flush();
        let mut answer = String::new();
        if answers.read_line(&mut answer)? == 0 {
            bail!("there is no answer to {question:?}; nothing was written");
        }
        match answer.trim() {
            "" if default.is_empty() => note!("  this has no default; write something"),
            "" => return Ok(default.to_owned()),
            answer => return Ok(answer.to_owned()),
        }
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(
        answer.to_lowercase().as_str(),
        "y" | "yes" | "s" | "si" | "sí"
    )
}

/// Shows a customer's text on the phone of whoever gets it. That it cannot be tried here says nothing of the line.
async fn show_first_text(line: &Line) -> anyhow::Result<()> {
    match first_text::first_text(line).await {
        Ok(read) => {
            tell!("\nTried here, with a sandbox in place of Twilio; nothing was sent:")?;
            let customer = read.customer.expose();
            tell!("  a customer, {customer}, texts: {}", first_text::WORDS)?;
            tell!("  {} reads:", printable(&read.person))?;
            for row in printable_lines(&read.text).lines() {
                tell!("    {row}")?;
            }
        }
        Err(error) => note!("a first text could not be tried here: {error:#}"),
    }
    Ok(())
}

/// Who would get a customer's text.
fn whom(line: &Line, now: Timestamp) -> String {
    let known = Known::default();
    let customer = Sender::parse("+12015550123");
    let decision = decide(line, &known, &customer, Nature::Ordinary, now);
    candidates::outcome(&decision).to_string()
}

/// For the owner alone: people's numbers are in it, and PINs may come.
fn write(file: &Path, toml: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(file);
    let mut made = made.with_context(|| format!("cannot make {}", file.display()))?;
    made.write_all(toml.as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))
}
