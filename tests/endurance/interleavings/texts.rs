//! Who writes what.

use relay::domain::ids::message_sid::MessageSid;

pub const LINE: &str = "+16195550100";
pub const PUBLIC_URL: &str = "https://relay.example.com";
pub const CUSTOMERS: [&str; 2] = ["+16195550107", "+16195550108"];
/// Sergio, and the backup.
pub const PEOPLE: [&str; 2] = ["+16195550110", "+16195550111"];

/// A text that somebody is going to write. Customers and people are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Of a customer.
    Asks(usize),
    /// A person answers the customer, or the one whose text they have read if that is the other.
    Answers(usize, usize),
    /// With the customer's tag in front.
    Tags(usize, usize),
    /// To a question for whom an earlier text is, the person says that it is for this customer. If there
    /// is no question on their phone, they answer.
    Chooses(usize, usize),
    /// The person passes the customer on.
    Passes(usize, usize),
}

/// The texts, in no order.
pub type Script = &'static [Text];

/// A text as it was written, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Written {
    pub body: String,
    pub meant: Meant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meant {
    /// It is no answer.
    NoAnswer,
    /// An answer for nobody: its writer has read no customer's text and named none.
    Nobody,
    /// The only one whom its writer knows of, or the one whom it names.
    Only(usize),
    /// Its writer knows of both.
    OneOfBoth(usize),
    /// It says for whom an earlier text was.
    Choice(usize),
}

impl Text {
    pub fn sender(self) -> &'static str {
        match self {
            Text::Asks(customer) => CUSTOMERS[customer],
            Text::Answers(person, _)
            | Text::Tags(person, _)
            | Text::Chooses(person, _)
            | Text::Passes(person, _) => PEOPLE[person],
        }
    }

    /// What is written by whoever has this on their screen and has written those texts.
    pub fn written(self, number: usize, screen: &[&str], own: &[Text]) -> Written {
        let has_read = |customer: usize| {
            let has_named = |text: &Text| matches!(text, Text::Tags(_, it) if *it == customer);
            own.iter().any(has_named) || screen.iter().any(|text| text.contains(&asks(customer)))
        };
        let is_asked = screen.iter().any(|text| text.starts_with("Who is \""));
        let (body, meant) = match self {
            Text::Asks(customer) => (
                format!("{} It is text {number}.", asks(customer)),
                Meant::NoAnswer,
            ),
            Text::Tags(_, customer) => (
                format!("#{}: {}", tag(customer), answer(number)),
                Meant::Only(customer),
            ),
            Text::Passes(_, customer) => (format!("PASS {}", tag(customer)), Meant::NoAnswer),
            Text::Chooses(_, customer) if is_asked => {
                (tag(customer).to_owned(), Meant::Choice(customer))
            }
            Text::Answers(_, customer) | Text::Chooses(_, customer) => {
                let other = 1 - customer;
                let meant = match (has_read(customer), has_read(other)) {
                    (true, true) => Meant::OneOfBoth(customer),
                    (true, false) => Meant::Only(customer),
                    (false, true) => Meant::Only(other),
                    (false, false) => Meant::Nobody,
                };
                (answer(number), meant)
            }
        };
        Written { body, meant }
    }
}

fn tag(customer: usize) -> &'static str {
    &CUSTOMERS[customer][8..]
}

fn asks(customer: usize) -> String {
    ["Is the boat ready?", "Do you have diesel?"][customer].to_owned()
}

/// The words of an answer.
pub fn answer(number: usize) -> String {
    format!("It will take {} days.", number + 2)
}

/// What Twilio calls the text of that number.
pub fn sid(number: usize) -> MessageSid {
    MessageSid::parse(&format!("SM{:032x}", number + 1)).expect("32 hexadecimal digits")
}
