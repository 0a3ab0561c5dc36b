//! The concerns. Each stands in its own folder beside the `main` that runs it as a Lambda; the
//! one-machine server hosts the same code.

#[path = "../functions/delivery-status/handler.rs"]
pub mod delivery_status;
#[path = "../functions/inbound-fallback/handler.rs"]
pub mod inbound_fallback;
#[path = "../functions/inbound-sms/handler.rs"]
pub mod inbound_sms;
#[path = "../functions/outbound-notifier/notices/mod.rs"]
pub mod notices;
#[path = "../functions/outbound-notifier/handler.rs"]
pub mod outbound_notifier;
#[path = "../functions/reconciliation/handler.rs"]
pub mod reconciliation;
#[path = "../functions/retry-worker/handler.rs"]
pub mod retry_worker;
#[cfg(feature = "aws")]
#[path = "../functions/rotate-credentials/handler.rs"]
pub mod rotate_credentials;
