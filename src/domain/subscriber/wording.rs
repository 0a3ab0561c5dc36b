//! What the relay answers to whoever joins a topic or leaves one.

use super::words::YES;
use crate::domain::language::{Phrase, say};
use crate::domain::line::{Line, Topic};

const JOINED: Phrase = Phrase::new(
    ": you now get texts about ",
    ": desde ahora recibe avisos sobre ",
);
const LEFT: Phrase = Phrase::new(
    ": you get no more texts about ",
    ": ya no recibe avisos sobre ",
);
const ASKED: Phrase = Phrase::new(
    ": do you want texts about ",
    ": ¿quiere recibir avisos sobre ",
);

/// What stands in each of these texts and hardly in anybody else's.
pub(crate) const MARKS: [Phrase; 3] = [JOINED, LEFT, ASKED];

/// The answer to a topic's keyword.
///
/// Source of what it must say (what it is, that there may be many and that they may cost, how to end
/// it, how to get help): CTIA, "Messaging Principles and Best Practices", 5.1.2, and Twilio's
/// messaging policy on opt-in confirmations. STOP and HELP are named in Spanish too: they are what Twilio
/// knows by itself.
pub fn subscribed(line: &Line, topic: &Topic) -> String {
    let (name, about, keyword) = (&line.name, &topic.about, &topic.keyword);
    let mark = JOINED.of(line.language);
    say!(
        line.language,
        "{name}{mark}{about}. Msg frequency varies, msg & data rates may apply. Reply STOP {keyword} \
         or STOP to end, HELP for help.",
        "{name}{mark}{about}. Cantidad variable; puede haber cargos. Responda STOP {keyword} o STOP \
         para cancelar, HELP para ayuda."
    )
}

/// The question whether whoever wrote a topic's keyword wants its texts. `talks` says whether a yes alone
/// would be for the person who has their conversation.
pub fn asked(line: &Line, topic: &Topic, talks: bool) -> String {
    let (name, about, mark) = (&line.name, &topic.about, ASKED.of(line.language));
    let yes = YES.of(line.language);
    let which = if talks {
        format!(" {}", topic.keyword)
    } else {
        String::new()
    };
    say!(
        line.language,
        "{name}{mark}{about}? Reply {yes}{which} within a day. Msg & data rates may apply. Reply STOP \
         for no texts at all, HELP for help.",
        "{name}{mark}{about}? Responda {yes}{which} en 24 horas. Puede haber cargos. Responda STOP para \
         no recibir nada, HELP para ayuda."
    )
}

/// The answer to STOP with a topic, or with all of them.
pub fn left(line: &Line, topics: &[&Topic]) -> String {
    let (name, mark) = (&line.name, LEFT.of(line.language));
    match topics {
        [topic] => {
            let (about, keyword) = (&topic.about, &topic.keyword);
            say!(
                line.language,
                "{name}{mark}{about}. Reply {keyword} to get them again.",
                "{name}{mark}{about}. Responda {keyword} para recibirlos otra vez."
            )
        }
        topics => {
            let about: Vec<&str> = topics.iter().map(|topic| topic.about.as_str()).collect();
            format!("{name}{mark}{}.", about.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;
    use crate::domain::loop_guard::own_words::is_own;
    use crate::domain::sms::segments;

    #[test]
    fn the_answers_say_what_they_are_in_one_plain_segment() {
        let line = config::example(4000).remove(0);
        let [events, maintenance] = &line.notices.topics[..] else {
            panic!("the example has two topics");
        };
        let joined = subscribed(&line, events);
        assert_eq!(
            joined,
            "qdn: you now get texts about new events. Msg frequency varies, msg & data rates may \
             apply. Reply STOP EVENTS or STOP to end, HELP for help."
        );
        let left_one = left(&line, &[events]);
        assert_eq!(
            left_one,
            "qdn: you get no more texts about new events. Reply EVENTS to get them again."
        );
        let left_all = left(&line, &[events, maintenance]);
        assert_eq!(
            left_all,
            "qdn: you get no more texts about new events, maintenance."
        );
        let question = asked(&line, events, true);
        assert_eq!(
            question,
            "qdn: do you want texts about new events? Reply YES EVENTS within a day. Msg & data rates \
             may apply. Reply STOP for no texts at all, HELP for help."
        );
        for text in [joined, left_one, left_all, question] {
            let cost = segments(&text);
            assert_eq!((cost.count, cost.because), (1, None), "{text}");
            assert!(is_own(&text), "{text}");
        }
    }
}
