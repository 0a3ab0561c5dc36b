//! One state of a database as a file of its own, and what is in such a file.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use rusqlite::{Connection, OpenFlags};

use super::checkpoints::LOCKED_AT_MOST;
use super::database::SHAPE;

/// What is counted.
const TABLES: [&str; 8] = [
    "lines",
    "inbounds",
    "deliveries",
    "conversations",
    "calls",
    "notices",
    "subscribers",
    "opt_outs",
];

/// How many rows each table has.
pub type Rows = Vec<(&'static str, u64)>;

/// What was found in a file.
pub struct Found {
    pub schema: i32,
    pub counts: Rows,
}

/// Copies one state, while others go on writing.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = open(from).and_then(|connection| {
        connection.execute("VACUUM INTO ?", [to.to_string_lossy()])?;
        Ok(())
    });
    copied.with_context(|| {
        format!(
            "cannot copy the database {} to {} (is the disk full? see `df`)",
            from.display(),
            to.display()
        )
    })
}

pub fn counts(path: &Path) -> anyhow::Result<Rows> {
    let counted = open(path).and_then(|connection| count(&connection));
    counted.with_context(|| format!("cannot read the database {}", path.display()))
}

/// Opens a file that nobody writes to, looks at all of its pages, and counts.
pub fn examine(path: &Path) -> anyhow::Result<Found> {
    let name = path.display();
    let found = (|| {
        // Otherwise it would want to write beside it.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri(path), flags)?;
        let schema = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let first: String =
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        anyhow::Ok((connection, schema, first))
    })();
    let (connection, schema, first) =
        found.with_context(|| format!("{name} is damaged, or no database"))?;
    if first != "ok" {
        bail!("{name} is damaged: SQLite finds {first:?}");
    }
    ensure!(
        schema <= SHAPE,
        "{name} was made by a newer relay (its tables have shape {schema}, this one reads {SHAPE}): use that \
         version"
    );
    ensure!(
        schema == SHAPE,
        "{name} was made by an older relay (its tables have shape {schema}, this one reads {SHAPE}): use that \
         version"
    );
    let counts = count(&connection).with_context(|| format!("cannot count what is in {name}"))?;
    Ok(Found { schema, counts })
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // It only reads; the files beside the database, which a reader needs, may not be there yet.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCKED_AT_MOST)?;
    Ok(connection)
}

fn count(connection: &Connection) -> rusqlite::Result<Rows> {
    let count = |table: &&'static str| {
        let query = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&query, [], |row| row.get(0))?;
        Ok((*table, rows.unsigned_abs()))
    };
    TABLES.iter().map(count).collect()
}

fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            byte => uri += &format!("%{byte:02X}"),
        }
    }
    uri + "?immutable=1"
}
