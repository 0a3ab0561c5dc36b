//! Single values of a configuration. An error is a sentence: what is wrong, what to write instead.
//! None of them repeats a number or a URL, since error messages end up in logs.

use toml::de::DeValue;

use super::mistakes::Mistakes;
use super::table::{list, text};
use crate::domain::language::{Language, unaccented};
use crate::domain::line::pin::Pin;
use crate::domain::line::{Hours, Window};
use crate::domain::phone::{Country, PhoneNumber};

const LONGEST_NAME: usize = 40;

pub(super) fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the name is empty; write one".to_owned()),
        trimmed if trimmed != text => {
            Err(format!("the name has spaces around it; write {trimmed:?}"))
        }
        _ => presentable(text, LONGEST_NAME, "write another name"),
    }
}

/// What people answer and text to the relay, so that nobody is called so.
#[rustfmt::skip]
const TAKEN: &str = "away back who status help commands pass done block unblock call me to \
    fuera ausente volvi regrese vuelvo regreso quien estado ayuda comandos pasar recibido listo bloquear \
    desbloquear llamar a both all nobody none neither first second third zero one two three \
    ambos todos nadie ninguno primero primera segundo segunda tercero tercera cero uno dos tres \
    stop start unstop yes no";

/// A person's name, which a text has to tell from tags and from the words of commands and answers.
pub(super) fn person_name(text: &str) -> Result<String, String> {
    let name = name(text)?;
    let plain = unaccented(&name).to_lowercase();
    let is_digits = |word: &str| {
        let word = word.trim_start_matches(['#', '@', '+']);
        !word.contains(char::is_alphabetic) && word.contains(char::is_numeric)
    };
    if !name.contains(char::is_alphabetic) {
        return Err(
            "this name has no letters, and a text could not tell it from a customer's digits; write a name \
             such as \"Ana\""
                .to_owned(),
        );
    }
    if plain
        .split_whitespace()
        .any(|word| is_digits(word) && word.len() >= 4)
    {
        return Err(
            "this name has digits in it that a text could not tell from a customer's; write it without them"
                .to_owned(),
        );
    }
    let word = plain.trim_matches(|c: char| !c.is_alphanumeric());
    if TAKEN.split_whitespace().any(|taken| taken == word) || matches!(word, "got it" | "lo tengo")
    {
        return Err(format!(
            "{text:?} is a word of commands and answers, and a text could not tell them apart; write another \
             name"
        ));
    }
    Ok(name)
}

/// A text that stands in texts. `advice` is what to write.
pub(super) fn presentable(text: &str, longest: usize, advice: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!("this says nothing; {advice}"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!(
            "this has control characters in it; {advice}, without them"
        ));
    }
    if text.chars().count() > longest {
        return Err(format!(
            "this is too long; {advice}, in at most {longest} characters, since it stands in texts"
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn country(code: &str) -> Result<Country, String> {
    let upper = code.to_uppercase();
    let meant = match upper.as_str() {
        "UK" => "GB",
        "USA" | "UNITED STATES" => "US",
        other => other,
    };
    let advice = match Country::parse(meant) {
        Some(country) if meant == code => return Ok(country),
        Some(_) => format!("{meant:?}"),
        None => "its two letters by ISO 3166-1, such as \"US\", \"MX\" or \"GB\"".to_owned(),
    };
    Err(format!("{code:?} is no country's code; write {advice}"))
}

/// `None` if the country would have to be known, but is among the mistakes itself.
pub(super) fn number(text: &str, country: Option<Country>) -> Result<Option<PhoneNumber>, String> {
    let Some(country) = country else {
        return Ok(PhoneNumber::parse(text).ok());
    };
    country.read(text).map(Some).map_err(|reason| {
        let (code, example) = (country.code(), country.example());
        let example = example.as_ref();
        let as_there = example.map(|number| format!(" ({:?})", country.write(number)));
        let as_there = as_there.unwrap_or_default();
        let everywhere = example.map_or("+16195550110", PhoneNumber::expose);
        format!(
            "this is not a phone number of {code}: {reason}; write it with its area code, as people in \
             {code} do{as_there}, or in international form ({everywhere:?})"
        )
    })
}

pub(super) fn language(text: &str) -> Result<Language, String> {
    let code = text.trim().to_lowercase();
    let spoken = code.split(['-', '_']).next().unwrap_or_default();
    let meant = match spoken {
        "english" | "inglés" | "ingles" => Some(Language::English),
        "spanish" | "español" | "espanol" | "castellano" => Some(Language::Spanish),
        code => Language::parse(code),
    };
    Language::parse(text).ok_or_else(|| match meant {
        Some(meant) => format!(
            "{text:?} is no language of texts as it is written here; write {:?}",
            meant.code()
        ),
        None => {
            let names = Language::ALL.map(|one| format!("{:?}", one.code()));
            format!(
                "the relay has no texts in {text:?}; write one of {}",
                names.join(", ")
            )
        }
    })
}

pub(super) fn public_url(url: &str) -> Result<String, String> {
    let problem = match url.parse() {
        Ok(parsed) => problem_of(&parsed, url),
        Err(_) => Some("this is not a URL; write what Twilio calls"),
    };
    match problem {
        None => Ok(url.trim_end_matches('/').to_owned()),
        Some(problem) => Err(format!("{problem}, such as \"https://relay.example.com\"")),
    }
}

/// Why Twilio could not call a URL, or sign for it.
fn problem_of(parsed: &http::Uri, url: &str) -> Option<&'static str> {
    if !matches!(parsed.scheme_str(), Some("https" | "http")) {
        return Some("the URL must begin with https:// or http://; write it in full");
    }
    let authority = parsed.authority().filter(|a| !a.host().is_empty());
    let Some(authority) = authority.map(|authority| authority.as_str()) else {
        return Some("the URL has no host; write it in full");
    };
    if authority.contains('@') {
        return Some(
            "the URL has a user or password in it; write it without, Twilio signs instead",
        );
    }
    // An IPv6 address has its own colons within brackets.
    let after_host = authority.rsplit(']').next();
    let port = after_host.and_then(|rest| rest.split_once(':'));
    if port.is_some_and(|(_, port)| !matches!(port.parse::<u16>(), Ok(1..))) {
        return Some("the URL's port is no number from 1 to 65535; write another or none");
    }
    // The parser drops a fragment without a word.
    if parsed.query().is_some() || url.contains('#') {
        return Some("the URL has a query or fragment; write only what the paths are added to");
    }
    None
}

pub(super) fn pin(text: &str) -> Result<Pin, String> {
    Pin::parse(text).map_err(|bad| format!("{bad}; write one such as \"4711\", in quotes"))
}

pub(super) fn hours_word(word: &str) -> Result<Hours, String> {
    match word {
        "always" => Ok(Hours::Always),
        "never" => Ok(Hours::Never),
        other => Err(match Window::parse(other) {
            Ok(window) => format!("a window stands in a list; write hours = [\"{window}\"]"),
            Err(bad) if other.contains(|c: char| c.is_ascii_digit()) && other != "24/7" => {
                format!("{bad}, in a list: hours = [\"Mon-Fri 08:00-18:00\"]")
            }
            Err(_) => {
                let meant = match other.to_lowercase().as_str() {
                    "24/7" | "all day" | "all" | "anytime" | "siempre" => "\"always\"",
                    "none" | "off" | "no" | "nunca" => "\"never\"",
                    _ => "\"always\", \"never\" or a list such as [\"Mon-Fri 08:00-18:00\"]",
                };
                format!("{other:?} is no hours; write {meant}")
            }
        }),
    }
}

pub(super) const HOURS: &str = "\"always\", \"never\" or [\"Mon-Fri 08:00-18:00\"]";

/// One for every hour of the week. Each is compared with all the others.
const MOST_WINDOWS: usize = 7 * 24;

pub(super) fn windows(value: &DeValue, mistakes: &Mistakes) -> Result<Vec<Window>, String> {
    let windows = list(value, &format!("write hours = {HOURS}"))?;
    if windows.is_empty() {
        return Err("the list of hours is empty; write hours = \"never\"".to_owned());
    }
    if windows.len() > MOST_WINDOWS {
        return Err(format!(
            "the list has {} windows, and a week has room for {MOST_WINDOWS} at most; write longer \
             ones, such as \"Mon-Fri 08:00-18:00\"",
            windows.len()
        ));
    }
    let mut read = Vec::new();
    for item in windows.iter() {
        let next = window(item.get_ref(), &read);
        read.extend(mistakes.check(item.span(), next));
    }
    Ok(read)
}

/// Reads a window, which must not cover a minute of the earlier ones.
fn window(value: &DeValue, earlier: &[Window]) -> Result<Window, String> {
    let window = Window::parse(text(value)?).map_err(|bad| bad.to_string())?;
    let overlap = |earlier: &Window| Some((earlier.clone(), earlier.overlap(&window)?));
    match earlier.iter().find_map(overlap) {
        None => Ok(window),
        Some((earlier, shared)) => Err(format!(
            "\"{window}\" overlaps \"{earlier}\": both cover {shared}; let one end where the other \
             begins"
        )),
    }
}
