//! Notices: outbound messages to many, and the invitations that go to one.

pub mod payload;
pub mod template;
