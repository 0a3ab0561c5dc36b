//! Where the page listens, as the command line says it.

use std::net::IpAddr;

use anyhow::{Context, bail};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::access::{Access, Key, PublicUrl, SESSION_FOR};

/// Where the page listens.
#[derive(Debug, clap::Args)]
pub struct PageFlags {
    /// The port of the page for browsers; 0 for no page
    #[arg(long, value_name = "PORT")]
    page: Option<u16>,
    /// The address of the page; of another than this machine's own, --page-url has to say by which URL it is
    /// reached
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1",
        hide_short_help = true
    )]
    page_bind: IpAddr,
    /// The URL of the page where a web server with a certificate, or a tailnet, stands before it
    #[arg(long, value_name = "URL", hide_short_help = true)]
    page_url: Option<PublicUrl>,
}

/// A page that is to be served.
pub struct Opened {
    pub listener: TcpListener,
    pub bind: IpAddr,
    pub port: u16,
    pub url: Option<PublicUrl>,
}

impl PageFlags {
    /// Listens where the command line says; `None` if there is to be no page. Where it says nothing, on
    /// `default`, or if somebody else has that port, on any.
    pub async fn open(&self, default: Option<u16>) -> anyhow::Result<Option<Opened>> {
        if !self.page_bind.is_loopback() && self.page_url.is_none() {
            bail!(
                "--page-bind {} would show the page to the network without a certificate; say with --page-url \
                 https://… what stands before it, or leave the page on 127.0.0.1 and reach it by \
                 `ssh -L 4001:127.0.0.1:4001 HOST`",
                self.page_bind
            );
        }
        let bound = match (self.page, default) {
            (Some(0), _) | (None, None) => return Ok(None),
            (Some(port), _) => {
                let bound = TcpListener::bind((self.page_bind, port)).await;
                bound.with_context(|| {
                    format!("the page cannot listen on {}:{port}; choose another port with --page, or none with --page 0", self.page_bind)
                })?
            }
            (None, Some(port)) => match TcpListener::bind((self.page_bind, port)).await {
                Ok(bound) => bound,
                Err(_) => TcpListener::bind((self.page_bind, 0)).await?,
            },
        };
        Ok(Some(Opened {
            port: bound.local_addr()?.port(),
            listener: bound,
            bind: self.page_bind,
            url: self.page_url.clone(),
        }))
    }
}

impl Opened {
    /// The address for whoever asks on this machine, and that they may come in by that.
    pub fn without_key(&self) -> (String, Access) {
        let access = Access::new(self.port, self.url.clone(), true);
        (format!("{}/", self.address()), access)
    }

    /// The address with a new key, for somebody to log in once, and who may come in.
    pub fn with_key(&self, now: Timestamp) -> (String, Access) {
        let access = Access::new(self.port, self.url.clone(), false);
        let (secret, key) = Key::new("owner", false, SESSION_FOR, now);
        access.add(key);
        (Access::address(&self.address(), &secret), access)
    }

    /// The address to type into a browser on this machine, or the public one.
    pub fn address(&self) -> String {
        match &self.url {
            Some(url) => url.origin().to_owned(),
            None => format!("http://{}", std::net::SocketAddr::new(self.bind, self.port)),
        }
    }
}
