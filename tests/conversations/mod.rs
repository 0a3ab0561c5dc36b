//! What customers, Sergio and the backup experience, told as conversations.

mod duty;
mod text;
mod trouble;
mod webhooks;
