use std::process::ExitCode;

use super::output::print;
use crate::schema;

/// Print what other programs may ask the relay for, as a JSON Schema or an OpenAPI document
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay schema > notifier.schema.json
  relay schema --openapi > openapi.json")]
pub struct Schema {
    /// The OpenAPI 3.1 document of /v1, with paths, headers and problems
    #[arg(long)]
    openapi: bool,
    /// Print JSON, as it does without this
    #[arg(long, hide = true)]
    json: bool,
}

impl Schema {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Self { openapi, json: _ } = self;
        let document = match openapi {
            true => schema::openapi(),
            false => schema::notifier(),
        };
        print(format_args!("{document:#}\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}
