use jiff::Timestamp;

use crate::adapters::files::audit::FileAudit;
use crate::app::ports::audit::Audit;
use crate::cli::WrongUsage;
use crate::cli::target::Target;
use crate::hosts::server::AUDIT;

/// A relay that a command changes by hand, which its audit is to say.
#[derive(clap::Args)]
pub struct OnRecord {
    #[command(flatten)]
    pub target: Target,
    /// A deployed relay's audit (the stack's output AuditLogGroup)
    #[arg(long, value_name = "NAME", env = "AUDIT_LOG_GROUP")]
    log_group: Option<String>,
}

impl OnRecord {
    /// `command` is what the records' stream is named after.
    pub async fn audit(&self, command: &str, now: Timestamp) -> anyhow::Result<Box<dyn Audit>> {
        let Some(table) = self.target.table() else {
            // Says that there is no relay, before there is an audit of none.
            self.target.database()?;
            return Ok(Box::new(FileAudit::open(&self.target.data.join(AUDIT))?));
        };
        let group = self.log_group.as_deref().filter(|name| !name.is_empty());
        let Some(group) = group else {
            return Err(WrongUsage(
                "a change on a deployed relay needs its audit: name it with --log-group (the \
                 stack's output AuditLogGroup)"
                    .to_owned(),
            )
            .into());
        };
        in_log_group(table, group, command, now).await
    }
}

#[cfg(feature = "aws")]
async fn in_log_group(
    table: &str,
    group: &str,
    command: &str,
    now: Timestamp,
) -> anyhow::Result<Box<dyn Audit>> {
    use crate::adapters::aws::cloudwatch::{CloudWatchAudit, stream_name};

    let aws = crate::cli::target::aws(table).await?;
    let random = getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let stream = stream_name(command, now, random);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&aws);
    Ok(Box::new(CloudWatchAudit::new(logs, group, stream)))
}

#[cfg(not(feature = "aws"))]
async fn in_log_group(
    table: &str,
    _: &str,
    _: &str,
    _: Timestamp,
) -> anyhow::Result<Box<dyn Audit>> {
    anyhow::bail!(
        "this `relay` was built without AWS and cannot open the table {table}; build it with its \
         default features, as `cargo run -- …` does"
    )
}
