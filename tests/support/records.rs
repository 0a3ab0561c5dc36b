//! Records of texts that have nothing to do with conversations, put into a store as they are.

use async_trait::async_trait;
use relay::app::ports::store::{Kept, Planned, Recorded, Result, Store};
use relay::domain::delivery::Delivery;
use relay::domain::inbound_record::InboundRecord;

#[async_trait]
pub trait Records {
    async fn record(&self, record: &InboundRecord, deliveries: &[Delivery]) -> Result<Recorded>;
}

#[async_trait]
impl<S: Store + ?Sized> Records for S {
    async fn record(&self, record: &InboundRecord, deliveries: &[Delivery]) -> Result<Recorded> {
        let planned = Planned {
            record: record.clone(),
            deliveries: deliveries.to_vec(),
            conversations: Vec::new(),
            person: None,
            on_other_lines: Vec::new(),
        };
        let kept = self.take_in(&record.sms.to, &planned).await?;
        Ok(match kept {
            Kept::New => Recorded::New,
            Kept::Already => Recorded::Already,
            Kept::Outdated => unreachable!("it changes nothing that somebody else could change"),
        })
    }
}
