use crate::cli::target;
use crate::credentials::secrets_manager::SecretStore;

/// The secret that is seeded from the file.
#[derive(clap::Args)]
pub struct Cloud {
    /// The secret's name or ARN (the stack's output CredentialsSecretArn)
    #[arg(long, value_name = "ID", env = "CREDENTIALS_SECRET_ID")]
    secret_id: String,
}

impl Cloud {
    pub async fn store(&self) -> anyhow::Result<SecretStore> {
        store(&self.secret_id).await
    }
}

pub async fn store(id: &str) -> anyhow::Result<SecretStore> {
    let config = target::aws(&format!("the secret {id}")).await?;
    let client = aws_sdk_secretsmanager::Client::new(&config);
    Ok(SecretStore::new(client, id))
}
