use super::*;

use proptest::prelude::*;

use Kind::{Added, Removed, Unsure};

const SENT: &str = "0107: Is the boat ready for tomorrow 9am?";

#[test]
fn what_phones_send_as_a_reaction_is_read_with_what_it_quotes() {
    let boat = Some("Is the boat ready?");
    for (body, kind, quoted) in [
        // iPhones in English
        ("Liked “Is the boat ready?”", Added, boat),
        ("Loved “Is the boat ready?”", Added, boat),
        ("Disliked “Is the boat ready?”", Added, boat),
        ("Laughed at “Is the boat ready?”", Added, boat),
        ("Emphasized “Is the boat ready?”", Added, boat),
        ("Emphasised “Is the boat ready?”", Added, boat),
        ("Questioned “Is the boat ready?”", Added, boat),
        ("Reacted 😂 to “Is the boat ready?”", Added, boat),
        ("Reacted ❤️‍🔥 to “Is the boat ready?”", Added, boat),
        ("Reacted 👍🏽 to “Is the boat ready?”", Added, boat),
        (
            "Reacted with a sticker to “Is the boat ready?”",
            Added,
            boat,
        ),
        ("Removed a like from “Is the boat ready?”", Removed, boat),
        ("Removed a heart from “Is the boat ready?”", Removed, boat),
        ("Removed a dislike from “Is the boat ready?”", Removed, boat),
        ("Removed a laugh from “Is the boat ready?”", Removed, boat),
        (
            "Removed an exclamation from “Is the boat ready?”",
            Removed,
            boat,
        ),
        (
            "Removed a question mark from “Is the boat ready?”",
            Removed,
            boat,
        ),
        ("Removed 🔥 from “Is the boat ready?”", Removed, boat),
        // Google Messages
        (
            "\u{200a}\u{200b}👍\u{200b} to “\u{200a}Is the boat ready?\u{200a}”\u{200a}",
            Added,
            boat,
        ),
        ("👍 to \"Is the boat ready?\"", Added, boat),
        ("❤️ to “Is the boat ready?”", Added, boat),
        ("👍 a “Is the boat ready?”", Added, boat),
        ("👍 zu „Is the boat ready?“", Added, boat),
        ("Removed 👍 from “Is the boat ready?”", Removed, boat),
        // Spanish
        ("Le gusta «Is the boat ready?»", Added, boat),
        ("Le encanta “Is the boat ready?”", Added, boat),
        ("No le gusta “Is the boat ready?”", Added, boat),
        ("Le gustó “Is the boat ready?”", Added, boat),
        ("Le encantó “Is the boat ready?”", Added, boat),
        ("Le dio risa “Is the boat ready?”", Added, boat),
        ("Exclamó por “Is the boat ready?”", Added, boat),
        ("Reaccionó con 🔥 a “Is the boat ready?”", Added, boat),
        (
            "Se ha reaccionado con 😂 a “Is the boat ready?”",
            Added,
            boat,
        ),
        ("Ya no le hace gracia “Is the boat ready?”", Removed, boat),
        ("Ha eliminado 😂 de “Is the boat ready?”.", Removed, boat),
        // German
        ("Gefällt: „Is the boat ready?“", Added, boat),
        ("Gefällt nicht: „Is the boat ready?“", Added, boat),
        ("„Is the boat ready?“ ein Herz hinzugefügt", Added, boat),
        ("„Is the boat ready?“ ein Lachen hinzugefügt", Added, boat),
        (
            "„Is the boat ready?“ ein Fragezeichen hinzugefügt",
            Added,
            boat,
        ),
        ("Hat mit 😂 auf „Is the boat ready?“ reagiert", Added, boat),
        ("Herz von „Is the boat ready?“ entfernt", Removed, boat),
        (
            "„Gefällt mir“ von „Is the boat ready?“ entfernt",
            Removed,
            boat,
        ),
        (
            "„Gefällt mir nicht“ von „Is the boat ready?“ entfernt",
            Removed,
            boat,
        ),
        ("😂 aus „Is the boat ready?“ entfernt", Removed, boat),
        // French
        (
            "A ajouté un « J’aime » à « Is the boat ready? »",
            Added,
            boat,
        ),
        (
            "A ajouté un «\u{a0}J’adore\u{a0}» à «\u{a0}Is the boat ready?\u{a0}»",
            Added,
            boat,
        ),
        (
            "A ajouté un « Je n’aime pas » à « Is the boat ready? »",
            Added,
            boat,
        ),
        ("a ajouté un rire à « Is the boat ready? »", Added, boat),
        (
            "A ajouté des points d’exclamation à « Is the boat ready? »",
            Added,
            boat,
        ),
        ("A réagi avec 🔥 à « Is the boat ready? »", Added, boat),
        (
            "A retiré son « J’aime » de « Is the boat ready? »",
            Removed,
            boat,
        ),
        ("A retiré 🔥 de « Is the boat ready? »", Removed, boat),
        // Portuguese
        ("Gostou de “Is the boat ready?”", Added, boat),
        ("Não gostou de “Is the boat ready?”", Added, boat),
        ("Curtiu “Is the boat ready?”", Added, boat),
        ("Adorou “Is the boat ready?”", Added, boat),
        ("Riu de “Is the boat ready?”", Added, boat),
        ("Reagiu com 🔥 a “Is the boat ready?”", Added, boat),
        ("Removeu 🔥 de “Is the boat ready?”", Removed, boat),
        // Italian
        (
            "Ha aggiunto un cuoricino a “Is the boat ready?”",
            Added,
            boat,
        ),
        ("Ha aggiunto “Mi piace” a “Is the boat ready?”", Added, boat),
        (
            "Ha aggiunto \"Mi piace\" a \"Is the boat ready?\"",
            Added,
            boat,
        ),
        (
            "Ha aggiunto “Non mi piace” a “Is the boat ready?”",
            Added,
            boat,
        ),
        ("Trova divertente “Is the boat ready?”", Added, boat),
        ("Ha reagito con 🔥 a “Is the boat ready?”", Added, boat),
        (
            "Ha rimosso “Mi piace” da “Is the boat ready?”",
            Removed,
            boat,
        ),
        (
            "Non trova più divertente “Is the boat ready?”",
            Removed,
            boat,
        ),
        // As carriers and copying leave them
        ("Liked \"Is the boat ready?\"", Added, boat),
        ("Liked ‘Is the boat ready?’", Added, boat),
        ("Liked 'Is the boat ready?'", Added, boat),
        ("Liked «Is the boat ready?»", Added, boat),
        ("Liked \u{fffd}Is the boat ready?\u{fffd}", Added, boat),
        ("  liked   \"Is the boat ready?\" .\n", Added, boat),
        ("LIKED “Is the boat ready?”!", Added, boat),
        ("Liked\u{a0}“Is the boat ready?”", Added, boat),
        ("Liked“Is the boat ready?”", Added, boat),
        ("Le encanto \"Is the boat ready?\"", Added, boat),
        ("Liked “Is the boat re…”", Added, Some("Is the boat re…")),
        ("Liked “Is the boat re…", Added, Some("Is the boat re…")),
        (
            "Liked \"Is the boat re...",
            Added,
            Some("Is the boat re..."),
        ),
        ("Liked “He said “no” to…", Added, Some("He said “no” to…")),
        ("Liked “He said “no””", Added, Some("He said “no”")),
        ("Liked “One\ntwo”", Added, Some("One\ntwo")),
        ("Liked “”", Added, None),
    ] {
        assert_eq!(read(body), Some(Reaction { kind, quoted }), "{body:?}");
    }
}

#[test]
fn a_reaction_to_a_picture_quotes_nothing() {
    for (body, kind) in [
        ("Liked an image", Added),
        ("Loved a photo", Added),
        ("Laughed at a video", Added),
        ("Emphasized an attachment.", Added),
        ("Liked 3 photos", Added),
        ("Reacted 😂 to an image", Added),
        ("👍 to an image", Added),
        ("Removed a like from an image", Removed),
        ("Le encantó una imagen", Added),
        ("Reaccionó con 😂 a una imagen", Added),
        ("A ajouté un « J’aime » à une image", Added),
        ("Ha aggiunto “Mi piace” a un’immagine", Added),
        ("Gefällt: Ein Bild", Added),
        ("Gostou de uma foto", Added),
    ] {
        assert_eq!(
            read(body),
            Some(Reaction { kind, quoted: None }),
            "{body:?}"
        );
    }
}

#[test]
fn an_unknown_form_is_one_where_it_quotes_what_was_sent() {
    for body in [
        "Vond “0107: Is the boat ready for tomorrow 9am?” leuk",
        "Lachte om “0107: Is the boat ready for tomorrow 9am?”",
        "Gillade “0107: Is the boat ready for tomorrow 9am?”",
        "👍 till “0107: Is the boat ready for tomorrow 9am?”",
        "👍 “0107: Is the boat ready for tomorrow 9am?”",
        "Понравилось “0107: Is the boat ready for tomorrow 9am?”",
        "对“0107: Is the boat ready for tomorrow 9am?”表示了惊叹",
        "Syntes om «0107: Is the boat ready for…»",
    ] {
        let reaction = read(body).unwrap();
        assert_eq!(reaction.kind, Unsure, "{body}");
        assert!(quotes(&reaction, SENT), "{body}");
        assert!(!quotes(&reaction, "0107: Do you have diesel?"), "{body}");
    }
}

#[test]
fn an_unknown_form_is_none_where_it_quotes_something_else() {
    for body in [
        "Gate code is “4471”",
        "Ask for “Ana”",
        "Look for “Carpe Diem” at dock B",
        "“Carpe Diem” is the one",
        "Thanks for the “Is the boat ready for tomorrow”",
    ] {
        let reaction = read(body).unwrap();
        assert_eq!(reaction.kind, Unsure, "{body}");
        assert!(!quotes(&reaction, SENT), "{body}");
    }
}

#[test]
fn what_people_write_is_no_reaction() {
    for body in [
        "",
        "👍",
        "❤️ 👍",
        "ok",
        "Liked",
        "Liked it",
        "Liked your proposal, let's talk",
        "Loved it!",
        "Loved every minute of it",
        "Loved the photo, thanks",
        "Loved an image of your boat",
        "Loved? No, hated it",
        "Laughed at that too",
        "Questioned the price, got no answer",
        "Removed a fender from the dock",
        "Reacted badly to the paint",
        "I reacted to your ad. STOP texting me",
        "Loved \"sale\" but stop texting me now",
        "Liked “the blue one” best, can you hold it?",
        "to an image",
        "Send it to a contact",
        "a photo",
        "an image",
        "👍 see you at 5",
        "👍 to that",
        "👍 to the 9am slot",
        "👍 to 5pm",
        "Yes, “the blue one”",
        "No, it says “sold out”",
        "Ok “Is the boat ready for tomorrow 9am?” yes it is",
        "Sure, \"slip 14\"",
        "The sign says “closed” but the door is open",
        "Ask for “Carpe Diem” at the fuel dock when you come in",
        "Slip 12 “Carpe Diem”",
        "“Carpe Diem”",
        "\"Is the boat ready?\"",
        "Don't worry",
        "It's 5 o'clock, I'm at the dock",
        "Le gusta el barco",
        "Le encantó el paseo, gracias",
        "Gefällt mir gut",
        "Gefällt dir das Boot?",
        "Curtiu o passeio?",
        "A aimé la balade",
        "Ha reagito bene",
        "Wir haben ein Herz hinzugefügt",
    ] {
        assert_eq!(read(body), None, "{body:?}");
    }
}

#[test]
fn a_quote_is_compared_as_it_may_have_come() {
    for (quoted, sent, is_it) in [
        ("Is the boat ready?", "Is the boat ready?", true),
        ("Is the boat ready?", "Is  the boat\nready?", true),
        ("It's ready - \"today\"", "It’s ready – “today”", true),
        ("Donde esta Maria", "¿Dónde está María?", true),
        ("Lukasz", "Łukasz", true),
        ("See you! ", "See you! 🚤", true),
        ("See you ?", "See you 🚤", true),
        ("Is the boat re…", "Is the boat ready?", true),
        ("Is the boat...", "Is the boat ready?", true),
        ("Wait...", "Wait…", true),
        ("👍", "👍", true),
        ("Привет", "Привет", true),
        ("Is the boat", "Is the boat ready?", false),
        ("Is the boat ready?", "Is the boat", false),
        ("I…", "Is the boat ready?", false),
        ("…", "Is the boat ready?", false),
        ("The boat is re…", "Is the boat ready?", false),
        ("👍", "👎", false),
        ("ok", "", false),
        ("", "ok", false),
    ] {
        let reaction = Reaction {
            kind: Unsure,
            quoted: Some(quoted),
        };
        assert_eq!(quotes(&reaction, sent), is_it, "{quoted:?} {sent:?}");
    }
    let picture = Reaction {
        kind: Added,
        quoted: None,
    };
    assert!(!quotes(&picture, ""));
}

#[test]
fn the_forms_stand_as_texts_are_compared() {
    for form in ADDED.iter().chain(REMOVED).chain(WORDLESS) {
        let parts = form.split('…').map(str::trim);
        assert!(form.matches('…').count() <= 1, "{form}");
        assert!(
            parts
                .clone()
                .all(|part| words(part) == part || part.contains('*')),
            "{form}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_read(
        body in "(Liked|👍 to|Vond|to|A ajouté un «J’aime» à)? ?[\"“”«'a-c …👍]{0,20}",
        sent in any::<String>(),
    ) {
        let all = [body.as_str(), &sent].map(|text| (text, read(text)));
        for (text, reaction) in all {
            let quoted = reaction.and_then(|reaction| reaction.quoted);
            prop_assert!(quoted.is_none_or(|quoted| text.contains(quoted)));
            let _ = reaction.is_some_and(|reaction| quotes(&reaction, &sent));
        }
    }

    #[test]
    fn a_reaction_to_a_text_quotes_it(sent in "[a-zA-Zäéñ0-9 .,?!“”'’\"👍\n]{1,60}") {
        let body = format!("Liked “{sent}”");
        prop_assume!(!sent.trim().is_empty());
        let reaction = read(&body).unwrap();
        prop_assert_eq!(reaction.kind, Added);
        prop_assert!(quotes(&reaction, &sent));
    }
}
