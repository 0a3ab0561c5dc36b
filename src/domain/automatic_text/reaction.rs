//! The words that phones send as a reaction (Apple: tapback) to a text.

use crate::domain::characters::{is_invisible, one_spaced, words};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Added,
    /// A reaction was taken back.
    Removed,
    /// Short words of no known form beside a quote. It is a reaction only if the quote is a text
    /// that was sent to that phone.
    Unsure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaction<'t> {
    pub kind: Kind,
    /// `None`: to a picture or the like.
    pub quoted: Option<&'t str>,
}

/// What phones write around the text (…) that they quote, as `words` gives it.
///
/// Sources: texts of iPhones in English, Spanish, French, German and Italian, as Textra (an SMS app
/// for Android) reads them; texts of customers to shops, also Portuguese. Google Messages writes
/// `👍 to “…”` with invisible characters around the emoji; its `zu` is not seen, nor are `a aime`,
/// `a adore`, `n a pas aime` and `amou`.
#[rustfmt::skip]
const ADDED: &[&str] = &[
    // English
    "liked …", "loved …", "disliked …", "laughed at …", "emphasized …", "emphasised …",
    "questioned …", "reacted to …", "reacted * to …", "reacted with a sticker to …", "* to …",
    // Spanish, of Spain and of Latin America
    "le gusta …", "le encanta …", "no le gusta …", "le hace gracia …", "le sorprende …",
    "duda sobre …", "se ha reaccionado con * a …", "se ha anadido * a …", "le gusto …",
    "le encanto …", "no le gusto …", "le dio risa …", "exclamo por …", "dudo sobre …",
    "reacciono con * a …", "reacciono con un sticker a …", "* a …",
    // French
    "a ajoute un j adore a …", "a ajoute un j aime a …", "a ajoute un je n aime pas a …",
    "a ajoute un rire a …", "a ajoute des points d exclamation a …",
    "a ajoute un point d interrogation a …", "a attribue la mention j aime a …", "a aime …",
    "a adore …", "n a pas aime …", "a reagi avec * a …", "a reagi * a …",
    // German
    "gefallt …", "gefallt nicht …", "… ein herz hinzugefugt", "… ein lachen hinzugefugt",
    "… ein ausrufezeichen hinzugefugt", "… ein fragezeichen hinzugefugt",
    "hat mit * auf … reagiert", "* zu …",
    // Portuguese
    "gostou de …", "nao gostou de …", "curtiu …", "nao curtiu …", "adorou …", "amou …",
    "riu de …", "enfatizou …", "questionou …", "reagiu com * a …",
    // Italian
    "ha aggiunto un cuoricino a …", "ha aggiunto mi piace a …", "ha aggiunto non mi piace a …",
    "trova divertente …", "ha aggiunto i punti esclamativi a …",
    "ha aggiunto il punto interrogativo a …", "ha reagito con * a …",
];

#[rustfmt::skip]
const REMOVED: &[&str] = &[
    "removed a like from …", "removed a heart from …", "removed a dislike from …",
    "removed a laugh from …", "removed an exclamation from …", "removed an emphasis from …",
    "removed a question mark from …", "removed a sticker from …", "removed * from …",
    "ya no le gusta …", "ya no le encanta …", "ya no le disgusta …", "ya no le hace gracia …",
    "ya no le sorprende …", "ya no duda sobre …", "dejo de gustarle …", "dejo de encantarle …",
    "dejo de no gustarle …", "dejo de darle risa …", "dejo de exclamar por …",
    "dejo de dudar sobre …", "ha eliminado * de …", "elimino * de …", "se quito * de …",
    "a retire son j adore de …", "a retire son j aime de …", "a retire son je n aime pas de …",
    "a retire son rire de …", "a retire ses points d exclamation de …",
    "a retire son point d interrogation de …", "a retire * de …",
    "herz von … entfernt", "gefallt mir von … entfernt", "gefallt mir nicht von … entfernt",
    "lachen von … entfernt", "ausrufezeichen von … entfernt", "fragezeichen von … entfernt",
    "* aus … entfernt",
    "removeu * de …", "removeu uma risada de …", "removeu uma exclamacao de …",
    "ha rimosso il cuoricino da …", "ha rimosso mi piace da …", "ha rimosso non mi piace da …",
    "non trova piu divertente …", "ha rimosso i punti esclamativi da …",
    "ha rimosso il punto interrogativo da …", "ha rimosso * da …",
];

/// What phones write for what has no words, behind a number also if there are several.
#[rustfmt::skip]
const WORDLESS: &[&str] = &[
    "an image", "a photo", "a picture", "a video", "a movie", "an attachment", "an audio message",
    "a voice message", "a contact", "a link", "a location", "a sticker", "a gif", "a file",
    "images", "photos", "videos", "attachments",
    "una imagen", "una foto", "un video", "un archivo adjunto", "un mensaje de audio",
    "un contacto", "un sticker", "une image", "une photo", "une video", "une piece jointe",
    "un contact", "ein bild", "ein foto", "ein video", "ein anhang", "einen anhang", "einem bild",
    "uma imagem", "uma foto", "um video", "um anexo", "un immagine", "un allegato",
];

/// A person who begins so answers, whatever they quote behind it.
const ANSWERS: &[&str] = &[
    "yes", "no", "ok", "okay", "sure", "re", "si", "ja", "nein", "oui", "non", "sim",
];

const DOUBLE_QUOTES: &[char] = &[
    '"', '“', '”', '„', '‟', '«', '»', '″', '〝', '〞', '＂', '「', '」', '\u{fffd}',
];
const SINGLE_QUOTES: &[char] = &['\'', '‘', '’', '‚', '‛', '‹', '›'];
const ELLIPSES: &[&str] = &["…", ".."];

/// Fewer letters of a quote that was cut may be the beginning of anything.
const LEAST_OF_A_CUT_QUOTE: usize = 10;

/// The reaction that `body` is. A text that says more beside the quote is none.
pub fn read(body: &str) -> Option<Reaction<'_>> {
    let body = trimmed(body);
    let known = quotes_in(body).find_map(|(before, quoted, after)| {
        let (before, after) = (words(before), words(after));
        let kind = kind_of(|form| form == (before.as_str(), after.as_str()))?;
        let quoted = Some(quoted).filter(|quoted| !quoted.is_empty());
        Some(Reaction { kind, quoted })
    });
    known.or_else(|| to_wordless(body)).or_else(|| unsure(body))
}

/// Whether the words that it quotes are that text, as far as a carrier or the phone left them:
/// accents, quotes, spaces and emoji may be gone, and the end cut off.
pub fn quotes(reaction: &Reaction, sent: &str) -> bool {
    let Some(quoted) = reaction.quoted else {
        return false;
    };
    let letters = |text: &str| one_spaced(&words(text).replace('*', " "));
    let (quote, sent_letters) = (letters(quoted), letters(sent));
    if sent_letters.is_empty() {
        return quoted == trimmed(sent);
    }
    let is_cut = ELLIPSES.iter().any(|ellipsis| quoted.ends_with(ellipsis));
    quote == sent_letters
        || is_cut && quote.len() >= LEAST_OF_A_CUT_QUOTE && sent_letters.starts_with(&quote)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// The kind of the form whose words before and after the quote fit.
fn kind_of(fits: impl Fn((&str, &str)) -> bool) -> Option<Kind> {
    let fits = |form: &&str| {
        let parts = form.split_once('…');
        parts.is_some_and(|(before, after)| fits((before.trim(), after.trim())))
    };
    if ADDED.iter().any(fits) {
        Some(Kind::Added)
    } else {
        REMOVED.iter().any(fits).then_some(Kind::Removed)
    }
}

/// What may be the quote, with what stands before and after it. Forms have quotes of their own
/// (`A ajouté un « J’aime » à « … »`), and so have texts: every opening quote is tried, with the
/// last closing one, or with none where the text was cut.
fn quotes_in(body: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    const MOST_BEFORE_THE_QUOTE: usize = 6;
    let opening = body.char_indices().filter_map(|(start, c)| {
        let mut kinds = [DOUBLE_QUOTES, SINGLE_QUOTES].into_iter();
        let closing = kinds.find(|quotes| quotes.contains(&c))?;
        Some((&body[..start], &body[start + c.len_utf8()..], closing))
    });
    opening
        .take(MOST_BEFORE_THE_QUOTE)
        .flat_map(|(before, inside, closing)| {
            let closed = inside.rfind(closing).map(|end| inside.split_at(end));
            let cut = ELLIPSES.iter().any(|ellipsis| inside.ends_with(ellipsis));
            let cut = cut.then_some((inside, ""));
            let both = closed.into_iter().chain(cut);
            both.map(move |(quoted, after)| (before, trimmed(quoted), after))
        })
}

/// `Liked an image`.
fn to_wordless(body: &str) -> Option<Reaction<'_>> {
    let body = words(body);
    let kind = kind_of(|(before, after)| {
        let what = body
            .strip_prefix(before)
            .and_then(|b| b.strip_suffix(after));
        let what = what.map(|what| what.trim_matches(|c: char| c == ' ' || c.is_ascii_digit()));
        what.is_some_and(|what| WORDLESS.contains(&what))
    });
    kind.map(|kind| Reaction { kind, quoted: None })
}

/// Few words without digits beside a quote that is the rest.
fn unsure(body: &str) -> Option<Reaction<'_>> {
    const MOST_WORDS: usize = 5;
    let start = body.find(DOUBLE_QUOTES)?;
    let (before, quoted, after) = quotes_in(body).find(|(before, ..)| before.len() == start)?;
    let beside = words(&format!("{before} {after}"));
    let count = beside.split(' ').filter(|word| !word.is_empty()).count();
    let is_answer = ANSWERS
        .iter()
        .any(|answer| beside.split(' ').next() == Some(answer));
    let is_short = (1..=MOST_WORDS).contains(&count) && !beside.contains(char::is_numeric);
    (is_short && !is_answer && !quoted.is_empty()).then_some(Reaction {
        kind: Kind::Unsure,
        quoted: Some(quoted),
    })
}

#[cfg(test)]
mod tests;
