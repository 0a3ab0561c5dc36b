//! What customers, Sergio and the backup experience, told as conversations.

mod dead_letters;
mod duty;
mod failures;
mod fallback;
mod hand_over;
mod reconciliation;
mod text;
mod trouble;
mod webhooks;
