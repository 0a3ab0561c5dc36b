//! Asking somebody at a terminal, and taking values from standard input.
//!
//! Standard input is read without the buffer that the standard library keeps for it, which nobody
//! would wipe.

use std::io::{self, IsTerminal, stdin};

use anyhow::{anyhow, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::cli::output::note;
use crate::domain::credentials::Secret;

const MOST_BYTES: usize = 1024 * 1024;
/// More than a terminal hands over as one line.
const LINE: usize = 8 * 1024;

pub fn is_terminal() -> bool {
    stdin().is_terminal()
}

/// Everything that comes by standard input.
pub fn everything() -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; MOST_BYTES + 1]);
    let mut filled = 0;
    while filled < bytes.len() {
        match read(&mut bytes[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    if filled > MOST_BYTES {
        bail!("standard input has more than 1 MiB; give it values alone");
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Asks for a value and does not show what is typed.
pub async fn hidden(question: &str) -> anyhow::Result<Secret> {
    // First of all, or Ctrl-C would leave a terminal that shows nothing any more.
    let stop = Stop::listen()?;
    let silence = Silence::begin()?;
    note!("{question} (it is not shown):");
    let line = line(stop).await;
    drop(silence);
    match line?.as_deref().map(|line| std::str::from_utf8(line)) {
        Some(Ok(value)) => Ok(Secret::new(value)),
        Some(Err(_)) => bail!("that is not UTF-8; nothing was changed"),
        None => bail!("nothing was entered, and nothing was changed"),
    }
}

/// Asks a question; no answer is no.
pub async fn agrees(question: &str) -> anyhow::Result<bool> {
    let stop = Stop::listen()?;
    note!("{question} [y/N]");
    let answer = line(stop).await?;
    Ok(answer.is_some_and(|answer| matches!(&answer[..], b"y" | b"Y" | b"yes")))
}

/// A line from the terminal without its end; `None` at the end of input.
async fn line(mut stop: Stop) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    let stopped = || anyhow!("stopped; nothing was changed");
    let (sender, receiver) = oneshot::channel();
    // Not one of the runtime's threads: it would wait for the line before it ends.
    std::thread::spawn(move || {
        let mut line = Zeroizing::new(vec![0; LINE]);
        let read = read(&mut line).map(|length| line.truncate(length));
        let _ = sender.send(read.map(|()| line));
    });
    let mut line = tokio::select! {
        read = receiver => read.map_err(|_| stopped())??,
        _ = stop.interrupt.recv() => return Err(stopped()),
        _ = stop.terminate.recv() => return Err(stopped()),
    };
    if line.is_empty() {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(Some(line))
}

fn read(buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(stdin(), &mut *buffer) {
            Err(rustix::io::Errno::INTR) => {}
            read => return Ok(read?),
        }
    }
}

/// While it lives, Ctrl-C and SIGTERM do not end the process; a question ends by them.
pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }
}

/// While it lives, the terminal does not show what is typed.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO;
        // The end of the line alone is shown.
        silent.local_modes |= LocalModes::ECHONL;
        tcsetattr(stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
    }
}
