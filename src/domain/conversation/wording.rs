//! What the relay itself says to people about their conversations: each a sentence or two, in one GSM-7
//! segment.

use super::question::Written;
use super::{Block, Blocker, Choice, Conversation, Question, What, Words};
use crate::domain::command::Command;
use crate::domain::language::{Language, Phrase, say};
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::attachments::or_attachments;
use crate::domain::sms::first_segment::quoting;
use crate::domain::sms::plain::room_beside;
use crate::domain::sms::{clipped, gsm7_line};

/// How much is quoted of the words that a question is about, in septets, with the quotation marks.
const QUOTED: usize = 32;

const HOW_TO_CHOOSE: Phrase = Phrase::new(
    " Text the number, or 0 for nobody.",
    " Responde con la cifra, o 0 para nadie.",
);
const AUTOMATIC_REPLY: Phrase = Phrase::new(
    "Taken for your phone's automatic reply, not sent. ",
    "Parece un texto que tu teléfono escribe solo, no enviado. ",
);
const DID_YOU_MEAN: Phrase = Phrase::new("Not sent. Did you mean ", "No enviado. ¿Quisiste decir ");
const THIS_NUMBER_IS_FOR: Phrase = Phrase::new(
    "Not sent. This number is for ",
    "No enviado. Este teléfono es para ",
);
const ONCE_MORE: Phrase = Phrase::new("Once more: ", "Otra vez: ");
const THIS_ONE_WAS_NOT_SENT: Phrase = Phrase::new(
    "This one was not sent. First: ",
    "Este no se ha enviado. Primero: ",
);
const NOTHING_WAS_SENT: Phrase = Phrase::new(" Nothing was sent.", " No se ha enviado nada.");
const NOTHING_WAS_CHANGED: Phrase = Phrase::new("Nothing was changed.", "Nada ha cambiado.");
const NOBODY_WAS_MEANT: Phrase = Phrase::new(
    "Not sent, as you did not say to whom: ",
    "No enviado, pues no dijiste a quién: ",
);
const REACH_NOBODY: Phrase = Phrase::new(
    " texts and calls reach nobody",
    " mensajes y llamadas no llegan a nadie",
);
const WAITS: Phrase = Phrase::new(
    " has waited for an answer since ",
    " espera respuesta desde ",
);

/// What stands in these texts and hardly in anybody else's.
pub(crate) const MARKS: [Phrase; 9] = [
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
pub(crate) const MARKS_BEHIND_NUMBERS: [Phrase; 2] = [WAITS, CLAIMED];

const NO_CONVERSATION: Phrase = Phrase::new(
    "No customer has written to you, so this went to nobody. HELP tells what the line understands.",
    "No te ha escrito un cliente, por eso esto no llega a nadie. AYUDA muestra los comandos.",
);
const CLAIMED: Phrase = Phrase::new(" and takes care of it.", " y se encarga.");
const ANSWERED: Phrase = Phrase::new(" has answered +", " ha contestado a +");
const NOBODY_ANSWERED: Phrase = Phrase::new("Nobody has answered +", "Nadie ha contestado a +");

/// Asks a person for whom their text is: the numbers of the choices, the last digits of the
/// customers', and what they wrote last.
pub fn question(language: Language, question: &Question, is_repeated: bool) -> String {
    let once_more = ONCE_MORE.of(language);
    asks(language, question, if is_repeated { once_more } else { "" })
}

/// The question behind other words.
fn asks(language: Language, question: &Question, before: &str) -> String {
    let how = match &question.command {
        Some(command) => {
            let number = question.last_number() + 1;
            let (meant, how) = (meant(language, command), HOW_TO_CHOOSE.of(language));
            format!(" {number} = {meant}.{how}")
        }
        None => HOW_TO_CHOOSE.of(language).to_owned(),
    };
    let option = |(number, choice): (usize, &Choice)| format!(" {number} = {}", choice.tag);
    let options: String = question.numbered().map(option).collect();
    let reach_nobody = REACH_NOBODY.of(language);
    let head = match (&question.what, question.choices.as_slice()) {
        (What::Block, [one]) => {
            return whether_to_block(language, one, question.first_number, before);
        }
        (What::Send(texts), _) => {
            let of = say!(
                language,
                "{before}Who is and 10 more for?{options}{how}",
                "{before}¿Para quién es y 10 otros?{options}{how}"
            );
            let words = quoted(language, texts, room_beside(&of));
            say!(language, "Who is {words} for?", "¿Para quién es {words}?")
        }
        (What::Pass(_), _) => say!(language, "Pass on which?", "¿Qué cliente pasas?"),
        (What::Claim, _) => say!(language, "Which do you take?", "¿Qué cliente tomas?"),
        (What::Done, _) => say!(language, "Which is done?", "¿Qué cliente queda listo?"),
        (What::Block, _) => say!(
            language,
            "Block which? Their{reach_nobody} from then on.",
            "¿Qué cliente bloqueas? Sus{reach_nobody}."
        ),
        (What::Unblock, _) => say!(language, "Unblock which?", "¿Qué cliente desbloqueas?"),
        (What::Call, _) => say!(language, "Call which?", "¿A qué cliente llamas?"),
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

fn whether_to_block(language: Language, customer: &Choice, number: usize, before: &str) -> String {
    let (tag, reach_nobody) = (&customer.tag, REACH_NOBODY.of(language));
    let asks = say!(
        language,
        "{before}Block {tag} ",
        "{before}¿Bloquear a {tag} "
    );
    let how = say!(
        language,
        "? Their{reach_nobody} from then on. Text {number} to block, 0 to keep.",
        "? Sus{reach_nobody}. Responde {number} para bloquear, 0 para no."
    );
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
fn meant(language: Language, command: &Command) -> &'static str {
    let meant = match command {
        Command::Back => Phrase::new("you are back on duty", "has vuelto a tu turno"),
        Command::Who => Phrase::new("who is on duty", "quién recibe los mensajes"),
        Command::Status => Phrase::new("your status", "tu estado"),
        Command::Help => Phrase::new("the commands", "los comandos"),
        Command::Pass { .. } => Phrase::new("pass it on", "pasar el cliente"),
        Command::Done(_) => Phrase::new("it is done", "el cliente queda listo"),
        Command::Away(_) => Phrase::new("you are away", "quedas fuera"),
        Command::Claim(_) => Phrase::new("you take it", "tomas el cliente"),
        Command::Block(_) => Phrase::new("block them", "bloquear"),
        Command::Unblock(_) => Phrase::new("unblock them", "desbloquear"),
        Command::Call(_) => Phrase::new("call them", "llamar"),
        Command::Topic(_) => Phrase::new("your notices", "tus avisos"),
    };
    meant.of(language)
}

/// The beginning of the first text, and how many others wait with it.
fn quoted(language: Language, texts: &[Written], room: usize) -> String {
    let first = texts
        .first()
        .map(|text| or_attachments(language, &text.body.0, text.media.len()));
    let words = match in_quotes(&first.unwrap_or_default(), room.min(QUOTED)) {
        words if words.is_empty() => say!(language, "it", "esto"),
        words => words,
    };
    match texts.len() {
        0 | 1 => words,
        count => {
            let more = count - 1;
            say!(
                language,
                "{words} and {more} more",
                "{words} y {more} otros"
            )
        }
    }
}

/// Texts that waited in vain.
pub fn not_sent(language: Language, question: &Question, texts: &[Written]) -> String {
    match &question.what {
        What::Send(_) => {
            let tag = question
                .choices
                .first()
                .map_or("0107", |choice| &choice.tag);
            let words = quoted(language, texts, QUOTED);
            let mark = NOBODY_WAS_MEANT.of(language);
            say!(
                language,
                "{mark}{words}. To send it, text {tag} and the words.",
                "{mark}{words}. Para enviarlo, escribe {tag} y el texto."
            )
        }
        What::Pass(_) => say!(
            language,
            "Nothing was passed on, as you did not say which.",
            "No has pasado a nadie, pues no dijiste a quién."
        ),
        What::Claim => say!(
            language,
            "You took nothing, as you did not say which.",
            "No has tomado a nadie, pues no dijiste a quién."
        ),
        What::Done => say!(
            language,
            "Nothing is done, as you did not say which.",
            "Nadie queda listo, pues no dijiste quién."
        ),
        What::Block => say!(
            language,
            "Nobody was blocked, as you did not say so.",
            "No has bloqueado a nadie, pues no respondiste."
        ),
        What::Unblock => say!(
            language,
            "Nobody was unblocked, as you did not say which.",
            "No has desbloqueado a nadie, pues no dijiste a quién."
        ),
        What::Call => say!(
            language,
            "Nobody was called, as you did not say which.",
            "No has llamado a nadie, pues no dijiste a quién."
        ),
    }
}

/// A text that came while a question was open.
pub fn answer_first(language: Language, open: &Question) -> String {
    asks(language, open, THIS_ONE_WAS_NOT_SENT.of(language))
}

pub fn no_conversation(language: Language) -> &'static str {
    NO_CONVERSATION.of(language)
}

pub fn nothing_open_to(language: Language, what: &What) -> &'static str {
    let says = match what {
        What::Send(_) => NO_CONVERSATION,
        What::Pass(_) => Phrase::new(
            "You have no customer to pass on.",
            "No tienes un cliente que pasar.",
        ),
        What::Claim => Phrase::new(
            "You have no customer to take.",
            "No tienes un cliente que tomar.",
        ),
        What::Done => Phrase::new(
            "None of your customers is waiting.",
            "No te espera un cliente.",
        ),
        What::Block => Phrase::new(
            "Whom? Put the last digits of their number behind it, such as: BLOCK 0107.",
            "¿A quién? Añade las cifras finales de su teléfono, por ejemplo: BLOQUEAR 0107.",
        ),
        What::Unblock => Phrase::new(
            "Whom? Put the last digits of their number behind it, such as: UNBLOCK 0107.",
            "¿A quién? Añade las cifras finales de su teléfono, por ejemplo: DESBLOQUEAR 0107.",
        ),
        What::Call => Phrase::new(
            "Whom? Put the last digits of their number behind it, such as: CALL 0107.",
            "¿A quién? Añade las cifras finales de su teléfono, por ejemplo: LLAMAR 0107.",
        ),
    };
    says.of(language)
}

pub fn unknown_tag(language: Language, digits: &str, latest: &[Choice]) -> String {
    let (known, nothing) = (your_last(language, latest), NOTHING_WAS_SENT.of(language));
    say!(
        language,
        "No customer's number ends in {digits}.{known}{nothing}",
        "No hay cliente cuyo teléfono acabe en {digits}.{known}{nothing}"
    )
}

/// A command about a customer who may be somebody else's.
pub fn not_yours(language: Language, digits: &str, latest: &[Choice]) -> String {
    let (known, nothing) = (
        your_last(language, latest),
        NOTHING_WAS_CHANGED.of(language),
    );
    say!(
        language,
        "You have no customer whose number ends in {digits}.{known} {nothing}",
        "No tienes un cliente cuyo teléfono acabe en {digits}.{known} {nothing}"
    )
}

fn your_last(language: Language, latest: &[Choice]) -> String {
    let known: Vec<&str> = latest.iter().map(|choice| choice.tag.as_str()).collect();
    let known = known.join(", ");
    match known.as_str() {
        "" => String::new(),
        known => say!(language, " Your last: {known}.", " Los recientes: {known}."),
    }
}

/// Digits in front that are no tag of anybody's and too many for anything else.
pub fn unknown_number(language: Language, digits: &str, latest: &[Choice]) -> String {
    let how = latest.first().map_or(String::new(), |choice| {
        let tag = &choice.tag;
        say!(
            language,
            " To send it as it is, put {tag} in front.",
            " Para enviarlo tal cual, pon {tag} delante."
        )
    });
    format!("{}{how}", unknown_tag(language, digits, latest))
}

pub fn names_two(language: Language, tag: &str, other: &str) -> String {
    let nothing = NOTHING_WAS_SENT.of(language);
    say!(
        language,
        "That names {tag} and {other}. Text each of them by itself.{nothing}",
        "Nombras a {tag} y a {other}. Escribe a cada uno por separado.{nothing}"
    )
}

/// The customers who wait for the person, and the last ones otherwise.
pub fn open(language: Language, waiting: &[String]) -> Option<String> {
    (!waiting.is_empty()).then(|| {
        let waiting = shown(language, waiting, 5);
        say!(
            language,
            "Waiting for you: {waiting}.",
            "Te esperan: {waiting}."
        )
    })
}

/// What a person reads who writes to a number that never wrote.
pub fn may_not_write_first(language: Language, customer: &PhoneNumber) -> String {
    let (customer, nothing) = (customer.expose(), NOTHING_WAS_SENT.of(language));
    say!(
        language,
        "{customer} never wrote to this line.{nothing} Call them, or have may_write_first = true put \
         under your name in the configuration.",
        "{customer} nunca ha escrito.{nothing} Llama, o pide que pongan may_write_first = true bajo tu \
         nombre en relay.toml."
    )
}

pub fn has_opted_out(language: Language, customer: &PhoneNumber) -> String {
    let (customer, nothing) = (customer.expose(), NOTHING_WAS_SENT.of(language));
    say!(
        language,
        "{customer} opted out of texts: call them.{nothing}",
        "{customer} no quiere mensajes: llama.{nothing}"
    )
}

pub fn not_allowed(language: Language, customer: &PhoneNumber) -> String {
    let (customer, nothing) = (customer.expose(), NOTHING_WAS_SENT.of(language));
    say!(
        language,
        "This line may not text {customer}: allowed_prefixes in the configuration does not have it.{nothing}",
        "No se permite escribir a {customer}: no entra en allowed_prefixes de relay.toml.{nothing}"
    )
}

pub fn no_words(language: Language, digits: &str) -> String {
    let nothing = NOTHING_WAS_SENT.of(language);
    say!(
        language,
        "Put words behind {digits}, such as: {digits} on my way.{nothing}",
        "Pon un texto tras {digits}, por ejemplo: {digits} voy en camino.{nothing}"
    )
}

pub fn nothing_to_send(language: Language, left_out: usize) -> String {
    let nothing = NOTHING_WAS_SENT.of(language);
    match left_out {
        0 => say!(
            language,
            "That was an empty text.{nothing}",
            "Ese mensaje no tiene texto.{nothing}"
        ),
        _ => say!(
            language,
            "That attachment cannot be passed on.{nothing}",
            "Ese adjunto no se puede reenviar.{nothing}"
        ),
    }
}

pub fn too_long(language: Language, characters: usize) -> String {
    let nothing = NOTHING_WAS_SENT.of(language);
    say!(
        language,
        "{characters} characters are too many for one text: 1600 at most, an emoji counts as two. \
         Send it in parts.{nothing}",
        "{characters} caracteres son demasiados: caben 1600, un emoji cuenta por dos. Manda el texto \
         por partes.{nothing}"
    )
}

pub fn question_is_over(language: Language, number: usize) -> String {
    let nothing = NOTHING_WAS_SENT.of(language);
    say!(
        language,
        "No question is open any more. To send just a number, put the customer's digits in front, such \
         as: 0107 {number}.{nothing}",
        "Ya no hay pregunta abierta. Para mandar solo una cifra, pon delante las del cliente: 0107 \
         {number}.{nothing}"
    )
}

pub fn dropped(language: Language, question: &Question) -> String {
    match &question.what {
        What::Send(texts) => {
            let words = quoted(language, texts, QUOTED);
            say!(
                language,
                "Dropped, nobody gets it: {words}",
                "Descartado, no llega a nadie: {words}"
            )
        }
        _ => NOTHING_WAS_CHANGED.of(language).to_owned(),
    }
}

/// The receipt of an answer that could have been for several customers.
pub fn sent_to(language: Language, tag: &str) -> String {
    say!(language, "Sent to {tag}.", "Enviado a {tag}.")
}

/// Whoever goes away reads which customers still wait for them.
pub fn still_wait(language: Language, tags: &[String], next: &str) -> Option<String> {
    let (first, more) = tags.split_first()?;
    let all = shown(language, tags, 3);
    Some(match more {
        [] => say!(
            language,
            "{first} still waits. PASS gives it to {next}.",
            "{first} espera respuesta. PASAR se lo da a {next}."
        ),
        _ => say!(
            language,
            "{all} still wait. PASS {first} gives that one to {next}.",
            "{all} esperan respuesta. PASAR {first} se lo da a {next}."
        ),
    })
}

/// The tags, at most so many of them.
fn shown(language: Language, tags: &[String], most: usize) -> String {
    let shown = tags[..tags.len().min(most)].join(", ");
    match tags.len().saturating_sub(most) {
        0 => shown,
        more => say!(
            language,
            "{shown} and {more} more",
            "{shown} y otros {more}"
        ),
    }
}

pub fn done(language: Language, tag: &str) -> String {
    say!(
        language,
        "{tag} is done: they wait no longer.",
        "{tag} queda listo: ya no espera."
    )
}

pub fn blocked(language: Language, tag: &str) -> String {
    let reach_nobody = REACH_NOBODY.of(language);
    say!(
        language,
        "{tag} is blocked: their{reach_nobody}. UNBLOCK {tag} takes it back.",
        "{tag} queda bloqueado: sus{reach_nobody}. DESBLOQUEAR {tag} lo deshace."
    )
}

/// To the owner.
pub fn blocked_by(language: Language, person: &str, conversation: &Conversation) -> String {
    let Conversation { customer, tag, .. } = conversation;
    let (customer, reach_nobody) = (customer.expose(), REACH_NOBODY.of(language));
    say!(
        language,
        "{person} has blocked {customer}: their{reach_nobody}. UNBLOCK {tag} takes it back.",
        "{person} ha bloqueado a {customer}: sus{reach_nobody}. DESBLOQUEAR {tag} lo deshace."
    )
}

pub fn unblocked(language: Language, tag: &str) -> String {
    say!(
        language,
        "{tag} is not blocked any more: their texts and calls come again.",
        "{tag} ya no tiene bloqueo: sus mensajes llegan otra vez."
    )
}

/// Nothing goes to a blocked customer.
pub fn is_blocked(language: Language, tag: &str, block: &Block) -> String {
    let (by, nothing) = (by(language, &block.by), NOTHING_WAS_SENT.of(language));
    say!(
        language,
        "{tag} is blocked {by}.{nothing} To write to them, text UNBLOCK {tag} first.",
        "{tag} fue bloqueado {by}.{nothing} Para escribirle, manda antes DESBLOQUEAR {tag}."
    )
}

/// Whoever blocks a customer who is blocked, or unblocks one who is not.
pub fn is_so_already(language: Language, conversation: &Conversation) -> String {
    let tag = &conversation.tag;
    match &conversation.blocked {
        Some(block) => {
            let by = by(language, &block.by);
            say!(
                language,
                "{tag} is blocked already, {by}.",
                "{tag} ya estaba bloqueado, {by}."
            )
        }
        None => say!(
            language,
            "{tag} is not blocked.",
            "{tag} no estaba bloqueado."
        ),
    }
}

fn by(language: Language, blocker: &Blocker) -> String {
    match blocker {
        Blocker::Person(name) => say!(language, "by {name}", "por {name}"),
        Blocker::Hand => say!(language, "by hand", "a mano"),
    }
}

pub fn automatic_reply(language: Language, tag: &str) -> String {
    let mark = AUTOMATIC_REPLY.of(language);
    say!(
        language,
        "{mark}\"{tag} yes\" sends it.",
        "{mark}\"{tag} ok\" manda un texto."
    )
}

/// A text to the reply number of a customer whom the person passed on.
pub fn given_away(language: Language, tag: &str) -> String {
    say!(
        language,
        "You gave {tag} to somebody else, so this was not sent. \"#{tag} yes\" sends it.",
        "Pasaste {tag} a otra persona, por eso no se ha enviado. \"#{tag} ok\" manda un texto."
    )
}

/// A text to the reply number of one customer, with the digits of another.
pub fn two_customers(language: Language, tag: &str, other: &str) -> String {
    let mark = THIS_NUMBER_IS_FOR.of(language);
    say!(
        language,
        "{mark}{tag}, and you named {other}. Leave the digits out, or text it to the line's own number.",
        "{mark}{tag}, y nombras a {other}. Quita las cifras, o escribe al teléfono principal."
    )
}

/// What a person reads who seems to have meant a command.
pub fn near_miss(language: Language, command: &str) -> String {
    let how = match command {
        "AWAY" => "AWAY, AWAY 2H, AWAY UNTIL 5PM or AWAY UNTIL MON 8:00",
        "FUERA" | "AUSENTE" => "FUERA, FUERA 2H, FUERA HASTA LAS 5 o FUERA HASTA LUN 8:00",
        "PASS" => "PASS, PASS 0107, or PASS and a name",
        "PASAR" => "PASAR, PASAR 0107, o PASAR y un nombre",
        "GOT IT" => "GOT IT 0107",
        "RECIBIDO" => "RECIBIDO 0107",
        "DONE" => "DONE, or DONE 0107",
        "LISTO" => "LISTO, o LISTO 0107",
        "BLOCK" => "BLOCK 0107",
        "BLOQUEAR" => "BLOQUEAR 0107",
        "UNBLOCK" => "UNBLOCK 0107",
        "DESBLOQUEAR" => "DESBLOQUEAR 0107",
        "CALL" => "CALL 0107, and your phone rings",
        "LLAMAR" => "LLAMAR 0107, y suena tu teléfono",
        command => {
            let mark = DID_YOU_MEAN.of(language);
            return say!(
                language,
                "{mark}{command}? Text {command} alone. For a customer: 0107 and the words.",
                "{mark}{command}? Escribe {command} solo. Para un cliente: 0107 y el texto."
            );
        }
    };
    let mark = DID_YOU_MEAN.of(language);
    say!(
        language,
        "{mark}{command}? Text {how}. For a customer: 0107 and the words.",
        "{mark}{command}? Escribe {how}. Para un cliente: 0107 y el texto."
    )
}

/// The person who had the conversation reads that another has answered.
pub fn answered_by(
    language: Language,
    person: &str,
    customer: &PhoneNumber,
    words: &str,
) -> String {
    let says = format!("{person}{}{}: ", ANSWERED.of(language), digits(customer));
    quoting(&says, words, "")
}

pub fn has_it(language: Language, person: &str, customer: &PhoneNumber) -> String {
    let (customer, mark) = (customer.expose(), CLAIMED.of(language));
    say!(
        language,
        "{person} has {customer}{mark}",
        "{person} tiene a {customer}{mark}"
    )
}

pub fn you_have_it(language: Language, customer: &PhoneNumber, told: usize) -> String {
    let told = match told {
        0 => Phrase::new("", ""),
        1 => Phrase::new(" The other one was told.", " La otra persona ya lo sabe."),
        _ => Phrase::new(" The others were told.", " Los otros ya lo saben."),
    };
    let (customer, told) = (customer.expose(), told.of(language));
    say!(
        language,
        "You have {customer}.{told}",
        "Tienes a {customer}.{told}"
    )
}

pub fn passed_on(language: Language, next: &str, customer: &PhoneNumber) -> String {
    let customer = customer.expose();
    say!(
        language,
        "{next} has {customer} now and gets the last texts.",
        "{next} tiene ahora a {customer} y recibe sus mensajes recientes."
    )
}

/// A command about a customer whom the person passed on before.
pub fn passed_on_before(language: Language, tag: &str, to: Option<&str>) -> String {
    let somebody = Phrase::new("Somebody else", "otra persona").of(language);
    let (to, nothing) = (to.unwrap_or(somebody), NOTHING_WAS_CHANGED.of(language));
    say!(
        language,
        "You passed {tag} on: {to} has it. {nothing}",
        "Ya pasaste a {tag}: lo tiene {to}. {nothing}"
    )
}

pub fn nobody_to_pass_to(language: Language) -> &'static str {
    Phrase::new(
        "Nobody else is on duty, so it stays with you.",
        "No hay otra persona de turno: sigue contigo.",
    )
    .of(language)
}

/// Somebody passes a customer to themselves; `other` is one whom they could name.
pub fn passed_to_oneself(language: Language, other: Option<&str>) -> String {
    match other {
        Some(other) => say!(
            language,
            "That is you, so it stays with you. Text PASS 0107 for the next person, or PASS 0107 TO {other}.",
            "Ese nombre es el tuyo: sigue contigo. Escribe PASAR 0107 para la siguiente persona, o PASAR 0107 A {other}."
        ),
        None => say!(
            language,
            "That is you, and there is nobody else, so it stays with you.",
            "Ese nombre es el tuyo y no hay otra persona: sigue contigo."
        ),
    }
}

/// What the next person reads of a conversation that was given to them, before its last texts.
pub fn passes(language: Language, person: &str, customer: &PhoneNumber) -> String {
    let customer = customer.expose();
    say!(
        language,
        "{person} passes {customer} to you.",
        "{person} te pasa a {customer}."
    )
}

/// The same, if nobody answered.
pub fn left_unanswered(
    language: Language,
    person: &str,
    customer: &PhoneNumber,
    since: &str,
) -> String {
    let (customer, mark) = (customer.expose(), WAITS.of(language));
    say!(
        language,
        "{customer}{mark}{since}, and {person} did not answer.",
        "{customer}{mark}{since}, y {person} no ha contestado."
    )
}

/// Reminds whoever has it.
pub fn reminder(
    language: Language,
    conversation: &Conversation,
    since: &str,
    next: Option<&str>,
) -> String {
    let Conversation {
        customer,
        tag,
        words: Words(words),
        ..
    } = conversation;
    let after = match next {
        Some(next) => say!(
            language,
            " Answer, or text GOT IT {tag}, or it goes to {next}.",
            " Contesta o manda RECIBIDO {tag}, o pasa a {next}."
        ),
        None => say!(
            language,
            " Answer, or text GOT IT {tag}.",
            " Contesta o manda RECIBIDO {tag}."
        ),
    };
    let waits = format!("{}{}{since}: ", customer.expose(), WAITS.of(language));
    let words = in_quotes(words, room_beside(&format!("{waits}{after}")));
    format!("{waits}{words}{after}")
}

/// To the owner, when nobody is left who could be asked to answer.
pub fn nobody_answered(
    language: Language,
    customer: &PhoneNumber,
    since: &str,
    words: &str,
) -> String {
    let (customer, mark) = (digits(customer), NOBODY_ANSWERED.of(language));
    let says = say!(
        language,
        "{mark}{customer} since {since}, please call: ",
        "{mark}{customer} desde {since}, por favor llama: "
    );
    quoting(&says, words, "")
}

/// To the owner, a week after the last word about it.
pub fn forgotten(language: Language, conversation: &Conversation, since: &str) -> String {
    let Conversation { customer, tag, .. } = conversation;
    let (customer, mark) = (digits(customer), NOBODY_ANSWERED.of(language));
    say!(
        language,
        "{mark}{customer} since {since}, for more than a week: from now on answers go there only \
         with {tag} in front.",
        "{mark}{customer} desde {since}, hace una semana: desde ahora se le contesta solo con {tag} \
         delante."
    )
}

/// Without the plus sign, which stands before it.
fn digits(customer: &PhoneNumber) -> &str {
    customer.expose().trim_start_matches('+')
}

pub fn pin_missing(language: Language, command: &str) -> String {
    let nothing = NOTHING_WAS_CHANGED.of(language);
    say!(
        language,
        "Put your PIN in front, such as: 0000 {command}. {nothing}",
        "Pon tu PIN delante, por ejemplo: 0000 {command}. {nothing}"
    )
}

pub fn pin_wrong(language: Language, left: u32) -> String {
    let nothing = NOTHING_WAS_CHANGED.of(language);
    match left {
        1 => say!(
            language,
            "That PIN is wrong; 1 try left. {nothing}",
            "PIN equivocado; queda 1 intento. {nothing}"
        ),
        _ => say!(
            language,
            "That PIN is wrong; {left} tries left. {nothing}",
            "PIN equivocado; quedan {left} intentos. {nothing}"
        ),
    }
}

pub fn pin_locked(language: Language, until: &str) -> String {
    say!(
        language,
        "Too many wrong PINs: your commands are off until {until}. Answers still work.",
        "Demasiados PIN equivocados: tus comandos no valen hasta {until}. Las respuestas funcionan."
    )
}

pub fn pin_and_no_command(language: Language) -> String {
    let nothing = NOTHING_WAS_SENT.of(language);
    say!(
        language,
        "That begins with your PIN and is no command.{nothing} HELP tells the commands.",
        "Eso empieza por tu PIN y no es un comando.{nothing} AYUDA muestra los comandos."
    )
}

/// To the owner.
pub fn pins_tried(language: Language, person: &str, line: &str) -> String {
    say!(
        language,
        "Three wrong PINs from the phone of {person} ({line}): commands from it are off for 15 minutes.",
        "Tres PIN equivocados desde el teléfono de {person} ({line}): sus comandos no valen por 15 minutos."
    )
}

#[cfg(test)]
mod tests;
