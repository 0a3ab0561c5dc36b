//! Where audit records go when the audit does not take them: the text still goes.

use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;

use crate::app::ports::audit::{Audit, Record};
use crate::clock::Clock;

/// The metric that counts records that had to take this way; an alarm watches it.
pub const METRIC: &str = "AuditFallback";

/// The metric's namespace where nothing else is said.
pub const NAMESPACE: &str = "Relay";

/// Passes records on and, if that fails, prints them as JSON lines with a metric in CloudWatch's
/// embedded metric format. Writing through it never fails.
///
/// A batch is printed whole, since nobody knows how much of it was kept: better twice than never.
pub struct Fallback<A> {
    audit: A,
    clock: Arc<dyn Clock>,
    namespace: String,
    out: Mutex<Box<dyn Write + Send>>,
}

impl<A: Audit> Fallback<A> {
    pub fn new(
        audit: A,
        clock: Arc<dyn Clock>,
        namespace: &str,
        out: Box<dyn Write + Send>,
    ) -> Self {
        Self {
            audit,
            clock,
            namespace: namespace.to_owned(),
            out: Mutex::new(out),
        }
    }

    fn print(&self, records: &[Record]) -> std::io::Result<()> {
        let now = self.clock.now();
        let mut lines = Vec::new();
        for record in records {
            // Lambda's level filter reads the first two.
            let line = json!({
                "timestamp": now,
                "level": "WARN",
                "message": "an audit record that the audit did not take",
                "audit": record,
            });
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        // Source of the form: Amazon CloudWatch, "Embedded metric format specification".
        let metric = json!({
            "_aws": {
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": self.namespace,
                    "Dimensions": [[]],
                    "Metrics": [{"Name": METRIC, "Unit": "Count"}],
                }],
            },
            METRIC: records.len(),
        });
        serde_json::to_writer(&mut lines, &metric)?;
        lines.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(|held| held.into_inner());
        out.write_all(&lines)?;
        out.flush()
    }
}

#[async_trait]
impl<A: Audit> Audit for Fallback<A> {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.audit.write(records).await {
            tracing::warn!(
                "the audit did not take {} records: {error:#}",
                records.len()
            );
            if let Err(error) = self.print(records) {
                tracing::error!("nor could they be printed: {error}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;
    use serde_json::Value;

    use super::*;
    use crate::app::ports::audit::Kind;
    use crate::clock::ManualClock;

    struct Broken;

    #[async_trait]
    impl Audit for Broken {
        async fn write(&self, _: &[Record]) -> anyhow::Result<()> {
            bail!("no such log group")
        }
    }

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn records_that_the_audit_refuses_are_printed_and_counted() {
        let now = "2026-11-23T19:00:00Z".parse().unwrap();
        let record = Record {
            to_person: Some("Sergio".to_owned()),
            ..Record::new(Kind::Decision, "qdn", now)
        };
        let out = Out::default();
        let fallback = Fallback::new(
            Broken,
            Arc::new(ManualClock::at(now)),
            "Relay/one",
            Box::new(out.clone()),
        );
        let records = [record.clone(), record];
        fallback.write(&records).await.unwrap();

        let out = out.0.lock().unwrap();
        let lines: Vec<Value> = std::str::from_utf8(&out)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        for (line, record) in lines.iter().zip(&records) {
            assert_eq!(line["level"], "WARN");
            let kept: Record = serde_json::from_value(line["audit"].clone()).unwrap();
            assert_eq!(kept, *record);
        }
        assert_eq!(lines[2][METRIC], 2);
        let metrics = &lines[2]["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "Relay/one");
        assert_eq!(metrics["Dimensions"], json!([[]]));
        assert_eq!(metrics["Metrics"][0]["Name"], METRIC);
    }
}
