//! From an empty folder to a deployed relay whose credentials are replaced while texts come in.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use relay::domain::credentials::Callers;
use relay::domain::credentials::{
    ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, ApiKey, Credentials, Secret,
};
use relay::sandbox::Text;

use super::aws;
use super::emulator::Emulator;
use super::world::{FUNCTIONS, SERGIO, World};

/// Few enough texts that the relay does not slow the customer down.
const BETWEEN_TEXTS: Duration = Duration::from_millis(1500);

/// Credentials that are shaped as Twilio's are.
fn account() -> Credentials {
    Credentials {
        account_sid: "AC".to_owned() + &"0a".repeat(16),
        auth_token: Secret::new("1b".repeat(16)),
        next_auth_token: None,
        previous_auth_token: None,
        webhook_keys: Vec::new(),
        audit_key: None,
        api_key: Some(ApiKey {
            sid: "SK".to_owned() + &"2c".repeat(16),
            secret: Secret::new("3Zq".repeat(10) + "xY"),
        }),
        callers: Callers::default(),
        version: None,
    }
}

/// `relay secrets …` in a folder, for the secret of a stack.
struct Desk {
    folder: tempfile::TempDir,
    secret: String,
}

impl Desk {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
        command
            .arg("secrets")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("REPOS_ENV", "repos.env")
            .env("CREDENTIALS_SECRET_ID", &self.secret)
            .env("AWS_ENDPOINT_URL", &Emulator::shared().url)
            .env("AWS_REGION", aws::REGION)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing");
        for name in [ACCOUNT_SID, AUTH_TOKEN, API_KEY, API_SECRET] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        done(&self.run(arguments))
    }

    fn add_all(&self, credentials: &Credentials) {
        let key = credentials.api_key.as_ref().unwrap();
        let values = [
            &credentials.account_sid,
            credentials.auth_token.expose(),
            &key.sid,
            key.secret.expose(),
        ];
        let names = [ACCOUNT_SID, AUTH_TOKEN, API_KEY, API_SECRET];
        let mut command = self.command(&[&["add"], &names[..]].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, (values.join("\n") + "\n").as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("repos.env")).unwrap()
    }

    /// Rotates, with texts coming in all the while; how many.
    async fn rotate_under_load(&self, world: &World, what: &str) -> usize {
        let url = world.twilio_url();
        let arguments = ["rotate", what, "--drain", "8s", "--twilio-url", url];
        let mut command = self.command(&arguments);
        let mut child = (command.stdout(Stdio::piped()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut texts = 0;
        while child.try_wait().unwrap().is_none() {
            world.customer_texts(Text::new(format!("{what} {texts}")));
            texts += 1;
            tokio::time::sleep(BETWEEN_TEXTS).await;
        }
        let output = child.wait_with_output().unwrap();
        let said = done(&output) + &String::from_utf8_lossy(&output.stderr);
        for value in self.file().lines().filter_map(|line| line.split_once('=')) {
            let is_secret = [AUTH_TOKEN, API_SECRET].contains(&value.0);
            assert!(
                !is_secret || !said.contains(value.1),
                "{} is shown",
                value.0
            );
        }
        world.customer_texts(Text::new("and after"));
        texts + 1
    }
}

#[track_caller]
fn done(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The values in a file that nothing may show.
fn secrets(file: &str) -> Vec<String> {
    let lines = file.lines().filter_map(|line| line.split_once('='));
    let secret = lines.filter(|(name, _)| [AUTH_TOKEN, API_SECRET].contains(name));
    secret.map(|(_, value)| value.to_owned()).collect()
}

fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_go_from_an_empty_folder_to_the_functions_and_are_replaced_under_load() {
    let mut desk = None;
    let mut world = World::seeded_by(account(), async |world: &World| {
        let secret = world.stack.output("CredentialsSecretArn").to_owned();
        let folder = tempfile::tempdir().unwrap();
        let new = Desk { folder, secret };
        new.add_all(&account());
        assert!(is_private(&new.folder.path().join("repos.env")));
        new.done(&["check"]);
        let seeded = new.done(&["seed"]);
        assert!(seeded.contains("TWILIO_API_KEY"), "{seeded}");
        new.done(&["diff"]);
        desk = Some(new);
    })
    .await;
    world.work();
    let desk = desk.unwrap();
    let mut ever = secrets(&desk.file());
    let mut sent = 1;
    world.customer_texts(Text::new("before"));
    world.receives(SERGIO, sent).await;

    for (what, name) in [("api-key", API_KEY), ("auth-token", AUTH_TOKEN)] {
        let line = |file: &str| {
            let mut lines = file.lines().map(str::to_owned);
            lines.find(|line| line.starts_with(&format!("{name}=")))
        };
        let old = line(&desk.file());
        sent += desk.rotate_under_load(&world, what).await;
        let alerts = world.sandbox.alerts();
        assert!(alerts.is_empty(), "no webhook is refused: {alerts:?}");
        let received = world.receives(SERGIO, sent).await;
        assert_eq!(received.len(), sent, "each text once");
        assert_ne!(line(&desk.file()), old, "{what} is another one");
        ever.extend(secrets(&desk.file()));
        desk.done(&["diff"]);
        let live = ["check", "--live", "--twilio-url", world.twilio_url()];
        let checked = desk.done(&live);
        assert!(checked.contains("(today)"), "the age is shown: {checked}");
        assert_eq!(checked.matches("Twilio says valid").count(), 2, "{checked}");
        let left = desk.file();
        assert!(
            !left.contains("_NEXT") && !left.contains("_PREVIOUS"),
            "{what}"
        );
    }
    world.settles().await;
    assert_eq!(world.sandbox.api_keys().len(), 1);
    for (function, _) in FUNCTIONS {
        let log = world.function(function).log().join("\n");
        assert!(
            ever.iter().all(|secret| !log.contains(secret)),
            "{function}"
        );
    }

    let document = desk.folder.path().join("reference.md");
    desk.done(&["reference", "--out", document.to_str().unwrap()]);
    let listed = desk.done(&["list"]);
    assert!(listed.contains(API_KEY), "{listed}");
    for line in desk.file().lines() {
        let (_, value) = line.split_once('=').unwrap();
        let document = std::fs::read_to_string(&document).unwrap();
        assert!(!document.contains(value) && !listed.contains(value));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::with_silent_queue().await;
    let secret = world.stack.output("CredentialsSecretArn").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk { folder, secret };
    desk.add_all(&account());
    let before = desk.file();
    let errors = |output: Output| {
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    // The secret holds another account's.
    let error = errors(desk.run(&["seed"]));
    assert!(error.contains("different values"), "{error}");
    let rotate = ["rotate", "api-key", "--twilio-url", world.twilio_url()];
    let error = errors(desk.run(&rotate));
    assert!(error.contains("relay secrets diff"), "{error}");
    // Twilio does not know these.
    let alone = |command: &mut Command| {
        command
            .env_remove("CREDENTIALS_SECRET_ID")
            .output()
            .unwrap()
    };
    let arguments = [&rotate[..], &["--file-alone"]].concat();
    let error = errors(alone(&mut desk.command(&arguments)));
    assert!(error.contains("compare TWILIO_ACCOUNT_SID"), "{error}");
    for (option, words) in [("--resume", "begin one"), ("--abandon", "is under way")] {
        let arguments = [&arguments[..], &[option]].concat();
        let error = errors(alone(&mut desk.command(&arguments)));
        assert!(error.contains(words), "{error}");
    }
    let checked = desk.run(&["check", "--live", "--twilio-url", world.twilio_url()]);
    assert_eq!(checked.status.code(), Some(1));
    let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.contains("Twilio does not accept TWILIO_API_KEY"),
        "{checked}"
    );
    let checked = desk.done(&["check", "--live", "--twilio-url", "http://127.0.0.1:9"]);
    assert!(checked.contains("indeterminate"), "{checked}");
    // Neither with a secret nor without.
    let error = errors(alone(&mut desk.command(&rotate)));
    assert!(error.contains("--file-alone"), "{error}");
    // No credentials of AWS.
    let mut command = desk.command(&["pull"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let error = errors(command.output().unwrap());
    assert!(error.contains("there are no AWS credentials"), "{error}");
    assert_eq!(desk.file(), before);
}
