use std::sync::Arc;

use crate::credentials::exchange::VersionedSecret;

/// The secret that is seeded from the file.
#[derive(clap::Args)]
pub struct Cloud {
    /// The secret's name or ARN (the stack's output CredentialsSecretArn)
    #[arg(long, value_name = "ID", env = "CREDENTIALS_SECRET_ID")]
    secret_id: String,
}

impl Cloud {
    pub async fn secret(&self) -> anyhow::Result<Arc<dyn VersionedSecret>> {
        secret(&self.secret_id).await
    }
}

#[cfg(feature = "aws")]
pub async fn secret(id: &str) -> anyhow::Result<Arc<dyn VersionedSecret>> {
    use crate::cli::target;
    use crate::credentials::secrets_manager::SecretStore;

    let config = target::aws(&format!("the secret {id}")).await?;
    let client = aws_sdk_secretsmanager::Client::new(&config);
    Ok(Arc::new(SecretStore::new(client, id)))
}

#[cfg(not(feature = "aws"))]
pub async fn secret(id: &str) -> anyhow::Result<Arc<dyn VersionedSecret>> {
    anyhow::bail!(
        "this `relay` was built without AWS and cannot open the secret {id}; build it with its default features, as `cargo run -- …` does"
    )
}

#[cfg(all(test, not(feature = "aws")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_aws_it_is_said_what_to_build() {
        let error = secret("relay/twilio").await.err().unwrap().to_string();
        assert!(error.contains("built without AWS"), "{error}");
        assert!(error.contains("default features"), "{error}");
    }
}
