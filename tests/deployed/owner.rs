//! What the owner of a deployed relay does: puts in credentials and lines, and uses the `relay` command.

use std::io::Write;
use std::process::Command;

use relay::domain::credentials;
use relay::domain::credentials::Credentials;
use relay::sandbox::DEMO_KEY;
use serde_json::json;

use super::aws;
use super::emulator::Emulator;
use super::world::{BACKUP, LINE, SERGIO, World};

impl World {
    /// As `relay secrets seed` does.
    pub async fn keep_credentials(&self, credentials: &Credentials) {
        let key = credentials.api_key.as_ref().unwrap();
        let values = json!({
            credentials::ACCOUNT_SID: credentials.account_sid,
            credentials::AUTH_TOKEN: credentials.auth_token.expose(),
            credentials::API_KEY: key.sid,
            credentials::API_SECRET: key.secret.expose(),
            "RELAY_CALLER_DEMO": format!("notices,invitations,read:{DEMO_KEY}"),
        });
        let secret = self.stack.output("CredentialsSecretArn");
        let asked = json!({
            "SecretId": secret,
            "SecretString": values.to_string(),
            "ClientRequestToken": "0".repeat(32),
        });
        self.aws.call("secretsmanager.PutSecretValue", asked).await;
    }

    /// Puts the line in force, with these hours in which nobody hears of a notice.
    pub fn push_configuration(&self, quiet_hours: &str) {
        self.push_configuration_with(quiet_hours, "");
    }

    /// The same, with further settings of the line.
    pub fn push_configuration_with(&self, quiet_hours: &str, further: &str) {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        let public_url = &self.api.url;
        write!(
            file,
            r#"
            [[line]]
            name = "qdn"
            number = "{LINE}"
            country = "US"
            time_zone = "America/Los_Angeles"
            public_url = "{public_url}"
            quiet_hours = "{quiet_hours}"
            segments_a_minute = 6000
            {further}

            [line.voice]

            [[line.topic]]
            name = "events"
            keyword = "ZUREK"
            about = "new events"

            [[line.topic]]
            name = "maintenance"
            keyword = "DOCK"
            about = "maintenance windows"

            [[line.person]]
            name = "Sergio"
            number = "{SERGIO}"
            hours = "always"

            [[line.person]]
            name = "Backup"
            number = "{BACKUP}"
            hours = "always"
            "#
        )
        .unwrap();
        self.relay(&["config", "push", "--config", file.path().to_str().unwrap()]);
    }

    /// Runs the `relay` command for the stack, and returns what it prints.
    pub fn relay(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
        command
            .args(arguments)
            .env("RELAY_STACK", &self.stack.name)
            .env("AWS_ENDPOINT_URL", &Emulator::shared().url)
            .env("AWS_REGION", aws::REGION)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing");
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}
