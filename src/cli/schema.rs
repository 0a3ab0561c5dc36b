use std::process::ExitCode;

use super::output;
use crate::app::outbound_notifier::schema;

/// Print what other programs may ask the relay for, as a JSON Schema or an OpenAPI document
///
/// The schema is of notices, invitations and events; the document is of /v1, with its paths, headers and
/// problems.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay schema > notifier.schema.json
  relay schema --openapi > openapi.json")]
pub struct Schema {
    /// The OpenAPI 3.1 document
    #[arg(long)]
    openapi: bool,
}

impl Schema {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let document = if self.openapi {
            schema::openapi()
        } else {
            schema::notifier()
        };
        output::json(&document)?;
        Ok(ExitCode::SUCCESS)
    }
}
