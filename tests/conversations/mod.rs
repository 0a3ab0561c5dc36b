//! What customers, Sergio and the backup experience, told as conversations.

mod dead_letters;
mod duty;
mod fallback;
mod text;
mod trouble;
mod webhooks;
