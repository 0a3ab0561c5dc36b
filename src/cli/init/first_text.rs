//! What a customer's first text becomes: the whole relay for a moment, with a sandbox in place of Twilio.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::adapters::files::private_folder::create_data;
use crate::cli::dev::InPlaceOfTwilio;
use crate::credentials::keyed_hash::random_hex;
use crate::domain::line::{Line, config};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::hosts::server::machine::Machine;
use crate::hosts::server::parts::Parts;
use crate::hosts::server::twilio_account::TwilioAccount;
use crate::sandbox::drive::drive;
use crate::sandbox::{Pace, Text, http};
use crate::twilio::client::Client;
use crate::twilio::network::Network;

pub const WORDS: &str = "Is the boat ready?";

/// The text reaches somebody within a second or not at all.
const WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const SOON: Duration = Duration::from_millis(20);

/// What somebody read.
pub struct Read {
    pub customer: PhoneNumber,
    pub person: String,
    pub text: String,
}

/// A folder that is gone with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let name = format!("relay-first-text-{}", &random_hex()?[..16]);
        let folder = std::env::temp_dir().join(name);
        create_data(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Has a customer text the line, and waits until somebody has it.
pub async fn first_text(line: &Line) -> anyhow::Result<Read> {
    let customer = customer_of(line)?;
    let folder = Folder::new()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let lines = vec![line.clone()];
    let InPlaceOfTwilio {
        account,
        sandbox,
        resolve,
    } = InPlaceOfTwilio::of(&lines, &here);
    sandbox.set_pace(Pace {
        queued: SOON,
        sending: SOON,
        carrier: SOON,
    });
    let config = config::File {
        lines,
        ..config::File::default()
    };
    let heard = TwilioAccount::default();
    let twilio = Client::new(heard.behind(Network::new()), &here);
    let machine = Machine::open(folder.path(), config, account, twilio).await?;
    let (stop, stopped) = watch::channel(false);
    let mut until = stopped.clone();
    let until = async move {
        let _ = until.wait_for(|stop| *stop).await;
    };
    let mut parts = Parts::default();
    parts.add("the sandbox", drive(Arc::clone(&sandbox), resolve, until));
    let routes = http::router(Arc::clone(&sandbox));
    let serving = tokio::spawn(machine.serve(listener, routes, parts, heard, stopped));

    let from = Sender::parse(customer.expose());
    sandbox
        .text(&from, &line.number, Text::new(WORDS))
        .map_err(|_| anyhow!("the sandbox has no number of the line"))?;
    let read = async {
        loop {
            for person in &line.people {
                let screen = sandbox.screen(&Sender::parse(person.number.expose()));
                if let Some(entry) = screen.into_iter().find(|entry| !entry.sent) {
                    return Read {
                        customer,
                        person: person.name.clone(),
                        text: entry.body,
                    };
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let read = tokio::time::timeout(WITHIN, read).await;
    let _ = stop.send(true);
    let _ = tokio::time::timeout(WITHIN, serving).await;
    read.map_err(|_| anyhow!("nobody got it within {WITHIN:?}"))
}

/// A made-up number that nobody behind the line has.
fn customer_of(line: &Line) -> anyhow::Result<PhoneNumber> {
    let mut made_up = (100..200).map(|n| format!("+1619555{n:04}"));
    let is_taken = |number: &PhoneNumber| {
        line.number == *number || line.people.iter().any(|person| person.number == *number)
    };
    made_up
        .find_map(|text| PhoneNumber::parse(&text).ok().filter(|n| !is_taken(n)))
        .context("there is no number left for a customer")
}
