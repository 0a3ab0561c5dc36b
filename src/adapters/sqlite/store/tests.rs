use super::*;
use crate::adapters::sqlite::queue;
use crate::hosts::server::DATABASE;

#[tokio::test]
async fn what_is_due_is_found_without_a_look_at_what_is_not() {
    let due = "INDEX deliveries_due (bulk=? AND due<?)";
    let any = "INDEX deliveries_due (bulk=? AND due>?)";
    for (plan, index) in [
        (plan_of(DUE, [0, 1]), due),
        (plan_of(queue::URGENT, []), any),
        (plan_of(queue::BULK, []), any),
    ] {
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
    }
}

#[tokio::test]
async fn calls_are_found_without_a_look_at_others() {
    for (plan, index) in [
        (plan_of(calls::DUE, [0, 1]), "INDEX calls_due (due<?)"),
        (
            plan_of(calls::OF_LINE, [0, 1, 2]),
            "INDEX calls_line (line=? AND opened>?)",
        ),
    ] {
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
    }
}

#[tokio::test]
async fn what_a_number_subscribed_to_is_found_without_a_look_at_other_subscribers() {
    let plan = plan_of(subscribers::OF_NUMBER, [0, 1]);
    assert!(
        plan.contains("INDEX subscribers_number (line=? AND number=?)"),
        "{plan}"
    );
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
}

/// How SQLite answers a query with these parameters.
fn plan_of(query: &str, values: impl Params) -> String {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join(DATABASE)).unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {query}");
    let rows = database.read(|connection| {
        let mut query = connection.prepare(&explain)?;
        let rows = query.query_map(values, |row| row.get::<_, String>("detail"))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    });
    rows.unwrap().join("; ")
}
