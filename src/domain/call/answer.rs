//! What Twilio is to do next, in the relay's words. `twilio` writes it as TwiML.

use std::time::Duration;

use crate::domain::phone::PhoneNumber;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Rings a person while the caller hears it ring. To the call.
    Ring {
        leg: usize,
        number: PhoneNumber,
        /// The line's number, which the person's phone shows.
        shows: PhoneNumber,
        /// How long it rings.
        ring: Duration,
        /// How long the two may talk.
        talk: Duration,
        /// Whether any pick-up is an answer, so that nobody is asked to press 1.
        unscreened: bool,
    },
    /// Says who calls and asks for a key. To a leg.
    Ask { leg: usize, says: Spoken },
    /// Says whom a person will be connected with, and asks for a key. To a call that the line makes.
    AskToCall { says: Spoken },
    /// Calls the customer, as the line. To a call that the line makes.
    CallCustomer {
        number: PhoneNumber,
        shows: PhoneNumber,
        ring: Duration,
        talk: Duration,
        /// The person called the line themselves.
        by_phone: bool,
    },
    /// Asks a person who calls the line for their PIN.
    AskPin { says: Spoken },
    /// Says to a person who calls the line which key does what.
    Menu {
        /// What the link to the message ends with that is played before.
        plays: Option<String>,
        says: Spoken,
    },
    /// Connects the two. To a leg.
    Connect,
    /// Ends the leg, or the call.
    HangUp,
    /// Says something and ends the call.
    Say { says: Spoken },
    /// Plays the greeting and records. To the call.
    TakeMessage {
        greeting: Greeting,
        longest: Duration,
        transcribe: bool,
    },
    /// Nothing is to be done: an empty document to the call, and 204 to a status callback.
    Nothing,
    /// Refuses a call without answering it, which costs nothing.
    Reject(Rejected),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    Busy,
    Rejected,
}

/// Words for a voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    pub text: String,
    /// Such as `en-US`.
    pub language: String,
    /// Twilio's name for the voice, if not its usual one.
    pub voice: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    Spoken(Spoken),
    /// A sound file of the line's, by the hash of its content.
    File {
        hash: String,
    },
}
