//! What customers, Sergio and the backup experience, told as conversations.

mod answering;
mod dead_letters;
mod duty;
mod duty_by_text;
mod failures;
mod fallback;
mod floods;
mod hand_over;
mod invitations;
mod loops;
mod notices;
mod opt_outs;
mod reconciliation;
mod spanish;
mod subscribers;
mod text;
mod trouble;
mod voice;
mod webhooks;
