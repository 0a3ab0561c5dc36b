//! What the relay itself says to people about their conversations: each a sentence or two, in one GSM-7
//! segment.

use super::question::Written;
use super::{Block, Choice, Conversation, Question, What, Words};
use crate::domain::command::Command;
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::attachments::or_attachments;
use crate::domain::sms::first_segment::quoting;
use crate::domain::sms::plain::room_beside;
use crate::domain::sms::{clipped, gsm7_line};

/// How much is quoted of the words that a question is about, in septets, with the quotation marks.
const QUOTED: usize = 32;

const HOW_TO_CHOOSE: &str = " Text the number, or 0 for nobody.";
const SENT_TO: &str = "Sent to ";
const AUTOMATIC_REPLY: &str = "Taken for your phone's automatic reply, not sent. ";
const DID_YOU_MEAN: &str = "Not sent. Did you mean ";
const THIS_NUMBER_IS_FOR: &str = "Not sent. This number is for ";
const ONCE_MORE: &str = "Once more: ";
const NOTHING_WAS_SENT: &str = " Nothing was sent.";
const NOBODY_WAS_MEANT: &str = "Not sent, as you did not say to whom: ";
const PASSES: &str = " passes ";
const TO_YOU: &str = " to you";
const REACH_NOBODY: &str = " texts reach nobody";
const WAITS: &str = " waits for an answer since ";

/// What stands in these texts and hardly in anybody else's.
pub(crate) const MARKS: [&str; 9] = [
    THIS_NUMBER_IS_FOR,
    HOW_TO_CHOOSE,
    NOBODY_WAS_MEANT,
    NO_CONVERSATION,
    AUTOMATIC_REPLY,
    DID_YOU_MEAN,
    ANSWERED,
    NOBODY_ANSWERED,
    REACH_NOBODY,
];

/// The same, right behind a telephone number.
pub(crate) const MARKS_BEHIND_NUMBERS: [&str; 2] = [WAITS, CLAIMED];

const NO_CONVERSATION: &str = "No customer has written to you, so this went to nobody. HELP tells what \
                               the line understands.";
const CLAIMED: &str = " and takes care of it.";
const ANSWERED: &str = " has answered +";
const NOBODY_ANSWERED: &str = "Nobody has answered +";

/// Asks a person for whom their text is: the numbers of the choices, the last digits of the
/// customers', and what they wrote last.
pub fn question(question: &Question, is_repeated: bool) -> String {
    asks(question, if is_repeated { ONCE_MORE } else { "" })
}

/// The question behind other words.
fn asks(question: &Question, before: &str) -> String {
    let how = match &question.command {
        Some(command) => {
            let number = question.last_number() + 1;
            format!(" {number} = {}.{HOW_TO_CHOOSE}", meant(command))
        }
        None => HOW_TO_CHOOSE.to_owned(),
    };
    let option = |(number, choice): (usize, &Choice)| format!(" {number} = {}", choice.tag);
    let options: String = question.numbered().map(option).collect();
    let head = match (&question.what, question.choices.as_slice()) {
        (What::Block, [one]) => {
            return whether_to_block(one, question.first_number, before);
        }
        (What::Send(texts), _) => {
            let room = room_beside(&format!("{before}Who is and 10 more for?{options}{how}"));
            format!("Who is {} for?", quoted(texts, room))
        }
        (What::Pass(_), _) => "Pass on which?".to_owned(),
        (What::Claim, _) => "Which do you take?".to_owned(),
        (What::Done, _) => "Which is done?".to_owned(),
        (What::Block, _) => format!("Block which? Their{REACH_NOBODY} from then on."),
        (What::Unblock, _) => "Unblock which?".to_owned(),
    };
    let room = room_beside(&format!("{before}{head}{options}{how}"));
    let each = (room / question.choices.len().max(1)).saturating_sub(1);
    let options = question.numbered().map(|numbered| {
        let words = in_quotes(&numbered.1.words.0, each);
        let space = if words.is_empty() { "" } else { " " };
        format!("{}{space}{words}", option(numbered))
    });
    format!("{before}{head}{}{how}", options.collect::<String>())
}

fn whether_to_block(customer: &Choice, number: usize, before: &str) -> String {
    let asks = format!("{before}Block {} ", customer.tag);
    let how = format!("? Their{REACH_NOBODY} from then on. Text {number} to block, 0 to keep.");
    let words = in_quotes(&customer.words.0, room_beside(&format!("{asks}{how}")));
    let asks = format!("{asks}{words}");
    format!("{}{how}", asks.trim_end())
}

/// Somebody's words, so that they cannot be taken for the relay's: in quotation marks, and with an
/// ellipsis where they are cut off. Nothing if there is no room.
fn in_quotes(words: &str, room: usize) -> String {
    let words = gsm7_line(words).replace('"', "'");
    match clipped(&words, room.saturating_sub(2)).as_str() {
        "" => String::new(),
        words => format!("\"{words}\""),
    }
}

/// What the person may have meant instead of words for a customer.
fn meant(command: &Command) -> &'static str {
    match command {
        Command::Back => "you are back on duty",
        Command::Who => "who is on duty",
        Command::Status => "your status",
        Command::Help => "the commands",
        Command::Pass { .. } => "pass it on",
        Command::Done(_) => "it is done",
        Command::Away(_) => "you are away",
        Command::Claim(_) => "you take it",
        Command::Block(_) => "block them",
        Command::Unblock(_) => "unblock them",
        Command::Topic(_) => "your notices",
    }
}

/// The beginning of the first text, and how many others wait with it.
fn quoted(texts: &[Written], room: usize) -> String {
    let first = texts
        .first()
        .map(|text| or_attachments(&text.body.0, text.media.len()));
    let words = match in_quotes(&first.unwrap_or_default(), room.min(QUOTED)) {
        words if words.is_empty() => "it".to_owned(),
        words => words,
    };
    match texts.len() {
        0 | 1 => words,
        count => format!("{words} and {} more", count - 1),
    }
}

/// Texts that waited in vain.
pub fn not_sent(question: &Question, texts: &[Written]) -> String {
    match &question.what {
        What::Send(_) => {
            let tag = question
                .choices
                .first()
                .map_or("0107", |choice| &choice.tag);
            let words = quoted(texts, QUOTED);
            format!("{NOBODY_WAS_MEANT}{words}. To send it, text {tag} and the words.")
        }
        What::Pass(_) => "Nothing was passed on, as you did not say which.".to_owned(),
        What::Claim => "You took nothing, as you did not say which.".to_owned(),
        What::Done => "Nothing is done, as you did not say which.".to_owned(),
        What::Block => "Nobody was blocked, as you did not say so.".to_owned(),
        What::Unblock => "Nobody was unblocked, as you did not say which.".to_owned(),
    }
}

/// A text that came while a question was open.
pub fn answer_first(open: &Question) -> String {
    asks(open, "This one was not sent. First: ")
}

pub fn no_conversation() -> &'static str {
    NO_CONVERSATION
}

pub fn nothing_open_to(what: &What) -> &'static str {
    match what {
        What::Send(_) => NO_CONVERSATION,
        What::Pass(_) => "You have no customer to pass on.",
        What::Claim => "You have no customer to take.",
        What::Done => "No customer of yours waits.",
        What::Block => "Whom? Put the last digits of their number behind it, such as: BLOCK 0107.",
        What::Unblock => {
            "Whom? Put the last digits of their number behind it, such as: UNBLOCK 0107."
        }
    }
}

pub fn unknown_tag(digits: &str, latest: &[Choice]) -> String {
    let known = your_last(latest);
    format!("No customer's number ends in {digits}.{known}{NOTHING_WAS_SENT}")
}

/// A command about a customer who may be somebody else's.
pub fn not_yours(digits: &str, latest: &[Choice]) -> String {
    let known = your_last(latest);
    format!("You have no customer whose number ends in {digits}.{known} Nothing was changed.")
}

fn your_last(latest: &[Choice]) -> String {
    let known = latest
        .iter()
        .map(|choice| choice.tag.as_str())
        .collect::<Vec<_>>();
    match known.as_slice() {
        [] => String::new(),
        known => format!(" Your last: {}.", known.join(", ")),
    }
}

/// Digits in front that are no tag of anybody's and too many for anything else.
pub fn unknown_number(digits: &str, latest: &[Choice]) -> String {
    let how = latest.first().map_or(String::new(), |choice| {
        format!(" To send it as it is, put {} in front.", choice.tag)
    });
    format!("{}{how}", unknown_tag(digits, latest))
}

pub fn names_two(tag: &str, other: &str) -> String {
    format!("That names {tag} and {other}. Text each of them by itself.{NOTHING_WAS_SENT}")
}

/// The customers who wait for the person, and the last ones otherwise.
pub fn open(waiting: &[String]) -> Option<String> {
    (!waiting.is_empty()).then(|| format!("Waiting for you: {}.", shown(waiting, 5)))
}

/// What a person reads who writes to a number that never wrote.
pub fn may_not_write_first(customer: &PhoneNumber) -> String {
    format!(
        "{} never wrote to this line.{NOTHING_WAS_SENT} Call them, or have may_write_first = true put \
         under your name in the configuration.",
        customer.expose()
    )
}

pub fn has_opted_out(customer: &PhoneNumber) -> String {
    format!(
        "{} opted out of texts: call them.{NOTHING_WAS_SENT}",
        customer.expose()
    )
}

pub fn not_allowed(customer: &PhoneNumber) -> String {
    format!(
        "This line may not text {}: allowed_prefixes in the configuration does not have it.{NOTHING_WAS_SENT}",
        customer.expose()
    )
}

pub fn no_words(digits: &str) -> String {
    format!("Put words behind {digits}, such as: {digits} on my way.{NOTHING_WAS_SENT}")
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

pub fn question_is_over(number: usize) -> String {
    format!(
        "No question is open any more. To send just a number, put the customer's digits in front, such \
         as: 0107 {number}.{NOTHING_WAS_SENT}"
    )
}

pub fn dropped(question: &Question) -> String {
    match &question.what {
        What::Send(texts) => format!("Dropped, nobody gets it: {}", quoted(texts, QUOTED)),
        _ => "Nothing was changed.".to_owned(),
    }
}

/// The receipt of an answer that could have been for several customers.
pub fn sent_to(tag: &str) -> String {
    format!("{SENT_TO}{tag}.")
}

/// Whoever goes away reads which customers still wait for them.
pub fn still_wait(tags: &[String], next: &str) -> Option<String> {
    let (first, more) = tags.split_first()?;
    Some(match more {
        [] => format!("{first} still waits. PASS gives it to {next}."),
        _ => format!(
            "{} still wait. PASS {first} gives that one to {next}.",
            shown(tags, 3)
        ),
    })
}

/// The tags, at most so many of them.
fn shown(tags: &[String], most: usize) -> String {
    let shown = &tags[..tags.len().min(most)];
    match tags.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

pub fn done(tag: &str) -> String {
    format!("{tag} is done: they wait no longer.")
}

pub fn blocked(tag: &str) -> String {
    format!("{tag} is blocked: their{REACH_NOBODY}. UNBLOCK {tag} takes it back.")
}

/// To the owner.
pub fn blocked_by(person: &str, conversation: &Conversation) -> String {
    let Conversation { customer, tag, .. } = conversation;
    let customer = customer.expose();
    format!("{person} has blocked {customer}: their{REACH_NOBODY}. UNBLOCK {tag} takes it back.")
}

pub fn unblocked(tag: &str) -> String {
    format!("{tag} is not blocked any more: their texts come again.")
}

/// Nothing goes to a blocked customer.
pub fn is_blocked(tag: &str, block: &Block) -> String {
    let by = &block.by;
    format!("{tag} is blocked {by}.{NOTHING_WAS_SENT} To write to them, text UNBLOCK {tag} first.")
}

/// Whoever blocks a customer who is blocked, or unblocks one who is not.
pub fn is_so_already(conversation: &Conversation) -> String {
    let tag = &conversation.tag;
    match &conversation.blocked {
        Some(block) => format!("{tag} is blocked already, {}.", block.by),
        None => format!("{tag} is not blocked."),
    }
}

pub fn automatic_reply(tag: &str) -> String {
    format!("{AUTOMATIC_REPLY}\"{tag} yes\" sends it.")
}

/// A text to the reply number of a customer whom the person passed on.
pub fn given_away(tag: &str) -> String {
    format!("You gave {tag} to somebody else, so this was not sent. \"#{tag} yes\" sends it.")
}

/// A text to the reply number of one customer, with the digits of another.
pub fn two_customers(tag: &str, other: &str) -> String {
    format!(
        "{THIS_NUMBER_IS_FOR}{tag}, and you named {other}. Leave the digits out, or text it to the \
         line's own number."
    )
}

/// What a person reads who seems to have meant a command.
pub fn near_miss(command: &str) -> String {
    let how = match command {
        "AWAY" => "Text AWAY, AWAY 2H, AWAY UNTIL 5PM or AWAY UNTIL MON 8:00",
        "PASS" => "Text PASS, PASS 0107, or PASS and a name",
        "GOT IT" => "Text GOT IT 0107",
        "DONE" => "Text DONE, or DONE 0107",
        "BLOCK" => "Text BLOCK 0107",
        "UNBLOCK" => "Text UNBLOCK 0107",
        command => {
            return format!(
                "{DID_YOU_MEAN}{command}? Text {command} alone. For a customer: 0107 and the words."
            );
        }
    };
    format!("{DID_YOU_MEAN}{command}? {how}. For a customer: 0107 and the words.")
}

/// The person who had the conversation reads that another has answered.
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

/// A command about a customer whom the person passed on before.
pub fn passed_on_before(tag: &str, to: Option<&str>) -> String {
    let to = to.unwrap_or("Somebody else");
    format!("You passed {tag} on: {to} has it. Nothing was changed.")
}

pub fn nobody_to_pass_to() -> &'static str {
    "Nobody else is on duty, so it stays with you."
}

/// What the next person reads of a conversation that was given to them, before its last texts.
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
pub fn reminder(conversation: &Conversation, since: &str, next: Option<&str>) -> String {
    let Conversation {
        customer,
        tag,
        words: Words(words),
        ..
    } = conversation;
    let after = match next {
        Some(next) => format!(" Answer, or text GOT IT {tag}, or it goes to {next}."),
        None => format!(" Answer, or text GOT IT {tag}."),
    };
    let waits = format!("{}{WAITS}{since}: ", customer.expose());
    let words = in_quotes(words, room_beside(&format!("{waits}{after}")));
    format!("{waits}{words}{after}")
}

/// To the owner, when nobody is left who could be asked to answer.
pub fn nobody_answered(customer: &PhoneNumber, since: &str, words: &str) -> String {
    let says = format!(
        "{NOBODY_ANSWERED}{} since {since}, please call: ",
        digits(customer)
    );
    quoting(&says, words, "")
}

/// To the owner, a week after the last word about it.
pub fn forgotten(conversation: &Conversation, since: &str) -> String {
    let Conversation { customer, tag, .. } = conversation;
    let customer = digits(customer);
    format!(
        "{NOBODY_ANSWERED}{customer} since {since}, for more than a week: from now on answers go there only \
         with {tag} in front."
    )
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
