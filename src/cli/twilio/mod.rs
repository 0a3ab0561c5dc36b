mod causes;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use serde_json::json;

use super::access::web_address;
use super::candidates::{GREEN, RED};
use super::output::tell;
use super::show;
use crate::clock::{Clock, SystemClock};
use crate::credentials::repos_env;
use crate::domain::credentials::{
    AUTH_TOKEN, PREVIOUS_AUTH_TOKEN, PREVIOUS_NOT_AFTER, Secret, end_of, is_over,
};
use crate::twilio::form::Form;
use crate::twilio::signature::{self, Signed, sha256_hex};

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

#[derive(Subcommand)]
enum Command {
    /// Print the signature that Twilio would send
    #[command(after_help = "Example:
  relay twilio sign --url https://relay.example.com/twilio/sms -d From=+18585550107 -d Body=hi \\
      --env-file repos.env")]
    Sign(Request),
    /// Say whether a signature fits a request, and if not, why that may be
    #[command(after_help = "Example:
  relay twilio verify --url https://relay.example.com/twilio/sms --body @request.txt \\
      --signature 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' --env-file repos.env")]
    Verify(Verify),
}

#[derive(clap::Args)]
struct Verify {
    #[command(flatten)]
    request: Request,
    /// The header X-Twilio-Signature
    #[arg(long, value_name = "BASE64")]
    signature: String,
}

#[derive(clap::Args)]
struct Request {
    /// The URL that Twilio calls, as it stands in Twilio's console: public_url and the path
    #[arg(long, value_parser = whole_url)]
    url: String,
    /// A field of the form, as often as there are fields
    #[arg(
        short = 'd',
        long = "data",
        value_name = "NAME=VALUE",
        value_parser = field,
        conflicts_with = "body"
    )]
    fields: Vec<(String, String)>,
    /// The raw body, or @FILE; a form, unless it begins with { or [
    #[arg(long, value_name = "BODY")]
    body: Option<String>,
    /// The file with the auth token (mode 600)
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn whole_url(url: &str) -> Result<String, &'static str> {
    web_address(url)
        .map_err(|_| "it must be a whole URL, such as https://relay.example.com/twilio/sms")
}

fn field(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a field is written -d NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
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
            Command::Sign(request) => request.sign(),
            Command::Verify(verify) => verify.run(),
        }
    }
}

impl Verify {
    fn run(self) -> anyhow::Result<ExitCode> {
        let Self { request, signature } = self;
        let content = request.content()?;
        let (tokens, url) = (request.tokens()?, &request.url);
        let fits = signature::verify(&tokens, &signature, url, content.signed());
        let causes = if fits {
            Vec::new()
        } else {
            causes::of(&tokens, &signature, url, &content)
        };
        let verdict = json!({"fits": fits, "causes": causes});
        show::print(&verdict, request.json, |_| {
            if fits {
                return tell!("{GREEN}✓{GREEN:#} the signature fits");
            }
            tell!("{RED}✗{RED:#} the signature does not fit")?;
            causes.iter().try_for_each(|cause| tell!("  · {cause}"))
        })?;
        Ok(ExitCode::from(u8::from(!fits)))
    }
}

impl Request {
    fn sign(self) -> anyhow::Result<ExitCode> {
        let content = self.content()?;
        let url = match &content {
            Content::Raw(body) => with_digest(&self.url, body),
            Content::Form(_) => self.url.clone(),
        };
        let signature = signature::sign(&self.tokens()?[0], &url, content.signed());
        let signed = json!({"url": url, "signature": signature});
        show::print(&signed, self.json, |_| {
            if url != self.url {
                tell!("URL: {url}")?;
            }
            tell!("X-Twilio-Signature: {signature}")
        })
    }

    fn content(&self) -> anyhow::Result<Content> {
        let Some(body) = &self.body else {
            let fields = self.fields.iter().cloned();
            return Ok(Content::Form(Form::from_fields(fields)));
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
            let credentials = repos_env::read(file, SystemClock.now())?;
            let tokens = credentials.signing_tokens().map(Secret::duplicate);
            return Ok(tokens.collect());
        }
        let exported = |name: &str| std::env::var(name).ok();
        let until = end_of(exported(PREVIOUS_NOT_AFTER).as_deref());
        let until = until.map_err(|wrong| anyhow!("{PREVIOUS_NOT_AFTER} {wrong}"))?;
        let previous = (!is_over(until, None, SystemClock.now())).then_some(PREVIOUS_AUTH_TOKEN);
        let tokens: Vec<Secret> = [AUTH_TOKEN]
            .into_iter()
            .chain(previous)
            .filter_map(exported)
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
    let digest = sha256_hex(body);
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}bodySHA256={digest}")
}
