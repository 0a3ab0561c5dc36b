use super::{InvitationRequest, NoticeRequest};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Notice(NoticeRequest),
    Invitation(InvitationRequest),
    /// How a notice or an invitation stands, by its id.
    Show(String),
    /// That whoever has not got a notice yet never gets it.
    Cancel(String),
}
