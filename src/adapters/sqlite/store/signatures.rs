//! Signatures of requests that came over HTTP.

use jiff::Timestamp;
use rusqlite::params;

use super::execute;
use crate::adapters::sqlite::database::Database;
use crate::app::ports::store::Result;
use crate::app::ports::store::SignatureDigest;

/// One whose time is over goes with the next claim of any.
pub async fn claim(
    database: &Database,
    signature: &SignatureDigest,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let digest = signature.as_str().to_owned();
    let claimed = database.write(move |connection| {
        let before = params![now.as_millisecond()];
        execute(
            connection,
            "DELETE FROM signatures WHERE until <= ?",
            before,
        )?;
        execute(
            connection,
            "INSERT INTO signatures (digest, until) VALUES (?, ?) ON CONFLICT DO NOTHING",
            params![digest, until.as_millisecond()],
        )
    });
    Ok(claimed.await? == 1)
}
