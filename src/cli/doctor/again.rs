//! What of a command has to be said again in the next one, so that it means the same relay and account.

use crate::credentials::repos_env::quoted;

/// The options that say which relay and which account, each with a value.
const WHICH: [&str; 11] = [
    "--config",
    "--line",
    "--env-file",
    "--twilio-url",
    "--data",
    "--stack",
    "--secret-id",
    "--table",
    "--queue-url",
    "--bulk-queue-url",
    "--log-group",
];

/// Those of them that `relay doctor undo` has.
const OF_UNDO: [&str; 2] = ["--env-file", "--twilio-url"];

/// The options as they stand behind the next command, each with a space before it.
pub struct Again {
    pub of_doctor: String,
    pub of_undo: String,
}

impl Again {
    pub fn of(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut again = Self {
            of_doctor: String::new(),
            of_undo: String::new(),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            if !WHICH.contains(&name.as_str()) {
                continue;
            }
            let Some(value) = value.or_else(|| arguments.next()) else {
                break;
            };
            let said = format!(" {name} {}", quoted(&value));
            again.of_doctor += &said;
            if OF_UNDO.contains(&name.as_str()) {
                again.of_undo += &said;
            }
        }
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_means_the_same_relay_and_account() {
        let again = |line: &str| Again::of(line.split(' ').map(str::to_owned));
        let typed = "relay doctor --config my.toml --fix=T08 --twilio-url=http://127.0.0.1:4000 --yes --data x";
        let again_typed = again(typed);
        assert_eq!(
            again_typed.of_doctor,
            " --config my.toml --twilio-url http://127.0.0.1:4000 --data x"
        );
        assert_eq!(again_typed.of_undo, " --twilio-url http://127.0.0.1:4000");
        assert_eq!(again("relay doctor --only T08").of_doctor, "");
        assert_eq!(again("relay doctor --config").of_doctor, "");
        let spaced = [
            "--env-file".to_owned(),
            "/home/it's me/repos.env".to_owned(),
        ];
        assert_eq!(
            Again::of(spaced).of_undo,
            r" --env-file '/home/it'\''s me/repos.env'"
        );
    }
}
