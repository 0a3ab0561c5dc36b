//! What a webhook's answer says in TwiML.
//!
//! Source: Twilio, "TwiML for Programmable Messaging".

use super::Message;
use super::state::State;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// At most so many messages may answer one.
const MOST_REPLIES: usize = 10;
const TOO_MANY_REPLIES: u32 = 14109;
const NOT_XML: u32 = 12100;
const NO_RESPONSE: u32 = 12102;

/// A `<Message>`.
#[derive(Debug, PartialEq)]
struct Reply {
    to: Option<String>,
    from: Option<String>,
    body: String,
    media: Vec<String>,
    status_callback: Option<String>,
}

impl State {
    /// Sends the replies that the answer to an inbound's webhook asks for.
    pub(super) fn reply(&mut self, inbound: &MessageSid, url: &str, answer: &str) {
        let Some(inbound) = self.messages.get(inbound).cloned() else {
            return;
        };
        let mut replies = match read(answer) {
            Ok(replies) => replies,
            Err((code, message)) => {
                let about = Some(inbound.sid.as_str());
                return self.outbox.alert(code, url, about, message, self.now);
            }
        };
        if replies.len() > MOST_REPLIES {
            replies.truncate(MOST_REPLIES);
            let message = format!("more than {MOST_REPLIES} messages; the others are not sent");
            let about = Some(inbound.sid.as_str());
            self.outbox
                .alert(TOO_MANY_REPLIES, url, about, message, self.now);
        }
        for reply in replies {
            let from = reply.from.unwrap_or_else(|| inbound.to.clone());
            let to = reply.to.unwrap_or_else(|| inbound.from.clone());
            let number = PhoneNumber::parse(&from);
            if number.is_ok_and(|number| self.opt_outs.has(&to, &number)) {
                let message = "attempt to send to an unsubscribed recipient".to_owned();
                let about = Some(inbound.sid.as_str());
                self.outbox.alert(21610, url, about, message, self.now);
                continue;
            }
            let outcome = self.faults.of_delivery(&to, !reply.media.is_empty());
            let (media, outcome) = self.fetch_media(reply.media, Some(outcome));
            let body = reply.body;
            let message = Message {
                status_callback: reply.status_callback,
                outcome,
                ..self.messages.begin(from, to, body, media, self.now)
            };
            self.accept(message);
        }
    }
}

/// The messages in an answer; none in an empty one.
fn read(answer: &str) -> Result<Vec<Reply>, (u32, String)> {
    if answer.trim().is_empty() {
        return Ok(Vec::new());
    }
    let document = roxmltree::Document::parse(answer.trim_start())
        .map_err(|error| (NOT_XML, format!("the answer is no XML: {error}")))?;
    let root = document.root_element();
    if !root.has_tag_name("Response") {
        return Err((NO_RESPONSE, "the answer is no <Response>".to_owned()));
    }
    Ok(named(root, "Message").map(read_message).collect())
}

fn named<'a, 'i: 'a>(
    node: roxmltree::Node<'a, 'i>,
    name: &str,
) -> impl Iterator<Item = roxmltree::Node<'a, 'i>> {
    node.children().filter(move |node| node.has_tag_name(name))
}

fn read_message(message: roxmltree::Node) -> Reply {
    let attribute = |name| message.attribute(name).map(str::to_owned);
    let text = |node: roxmltree::Node| {
        let texts = node.children().filter(|node| node.is_text());
        let text: String = texts.filter_map(|node| node.text()).collect();
        text.trim().to_owned()
    };
    let nested: Vec<String> = named(message, "Body").map(text).collect();
    Reply {
        to: attribute("to"),
        from: attribute("from"),
        body: if nested.is_empty() {
            text(message)
        } else {
            nested.concat()
        },
        media: named(message, "Media").map(text).collect(),
        status_callback: attribute("statusCallback"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_in_both_spellings() {
        let replies = read(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Message>Hi &amp; bye</Message>\
             <Message to=\"+16195550107\"><Body>Look</Body><Media>https://x.example/a.png</Media>\
             </Message></Response>",
        )
        .unwrap();
        assert_eq!(replies[0].body, "Hi & bye");
        assert_eq!(replies[1].to.as_deref(), Some("+16195550107"));
        assert_eq!(replies[1].body, "Look");
        assert_eq!(replies[1].media, ["https://x.example/a.png"]);
    }

    #[test]
    fn an_answer_without_messages_sends_nothing_and_a_broken_one_is_noticed() {
        assert_eq!(read(crate::twilio::twiml::EMPTY).unwrap(), []);
        assert_eq!(read("  ").unwrap(), []);
        assert_eq!(read("OK").unwrap_err().0, NOT_XML);
        assert_eq!(read("<Answer/>").unwrap_err().0, NO_RESPONSE);
    }
}
