use relay::domain::ids::message_sid::MessageSid;
use relay::domain::phone::Sender;
use relay::sandbox::{Fault, Injection, Text};

use super::{World, number};

/// Somebody's phone, or another sender, in a world.
pub struct Phone<'a> {
    pub(super) world: &'a World,
    pub(super) sender: Sender,
}

impl<'a> Phone<'a> {
    pub fn new(world: &'a World, sender: Sender) -> Self {
        Self { world, sender }
    }

    /// Texts the line; everything happens that follows at once.
    pub async fn texts(&self, body: &str) -> MessageSid {
        self.sends(Text::new(body)).await
    }

    pub async fn sends(&self, text: Text) -> MessageSid {
        self.sends_to(self.world.line.number.expose(), text).await
    }

    /// Texts another number of the line's.
    pub async fn texts_to(&self, to: &str, body: &str) -> MessageSid {
        self.sends_to(to, Text::new(body)).await
    }

    pub async fn sends_to(&self, to: &str, text: Text) -> MessageSid {
        let sid = self.world.sandbox.text(&self.sender, &number(to), text);
        self.world.advance(super::seconds(5)).await;
        sid.expect("the number is the sandbox's")
    }

    /// Reads the next text, which must have come from this number and have `part` in it.
    pub fn receives_from(&self, from: &str, part: &str) -> String {
        let read = self.receives(part);
        let received = self.received();
        let last = self.world.read.lock().unwrap()[&self.sender] - 1;
        assert_eq!(received[last].with, from, "{read:?}");
        read
    }

    /// Reads the next text, which must have `part` in it. Returns the whole of it.
    pub fn receives(&self, part: &str) -> String {
        let body = self.reads();
        assert!(
            body.contains(part),
            "{:?} received {body:?}, not {part:?}",
            self.sender
        );
        body
    }

    /// Reads the next text.
    pub fn reads(&self) -> String {
        self.next().expect("another text")
    }

    /// Reads all texts that came.
    pub fn reads_all(&self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }

    pub fn receives_nothing(&self) {
        assert_eq!(
            self.next(),
            None,
            "{:?} was to receive nothing",
            self.sender
        );
    }

    /// The attachments of the text that was read last.
    pub fn media(&self) -> Vec<String> {
        let received = self.received();
        let read = self.world.read.lock().unwrap()[&self.sender];
        received[read - 1].media.clone()
    }

    /// Twilio goes wrong over the next request for a text to this phone.
    pub fn next_request_meets(&self, fault: Fault) {
        let to = number(self.sender.expose());
        self.world.sandbox.inject(Injection::of(fault).to(&to));
    }

    fn next(&self) -> Option<String> {
        let received = self.received();
        let mut read = self.world.read.lock().unwrap();
        let read = read.entry(self.sender.clone()).or_default();
        let entry = received.get(*read)?;
        *read += 1;
        Some(entry.body.clone())
    }

    fn received(&self) -> Vec<relay::sandbox::Entry> {
        let screen = self.world.sandbox.screen(&self.sender);
        screen.into_iter().filter(|entry| !entry.sent).collect()
    }
}
