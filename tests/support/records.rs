//! Records of texts that have nothing to do with threads, put into a store as they are.

use std::sync::Arc;

use async_trait::async_trait;
use relay::app::ports::store::{Kept, Planned, Recorded, Result, Store};
use relay::domain::delivery::Delivery;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::thread::Threads;

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
            threads: None,
        };
        let (line, sid) = (&record.sms.to, &record.sms.sid);
        let plan = Arc::new(move |_: &Threads| planned.clone());
        let kept = self.take_in(line, sid, &Threads::default(), plan).await?;
        Ok(match kept {
            Kept::New(_) => Recorded::New,
            Kept::Already => Recorded::Already,
        })
    }
}
