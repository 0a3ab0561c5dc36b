use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::routing::get;
use clap::Subcommand;

use super::output::{Unwritten, tell};
use super::sandbox_fault::Fault;
use super::serve::when_asked_to_stop;
use crate::clock::SystemClock;
use crate::domain::phone::{PhoneNumber, international};
use crate::sandbox::drive::{Resolve, drive};
use crate::sandbox::{Number, Sandbox as FakeTwilio, demo_account, http};

/// Run only the fake Twilio, for any language's tests
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  relay sandbox --number +16195550100=https://app.example.com/sms \\
                --resolve https://app.example.com=http://127.0.0.1:3000
  relay text --url http://127.0.0.1:4010 --from 858-555-0107 hi
  relay sandbox fault undeliverable=30003 --url http://127.0.0.1:4010

Point Twilio's SDK at the printed address and use the printed credentials. More can be done
while it runs, with JSON: POST /sandbox/numbers, /sandbox/texts, /sandbox/calls, /sandbox/faults,
/sandbox/phones/NUMBER; GET /sandbox/account, /sandbox/phones/NUMBER, /sandbox/calls, /sandbox/alerts.
docs/sandbox.md has calls."
)]
pub struct Sandbox {
    #[command(subcommand)]
    command: Option<Command>,
    /// Port on this machine; 0 takes a free one
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// A number of the account, and the webhook that is called when a text comes in
    #[arg(long = "number", value_name = "NUMBER[=URL]", value_parser = number)]
    numbers: Vec<(PhoneNumber, Option<String>)>,
    /// Call LOCAL where a webhook's URL begins with PUBLIC; it is signed for PUBLIC all the same. Without
    /// it, only this machine is called, and where a --number's webhook is
    #[arg(long, value_name = "PUBLIC=LOCAL", value_parser = pair)]
    resolve: Vec<(String, String)>,
    /// Milliseconds that requests to the API take to arrive, and their answers to come back
    #[arg(long, value_name = "MS", default_value_t = 0)]
    distance: u64,
}

fn number(text: &str) -> Result<(PhoneNumber, Option<String>), String> {
    let (number, url) = text.split_once('=').unwrap_or((text, ""));
    let number = international(number).map_err(|error| error.to_string())?;
    Ok((number, (!url.is_empty()).then(|| url.to_owned())))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (public, local) = text
        .split_once('=')
        .ok_or("write PUBLIC=LOCAL, such as https://app.example.com=http://127.0.0.1:3000")?;
    Ok((public.to_owned(), local.to_owned()))
}

#[derive(Subcommand)]
enum Command {
    Fault(Fault),
}

impl Sandbox {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(Command::Fault(fault)) = self.command {
            return fault.run().await;
        }
        let account = Arc::new(demo_account());
        let sandbox = Arc::new(FakeTwilio::new(account, Arc::new(SystemClock)));
        let mut resolve = Resolve::default();
        for (public, local) in &self.resolve {
            resolve = resolve.with(public, local);
        }
        for (number, sms_url) in self.numbers {
            if let Some(url) = &sms_url {
                resolve = resolve.allow(url);
            }
            let setup = Number {
                sms_url,
                ..Number::default()
            };
            sandbox.set_number(number, setup);
        }
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))
            .await
            .with_context(|| {
                format!(
                    "cannot listen on port {}; choose another with --port",
                    self.port
                )
            })?;
        let address = listener.local_addr().context("cannot listen")?;
        let mut stop = when_asked_to_stop()?;
        // Whoever does not listen any more must not stop the sandbox.
        let _ = greet(&sandbox, &format!("http://{address}"));
        let driver = tokio::spawn(drive(sandbox.clone(), resolve, std::future::pending()));
        let routes = http::far_away(sandbox, Duration::from_millis(self.distance))
            .route("/healthz", get(async || "ok"));
        axum::serve(listener, routes)
            .with_graceful_shutdown(async move {
                let _ = stop.wait_for(|stop| *stop).await;
            })
            .await?;
        driver.abort();
        Ok(ExitCode::SUCCESS)
    }
}

/// What is there and how to use it.
fn greet(sandbox: &FakeTwilio, url: &str) -> Result<(), Unwritten> {
    let account = sandbox.account();
    tell!("A fake Twilio is at {url} (Ctrl-C stops it)")?;
    tell!("TWILIO_API_URL={url}")?;
    tell!("TWILIO_ACCOUNT_SID={}", account.account_sid)?;
    tell!("TWILIO_AUTH_TOKEN={}", account.auth_token.expose())?;
    if let Some(key) = &account.api_key {
        tell!("TWILIO_API_KEY={}", key.sid)?;
        tell!("TWILIO_API_SECRET={}", key.secret.expose())?;
    }
    if sandbox.numbers().is_empty() {
        tell!("It has no number yet: POST {url}/sandbox/numbers, or --number")?;
    }
    Ok(())
}
