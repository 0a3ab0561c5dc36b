//! Where Twilio's credentials are, and addresses that they may be sent to.

use std::path::{Path, PathBuf};

use crate::credentials::repos_env;
use crate::twilio::webhook::is_fetchable;

pub fn web_address(url: &str) -> Result<String, &'static str> {
    let is_one = url.parse::<http::Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some()
    });
    is_one
        .then(|| url.to_owned())
        .ok_or("not a web address; write such as https://api.twilio.com or http://127.0.0.1:4010")
}

/// Where an API is: the credentials go there, so over TLS, or not beyond this machine.
pub fn api_address(url: &str) -> Result<String, &'static str> {
    let url = web_address(url)?;
    is_fetchable(&url)
        .then_some(url)
        .ok_or("not over https: the credentials would be sent for everybody to read; http is for this machine alone, such as http://127.0.0.1:4010")
}

/// Which file has Twilio's credentials.
#[derive(clap::Args)]
pub struct OurEnvFile {
    /// The file with Twilio's credentials (mode 600); otherwise that of `relay secrets`: repos.env here, or
    /// .secrets/repos.env here, further up, or at home
    #[arg(long, value_name = "FILE", env = "REPOS_ENV")]
    env_file: Option<PathBuf>,
}

impl OurEnvFile {
    /// Where none is, the one that is missing is that of this folder.
    pub fn path(&self) -> PathBuf {
        let here = std::env::current_dir().unwrap_or_default();
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let found = repos_env::find(self.env_file.as_deref(), &here, variable);
        let is_there = |path: &PathBuf| self.env_file.is_some() || path.symlink_metadata().is_ok();
        let found = found
            .ok()
            .filter(is_there)
            .unwrap_or_else(|| PathBuf::from("repos.env"));
        found
            .strip_prefix(&here)
            .map(Path::to_owned)
            .unwrap_or(found)
    }
}
