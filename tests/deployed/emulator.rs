//! The emulated AWS (`emulator.py`), one for all tests of a run. Each test has a stack of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use serde_json::{Value, json};

pub struct Emulator {
    pub url: String,
    conversation: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Child,
}

static EMULATOR: LazyLock<Emulator> = LazyLock::new(Emulator::start);
static STACKS: AtomicU32 = AtomicU32::new(1);

impl Emulator {
    pub fn shared() -> &'static Self {
        &EMULATOR
    }

    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(crate::support::tools::python())
            .arg(root.join("tests/deployed/emulator.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let asks = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let ready = read(&mut answers);
        Self {
            url: ready["url"].as_str().unwrap().to_owned(),
            conversation: Mutex::new((asks, answers)),
            _process: process,
        }
    }

    /// Creates the template's stack under a name that no other test has.
    pub fn deploy(&self, parameters: Value) -> Stack {
        let name = format!("relay{}", STACKS.fetch_add(1, Ordering::Relaxed));
        let created = self.ask(&json!({"stack": name, "parameters": parameters}));
        Stack { name, created }
    }

    /// What Lambda knows of a function.
    pub fn function(&self, name: &str) -> Value {
        self.ask(&json!({"function": name}))
    }

    fn ask(&self, question: &Value) -> Value {
        // A test that panicked while it asked spoils the conversation for all others.
        let (asks, answers) = &mut *self.conversation.lock().unwrap();
        writeln!(asks, "{question}").unwrap();
        read(answers)
    }
}

fn read(answers: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    assert!(
        !line.is_empty(),
        "the emulated AWS ended; its error stands above"
    );
    serde_json::from_str(&line).unwrap()
}

/// A stack as it was created.
pub struct Stack {
    pub name: String,
    created: Value,
}

impl Stack {
    pub fn output(&self, name: &str) -> &str {
        let value = &self.created["outputs"][name];
        value
            .as_str()
            .unwrap_or_else(|| panic!("the stack has no output {name}"))
    }

    /// A resource's properties, with every reference resolved.
    pub fn properties(&self, logical_id: &str) -> &Value {
        let resource = &self.created["resources"][logical_id];
        assert!(
            !resource.is_null(),
            "the stack has no resource {logical_id}"
        );
        &resource["properties"]
    }

    /// What becomes of a resource when the stack is deleted.
    pub fn deletion_policy(&self, logical_id: &str) -> &Value {
        &self.created["resources"][logical_id]["deletion"]
    }

    /// Logical ids of all resources.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        let resources = self.created["resources"].as_object().unwrap();
        resources.keys().map(String::as_str)
    }

    /// Logical ids and properties of all resources of a type.
    pub fn all(&self, resource_type: &str) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.created["resources"].as_object().unwrap().iter();
        resources
            .filter(move |(_, resource)| resource["type"] == resource_type)
            .map(|(name, resource)| (name.as_str(), &resource["properties"]))
    }

    /// What a role grants, by the role's ARN.
    pub fn role(&self, arn: &str) -> &Value {
        let roles = self.created["resources"].as_object().unwrap().values();
        let name = arn.rsplit('/').next().unwrap();
        roles
            .into_iter()
            .find(|resource| resource["id"] == name)
            .map(|resource| &resource["properties"])
            .unwrap_or_else(|| panic!("the stack has no role {arn}"))
    }
}
