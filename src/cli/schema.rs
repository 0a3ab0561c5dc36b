use std::process::ExitCode;

use super::output::{self, print};
use crate::app::outbound_notifier::schema;

/// Print what other programs may ask for, and what relay.toml can have, as JSON Schema or OpenAPI
///
/// The schema is of notices, invitations and events; the document is of /v1, with its paths, headers and
/// problems. --config is for editors: with the line `#:schema ./relay.schema.json` at the top of
/// relay.toml they complete its keys and mark mistakes.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay schema > notifier.schema.json
  relay schema --openapi > openapi.json
  relay schema --config > relay.schema.json")]
pub struct Schema {
    /// The OpenAPI 3.1 document
    #[arg(long)]
    openapi: bool,
    /// The JSON Schema of relay.toml
    #[arg(long, conflicts_with = "openapi")]
    config: bool,
}

const OF_CONFIG: &str = include_str!("../../infra/integrations/relay.schema.json");

impl Schema {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.config {
            print(format_args!("{OF_CONFIG}"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let document = if self.openapi {
            schema::openapi()
        } else {
            schema::notifier()
        };
        output::json(&document)?;
        Ok(ExitCode::SUCCESS)
    }
}
