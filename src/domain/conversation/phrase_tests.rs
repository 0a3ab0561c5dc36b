//! What persons text, in four situations, and what must happen: a customer never reads what was not
//! meant for them, and nothing ends in silence but what a phone writes by itself.

use super::addressee::{Intent, PersonText};
use super::question::Written;
use super::*;
use crate::domain::command::Given;
use crate::domain::delivery::{Attempt, Outcome as AttemptOutcome, Purpose, Recipient};
use crate::domain::inbound::InboundSms;
use crate::domain::line::pin::Pin;
use crate::domain::line::{Line, config};
use crate::domain::phone::Sender;

const NOW: &str = "2026-11-23T18:00:00Z";

fn line() -> Line {
    config::parse(config::EXAMPLE, "relay.toml")
        .unwrap()
        .remove(0)
}

fn at(minutes: i64) -> Timestamp {
    NOW.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minutes)
}

fn sid(n: u32) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

/// A customer whose text reached Sergio's phone so many minutes ago.
fn candidate(line: &Line, number: &str, words: &str, ago: i64, waits: bool) -> Candidate {
    let person = &line.people[0];
    let customer = PhoneNumber::parse(number).unwrap();
    let text = sid(ago as u32 + 1);
    let id = DeliveryId::of_inbound(&text);
    let mut conversation = Conversation::new(customer.clone(), &[], at(-ago));
    conversation.customer_wrote(
        CustomerText {
            sid: &text,
            words: &Words(words.to_owned()),
            person: &person.number,
            delivery: &id,
            wants_answer: waits,
        },
        line.policy.conversation_for,
        at(-ago),
    );
    let body = format!("{number} (San Diego, CA): {words}");
    let to = Recipient::of(person);
    let mut last = Delivery::new(
        line,
        id,
        Purpose::Relay,
        to.clone(),
        (body, Vec::new()),
        at(-ago),
    );
    last.attempts.push(Attempt {
        number: 1,
        to,
        part: 0,
        of: 1,
        began: at(-ago),
        outcome: AttemptOutcome::Delivered,
        since: at(-ago),
        sid: None,
        via: None,
        disproved: None,
        since_backup: None,
    });
    Candidate {
        conversation,
        texts: vec![last],
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    NobodyWaits,
    OneWaits,
    TwoWait,
    QuestionOpen,
}

const SITUATIONS: [Situation; 4] = [
    Situation::NobodyWaits,
    Situation::OneWaits,
    Situation::TwoWait,
    Situation::QuestionOpen,
];

/// What becomes of a text, in a letter: `s`ent to the customer who waits, `t`o the one who is named,
/// `a`sked, a command `x`, `c`hosen for what waited, `d`ropped, `r`efused with words, or `-`: nothing,
/// as it is a phone's own.
fn becomes(situation: Situation, body: &str, pin: Option<&str>) -> char {
    becomes_of(situation, body, pin, false)
}

fn becomes_of(situation: Situation, body: &str, pin: Option<&str>, is_away: bool) -> char {
    let mut line = line();
    line.people[0].pin = pin.map(|pin| Pin::parse(pin).unwrap());
    let ana = |waits| candidate(&line, "+16195550107", "Is the boat ready?", 20, waits);
    let ben = candidate(&line, "+16195550108", "Do you have diesel?", 10, true);
    let conversations = match situation {
        Situation::NobodyWaits => vec![],
        Situation::OneWaits => vec![ana(true)],
        Situation::TwoWait | Situation::QuestionOpen => vec![ben, ana(true)],
    };
    let known = [candidate(&line, "+16195550107", "Is the boat ready?", 20, true).conversation];
    let mut state = PersonState::default();
    if situation == Situation::QuestionOpen {
        let choices = conversations
            .iter()
            .map(|c| addressee::choice(&c.conversation));
        state.question = Some(Question {
            sid: sid(99),
            asked: at(-2),
            what: What::Send(vec![Written {
                sid: sid(99),
                body: Words("Yes, at five".to_owned()),
                media: Vec::new(),
            }]),
            choices: choices.collect(),
            first_number: 1,
            command: None,
        });
    }
    let sms = InboundSms {
        sid: sid(100),
        from: Sender::Phone(line.people[0].number.clone()),
        to: line.number.clone(),
        place: None,
        body: body.to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let given = Given::of(&sms, &line.people[0], at(0), &line);
    let command = given
        .iter()
        .filter_map(|given| given.command.as_ref()?.as_ref().ok());
    let in_command = command
        .filter_map(|command| command.names())
        .map(str::to_owned);
    let in_front = addressed(body).map(|(digits, _)| digits.ascii());
    let digits: Vec<String> = in_front.into_iter().chain(in_command).collect();
    let is_named = |c: &&Conversation| digits.iter().any(|digits| c.is_named(digits));
    let named: Vec<Conversation> = known.iter().filter(is_named).cloned().collect();
    let text = PersonText {
        line: &line,
        person: &line.people[0],
        sms: &sms,
        written: at(0),
        now: at(0),
        conversations: &conversations,
        named: &named,
        stranger: None,
        on_number: None,
        offered: &[],
        state: &state,
        is_away,
        given,
    };
    let intent = text.intent();
    match &intent {
        Intent::Send { to, .. } if !named.is_empty() && to[0] == named[0].customer => 't',
        Intent::Send { .. } => 's',
        Intent::Do { .. } if situation == Situation::QuestionOpen && text.given.is_none() => 'c',
        Intent::Ask { .. } | Intent::AskAgain { .. } => 'a',
        Intent::Drop { .. } => 'd',
        Intent::Do { .. } | Intent::Command(_) | Intent::Chosen(_) => 'x',
        Intent::Automatic(_) => 'r',
        Intent::Seen(_) => '-',
        Intent::Refuse { answer, .. } if answer.is_empty() => '-',
        Intent::Refuse { .. } => 'r',
    }
}

/// Each with what becomes of it if nobody waits, one customer does, two do, and a question is open.
const PHRASES: &[(&str, &str)] = &[
    ("Yes", "rsar"),
    ("No", "rsar"),
    ("ok", "rsar"),
    ("OK!", "rsar"),
    ("Ok 👍", "rsar"),
    ("Sure", "rsar"),
    ("sure thing", "rsar"),
    ("Thanks", "rsar"),
    ("Thank you!", "rsar"),
    ("On my way", "rsar"),
    ("I'm on my way", "rsar"),
    ("On it", "rsar"),
    ("I'm driving over now, 10 min", "rsar"),
    ("I am driving, be there at 5", "rsar"),
    ("Driving now", "rsar"),
    ("Be there in 10", "rsar"),
    ("10 min", "rsar"),
    ("5 minutes", "rsar"),
    ("At five", "rsar"),
    ("Or at six", "rsar"),
    ("Yes it is ready, code for the gate is 4471", "rsar"),
    ("The code is 1234", "rsar"),
    ("1234", "rsar"),
    ("1230 works for me", "rsar"),
    ("12:30 works", "rsar"),
    ("5pm", "rsar"),
    ("5", "rsaa"),
    ("2", "rsac"),
    ("2 of them", "rsar"),
    ("Two", "rsac"),
    ("two please", "rsac"),
    ("7 people are coming", "rsar"),
    ("8pm is fine", "rsar"),
    ("$20", "rsar"),
    ("20 dollars", "rsar"),
    ("€45 each", "rsar"),
    ("0107 yes", "attt"),
    ("#0107 yes", "tttt"),
    ("0107: yes", "tttt"),
    ("@0107 yes", "tttt"),
    ("Re 0107: yes", "tttt"),
    ("re 0107 yes", "attt"),
    ("+16195550107: yes", "tttt"),
    ("+16195550107 (San Diego, CA): yes", "tttt"),
    ("6195550107 yes", "attt"),
    ("(619) 555-0107: yes", "tttt"),
    ("619-555-0107: yes", "tttt"),
    ("6195550 hi", "rrrr"),
    ("619555010 hi", "rrrr"),
    ("6195550111 hi", "rrrr"),
    ("61955501077: hi", "rrrr"),
    ("+1619555010 hi", "rrrr"),
    ("0107 0108 hi", "atrr"),
    ("#0107, #0108: hi", "ttrr"),
    ("0107 and 0108 hi", "atrr"),
    ("0107 & 0108: hi", "atrr"),
    ("0107 1230 works", "attt"),
    ("#0107", "rrrc"),
    ("0107", "rrrc"),
    ("0107:", "rrrc"),
    ("#0199 yes", "rrrr"),
    ("0199: yes", "rrrr"),
    ("0199 yes", "rsar"),
    ("#0107 away", "tttt"),
    ("0107 back", "attt"),
    ("0107: status?", "tttt"),
    ("0107 stop by at 5", "attt"),
    ("#0107 Loved it", "tttt"),
    ("0107, on my way", "attt"),
    ("away", "xxxx"),
    ("Away.", "xxxx"),
    ("AWAY!", "xxxx"),
    ("away 2h", "xxxx"),
    ("away until 5pm", "xxxx"),
    ("away until mon 8:00", "xxxx"),
    ("away until yesterday", "xxxx"),
    ("away until", "xxxx"),
    ("away 90d", "xxxx"),
    ("Away tomorrow", "xxxx"),
    ("away until tomorrow", "xxxx"),
    ("away tomorrow 9 to 5", "rrrr"),
    ("away today", "xxxx"),
    ("away 5", "xxxx"),
    ("away half an hour", "xxxx"),
    ("away 17h", "xxxx"),
    ("away the weekend", "xxxx"),
    ("Away next friday", "xxxx"),
    ("Away Dec 10", "xxxx"),
    ("away until the cows come home", "xxxx"),
    ("away by 5", "rrrr"),
    ("away at 5", "rrrr"),
    ("away in 2 hours", "xxxx"),
    ("away in 10 min", "xxxx"),
    ("away in a bit", "rrrr"),
    ("away in Italy", "rsar"),
    ("away2h", "xxxx"),
    ("away 2hrs.", "xxxx"),
    ("away: until 5", "xxxx"),
    ("Awayteam wins", "rsar"),
    ("away from the keyboard, back at 5", "rsar"),
    ("away team at 5", "rsar"),
    ("away to the races", "rsar"),
    ("away tomorrow-ish", "rrrr"),
    ("away for lunch", "xxxx"),
    ("awya", "rrrr"),
    ("awy 2h", "rrrr"),
    ("away games are on Sunday", "rsar"),
    ("I'm away", "rsar"),
    ("I am away until Monday", "rsar"),
    ("away with it", "rsar"),
    (".away", "xxxx"),
    ("/away", "xxxx"),
    (". away", "xxxx"),
    ("\"away\"", "xxxx"),
    ("back", "xaax"),
    ("Back", "xaax"),
    ("Back!", "xaax"),
    ("\"Back!\" 👍", "xaax"),
    ("BACK", "xaax"),
    ("/back", "xxxx"),
    (".back", "xxxx"),
    ("back in a minute", "xaaa"),
    ("back in 5", "xaaa"),
    ("Back in 10 min!", "xaaa"),
    ("back at 5", "xaaa"),
    ("back by noon", "xaaa"),
    (".back in 5", "xxxx"),
    ("back in a bit", "rrrr"),
    ("back in stock", "rsar"),
    ("back at the dock", "rsar"),
    ("I'm back", "rsar"),
    ("bcak", "rrrr"),
    ("Be right back", "rsar"),
    ("who", "xaax"),
    ("Who?", "xaax"),
    ("who's this?", "rsar"),
    ("who is this", "rsar"),
    ("Who is on duty", "rrrr"),
    ("/who", "xxxx"),
    ("woh", "rrrr"),
    ("status", "xaax"),
    ("Status?", "xaax"),
    ("statsu", "rrrr"),
    ("/status", "xxxx"),
    ("Status of the order is open", "rsar"),
    ("help", "xaax"),
    ("HELP", "xaax"),
    ("Help!", "xaax"),
    ("Help is on the way", "rsar"),
    ("commands", "xaax"),
    ("EVENTS", "xaaa"),
    ("events!", "xaaa"),
    (".events", "xxxx"),
    ("stop maintenance", "xaaa"),
    ("Events tonight?", "rsar"),
    ("hepl", "rrrr"),
    ("/help", "xxxx"),
    ("pass", "raaa"),
    ("Pass", "raaa"),
    ("PASS ANA", "rrrr"),
    ("PASS TO SERGIO", "rrrr"),
    ("Pass 0107 to Sergio", "rrrr"),
    ("pasar a sergio", "rrrr"),
    ("pass sergio 0107", "rrrr"),
    (".pass sergio", "rrrr"),
    ("PASAR 0107 A SERGIO", "rrrr"),
    ("AWAY -2H", "xxxx"),
    ("PASS BACKUP", "rxaa"),
    ("pass backup", "rxaa"),
    ("pass to backup", "rxaa"),
    ("pass 0107", "rxxx"),
    ("pass 0107 backup", "rxxx"),
    ("pass 0107 to Backup", "rxxx"),
    ("pass #0107", "rxxx"),
    ("pass me the salt", "rsar"),
    ("pass by any time", "rsar"),
    ("pass it on", "rsar"),
    ("Pass it to him", "rrrr"),
    (".pass", "rxaa"),
    ("pas", "rrrr"),
    ("got it", "rsar"),
    ("Got it!", "rsar"),
    ("Got it, thanks", "rsar"),
    ("got it 0107", "rxxx"),
    ("GOT IT", "rsar"),
    ("gotit", "rrrr"),
    ("done", "raaa"),
    ("Done!", "raaa"),
    ("Done deal, see you at 5", "rsar"),
    ("done 0107", "rxxx"),
    ("All done", "rsar"),
    ("doen", "rrrr"),
    ("/done", "rxaa"),
    ("block 0107", "aaaa"),
    ("Block 0107!", "aaaa"),
    (".block #0107", "aaaa"),
    ("block 0199", "rrrr"),
    ("block", "raaa"),
    ("BLOCK", "raaa"),
    ("unblock 0107", "rrrr"),
    ("unblock", "rrrr"),
    ("unblok 0107", "rrrr"),
    ("call", "rxaa"),
    ("CALL!", "rxaa"),
    (".call", "rxaa"),
    ("call 0107", "xxxx"),
    ("Call #0107", "xxxx"),
    ("0107 call", "xxxx"),
    ("#0107: CALL", "xxxx"),
    ("0107 call me back", "attt"),
    ("call 0199", "rrrr"),
    ("0199 call", "rrrr"),
    ("call him", "rrrr"),
    ("call me back", "rsar"),
    ("Call 6195550142", "rsar"),
    ("Call 619-555-0142", "rsar"),
    ("Block off the dock", "rsar"),
    ("block him", "rrrr"),
    ("Blocked", "rsar"),
    ("off", "rrrr"),
    ("off duty", "rrrr"),
    ("Off to the boat now", "rsar"),
    ("out", "rrrr"),
    ("out until 5", "rrrr"),
    ("Out of stock", "rsar"),
    ("on", "rrrr"),
    ("on duty", "rrrr"),
    ("On", "rrrr"),
    ("On Monday", "rsar"),
    (
        "Liked “+16195550107 (San Diego, CA): Is the boat ready?”",
        "----",
    ),
    ("Loved “Is the boat ready?”", "----"),
    (
        "Loved “+16195550107 (San Diego, CA): Is the boat ready?”",
        "----",
    ),
    (
        "Laughed at “You are away until 5:00 PM. Texts go to Backup.”",
        "----",
    ),
    (
        "Emphasized “+16195550107 (San Diego, CA): Is the boat…”",
        "----",
    ),
    ("Questioned “hello”", "----"),
    ("Disliked “hello”", "----"),
    ("Liked an image", "----"),
    (
        "Reacted 😂 to “+16195550107 (San Diego, CA): Is the boat ready?”",
        "----",
    ),
    (
        "👍 to “+16195550107 (San Diego, CA): Is the boat ready?”",
        "----",
    ),
    (
        "Removed a like from “+16195550107 (San Diego, CA): Is the boat ready?”",
        "----",
    ),
    (
        "Le gusta “+16195550107 (San Diego, CA): Is the boat ready?”",
        "----",
    ),
    ("Loved seeing you today", "rsar"),
    ("I liked the boat", "rsar"),
    ("👍", "rsar"),
    ("👍🏽", "rsar"),
    ("🙏", "rsar"),
    ("👍👍 !", "rsar"),
    ("❤️", "rsar"),
    ("😂😂", "rsar"),
    (
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.",
        "rrrr",
    ),
    (
        "I'm driving with Focus turned on. I'll see your message when I get where I'm going.",
        "rrrr",
    ),
    (
        "(I'm not receiving notifications. If this is urgent, reply \"urgent\" to send a notification through with your original message.)",
        "rrrr",
    ),
    ("I'm driving right now.", "rrrr"),
    ("Sorry, I can't talk right now.", "rsar"),
    ("Can I call you later?", "rsar"),
    ("urgent", "rsar"),
    ("I'm not receiving notifications", "rsar"),
    ("Automatic reply: out until Monday", "rrrr"),
    ("This is an automated message", "rrrr"),
    ("both", "rsac"),
    ("Both of them", "rsac"),
    ("all", "rsac"),
    ("All good", "rsar"),
    ("neither", "rsad"),
    ("nobody", "rsad"),
    ("none", "rsad"),
    ("0", "rsad"),
    ("0.", "rsad"),
    ("1", "rsac"),
    ("1.", "rsac"),
    ("1)", "rsac"),
    ("#1", "rsac"),
    ("#2", "rsac"),
    ("first", "rsac"),
    ("the first", "rsac"),
    ("second one", "rsac"),
    ("one", "rsac"),
    ("One moment", "rsar"),
    ("2 please", "rsac"),
    ("2 we do", "rsar"),
    ("1, yes", "rsac"),
    ("3", "rsaa"),
    ("9", "rsaa"),
    ("99", "rsaa"),
    ("diesel", "rsac"),
    ("boat", "rsac"),
    ("The boat", "rsac"),
    ("Boat is ready", "rsar"),
    ("Who gets what?", "rsar"),
    ("Which one?", "rsar"),
    ("What?", "rsar"),
    ("?", "rsar"),
    ("...", "rsar"),
    ("!", "rsar"),
    ("Hello", "rsar"),
    ("Hi", "rsar"),
    ("Hi there!", "rsar"),
    ("Good morning", "rsar"),
    ("Good night", "rsar"),
    ("See you", "rsar"),
    ("See you tomorrow", "rsar"),
    ("see you at 5 tomorrow", "rsar"),
    ("Tomorrow", "rsar"),
    ("tomorrow 9am", "rsar"),
    ("Monday", "rsar"),
    ("Mon 8", "rsar"),
    ("noon", "rsar"),
    ("midnight", "rsar"),
    ("Can you come at 5?", "rsar"),
    ("Call me", "rsar"),
    ("Call me at 619-555-0110", "rsar"),
    ("My number is 619-555-0110", "rsar"),
    ("+16195550110", "rsar"),
    ("The address is 12 Harbor Dr", "rsar"),
    ("12 Harbor Dr", "rsar"),
    ("Dock 4, berth 12", "rsar"),
    ("Gate 4471#", "rsar"),
    ("#4 is yours", "rsar"),
    ("#12", "rsaa"),
    ("No worries", "rsar"),
    ("no problem", "rsar"),
    ("Np", "rsar"),
    ("k", "rsar"),
    ("kk", "rsar"),
    ("lol", "rsar"),
    ("haha", "rsar"),
    ("What time?", "rsar"),
    ("When?", "rsar"),
    ("Where are you?", "rsar"),
    ("We open at 8", "rsar"),
    ("We're closed", "rsar"),
    ("Closed today", "rsar"),
    ("Not yet", "rsar"),
    ("Maybe", "rsar"),
    ("I don't know", "rsar"),
    ("Let me check", "rsar"),
    ("Checking", "rsar"),
    ("One sec", "rsar"),
    ("Wait", "rsar"),
    ("Stop by any time", "rsar"),
    ("Start the engine first", "rsar"),
    ("End of the dock", "rsar"),
    ("Please cancel", "rsar"),
    ("Cancel the order?", "rsar"),
    ("I'll pass it on", "rsar"),
    ("I'll be away", "rsar"),
    ("I'll be back at 5", "rsar"),
    ("He's away until Monday", "rsar"),
    ("They are out until 5", "rsar"),
    ("The status is good", "rsar"),
    ("Need help?", "rsar"),
    ("We can help", "rsar"),
    ("can you help him", "rsar"),
    ("Who is it for?", "rsar"),
    ("I know who", "rsar"),
    ("Not me", "rsar"),
    ("You are on duty", "rsar"),
    ("Text me", "rsar"),
    ("Thanks for the reminder", "rsar"),
    ("Ja", "rsar"),
    ("Sí", "rsar"),
    ("Sí, a las cinco", "rsar"),
    ("Gracias", "rsar"),
    ("Danke", "rsar"),
    ("Vale", "rsar"),
    ("De nada", "rsar"),
    ("https://example.com/boat", "rsar"),
    ("See https://example.com/boat?id=0107", "rsar"),
    ("Invoice 20451", "rsar"),
    ("Order #20451 is ready", "rsar"),
    ("20451 is your order", "rsar"),
    ("Your code: 4471", "rsar"),
    ("4471", "rsar"),
    ("12/10", "rsar"),
    ("Dec 10", "rsar"),
    ("2026-12-10", "rsar"),
    ("12/10 works", "rsar"),
    ("10:30", "rsar"),
    ("10.30", "rsar"),
    ("1700", "rsar"),
    ("17h", "rsar"),
    ("5ish", "rsar"),
    ("½ tank", "rsar"),
    ("100%", "rsar"),
    ("50% off", "rsar"),
    ("On sale", "rsar"),
    ("On time", "rsar"),
    ("On hold", "rsar"),
    ("Off season", "rsar"),
    ("Out for delivery", "rsar"),
    ("Outside", "rsar"),
    ("Backup will come", "rsar"),
    ("Awaiting parts", "rsar"),
    ("Statue is fixed", "rsar"),
    ("Passed it on", "rsar"),
    ("Donee", "rrrr"),
    ("Help yourself", "rsar"),
];

#[test]
fn what_persons_text_ends_as_it_must_in_every_situation() {
    let mut wrong = Vec::new();
    for (body, expected) in PHRASES {
        let became: String = SITUATIONS.iter().map(|s| becomes(*s, body, None)).collect();
        if became != *expected {
            wrong.push(format!("({body:?}, {became:?}), // was {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(PHRASES.len() >= 250, "{}", PHRASES.len());
}

/// The same of a person who is away.
const WHILE_AWAY: &[(&str, &str)] = &[
    ("I'm back", "xaax"),
    ("Im back", "xaax"),
    ("i’m back!", "xaax"),
    ("back now", "xaax"),
    ("Back on duty", "xaax"),
    ("ok I'm back, thanks", "xaax"),
    ("Ya estoy de vuelta", "xaax"),
    ("estoy de vuelta", "xaax"),
    ("BACK", "xaax"),
    ("I'm back at 5", "rsar"),
    ("Yes", "rsar"),
    ("0107 I'm back", "attt"),
];

#[test]
fn who_is_away_and_says_that_they_are_back_is_not_read_by_a_customer_unasked() {
    for (body, expected) in WHILE_AWAY {
        let all = SITUATIONS.iter();
        let became: String = all.map(|s| becomes_of(*s, body, None, true)).collect();
        assert_eq!(became, *expected, "{body}");
    }
    let with_pin: String = SITUATIONS
        .iter()
        .map(|s| becomes_of(*s, "I'm back", Some("4711"), true))
        .collect();
    assert_eq!(with_pin, "rrrr");
}

/// The same of a person who has the PIN 4711.
const WITH_PIN: &[(&str, &str)] = &[
    ("It's 4711 Main Street", "rrrr"),
    ("4711", "rrrr"),
    ("4711 away", "xxxx"),
    ("4711, back", "rrrr"),
    ("4711 back", "xxxx"),
    ("my pin is 4711", "rrrr"),
    ("pin 47 11", "rrrr"),
    ("4-7-1-1", "rrrr"),
    ("47111", "rsar"),
    ("4711 hello", "rrrr"),
    ("away", "xxxx"),
    ("back", "xsar"),
    ("Help", "xaax"),
    ("yes", "rsar"),
    ("pass 0107", "rxxx"),
    ("done", "rsar"),
    ("block 0107", "aaaa"),
    ("4711 block 0107", "aaaa"),
];

#[test]
fn a_pin_goes_to_nobody_and_commands_need_it() {
    for (body, expected) in WITH_PIN {
        let became: String = SITUATIONS
            .iter()
            .map(|s| becomes(*s, body, Some("4711")))
            .collect();
        assert_eq!(became, *expected, "{body}");
    }
}
