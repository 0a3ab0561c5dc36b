use std::sync::Mutex;

use async_trait::async_trait;
use relay::app::ports::audit::{Audit, Record};

/// An audit that only grows.
#[derive(Default)]
pub struct MemoryAudit(Mutex<Vec<Record>>);

impl MemoryAudit {
    pub fn records(&self) -> Vec<Record> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Audit for MemoryAudit {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        self.0.lock().unwrap().extend_from_slice(records);
        Ok(())
    }
}
