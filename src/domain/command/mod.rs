//! What a person of the cascade says to the line about being there: `away until 5pm`, `back`,
//! `who`, `status`, `help`; or about a customer of theirs: `pass`, `done`, `got it`, `block`, `call`. The whole
//! text is one command, or it is none.

mod answer;
mod away;
mod given;
pub mod near_miss;
pub mod pin_in_text;
mod words;

pub use answer::{On, Said, heed, tell_owner};
pub use given::Given;
pub use words::{Command, Unclear, read, says_back};

use serde::{Deserialize, Serialize};

use super::duty::{Override, Presence};

/// The commands as people are told them, in English and in Spanish.
#[rustfmt::skip]
pub const COMMANDS: [&str; 23] = [
    "AWAY", "BACK", "WHO", "STATUS", "PASS", "GOT IT", "DONE", "CALL", "BLOCK", "UNBLOCK", "HELP",
    "FUERA", "AUSENTE", "VOLVI", "QUIEN", "ESTADO", "PASAR", "RECIBIDO", "LISTO", "LLAMAR", "BLOQUEAR",
    "DESBLOQUEAR", "AYUDA",
];

/// What a person's command changes about their duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub person: String,
    /// `None`: the hours decide again.
    pub to: Option<Override>,
}

impl Change {
    /// As the audit has it.
    pub fn in_words(&self) -> String {
        let Some(to) = &self.to else {
            return "the hours decide".to_owned();
        };
        let is = match to.presence {
            Presence::Away => "away",
            Presence::On => "on duty",
        };
        match to.until {
            Some(until) => format!("{is} until {until}"),
            None => format!("{is} until further notice"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::COMMANDS;
    use crate::domain::line::Topic;

    #[test]
    fn no_command_can_be_a_topics_keyword() {
        for command in COMMANDS {
            let keyword = command.replace(' ', "");
            assert!(Topic::checked_keyword(&keyword).is_err(), "{command}");
        }
        for word in ["1", "0107", "no", "ok", "Both"] {
            assert!(Topic::checked_keyword(word).is_err(), "{word}");
        }
    }
}
