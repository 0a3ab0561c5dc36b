use async_trait::async_trait;

use super::DynamoStore;
use super::item::{self, Key};
use crate::app::ports::verdicts::Verdicts;

#[async_trait]
impl Verdicts for DynamoStore {
    async fn read(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let items = self.table.read(&[Key::verdicts()]).await?;
        let kept = items.first().and_then(|item| item::text(item, item::JSON));
        Ok(kept.map(|json| json.as_bytes().to_vec()))
    }

    async fn keep(&self, verdicts: &[u8]) -> anyhow::Result<()> {
        let json = item::string(std::str::from_utf8(verdicts)?);
        let put = self
            .table
            .put_any(Key::verdicts().with([(item::JSON, json)]));
        self.table.transact(vec![put]).await?;
        Ok(())
    }
}
