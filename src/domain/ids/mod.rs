//! Names of things, which know nothing of the things themselves.

pub mod call_sid;
pub mod delivery_id;
pub mod message_sid;
pub mod notice_id;

pub use call_sid::{CallSid, NotACallSid, NotARecordingSid, RecordingSid};
pub use delivery_id::DeliveryId;
pub use delivery_id::NotADeliveryId;
pub use message_sid::MessageSid;
pub use message_sid::NotAMessageSid;
pub use notice_id::NotANoticeId;
pub use notice_id::NoticeId;

/// Small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
