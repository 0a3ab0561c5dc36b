//! Many lines with two people each, and customers who write to them. The relay slows a text when
//! two numbers exchange more than twenty a minute, so no pair of numbers here comes near that.

use std::fmt::Write;

use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::demo_account;
use relay::twilio::form::Form;
use relay::twilio::signature;
use relay::twilio::signature::Signed;
use sha2::{Digest, Sha256};

/// What Twilio calls, as far as signatures go.
pub const PUBLIC_URL: &str = "https://relay.example.com";

/// Area codes of lines and people; each has a hundred numbers (555-0100 to 555-0199) for fiction.
const AREAS: [u16; 60] = [
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225,
    228, 229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281,
    301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321,
    323, 325, 330,
];

/// How many customers there are, and where their area codes begin.
const CUSTOMERS: u32 = 40_000;
const FIRST_AREA_OF_CUSTOMERS: u32 = 400;

/// What is in front of a text's number at its end, where no summary of a text comes.
const MARK: &str = " Booking ";

pub struct Town {
    lines: u32,
    customers: u32,
    /// Texts of two towns have different SIDs.
    seed: u64,
}

/// A customer's text as Twilio would post it.
pub struct SignedText {
    pub sid: MessageSid,
    pub signature: String,
    pub form: String,
}

impl Town {
    pub fn of(lines: u32) -> Self {
        assert!(
            3 * lines <= 100 * AREAS.len() as u32,
            "there are not as many numbers"
        );
        Self {
            lines,
            customers: CUSTOMERS,
            seed: fastrand::u64(..),
        }
    }

    /// So many customers who all write to one line.
    pub fn of_one_line(customers: u32) -> Self {
        Self {
            customers,
            ..Self::of(1)
        }
    }

    /// How many lines there are.
    pub fn count(&self) -> u32 {
        self.lines
    }

    /// The number of a line, counting from 0.
    pub fn line(&self, line: u32) -> String {
        number(line)
    }

    pub fn lines(&self) -> impl Iterator<Item = String> {
        (0..self.lines).map(number)
    }

    /// Every line's person on duty and its backup.
    pub fn phones(&self) -> impl Iterator<Item = String> {
        (self.lines..3 * self.lines).map(number)
    }

    /// Who may get the text of that number: the one on duty, then the backup.
    pub fn recipients(&self, text: u32) -> [String; 2] {
        let line = text % self.lines;
        [number(self.lines + line), number(2 * self.lines + line)]
    }

    pub fn config(&self) -> String {
        let mut config = String::new();
        for line in 0..self.lines {
            let [sergio, backup] = self.recipients(line);
            let _ = write!(
                config,
                r#"
[[line]]
name = "line-{line}"
number = "{}"
country = "US"
time_zone = "America/Los_Angeles"
public_url = "{PUBLIC_URL}"
[[line.person]]
name = "Sergio"
number = "{sergio}"
hours = ["Mon-Sun 00:00-24:00"]
[[line.person]]
name = "Backup"
number = "{backup}"
hours = "always"
"#,
                number(line)
            );
        }
        config
    }

    /// The credentials as an env file.
    pub fn env_file(&self) -> String {
        let account = demo_account();
        let key = account.api_key.as_ref().expect("the demo account has one");
        format!(
            "TWILIO_ACCOUNT_SID={}\nTWILIO_AUTH_TOKEN={}\nTWILIO_API_KEY={}\nTWILIO_API_SECRET={}\n",
            account.account_sid,
            account.auth_token.expose(),
            key.sid,
            key.secret.expose()
        )
    }

    /// A text to one line after the other, each time from another customer. The SIDs are in no
    /// order, as Twilio's.
    ///
    /// Source of the fields: Twilio, "Twilio's request to your incoming message webhook URL".
    pub fn text(&self, text: u32) -> SignedText {
        let body =
            format!("Is the boat free on Saturday, for the two of us and a dog?{MARK}{text:07}");
        self.signed(&text.to_string(), &self.customer(text), text, &body)
    }

    /// Who writes the text of that number.
    pub fn customer(&self, text: u32) -> String {
        customer(text % self.customers)
    }

    /// The person on duty texts the line that the text of that number went to. `name` is what no other
    /// text is called.
    pub fn persons_text(&self, name: &str, text: u32, body: &str) -> SignedText {
        let [sergio, _] = self.recipients(text);
        self.signed(name, &sergio, text, body)
    }

    fn signed(&self, name: &str, from: &str, text: u32, body: &str) -> SignedText {
        let account = demo_account();
        let digits: String = Sha256::digest(format!("{}/{name}", self.seed))[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let sid = format!("SM{digits}");
        let to = number(text % self.lines);
        let form = Form::from_fields([
            ("ToCountry", "US"),
            ("ToState", "CA"),
            ("SmsMessageSid", &sid),
            ("NumMedia", "0"),
            ("ToCity", "SAN DIEGO"),
            ("FromZip", "92101"),
            ("SmsSid", &sid),
            ("FromState", "CA"),
            ("SmsStatus", "received"),
            ("FromCity", "SAN DIEGO"),
            ("Body", body),
            ("FromCountry", "US"),
            ("To", &to),
            ("ToZip", "92101"),
            ("NumSegments", "1"),
            ("MessageSid", &sid),
            ("AccountSid", &account.account_sid),
            ("From", from),
            ("ApiVersion", "2010-04-01"),
        ]);
        let url = format!("{PUBLIC_URL}/twilio/sms");
        SignedText {
            sid: MessageSid::parse(&sid).expect("32 hexadecimal digits"),
            signature: signature::sign(&account.auth_token, &url, Signed::Form(&form)),
            form: form.encode(),
        }
    }
}

/// The number of the text that a message on a phone passes on, if it does. Whoever gets a conversation from
/// somebody else reads its texts again.
pub fn text_in(body: &str) -> Option<u32> {
    let (before, number) = body.rsplit_once(MARK)?;
    if before.contains(" passes +") {
        return None;
    }
    number.parse().ok()
}

fn number(index: u32) -> String {
    let area = AREAS[(index / 100) as usize];
    format!("+1{area}55501{:02}", index % 100)
}

fn customer(index: u32) -> String {
    let area = FIRST_AREA_OF_CUSTOMERS + index / 100;
    format!("+1{area}55501{:02}", index % 100)
}
