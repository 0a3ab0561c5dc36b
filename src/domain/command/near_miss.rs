//! Texts that were meant for the relay and are not quite a command.
//!
//! A near miss is answered with how to write it and sent to nobody. Where it was an answer to a
//! customer after all, that costs one more text; where a command was not noticed, the customer reads it.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::domain::characters::{is_emoji, is_invisible, one_spaced, words};

/// A longer text is an answer.
const MOST_WORDS: usize = 8;

/// Other words that people write for a command.
const SYNONYMS: &[(&str, &str)] = &[("off", "AWAY"), ("out", "AWAY"), ("on", "BACK")];

/// Words, also German and Spanish ones and names, that are one edit from a command by chance.
const ORDINARY: &str = "way sway awry alway \
    bank pack rack lack sack hack jack tack mack zack wack yack ack buck beck bock bach bark bask balk \
    black backs aback brack \
    why whoa whom \
    statue \
    past pads pays pals paws pans pats pars puss piss poss bass mass lass sass ass passt passe pasa \
    pase paso passo pass dass fass hass nass spass \
    don dont dona donde donne dine dome dose dote doze dune dope dane dene dove doe bone gone none zone \
    tone lone cone hone one fone dons dole \
    blocks bloc bock blick lock clock flock unlock \
    all alle ball tall fall hall mall wall gall pall cell cull coll calf calm cali cala cal calle calla callo calls carl \
    heap hell held helm hemp helps yelp kelp whelp welp \
    fuerza fueras fueran fuerte fuero fueros afuera nuera suera fiera buera muera puerta ausentes \
    volvio volver volvo volvia volvi volved vuelvi \
    quienes quiet queen quiere quieren alguien bien \
    estados estada estad estando estaba estadio estate estada listado atado citado \
    pasara pasaras pasare pasas pasan pasa pasad pasado pasaje pasea pasear posar pesar pisar pagar parar \
    casar tasar pasta pastar sacar pasador pulsar pausar basar \
    recibidos recibida recibidas recibo recibi recibiendo reunido rebibido \
    lista listos listas liso liston visto mixto pisto listen list lists misto risto isto \
    bloqueas bloquean bloqueo bloquera desbloqueas desbloqueo \
    llama llamas llaman llame llamen llamo llamaba llamad llamada llamadas llamado llamara llamaran llamaras llamare \
     llanar llegar llevar calmar clamar tramar lamar \
     ayudas ayudan ayudar ayudo ayude aguda agudas avuda";

/// Two words that are one edit from GOT IT.
const ORDINARY_PAIRS: &[&str] = &[
    "get it", "not it", "got in", "got at", "got is", "hot it", "go it",
];

#[rustfmt::skip]
const TIMES: &str = "today tonight tomorrow tomorow tommorow tommorrow tmrw tmr tmw now noon midnight \
    morning afternoon evening night day days hour hours hr hrs min mins minute minutes week weeks \
    weekend month while bit moment lunch dinner breakfast half couple few rest \
    one two three four five six seven eight nine ten eleven twelve \
    mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday \
    sun sunday jan feb mar apr may jun jul aug sep oct nov dec \
    hoy manana hora horas dia dias minutos semana semanas mes rato ratito momento tarde noche mediodia \
    almuerzo comida cena lunes martes miercoles jueves viernes sabado domingo \
    dos tres cuatro cinco seis siete ocho nueve diez doce";

/// What can name a customer.
const ABOUT_CUSTOMERS: &str = "pass done block unblock pasar listo recibido bloquear desbloquear";

#[rustfmt::skip]
const SENDERS: &[&str] = &[
    "him", "her", "them", "this", "that", "number", "sender", "spam", "this number", "that number",
    "this guy", "that guy", "this person", "this customer", "this one",
];

/// What is written to the relay behind a command or another word for it; … stands for any words. Times
/// and tags can be behind some of them too.
#[rustfmt::skip]
const FOLLOWING: &[(&str, &[&str])] = &[
    ("away", &["until …", "till …", "til …", "untill …", "unitl …"]),
    ("off", &["until …", "till …", "til …", "duty", "work", "shift", "sick"]),
    ("out", &["until …", "till …", "til …", "sick", "of office …"]),
    ("back", &["until …", "till …", "til …", "now", "again", "online", "on", "on duty", "on shift",
               "at work", "to work"]),
    ("on", &["until …", "till …", "til …", "now", "again", "duty", "shift", "call"]),
    ("who", &["on", "away", "now", "on duty", "on now", "on call", "on shift", "on today", "on tonight",
             "on tomorrow"]),
    ("status", &["now"]),
    ("help", &["me"]),
    ("block", SENDERS),
    ("call", &["him", "her", "them", "him back", "her back", "them back", "the customer", "customer"]),
    ("unblock", SENDERS),
    ("fuera", &["hasta …"]),
    ("ausente", &["hasta …"]),
    ("volvi", &["ya", "al turno", "al trabajo"]),
    ("quien", &["de turno", "esta de turno", "de guardia", "esta de guardia"]),
    ("estado", &["ahora", "actual"]),
    ("llamar", &["al cliente", "cliente", "a el", "a ella"]),
    ("bloquear", &["numero", "este numero", "este", "esta persona", "spam"]),
    ("desbloquear", &["numero", "este numero", "este", "esta persona"]),
];

/// Words behind PASS that are no name.
const NO_NAMES: &str = "by on it that this thanks thank through over along me us out up away today \
    tomorrow tonight for the a is no encore mal bon grave sur de du moi trop \
    aqui ahi alla adelante luego hoy manana ahora despues temprano tarde primero rapido gracias porfa \
    si se lo la el mas bien solo";

/// The command that somebody seems to have meant: a slip of one letter in it, another word for it, or
/// it with what cannot be read behind it. `commands` are those of people, in capitals.
pub fn near_miss(body: &str, commands: &[&'static str]) -> Option<&'static str> {
    let text = words(body).replace('*', " ");
    let text: Vec<&str> = text.split_whitespace().collect();
    let meant = commands.iter().filter(|_| text.len() <= MOST_WORDS);
    let mut meant = meant.filter(|command| is_near(&text, command));
    meant.next().copied()
}

/// What follows the full stop or the slash that makes a command of a text whatever waits. Some people
/// begin with a full stop by a slip: what is neither a command then nor near one is words.
pub fn forced(body: &str) -> Option<&str> {
    let unseen =
        |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, '"' | '“' | '”' | '„');
    let rest = body
        .trim_start_matches(unseen)
        .strip_prefix(['.', '/', '．', '／'])?;
    rest.starts_with(char::is_alphabetic).then_some(rest)
}

/// The words without the emoji, quotes, invisible characters and punctuation around them.
pub fn bare(body: &str) -> String {
    let plain = ComposingNormalizerBorrowed::new_nfkc().normalize(body);
    let shown = plain.chars().filter(|c| !is_invisible(*c));
    let shown: String = shown.map(|c| if is_emoji(c) { ' ' } else { c }).collect();
    one_spaced(shown.trim_matches(|c: char| !c.is_alphanumeric()))
}

fn is_near(text: &[&str], command: &str) -> bool {
    let name = command.to_lowercase();
    if is_slip_with_tag(text, &name.replace(' ', "")) {
        return true;
    }
    let [first, rest @ ..] = text else {
        return false;
    };
    if name.contains(' ') {
        let whole = text.join(" ");
        return is_one_edit(&whole, &name) && !ORDINARY_PAIRS.contains(&whole.as_str());
    }
    if SYNONYMS.contains(&(first, command)) {
        return may_follow(first, rest);
    }
    let is_command = *first == name && !rest.is_empty();
    (is_command || is_slip(first, &name)) && may_follow(&name, rest)
}

/// Ordinary words that are a slip of a command all the same if a customer's digits stand behind them.
const ORDINARY_BUT_WITH_TAG: &str = "cal don pasa pasarle llama";

/// `cal 0107`, `done0107`, `got it 107`: no customer is to read these digits. More digits are a number that
/// somebody may be told, and so may be three behind `call`.
fn is_slip_with_tag(text: &[&str], name: &str) -> bool {
    let text = match text {
        [
            rest @ ..,
            "now" | "please" | "pls" | "ya" | "ahora" | "porfa",
        ] => rest,
        all => all,
    };
    let whole = text.concat();
    let Some(at) = whole.find(char::is_numeric) else {
        return false;
    };
    let (word, digits) = whole.split_at(at);
    let least = if is_one_of("call llamar", name) { 4 } else { 3 };
    let is_tag = digits.chars().all(char::is_numeric) && (least..=6).contains(&digits.len());
    let is_about = is_one_of(ABOUT_CUSTOMERS, name) || is_one_of("gotit call llamar", name);
    let is_odd = is_one_of(ORDINARY_BUT_WITH_TAG, word)
        && (is_one_edit(word, name) || name.starts_with(word) || word.starts_with(name));
    is_tag && is_about && (word == name || is_slip(word, name) || is_odd)
}

/// Whether it is the command but for one letter. Of three letters too many words are made for that:
/// only swapped ones and one too many count.
fn is_slip(word: &str, name: &str) -> bool {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_long = name.len() > 3;
    is_one_edit(word, name)
        && (is_long || word.len() > name.len() || letters(word) == letters(name))
        && !is_one_of(ORDINARY, word)
}

/// Whether one letter is missing, too many, another, or swapped with the next.
fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let same = a.iter().rev().zip(b.iter().rev());
    let same = same.take_while(|(a, b)| a == b).count();
    match (&a[..a.len() - same], &b[..b.len() - same]) {
        ([_], [] | [_]) | ([], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Whether people write these words behind a command, or behind another word for it, to the relay and
/// not to a customer.
fn may_follow(word: &str, rest: &[&str]) -> bool {
    let is_polite = rest
        .last()
        .is_some_and(|last| is_one_of("please pls plz porfa", last));
    let rest = &rest[..rest.len() - usize::from(is_polite)];
    let rest = match (word, rest) {
        // Who is on? Who's on?
        ("who", ["is" | "s", rest @ ..]) => rest,
        _ => rest,
    };
    let said = rest.join(" ") + " ";
    let of_word = FOLLOWING.iter().filter(|(of, _)| *of == word);
    let is_known = of_word.flat_map(|(_, known)| *known).any(|known| {
        let begins = known.strip_suffix('…').map(|begin| said.starts_with(begin));
        begins.unwrap_or(said.trim_end() == *known)
    });
    rest.is_empty()
        || is_known
        || is_one_of("away off out fuera ausente", word) && begins_with_time(rest)
        || is_one_of("away back ausente", word) && begins_later(rest)
        || is_one_of(ABOUT_CUSTOMERS, word) && begins_with_tag(rest)
        || is_one_of("pass pasar", word) && names_somebody(rest)
}

/// `PASS ANA`, `pass it to ana`; the relay alone knows the names.
fn names_somebody(rest: &[&str]) -> bool {
    match rest {
        // "Pasar a recoger" is no name, but what somebody does.
        ["a", name] => !is_one_of(NO_NAMES, name) && !name.ends_with(['r', 's']),
        ["to", _] | ["it" | "this" | "that" | "him" | "her" | "them", "to", _] => true,
        [name] => !is_one_of(NO_NAMES, name),
        _ => false,
    }
}

/// `for 2 hours`, `all day`, `tomorrow-ish`. Not `in`: `out in five minutes` is for a customer.
fn begins_with_time(rest: &[&str]) -> bool {
    const BEFORE: &str = "for from at by after before on to this next all another about around the a an \
         por durante desde de hasta al las los el la un una unos unas este esta todo toda";
    let time = rest.iter().find(|word| !is_one_of(BEFORE, word));
    time.is_some_and(|time| time.starts_with(char::is_numeric) || is_one_of(TIMES, time))
}

/// `in a bit`, `at 5`: only a time that somebody can read makes it a command.
fn begins_later(rest: &[&str]) -> bool {
    matches!(rest, ["in" | "at" | "by", time @ ..] if begins_with_time(time))
}

/// `0107 please`, `with 0107`.
fn begins_with_tag(rest: &[&str]) -> bool {
    let tag = rest
        .iter()
        .find(|word| !is_one_of("with for to on number con para numero", word));
    let digits = tag.filter(|tag| tag.chars().all(char::is_numeric));
    digits.is_some_and(|tag| tag.len() >= 4 || rest.len() == 1)
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

#[cfg(test)]
mod tests;
