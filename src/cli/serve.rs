use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::access::{OurEnvFile, api_address};
use super::config_file::{self, TheFile};
use super::page::{Page, PageFlags};
use crate::adapters::files::private_folder::replace;
use crate::adapters::files::verdicts::VerdictsFile;
use crate::app::doctor::last::{self, Last};
use crate::app::doctor::watch as doctor;
use crate::app::ports::credentials::CredentialsSource;
use crate::app::relay::Relay;
use crate::clock::SystemClock;
use crate::credentials::cache::Cache;
use crate::credentials::repos_env::EnvFile;
use crate::domain::line::Line;
use crate::hosts::server::machine::Machine;
use crate::hosts::server::parts::{PartEnded, Parts};
use crate::hosts::server::supervisor::activated;
use crate::hosts::server::twilio_account::TwilioAccount;
use crate::hosts::server::{DEFAULT_DATA, VERDICTS, logs, output};
use crate::twilio::API_URL;
use crate::twilio::client::Client;
use crate::twilio::network::Network;
use crate::twilio::setup::Setup;

/// Run the relay on this machine with the real Twilio
///
/// Twilio must be able to reach it under the line's public_url: through a tunnel, or a web server
/// with a certificate in front.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  relay serve\n  relay serve --config relay.toml --env-file repos.env --port 4000\n  relay serve --page 4001"
)]
pub struct Serve {
    #[command(flatten)]
    lines: TheFile,
    #[command(flatten)]
    env_file: OurEnvFile,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    page: PageFlags,
    /// Where state and audit are kept
    #[arg(long, value_name = "DIR", env = "RELAY_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Twilio's API, or something that stands in for it
    #[arg(long, value_name = "URL", default_value = API_URL, value_parser = api_address)]
    twilio_url: String,
}

/// Where a one-machine relay listens.
#[derive(clap::Args)]
pub struct Place {
    /// The port to listen on; 0 for any free one
    #[arg(long, default_value_t = 4000)]
    pub port: u16,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = ip_address)]
    pub bind: IpAddr,
}

fn ip_address(text: &str) -> Result<IpAddr, &'static str> {
    let how =
        "not an IP address; write 127.0.0.1 for this machine alone, or 0.0.0.0 for all networks";
    text.parse().map_err(|_| how)
}

impl Serve {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let config = config_file::read_file(&self.lines.config)?;
        let lines = config.lines.clone();
        // Read again and again: a rotation changes the file while the relay runs.
        let credentials = Cache::new(EnvFile::at(self.env_file.path()), Arc::new(SystemClock));
        credentials.current().await?;
        let listener = self.place.listen().await?;
        let page = self.page.open(None).await?;
        let account = TwilioAccount::default();
        let twilio = Client::new(account.behind(Network::new()), &self.twilio_url);
        let machine = Machine::open(&self.data, config, credentials, twilio).await?;
        start_log(&lines);
        outlive_hangups()?;
        for line in &lines {
            say(&format!(
                "webhook  {0}/twilio/sms (line {1})\nfallback {0}/twilio/fallback (line {1})\n\
                 calls    {0}/twilio/voice (line {1}; primary handler fails: {0}/twilio/voice/fallback, call \
                 status changes: {0}/twilio/voice/end)\n",
                line.public_url, line.name
            ));
        }
        say(&format!(
            "ready    http://{0}/readyz\nhealth   http://{0}/healthz\n",
            listener.local_addr()?
        ));
        let (mut parts, stop) = (Parts::default(), when_asked_to_stop()?);
        if let Some(opened) = page {
            let (address, access) = opened.with_key(machine.relay().now());
            say(&format!(
                "page     {address}\n         (good once, for 10 minutes; `relay page link --as NAME` makes another)\n"
            ));
            let page = Page::new(
                machine.relay(),
                self.data.clone(),
                None,
                access,
                stop.clone(),
            );
            parts.add("the page", page.serve(opened.listener));
        }
        let watch = Watch {
            relay: machine.relay(),
            lines: lines.into_iter().map(Arc::new).collect(),
            twilio_url: self.twilio_url.clone(),
            verdicts: VerdictsFile(self.data.join(VERDICTS)),
            last: self.data.join(last::PLACE),
        };
        tokio::spawn(watch.run());
        let served = machine.serve(listener, Router::new(), parts, account, stop);
        Ok(ended(served.await))
    }
}

/// How often it is looked what is set up at Twilio, after the start.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks at what is set up at Twilio, at the start and every day.
struct Watch {
    relay: Arc<Relay>,
    lines: Vec<Arc<Line>>,
    twilio_url: String,
    verdicts: VerdictsFile,
    last: PathBuf,
}

impl Watch {
    async fn run(self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if let Err(error) = self.look().await {
                let error = format!("{error:#}");
                tracing::warn!(error, "what is set up at Twilio was not looked at");
            }
        }
    }

    async fn look(&self) -> anyhow::Result<()> {
        let now = self.relay.now();
        let credentials = self.relay.credentials.current().await?;
        let setup = Setup::new(Box::new(Network::new()), &self.twilio_url, credentials);
        let findings = doctor::look(&self.relay, &setup, &self.lines, &self.verdicts).await?;
        let last = Last::of(&findings, now);
        replace(&self.last, &serde_json::to_vec(&last)?)?;
        Ok(())
    }
}

impl Place {
    /// On the socket that systemd has opened, if it has, and on its own otherwise.
    pub async fn listen(&self) -> anyhow::Result<TcpListener> {
        let activated = activated(|name| std::env::var(name).ok(), std::process::id());
        let activated = activated.context(
            "systemd has opened a socket, and it is not standard input: the unit needs StandardInput=socket",
        )?;
        if let Some(socket) = activated {
            return Ok(TcpListener::from_std(socket)?);
        }
        match TcpListener::bind((self.bind, self.port)).await {
            Ok(listener) => Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                bail!(
                    "port {} is in use; choose another with --port, or stop what uses it",
                    self.port
                )
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot listen on {}:{}", self.bind, self.port))
            }
        }
    }
}

/// Prints; somebody who does not read it must not stop the relay.
pub fn say(text: &str) {
    output::stdout().add(text.as_bytes());
}

/// How long the last lines may take.
const LAST_LINES_WITHIN: Duration = Duration::from_millis(300);

/// How the process ends once a relay does not serve any more.
pub fn ended(served: Result<(), PartEnded>) -> ExitCode {
    let Err(error) = served else {
        output::stderr().flush(LAST_LINES_WITHIN);
        return ExitCode::SUCCESS;
    };
    output::stderr().add(format!("error: {error}\n").as_bytes());
    output::stderr().flush(LAST_LINES_WITHIN);
    // Without the other parts, one of which may be stuck.
    std::process::exit(1);
}

/// The log shows the time of the first line's zone.
pub fn start_log(lines: &[Line]) {
    if let Some(line) = lines.first() {
        logs::start(line.time_zone.clone(), Arc::new(SystemClock));
    }
}

/// Goes on at SIGHUP, which logrotate sends, and which would end the process without another word.
fn outlive_hangups() -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!(
                "SIGHUP: the relay goes on. If the audit's file was moved away, the next record begins a \
                 new one. A changed relay.toml needs a restart"
            );
        }
    });
    Ok(())
}

/// Turns true at SIGTERM and at Ctrl-C. A second one ends the process at once.
pub fn when_asked_to_stop() -> anyhow::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::spawn(async move {
        let mut next = async || tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} };
        next().await;
        let _ = sender.send(true);
        tracing::info!("stopping: finishing what has begun");
        next().await;
        std::process::exit(1);
    });
    Ok(receiver)
}
