use super::*;
use crate::hosts::server::DATABASE;

#[tokio::test]
async fn what_is_due_is_found_without_a_look_at_what_is_not() {
    let plan = plan_of(DUE);
    assert!(plan.contains("INDEX deliveries_due (due<?)"), "{plan}");
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
}

#[tokio::test]
async fn what_a_number_subscribed_to_is_found_without_a_look_at_other_subscribers() {
    let plan = plan_of(subscribers::OF_NUMBER);
    assert!(
        plan.contains("INDEX subscribers_number (line=? AND number=?)"),
        "{plan}"
    );
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
}

/// How SQLite answers a query with two parameters.
fn plan_of(query: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join(DATABASE)).unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {query}");
    let rows = database.read(|connection| {
        let mut query = connection.prepare(&explain)?;
        let rows = query.query_map(params![0, 1], |row| row.get::<_, String>("detail"))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    });
    rows.unwrap().join("; ")
}
