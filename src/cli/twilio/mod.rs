mod causes;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use http::Uri;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::WrongUsage;
use super::candidates::{GREEN, RED};
use super::output::{self, tell};
use crate::credentials::repos_env;
use crate::domain::credentials::{AUTH_TOKEN, PREVIOUS_AUTH_TOKEN, Secret};
use crate::twilio::form::Form;
use crate::twilio::signature::{self, Signed};

/// Sign a webhook request or check a signature
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay twilio sign --url https://relay.example.com/twilio/sms -d From=+18585550107 -d Body=hi
  relay twilio verify --url https://relay.example.com/twilio/sms --body @request.txt \\
      --signature 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' --env-file repos.env

The auth token comes from --env-file, or else from the environment variable TWILIO_AUTH_TOKEN
(while a rotation is under way, TWILIO_AUTH_TOKEN_PREVIOUS is accepted, too); never from an argument,
which everybody on the machine could read.")]
pub struct Twilio {
    #[command(subcommand)]
    command: Command,
}

const SIGN_EXAMPLE: &str = "Example:
  relay twilio sign --url https://relay.example.com/twilio/sms -d From=+18585550107 -d Body=hi \\
      --env-file repos.env";

const VERIFY_EXAMPLE: &str = "Example:
  relay twilio verify --url https://relay.example.com/twilio/sms --body @request.txt \\
      --signature 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' --env-file repos.env";

#[derive(Subcommand)]
enum Command {
    /// Print the signature that Twilio would send
    #[command(after_help = SIGN_EXAMPLE)]
    Sign(Sign),
    /// Say whether a signature fits a request, and if not, why that may be
    #[command(after_help = VERIFY_EXAMPLE)]
    Verify(Verify),
}

#[derive(clap::Args)]
struct Sign {
    #[command(flatten)]
    request: Request,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Verify {
    #[command(flatten)]
    request: Request,
    /// The header X-Twilio-Signature
    #[arg(long, value_name = "BASE64")]
    signature: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Request {
    /// The URL that Twilio calls, as it stands in Twilio's console: public_url and the path
    #[arg(long)]
    url: String,
    /// A field of the form, as often as there are fields
    #[arg(
        short = 'd',
        long = "data",
        value_name = "NAME=VALUE",
        conflicts_with = "body"
    )]
    fields: Vec<String>,
    /// The raw body, or @FILE; a form, unless it begins with { or [
    #[arg(long, value_name = "BODY")]
    body: Option<String>,
    /// The file with the auth token (mode 600)
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

/// A body as it is signed.
enum Content {
    Form(Form),
    Raw(Vec<u8>),
}

impl Content {
    fn signed(&self) -> Signed<'_> {
        match self {
            Content::Form(form) => Signed::Form(form),
            Content::Raw(body) => Signed::Raw(body),
        }
    }
}

impl Twilio {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Sign(sign) => sign.run(),
            Command::Verify(verify) => verify.run(),
        }
    }
}

#[derive(Serialize)]
struct Signature {
    url: String,
    signature: String,
}

impl Sign {
    fn run(self) -> anyhow::Result<ExitCode> {
        let content = self.request.content()?;
        let url = match &content {
            Content::Raw(body) => with_digest(self.request.url()?, body),
            Content::Form(_) => self.request.url()?.to_owned(),
        };
        let tokens = self.request.tokens()?;
        let signature = signature::sign(&tokens[0], &url, content.signed());
        if self.json {
            output::json(&Signature { url, signature })?;
        } else {
            if url != self.request.url {
                tell!("URL: {url}")?;
            }
            tell!("X-Twilio-Signature: {signature}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Serialize)]
struct Verdict {
    fits: bool,
    causes: Vec<String>,
}

impl Verify {
    fn run(self) -> anyhow::Result<ExitCode> {
        let (url, content) = (self.request.url()?, self.request.content()?);
        let tokens = self.request.tokens()?;
        let fits = signature::verify(&tokens, &self.signature, url, content.signed());
        let causes = if fits {
            Vec::new()
        } else {
            causes::of(&tokens, &self.signature, url, &content)
        };
        if self.json {
            output::json(&Verdict { fits, causes })?;
        } else if fits {
            tell!("{GREEN}✓{GREEN:#} the signature fits")?;
        } else {
            tell!("{RED}✗{RED:#} the signature does not fit")?;
            for cause in causes {
                tell!("  · {cause}")?;
            }
        }
        Ok(if fits {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl Request {
    fn url(&self) -> anyhow::Result<&str> {
        let is_whole = self.url.parse::<Uri>().is_ok_and(|url| {
            matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some()
        });
        if !is_whole {
            return Err(WrongUsage(
                "--url must be a whole URL, such as https://relay.example.com/twilio/sms"
                    .to_owned(),
            )
            .into());
        }
        Ok(&self.url)
    }

    fn content(&self) -> anyhow::Result<Content> {
        let Some(body) = &self.body else {
            let fields: Option<Vec<(&str, &str)>> = self
                .fields
                .iter()
                .map(|field| field.split_once('='))
                .collect();
            return match fields {
                Some(fields) => Ok(Content::Form(Form::from_fields(fields))),
                None => Err(WrongUsage("a field is written -d NAME=VALUE".to_owned()).into()),
            };
        };
        let body = match body.strip_prefix('@') {
            Some(file) => std::fs::read(file)
                .with_context(|| format!("{file} cannot be read; --body @FILE names a file"))?,
            None => body.clone().into_bytes(),
        };
        if matches!(body.first(), Some(b'{' | b'[')) {
            return Ok(Content::Raw(body));
        }
        let form = Form::parse(&body).context("the body is no form as Twilio sends it")?;
        Ok(Content::Form(form))
    }

    /// The tokens that may have signed, the one in force first.
    fn tokens(&self) -> anyhow::Result<Vec<Secret>> {
        if let Some(file) = &self.env_file {
            let credentials = repos_env::read(file)?;
            let copy = |token: &Secret| Secret::new(token.expose());
            return Ok(credentials.signing_tokens().map(copy).collect());
        }
        let tokens: Vec<Secret> = [AUTH_TOKEN, PREVIOUS_AUTH_TOKEN]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .filter(|token| !token.is_empty())
            .map(Secret::new)
            .collect();
        if tokens.is_empty() {
            bail!(
                "there is no auth token; name the file that has it with --env-file repos.env, or \
                 set the environment variable {AUTH_TOKEN}"
            );
        }
        Ok(tokens)
    }
}

/// The URL with the digest of a body that is not a form, as Twilio adds it.
fn with_digest(url: &str, body: &[u8]) -> String {
    if url.contains("bodySHA256=") {
        return url.to_owned();
    }
    let digest: String = Sha256::digest(body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}bodySHA256={digest}")
}
