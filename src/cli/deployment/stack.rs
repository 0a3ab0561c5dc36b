//! A deployed relay: its parts by their names, which the outputs of its CloudFormation stack tell.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::named::Named;
use super::{Deployment, Part, Parts};
use crate::adapters::aws::clients;
use crate::adapters::aws::cloudwatch::{CloudWatchAudit, stream_name};
use crate::adapters::aws::dynamodb::DynamoStore;
use crate::adapters::aws::sqs::{SqsDeadLetterQueue, SqsQueue};
use crate::adapters::aws::stack_facts;
use crate::app::doctor::stack::StackFacts;
use crate::app::ports::audit::Audit;
use crate::app::ports::credentials::CredentialsSource;
use crate::app::ports::queue::{DeadLetterQueue, Queue};
use crate::app::ports::store::Store;
use crate::aws_error::plain;
use crate::cli::WrongUsage;
use crate::clock::{Clock, SystemClock};
use crate::credentials::exchange::VersionedSecret;
use crate::credentials::secrets_manager::{SecretStore, SecretsManager};

/// Finds a deployed relay, of which it must be known what the `needed` parts are.
pub async fn open(named: Named, needed: &[Part]) -> anyhow::Result<Deployment> {
    Ok(Box::new(Stack::open(named, needed).await?))
}

/// What reads and changes the secret with the credentials.
pub async fn secret(named: Named) -> anyhow::Result<Arc<dyn VersionedSecret>> {
    let stack = Stack::open(named, &[Part::Secret]).await?;
    let client = aws_sdk_secretsmanager::Client::new(&stack.aws);
    let id = stack.name(Part::Secret)?;
    Ok(Arc::new(SecretStore::new(client, id)))
}

struct Stack {
    aws: SdkConfig,
    named: Named,
}

impl Stack {
    /// Reads the names that were not given. Fails if one of `needed` is not known then.
    async fn open(mut named: Named, needed: &[Part]) -> anyhow::Result<Self> {
        if named.stack.is_none() {
            check(&named, needed)?;
        }
        let aws = load(&what(&named)).await?;
        if let Some(stack) = &named.stack {
            let outputs = outputs(&aws, stack).await?;
            named.fill_in(|part| outputs.get(part.known_as()[3]).cloned());
            check(&named, needed)?;
        }
        Ok(Self { aws, named })
    }

    fn name(&self, part: Part) -> anyhow::Result<&str> {
        name(&self.named, part)
    }
}

impl Parts for Stack {
    fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        let client = aws_sdk_dynamodb::Client::new(&self.aws);
        let table = self.name(Part::Table)?;
        Ok(Arc::new(DynamoStore::new(client, table)))
    }

    fn queue(&self) -> anyhow::Result<Arc<dyn Queue>> {
        let client = aws_sdk_sqs::Client::new(&self.aws);
        let bulk = self.named.parts.get(&Part::BulkQueue).cloned();
        let queue = SqsQueue::new(client, self.name(Part::Queue)?, bulk);
        Ok(Arc::new(queue))
    }

    fn wake_ups(&self) -> Option<Arc<dyn DeadLetterQueue>> {
        let url = self.named.parts.get(&Part::DeadLetterQueue)?;
        let client = aws_sdk_sqs::Client::new(&self.aws);
        Some(Arc::new(SqsDeadLetterQueue::new(client, url)))
    }

    fn audit(&self, command: &str) -> anyhow::Result<Arc<dyn Audit>> {
        let client = aws_sdk_cloudwatchlogs::Client::new(&self.aws);
        let random = getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let stream = stream_name(command, SystemClock.now(), random);
        let group = self.name(Part::Audit)?;
        Ok(Arc::new(CloudWatchAudit::new(client, group, stream)))
    }

    fn credentials(&self, _: Option<&Path>) -> anyhow::Result<Arc<dyn CredentialsSource>> {
        let client = aws_sdk_secretsmanager::Client::new(&self.aws);
        let id = self.name(Part::Secret)?;
        let source = SecretsManager::reading(client, id, Arc::new(SystemClock));
        Ok(Arc::new(source))
    }

    fn stack(&self, now: Timestamp) -> BoxFuture<'_, Option<StackFacts>> {
        Box::pin(async move {
            let stack = self.named.stack.as_ref()?;
            Some(stack_facts::read(&self.aws, stack, now).await)
        })
    }

    fn place(&self) -> String {
        let table = self.named.parts.get(&Part::Table);
        format!("the table {}", table.map_or("", String::as_str))
    }

    fn is_one_machine(&self) -> bool {
        false
    }
}

/// What is named, for a message.
fn what(named: &Named) -> String {
    let table = named.parts.get(&Part::Table);
    match (&named.stack, table, named.parts.get(&Part::Secret)) {
        (Some(stack), ..) => format!("the stack {stack}"),
        (None, Some(table), _) => format!("the table {table}"),
        (None, None, secret) => format!("the secret {}", secret.map_or("", String::as_str)),
    }
}

fn check(named: &Named, needed: &[Part]) -> anyhow::Result<()> {
    needed
        .iter()
        .try_for_each(|part| name(named, *part).map(drop))
}

/// The name of a part, or what is to be done to have one.
fn name(named: &Named, part: Part) -> anyhow::Result<&str> {
    let [what, flag, _, output] = part.known_as();
    match (named.parts.get(&part), &named.stack) {
        (Some(name), _) => Ok(name),
        (None, Some(stack)) => bail!(
            "the stack {stack} has no output {output}: deploy this version's template.yaml to it, \
             or name the {what} with {flag}"
        ),
        (None, None) => Err(WrongUsage(format!(
            "on a deployed relay this needs its {what}: name it with {flag} (the stack's output \
             {output}), or the whole stack with --stack"
        ))
        .into()),
    }
}

/// What clients are made from to reach `what`, such as `the table relay`.
async fn load(what: &str) -> anyhow::Result<SdkConfig> {
    clients::check_environment()?;
    let config = clients::loader().load().await;
    if config.region().is_none() {
        bail!(
            "no AWS region is set; set AWS_REGION to the one in which {what} is, or AWS_PROFILE to \
             a profile that has one"
        );
    }
    if let Some(credentials) = config.credentials_provider() {
        // Asked for here, since the error of a request goes on about a host's metadata service.
        if credentials.provide_credentials().await.is_err() {
            bail!(
                "there are no AWS credentials for {what}; set AWS_PROFILE to a profile of \
                 ~/.aws/config (and sign in with `aws sso login`), or AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY"
            );
        }
    }
    Ok(config)
}

/// The outputs of a stack, by their names.
async fn outputs(aws: &SdkConfig, stack: &str) -> anyhow::Result<HashMap<String, String>> {
    let client = aws_sdk_cloudformation::Client::new(aws);
    let described = client.describe_stacks().stack_name(stack).send().await;
    let described =
        described.map_err(|error| {
            let region = aws.region().map_or("", |region| region.as_ref());
            // That is how CloudFormation says that there is none.
            let advice = match error.code() {
            Some("ValidationError") => format!(
                "is it in {region} and in this account? AWS_REGION and AWS_PROFILE choose them"
            ),
            _ => "that takes the right cloudformation:DescribeStacks; without it, name the relay's \
                  parts one by one, from --table on"
                .to_owned(),
        };
            plain(error).context(format!(
                "cannot read the outputs of the stack {stack}: {advice}"
            ))
        })?;
    let outputs = described
        .stacks
        .into_iter()
        .flatten()
        .flat_map(|stack| stack.outputs);
    let pairs = outputs
        .flatten()
        .map(|output| (output.output_key, output.output_value));
    Ok(pairs
        .filter_map(|(key, value)| Some((key?, value?)))
        .collect())
}
