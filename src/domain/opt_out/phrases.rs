//! Ways of saying in a whole sentence that no more texts are wanted, in English and Spanish.

/// A sentence as `words` gives it. Each word of a pattern is one of several (`|`), with `_` for a space within, or
/// may be left out (`?`).
const PATTERNS: &[&str] = &[
    // English
    "stop|quit|cease texting|txting|messaging|contacting|spamming|bothering me|us|this_number|my_number?",
    "stop|quit sending me|us? all|any? the|these|those|your? more? TEXTS|this|these|this_stuff|those?",
    "stop|end|cancel|turn_off all? the|these|those|your|my? TEXTS",
    "stop contact|contacting_me",
    "no more of? the|these|those|your? TEXTS to_me|for_me?",
    "do_not|don_t|dont|never text|txt|message|msg|contact|sms|spam me|us|this_number|my_number",
    "do_not|don_t|dont|never send me|us? any? more|the|these|your? TEXTS|anything to_me?",
    "remove|delete me|us|my_number|this_number|my_phone_number",
    "remove|delete|take|drop me|us|my_number|this_number|my_phone|it off|from|off_of|out_of all|all_of? your|the|this|these|my? \
     LISTS|system|database|TEXTS",
    "take me off",
    "unsubscribe|unsub|desubscribe me|us|this_number|my_number? from? all|all_of? your|the|this|these? LISTS|TEXTS|everything?",
    "unsubscribe from this|these|everything",
    "WANT opt_out|unsubscribe|stop|be_removed|be_taken_off|get_off from|of? your|the|this|these|all? LISTS|TEXTS|this?",
    "WANT stop getting|receiving all|any? your|the|these|any_more|more? TEXTS|these|this",
    "WANT cancel my|the|this? text|sms? subscription|subscriptions",
    "i? do_not|don_t|dont|no_longer want|wish|like|need to? get|receive|be_sent|have? any|your|the|these|those? more? of? these|your? \
     TEXTS",
    "i? do_not|don_t|dont want you? to text|message|contact me",
    "i? do_not|don_t|dont|no_longer want|wish to_be texted|messaged|contacted",
    "cancel|end|terminate my|the|this|all? text|sms? subscription|subscriptions",
    "opt me? out of|from? all|all_of? your|the|this|these? LISTS|TEXTS|everything|it?",
    "i|we? am|m|are|re? opt|opting out of? your|the|this|these|all? LISTS|TEXTS?",
    "i_revoke|revoke|i_withdraw|withdraw my|the? consent|permission",
    // Spanish
    "ya? no mas MENSAJES",
    "ya? no quiero|queremos|deseo|me_interesa|me_interesan recibir? mas|sus|tus|estos|esos|los|ningun? MENSAJES",
    "ya? no quiero|queremos que_me MANDE mas? MENSAJES? mas?",
    "ya? no me|nos MANDE mas|sus|tus|estos|esos|ningun? MENSAJES? mas|nunca_mas|a_este_numero?",
    "ya? no MANDE mas|estos|sus|tus MENSAJES",
    "ya? no MANDE a_este_numero",
    "ya? DEJE de escribirme|textearme|molestarme|mandarme|enviarme|contactarme|escribirnos|mandarnos|enviarnos \
     mas|sus|tus|estos|esos? MENSAJES? a_este_numero?",
    "ya? DEJE de escribir|mandar|enviar|textear me? mas|sus|tus|estos|esos? MENSAJES",
    "ya? DEJE de escribir|textear|molestar|contactar a_este_numero?",
    "ya? pare|paren|detenga|detengan|alto_a|basta_de|basta_ya_de|cancele|cancelen|cancelar|detener|parar|suspendan todos? \
     los|sus|tus|estos|esos? MENSAJES",
    "QUIERO? darme|darnos|dar|den|denme|deme|dame|dennos|me_doy|me_den|que_me_den de_baja \
     de|a? esta|la|su|tu|mi|este? lista|numero|suscripcion|linea?",
    "QUIERO? cancelar|cancele|cancelen|cancela|anular|anule|anulen|terminar mi|la|esta|su suscripcion",
    "QUIERO? anular|terminar suscripcion",
    "QUIERO? desuscribir|desuscribirme|desuscribanme|desuscribame|desuscribeme",
    "QUIERO? borren|borre|borra|borrar|eliminen|elimine|elimina|eliminar|quiten|quite|quita|quitar|saquen|saque|saca|sacar \
     mi_numero|este_numero de? su|la|tu|esta? lista|sistema|base_de_datos?",
    "QUIERO? borrenme|borreme|borrame|borrarme|eliminenme|eliminame|eliminarme|quitenme|quiteme|quitame|quitarme|saquenme|saqueme|sacame \
     de su|la|tu|esta lista",
];

/// What stands in patterns for many words.
const GROUPS: &[(&str, &str)] = &[
    (
        "TEXTS",
        "texts|text|txts|messages|message|msgs|text_messages|text_message|sms|notifications|notices|alerts|spam|\
         ads|updates|promotions|promos|marketing",
    ),
    (
        "LISTS",
        "list|lists|mailing_list|text_list|texting_list|contact_list|sms_list|contacts",
    ),
    (
        "WANT",
        "i_want_to|i_wanna|want_to|i_d_like_to|i_would_like_to|i_wish_to|id_like_to|how_do_i|how_can_i|i_need_to|let_me",
    ),
    (
        "MENSAJES",
        "mensajes|mensaje|mensajitos|textos|texto|sms|avisos|notificaciones|alertas|publicidad|spam|promociones",
    ),
    (
        "MANDE",
        "escriba|escriban|escribas|mande|manden|mandes|envie|envien|envies|contacte|contacten|contactes|textee|texteen|\
         molesten|moleste",
    ),
    (
        "DEJE",
        "deje|deja|dejen|dejar|pare|paren|quiero_que_dejen|quiero_que_deje",
    ),
    ("QUIERO", "quiero|quisiera|deseo|necesito|me_gustaria"),
];

/// Whether the words are such a sentence. Every text of a customer is asked, so that nothing is built for it.
pub(super) fn is_one(words: &[&str]) -> bool {
    PATTERNS.iter().any(|pattern| fits(pattern, words))
}

fn fits(pattern: &str, words: &[&str]) -> bool {
    if pattern.is_empty() {
        return words.is_empty();
    }
    let (slot, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    let required = slot.strip_suffix('?');
    if required.is_some() && fits(rest, words) {
        return true;
    }
    let alternatives = required.unwrap_or(slot).split('|');
    let mut all = alternatives.flat_map(|one| {
        let group = GROUPS.iter().find(|(name, _)| *name == one);
        group.map_or(one, |(_, members)| members).split('|')
    });
    all.any(|one| behind(one, words).is_some_and(|behind| fits(rest, behind)))
}

/// What follows this phrase, if the words begin with it.
fn behind<'w>(phrase: &str, words: &'w [&'w str]) -> Option<&'w [&'w str]> {
    phrase.split('_').try_fold(words, |words, word| {
        let (first, rest) = words.split_first()?;
        (*first == word).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::Wish;
    use super::*;
    use crate::domain::opt_out::Cause;

    #[test]
    fn a_pattern_names_only_groups_that_there_are() {
        for word in PATTERNS.iter().flat_map(|p| p.split([' ', '|', '?'])) {
            let is_group = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
            assert!(
                !is_group || GROUPS.iter().any(|(name, _)| *name == word),
                "{word}"
            );
        }
    }

    #[test]
    fn who_says_that_they_want_no_more_texts_gets_none() {
        for body in [
            "no mas mensajes por favor",
            "Ya no más mensajes",
            "Deje de escribirme",
            "Por favor dejen de mandarme mensajes",
            "deja de enviarme sms, gracias",
            "No me escriban más",
            "no me manden mas mensajes por favor",
            "Ya no quiero recibir mensajes",
            "no quiero más mensajes",
            "Quiero darme de baja",
            "Denme de baja de la lista por favor",
            "Quiero cancelar mi suscripción",
            "Borren mi número de su lista",
            "quítenme de la lista",
            "paren los mensajes",
            "Stop por favor",
            "Alto, por favor",
            "STOPP",
            "stoop",
            "Stooop!!!",
            "sotp",
            "Please stpo",
            "unsuscribe",
            "unsubcribe please",
            "please stop texting me",
            "Hey, stop texting me right now",
            "can you please stop texting me",
            "Wrong number, stop texting me",
            "stop texting this number",
            "Stop sending me these text messages",
            "STOP SENDING ME MESSAGES!!!",
            "stop all messages",
            "Quit messaging me",
            "no more notifications please",
            "dont text me ever again",
            "Do not message this number",
            "Take me off your mailing list",
            "remove my number from your list",
            "I want to unsubscribe from this list",
            "I want to stop receiving texts",
            "I don't want these messages anymore",
            "I no longer wish to receive texts",
            "cancel my subscription",
            "opt me out of these messages",
            "I revoke my consent",
        ] {
            let wish = Wish::of(body, None);
            assert!(
                matches!(wish, Some(Wish::Stop(Cause::Word(_)))),
                "{body:?}: {wish:?}"
            );
        }
    }

    #[test]
    fn what_customers_say_of_their_business_opts_nobody_out() {
        for body in [
            "stop by at 5",
            "cancel the order please",
            "Cancel my subscription to the newsletter and keep the boat",
            "no mas tomates",
            "No más tomates por favor",
            "no quiero mas tomates",
            "Deje de llover",
            "deje el mensaje con Ana",
            "deje de escribirme notas en la factura",
            "no me mande la factura",
            "no me escriba el precio en la factura",
            "Quiero cancelar",
            "cancelar la reserva por favor",
            "cancelar por favor",
            "Quiero darme un paseo",
            "Para las cinco por favor",
            "Paren en el muelle",
            "Stoop is broken",
            "the stoop",
            "stop at the dock please",
            "Can you stop?",
            "Stop it",
            "No, text me",
            "Take me",
            "take my number",
            "Please stop the engine",
            "stop sending boats",
            "don't send me the invoice yet",
            "Don't text me the code, call",
            "no more fish please",
            "no more texts today, I am driving",
            "take me off the 5 o'clock tour",
            "take me to the dock",
            "remove the sail",
            "I want to cancel",
            "I want to stop by",
            "I don't want these",
            "I don't want the blue one",
            "send me a message",
            "Did you get my messages?",
            "I want more updates",
            "spot",
            "shop",
            "step",
            "stop it's raining",
            "quite",
        ] {
            assert_eq!(Wish::of(body, None), None, "{body:?}");
        }
    }
}
