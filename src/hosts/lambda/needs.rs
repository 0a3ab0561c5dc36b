/// What a function works with besides the table, the queue of deliveries and the audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// It calls Twilio's API.
    pub twilio: bool,
    /// It sends or wakes texts to many.
    pub bulk_queue: bool,
    /// It tells other systems what became of their invitations.
    pub event_bus: bool,
}
