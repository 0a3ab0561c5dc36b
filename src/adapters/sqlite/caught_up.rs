//! Up to when each line's texts were compared with Twilio's list while the relay runs.

use jiff::Timestamp;

use super::database::Database;
use super::statements::{execute, value};
use crate::domain::phone::PhoneNumber;

pub struct CaughtUp(Database);

impl CaughtUp {
    pub fn on(database: Database) -> Self {
        Self(database)
    }

    /// `None` for a line that never was.
    pub fn to(&self, line: &PhoneNumber) -> anyhow::Result<Option<Timestamp>> {
        let query = "SELECT at FROM caught_up WHERE line = ?";
        let at: Option<i64> = self
            .0
            .read(|connection| value(connection, query, [line.expose()]))?;
        Ok(at.map(Timestamp::from_millisecond).transpose()?)
    }

    pub async fn set(&self, line: &PhoneNumber, at: Timestamp) -> anyhow::Result<()> {
        let (line, at) = (line.expose().to_owned(), at.as_millisecond());
        let statement = "INSERT INTO caught_up (line, at) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET at = excluded.at";
        self.0
            .write(move |connection| execute(connection, statement, (line, at)).map(drop))
            .await
    }
}
