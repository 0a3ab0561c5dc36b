//! What the relay itself says to people about their threads: each a sentence or two, in one GSM-7
//! segment.

use crate::domain::ids::Tag;
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::attachments::or_attachments;
use crate::domain::sms::first_segment::quoting;
use crate::domain::sms::plain::room_beside;
use crate::domain::sms::{clipped, gsm7_line};
use crate::domain::thread::{Held, What};

/// How much is quoted of the words that a question is about, in septets.
const QUOTED: usize = 30;

const HOW_TO_CHOOSE: &str = " Text the number, or 0 for nobody.";
const ONCE_MORE: &str = "Once more: ";
const NOTHING_WAS_SENT: &str = " Nothing was sent.";
const NOBODY_WAS_MEANT: &str = "Not sent, as you did not say to whom: ";
const PASSES: &str = " passes ";
const TO_YOU: &str = " to you";
const WAITS: &str = " waits for an answer since ";

/// What stands in these texts and hardly in anybody else's.
pub(crate) const MARKS: [&str; 5] = [
    HOW_TO_CHOOSE,
    NOBODY_WAS_MEANT,
    NO_THREAD,
    ANSWERED,
    NOBODY_ANSWERED,
];

/// The same, right behind a telephone number.
pub(crate) const MARKS_BEHIND_NUMBERS: [&str; 2] = [WAITS, CLAIMED];

const NO_THREAD: &str = "You have no open thread, so this went to nobody. Answer a customer's text \
                         while it is fresh. HELP tells what else the line understands.";
const CLAIMED: &str = " and takes care of it.";
const ANSWERED: &str = " has answered +";
const NOBODY_ANSWERED: &str = "Nobody has answered +";

/// Asks a person for whom their text is: the tags, the last digits of the numbers, and what was
/// written last.
pub fn question(held: &Held, is_repeated: bool) -> String {
    let head = match &held.what {
        What::Send { body, media } => {
            let words = clipped(&gsm7_line(&or_attachments(&body.0, media.len())), QUOTED);
            format!("Who gets \"{words}\"?")
        }
        What::Pass => "Pass on which?".to_owned(),
        What::Claim => "Which do you take?".to_owned(),
    };
    let head = if is_repeated {
        format!("{ONCE_MORE}{head}")
    } else {
        head
    };
    let options = held.choices.iter();
    let options: Vec<(String, String)> = options
        .map(|choice| {
            let digits = choice.customer.expose();
            let digits = &digits[digits.len().saturating_sub(4)..];
            let option = format!(" {}: {digits}", choice.tag.number());
            (option, gsm7_line(&choice.words.0))
        })
        .collect();
    let room = room_beside(&format!("{head}{HOW_TO_CHOOSE}"));
    let shown = fitting(&options, room);
    let rest = match options.len() - shown {
        0 => "",
        _ => " ...",
    };
    let fixed: String = options[..shown].iter().map(|(o, _)| o.as_str()).collect();
    let room = room.saturating_sub(fixed.len() + rest.len());
    let each = room / shown.max(1);
    let options = options[..shown].iter().map(|(option, words)| {
        match clipped(words, each.saturating_sub(1)).as_str() {
            "" => option.clone(),
            words => format!("{option} {words}"),
        }
    });
    format!("{head}{}{rest}{HOW_TO_CHOOSE}", options.collect::<String>())
}

/// How many options there is room for, without any words.
fn fitting(options: &[(String, String)], room: usize) -> usize {
    let all: usize = options.iter().map(|(option, _)| option.len()).sum();
    if all <= room {
        return options.len();
    }
    let mut used = " ...".len();
    let fits = |(option, _): &&(String, String)| {
        used += option.len();
        used <= room
    };
    options.iter().take_while(fits).count()
}

/// A text that waited in vain.
pub fn not_sent(held: &Held) -> String {
    match &held.what {
        What::Send { body, media } => {
            quoting(NOBODY_WAS_MEANT, &or_attachments(&body.0, media.len()), "")
        }
        What::Pass => "Nothing was passed on, as you did not say which.".to_owned(),
        What::Claim => "You took nothing, as you did not say which.".to_owned(),
    }
}

pub fn no_thread() -> &'static str {
    NO_THREAD
}

pub fn no_thread_to(what: &What) -> &'static str {
    match what {
        What::Send { .. } => NO_THREAD,
        What::Pass => "You have no open thread to pass on.",
        What::Claim => "You have no open thread to take.",
    }
}

pub fn unknown_tag(tag: Tag, live: &[(Tag, PhoneNumber)]) -> String {
    let open = open(&live[..live.len().min(5)]);
    let open = open.unwrap_or_else(|| "You have no open thread.".to_owned());
    format!("You have no {tag}. {open}{NOTHING_WAS_SENT}")
}

/// The threads that a person has, if they have any.
pub fn open(live: &[(Tag, PhoneNumber)]) -> Option<String> {
    let live: Vec<String> = live
        .iter()
        .map(|(tag, customer)| format!("{tag} {}", customer.expose()))
        .collect();
    (!live.is_empty()).then(|| format!("Open: {}.", live.join(", ")))
}

pub fn no_words(tag: Tag) -> String {
    format!("{tag} needs words behind it, such as: {tag} on my way.{NOTHING_WAS_SENT}")
}

pub fn nothing_to_send(left_out: usize) -> String {
    match left_out {
        0 => format!("That was an empty text.{NOTHING_WAS_SENT}"),
        _ => format!("That attachment cannot be passed on.{NOTHING_WAS_SENT}"),
    }
}

pub fn too_long(characters: usize) -> String {
    format!(
        "{characters} characters are too many for one text: 1600 at most, an emoji counts as two. \
         Send it in parts.{NOTHING_WAS_SENT}"
    )
}

pub fn too_many_wait() -> &'static str {
    "Several of your texts wait already. Say first whom they are for, or put the tag in front, such \
     as #1 on my way. Nothing was sent."
}

pub fn answered_already(tag: Option<Tag>) -> String {
    match tag {
        Some(tag) => format!(
            "No question is open any more. To send just a number, put the tag in front, such as: \
             {tag} {}.{NOTHING_WAS_SENT}",
            tag.number()
        ),
        None => format!("No question is open any more.{NOTHING_WAS_SENT}"),
    }
}

pub fn dropped(words: &str) -> String {
    quoting("Dropped, nobody gets it: ", words, "")
}

/// The person who had the thread reads that another has answered.
pub fn answered_by(person: &str, customer: &PhoneNumber, words: &str) -> String {
    let says = format!("{person}{ANSWERED}{}: ", digits(customer));
    quoting(&says, words, "")
}

pub fn has_it(person: &str, customer: &PhoneNumber) -> String {
    format!("{person} has {}{CLAIMED}", customer.expose())
}

pub fn you_have_it(customer: &PhoneNumber, told: usize) -> String {
    let told = match told {
        0 => "",
        1 => " The other one was told.",
        _ => " The others were told.",
    };
    format!("You have {}.{told}", customer.expose())
}

pub fn passed_on(next: &str, customer: &PhoneNumber) -> String {
    format!(
        "{next} has {} now and gets the last texts.",
        customer.expose()
    )
}

pub fn nobody_to_pass_to() -> &'static str {
    "Nobody else is on duty, so it stays with you."
}

/// What the next person reads of a thread that was given to them, before its last texts.
pub fn passes(person: &str, customer: &PhoneNumber) -> String {
    format!("{person}{PASSES}{}{TO_YOU}.", customer.expose())
}

/// The same, if nobody answered.
pub fn left_unanswered(person: &str, customer: &PhoneNumber, since: &str) -> String {
    format!(
        "{}{WAITS}{since}, and {person} did not answer.",
        customer.expose()
    )
}

/// Reminds whoever has it.
pub fn reminder(customer: &PhoneNumber, since: &str, words: &str, next: Option<&str>) -> String {
    let after = match next {
        Some(next) => format!(" Answer, or text GOT IT, or it goes to {next}."),
        None => " Answer, or text GOT IT.".to_owned(),
    };
    quoting(
        &format!("{}{WAITS}{since}: ", customer.expose()),
        words,
        &after,
    )
}

/// To the owner, when nobody is left who could be asked to answer.
pub fn nobody_answered(customer: &PhoneNumber, since: &str, words: &str) -> String {
    let says = format!(
        "{NOBODY_ANSWERED}{} since {since}, please call: ",
        digits(customer)
    );
    quoting(&says, words, "")
}

/// Without the plus sign, which stands before it.
fn digits(customer: &PhoneNumber) -> &str {
    customer.expose().trim_start_matches('+')
}

pub fn pin_missing(command: &str) -> String {
    format!("Put your PIN in front, such as: 0000 {command}. Nothing was changed.")
}

pub fn pin_wrong(left: u32) -> String {
    let tries = if left == 1 { "try" } else { "tries" };
    format!("That PIN is wrong; {left} {tries} left. Nothing was changed.")
}

pub fn pin_locked(until: &str) -> String {
    format!("Too many wrong PINs: your commands are off until {until}. Answers still work.")
}

pub fn pin_and_no_command() -> String {
    format!(
        "That begins with your PIN and is no command.{NOTHING_WAS_SENT} HELP tells the commands."
    )
}

/// To the owner.
pub fn pins_tried(person: &str, line: &str) -> String {
    format!(
        "Three wrong PINs from the phone of {person} ({line}): commands from it are off for 15 minutes."
    )
}

#[cfg(test)]
mod tests;
