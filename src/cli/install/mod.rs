use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};

use super::output::tell;

/// Print what systemd or launchd needs to keep the relay running, or put it in its place
///
/// The unit has no rights but those that the relay needs, is ready once the relay has looked at itself, is started
/// anew if a part hangs, and keeps the port open meanwhile. --write, as root, also makes the user, and copies
/// this program, and relay.toml and repos.env of this folder, where the unit wants them. What is there already
/// stays, but for unit and program.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay install
  relay install --write --user relay
  relay install --launchd")]
pub struct Install {
    /// Whom the relay runs as
    #[arg(long, value_name = "NAME", default_value = "relay", value_parser = user_name)]
    user: String,
    /// The port that it listens on, on this machine alone
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// For launchd of macOS in place of systemd
    #[arg(long)]
    launchd: bool,
    /// Put everything in its place
    #[arg(long)]
    write: bool,
    /// Put it below this folder, as for an image; no user is made, and nothing is given to one
    #[arg(long, value_name = "DIR", requires = "write")]
    root: Option<PathBuf>,
}

fn user_name(text: &str) -> Result<String, &'static str> {
    let is_one = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    (begins && text.len() < 32 && text.chars().all(is_one))
        .then(|| text.to_owned())
        .ok_or("not a user's name; write such as relay: small letters, digits, - and _")
}

/// Where things are once they are installed.
struct Places {
    program: &'static str,
    config: &'static str,
    state: &'static str,
    /// The files that the supervisor reads, and what is in them.
    units: Vec<(&'static str, String)>,
}

impl Install {
    fn places(&self) -> Places {
        let (config, state, units) = if self.launchd {
            let plist = (
                "/Library/LaunchDaemons/org.sms-relay.relay.plist",
                include_str!("relay.plist"),
            );
            ("/usr/local/etc/relay", "/usr/local/var/relay", vec![plist])
        } else {
            let units = vec![
                (
                    "/etc/systemd/system/relay.service",
                    include_str!("relay.service"),
                ),
                (
                    "/etc/systemd/system/relay.socket",
                    include_str!("relay.socket"),
                ),
            ];
            ("/etc/relay", "/var/lib/relay", units)
        };
        let program = "/usr/local/bin/relay";
        let filled = |text: &str| {
            text.replace("PROGRAM", program)
                .replace("ETC", config)
                .replace("STATE", state)
                .replace("USER", &self.user)
                .replace("PORT", &self.port.to_string())
        };
        Places {
            program,
            config,
            state,
            units: units
                .into_iter()
                .map(|(path, text)| (path, filled(text)))
                .collect(),
        }
    }

    pub fn run(self) -> anyhow::Result<ExitCode> {
        let places = self.places();
        if !self.write {
            for (path, text) in &places.units {
                tell!("# {path}\n{text}")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let root = self.root.clone().unwrap_or_else(|| PathBuf::from("/"));
        let at = |path: &str| root.join(path.trim_start_matches('/'));
        let owner = match &self.root {
            Some(_) => None,
            None => Some(self.owner()?),
        };
        replace(
            &at(places.program),
            &std::fs::read(std::env::current_exe()?)?,
            0o755,
        )?;
        for folder in [places.config, places.state] {
            private_folder(&at(folder))?;
            give(&at(folder), owner)?;
        }
        for name in ["relay.toml", "repos.env"] {
            let (from, to) = (Path::new(name), at(places.config).join(name));
            if !to.exists() && from.exists() {
                replace(&to, &std::fs::read(from)?, 0o600)?;
                give(&to, owner)?;
            }
            let there = if to.exists() { "" } else { " is still missing" };
            tell!("{}/{name}{there}", places.config)?;
        }
        for (path, text) in &places.units {
            replace(&at(path), text.as_bytes(), 0o644)?;
            tell!("{path}")?;
        }
        if self.launchd {
            let plist = places.units[0].0;
            tell!("start it: sudo launchctl bootstrap system {plist}")?;
        } else {
            tell!(
                "start it: sudo systemctl daemon-reload && sudo systemctl enable --now relay.socket relay.service"
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The user and the group of the name, who are made if they are not there.
    fn owner(&self) -> anyhow::Result<(u32, u32)> {
        ensure!(
            rustix::process::geteuid().is_root(),
            "only root may put this in its place: run it with sudo, or without --write to see what it is"
        );
        if let Some(owner) = ids_of(&self.user)? {
            return Ok(owner);
        }
        if self.launchd {
            bail!(
                "there is no user {}: name one that there is with --user",
                self.user
            );
        }
        let made = Command::new("useradd")
            .args(["--system", "--no-create-home", &self.user])
            .status();
        let made =
            made.context("there is no useradd; make the user yourself, and run this again")?;
        ensure!(
            made.success(),
            "useradd could not make the user {}",
            self.user
        );
        let owner = ids_of(&self.user)?;
        owner.with_context(|| format!("the user {} was not made", self.user))
    }
}

/// The user's and the group's number.
fn ids_of(user: &str) -> anyhow::Result<Option<(u32, u32)>> {
    let output = |flag| {
        let output = Command::new("id").args([flag, user]).output()?;
        let id = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
        anyhow::Ok(id.filter(|_| output.status.success()))
    };
    Ok(output("-u")?.zip(output("-g")?))
}

fn private_folder(path: &Path) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.with_context(|| format!("cannot make {}", path.display())),
    }
}

/// Puts a file in its place at one stroke: a program that runs cannot be overwritten.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let new = folder.join(format!(".{name}.new"));
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(mode);
        let mut file = options.open(&new)?;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn give(path: &Path, owner: Option<(u32, u32)>) -> anyhow::Result<()> {
    let Some((user, group)) = owner else {
        return Ok(());
    };
    let given = chown(path, Some(user), Some(group));
    given.with_context(|| format!("cannot give {} to the user", path.display()))
}
