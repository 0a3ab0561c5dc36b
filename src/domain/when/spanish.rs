//! Times as people write them in Spanish, said in English: there is one reader of times.

/// Words that stand for others wherever they are, without accents; the longer ones first where they begin
/// alike. Articles go.
#[rustfmt::skip]
const WORDS: &[(&str, &str)] = &[
    ("pasado manana", "day after tomorrow"), ("manana temprano", "tomorrow morning"),
    ("por la manana", "morning"), ("en la manana", "morning"), ("de la manana", "in the morning"),
    ("por la tarde", "afternoon"), ("en la tarde", "afternoon"), ("de la tarde", "in the afternoon"),
    ("por la noche", "evening"), ("en la noche", "evening"), ("de la noche", "in the evening"),
    ("de la madrugada", "am"),
    ("esta manana", "this morning"), ("toda la manana", "this morning"),
    ("esta tarde", "this afternoon"), ("toda la tarde", "this afternoon"),
    ("esta noche", "tonight"), ("toda la noche", "tonight"),
    ("hoy", "today"), ("manana", "tomorrow"), ("ayer", "yesterday"),
    ("tarde", "afternoon"), ("noche", "evening"),
    ("todo el dia", "today"), ("resto del dia", "today"),
    ("fin del dia", "end of day"), ("final del dia", "end of day"),
    ("resto de la semana", "this week"), ("toda la semana", "this week"), ("esta semana", "this week"),
    ("proxima semana", "next week"), ("semana proxima", "next week"), ("semana que viene", "next week"),
    ("este fin de semana", "this weekend"), ("el fin de semana", "the weekend"),
    ("fin de semana", "weekend"), ("el finde", "the weekend"), ("finde", "weekend"),
    ("mediodia", "noon"), ("medio dia", "noon"), ("medianoche", "midnight"), ("media noche", "midnight"),
    ("media hora", "half an hour"), ("y media", "and a half"), ("un par de", "2"),
    ("dentro de", "in"), ("en", "in"), ("hasta", "until"), ("por", "for"), ("durante", "for"),
    ("a las", "at"), ("a la", "at"), ("al", "at"),
    ("minuto", "minute"), ("minutos", "minutes"), ("hora", "hour"), ("horas", "hours"),
    ("dia", "day"), ("dias", "days"), ("semana", "week"), ("semanas", "weeks"),
    ("mes", "month"), ("meses", "months"),
    ("un", "a"), ("una", "a"), ("uno", "one"), ("dos", "two"), ("tres", "three"), ("cuatro", "four"),
    ("cinco", "five"), ("seis", "six"), ("siete", "seven"), ("ocho", "eight"), ("nueve", "nine"),
    ("diez", "ten"), ("once", "eleven"), ("doce", "twelve"), ("quince", "15"), ("veinte", "20"),
    ("treinta", "30"), ("y", "and"),
    ("este", "this"), ("proximo", "next"),
    ("el", ""), ("la", ""), ("las", ""), ("los", ""), ("de", ""), ("del", ""),
];

#[rustfmt::skip]
const DAYS: [(&str, &str); 7] = [
    ("lunes", "monday"), ("martes", "tuesday"), ("miercoles", "wednesday"), ("jueves", "thursday"),
    ("viernes", "friday"), ("sabado", "saturday"), ("domingo", "sunday"),
];

#[rustfmt::skip]
const MONTHS: [(&str, &str); 13] = [
    ("enero", "january"), ("febrero", "february"), ("marzo", "march"), ("abril", "april"),
    ("mayo", "may"), ("junio", "june"), ("julio", "july"), ("agosto", "august"),
    ("septiembre", "september"), ("setiembre", "september"), ("octubre", "october"),
    ("noviembre", "november"), ("diciembre", "december"),
];

/// The same in English, as far as it is Spanish: `hasta el lunes a las 8` is `until monday at 8`. `text` is
/// in small letters and has no accents.
pub fn in_english(text: &str) -> String {
    let apart = apart(text);
    let words: Vec<&str> = apart.split_whitespace().collect();
    let (mut said, mut at): (Vec<String>, usize) = (Vec::new(), 0);
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at.checked_sub(1).map(|before| words[before]);
        let (english, taken) = first(before, rest);
        said.extend(Some(english).filter(|english| !english.is_empty()));
        at += taken;
    }
    said.join(" ")
}

/// `2horas` is two words, and so is `lunes,`.
fn apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + 8);
    let mut last = ' ';
    for c in text.chars() {
        if last.is_ascii_digit() && c.is_alphabetic() || c == ',' && !last.is_ascii_digit() {
            apart.push(' ');
        }
        apart.push(c);
        last = c;
    }
    apart
}

/// What the words begin with, in English, and how many words that are.
fn first(before: Option<&str>, words: &[&str]) -> (String, usize) {
    let is_number = |word: &&str| word.bytes().all(|b| b.is_ascii_digit());
    let is_clock = matches!(before, Some("las" | "la"));
    match words {
        // A las 17 horas; las 5 y media; el 10.
        [hour, "horas" | "hrs" | "h", ..] if is_clock && is_number(hour) => {
            return (format!("{hour}:00"), 2);
        }
        [hour, "y", "media", ..] if is_clock && is_number(hour) => {
            return (format!("{hour}:30"), 3);
        }
        [hour, "y", "cuarto", ..] if is_clock && is_number(hour) => {
            return (format!("{hour}:15"), 3);
        }
        [day, rest @ ..] if before == Some("el") && is_number(day) && !names_a_month(rest) => {
            return (format!("{day}th"), 1);
        }
        [day, "que", "viene", ..] | ["proximo", day, ..] if in_list(&DAYS, day).is_some() => {
            let taken = if words[0] == "proximo" { 2 } else { 3 };
            return (
                format!("next {}", in_list(&DAYS, day).unwrap_or_default()),
                taken,
            );
        }
        _ => {}
    }
    let fits = |(spanish, _): &&(&str, &str)| {
        let mut parts = spanish.split(' ');
        let count = spanish.split(' ').count();
        count <= words.len() && parts.by_ref().zip(words).all(|(part, word)| part == *word)
    };
    if let Some((spanish, english)) = WORDS.iter().find(fits) {
        return ((*english).to_owned(), spanish.split(' ').count());
    }
    let word = words[0];
    // `mar` is Tuesday, and March only behind a day.
    let is_month = word != "mar" || before.is_some_and(|before| is_number(&before));
    let month = in_list(&MONTHS, word).filter(|_| is_month);
    let known = month.or_else(|| in_list(&DAYS, word));
    (known.unwrap_or(word).to_owned(), 1)
}

fn names_a_month(words: &[&str]) -> bool {
    match words {
        ["de", month, ..] | [month, ..] => in_list(&MONTHS, month).is_some(),
        [] => false,
    }
}

/// By the whole name or its first letters, as people shorten it.
fn in_list(list: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    let mut fits = list.iter().filter(|(spanish, _)| {
        *spanish == word || (3..=4).contains(&word.len()) && spanish.starts_with(word)
    });
    fits.next().map(|(_, english)| *english)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_in_spanish_is_said_in_english() {
        for (spanish, english) in [
            ("hasta las 5", "until 5"),
            ("hasta la 1", "until 1"),
            ("hasta las 5 pm", "until 5 pm"),
            ("hasta las 5 de la tarde", "until 5 in the afternoon"),
            ("hasta las 5 y media", "until 5:30"),
            ("hasta las 17 horas", "until 17:00"),
            ("manana 9", "tomorrow 9"),
            ("hasta manana a las 9", "until tomorrow at 9"),
            ("hasta manana por la manana", "until tomorrow morning"),
            ("pasado manana", "day after tomorrow"),
            ("2 horas", "2 hours"),
            ("2horas", "2 hours"),
            ("por dos horas", "for two hours"),
            ("una hora y media", "a hour and a half"),
            ("media hora", "half an hour"),
            ("20 min", "20 min"),
            ("3 dias", "3 days"),
            ("una semana", "a week"),
            ("hasta el lunes", "until monday"),
            ("hasta el lunes a las 8", "until monday at 8"),
            ("lun 8:00", "monday 8:00"),
            ("mie 8:00 am", "wednesday 8:00 am"),
            ("mar 8:00", "tuesday 8:00"),
            ("lun 7 mar, 8:00 am", "monday 7 march , 8:00 am"),
            ("hasta el lunes que viene", "until next monday"),
            ("hasta el proximo lunes", "until next monday"),
            ("hasta el 10", "until 10th"),
            ("hasta el 10 de diciembre", "until 10 december"),
            ("10 dic", "10 december"),
            ("hoy", "today"),
            ("esta tarde", "this afternoon"),
            ("esta noche", "tonight"),
            ("todo el dia", "today"),
            ("la proxima semana", "next week"),
            ("el fin de semana", "the weekend"),
            ("hasta el mediodia", "until noon"),
            ("en 10 min", "in 10 min"),
            ("until 5pm", "until 5 pm"),
        ] {
            assert_eq!(in_english(spanish), english, "{spanish}");
        }
    }
}
