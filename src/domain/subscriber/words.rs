//! The words by which a phone joins a topic or leaves it.

use jiff::Timestamp;

use super::Subscriber;
use crate::domain::language::Phrase;
use crate::domain::line::Topic;
use crate::domain::line::topic::{ALL, SPANISH_STOPS, STOPS, plain};

/// What somebody asks for by such words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked<'t> {
    ToJoin(&'t Topic),
    /// They were asked whether they want it, and this is a yes.
    ToConfirm(&'t Topic),
    ToLeave(Vec<&'t Topic>),
}

impl<'t> Asked<'t> {
    /// What the whole text asks for, if it is nothing but such words. Case, spaces and punctuation
    /// do not matter: `Events!`, `stop events`.
    pub fn of(body: &str, topics: &'t [Topic]) -> Option<Self> {
        let text = plain(body);
        let joined = topics.iter().find(|topic| plain(&topic.keyword) == text);
        if let Some(topic) = joined {
            return Some(Asked::ToJoin(topic));
        }
        let stopped = || {
            STOPS
                .iter()
                .chain(&SPANISH_STOPS)
                .filter_map(|stop| text.strip_prefix(stop))
        };
        let left = topics
            .iter()
            .find(|topic| stopped().any(|rest| topic.called().iter().any(|word| word == rest)));
        match left {
            Some(topic) => Some(Asked::ToLeave(vec![topic])),
            // In English that is an opt-out of everything.
            None if !topics.is_empty()
                && SPANISH_STOPS
                    .iter()
                    .filter_map(|stop| text.strip_prefix(stop))
                    .any(|rest| ALL.contains(&rest)) =>
            {
                Some(Asked::ToLeave(topics.iter().collect()))
            }
            None => None,
        }
    }
}

/// What says yes to the question whether a number wants a topic's notices.
pub(super) const YES: Phrase = Phrase::new("YES", "SI");

impl<'t> Asked<'t> {
    /// The topic that the sender was asked about of late, if the whole text says yes to that. `YES`
    /// alone is for the line's people while they talk with the sender, and of several topics it means the
    /// last one.
    pub fn confirmed(
        body: &str,
        topics: &'t [Topic],
        before: &[Subscriber],
        talks: bool,
        written: Timestamp,
    ) -> Option<Self> {
        let text = plain(body);
        let rest = YES.in_all().iter().find_map(|yes| text.strip_prefix(yes))?;
        let asked = topics.iter().filter_map(|topic| {
            let known = before.iter().find(|known| known.topic == topic.name)?;
            known.can_confirm(written).then_some((known.asked, topic))
        });
        let (_, topic) = asked
            .filter(|(_, topic)| match rest {
                "" => !talks,
                rest => topic.called().iter().any(|word| word == rest),
            })
            .max_by_key(|(at, _)| *at)?;
        Some(Asked::ToConfirm(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str, keyword: &str) -> Topic {
        Topic {
            confirm: false,
            name: name.to_owned(),
            keyword: keyword.to_owned(),
            about: format!("what {name} is about"),
        }
    }

    fn topics() -> [Topic; 2] {
        [topic("events", "EVENTS"), topic("crew-news", "CREW")]
    }

    /// Such as `+events`, `-events -crew-news`.
    fn asked(body: &str) -> String {
        match Asked::of(body, &topics()) {
            Some(Asked::ToJoin(topic)) => format!("+{}", topic.name),
            Some(Asked::ToConfirm(topic)) => format!("?{}", topic.name),
            Some(Asked::ToLeave(topics)) => {
                let names = topics.iter().map(|topic| format!("-{}", topic.name));
                names.collect::<Vec<_>>().join(" ")
            }
            None => String::new(),
        }
    }

    #[test]
    fn a_keyword_alone_joins() {
        for body in [
            "EVENTS",
            "events",
            " Events!\n",
            "“events”.",
            "E V E N T S",
            "Events 🎉",
        ] {
            assert_eq!(asked(body), "+events", "{body:?}");
        }
        assert_eq!(asked("crew"), "+crew-news");
    }

    #[test]
    fn stop_with_keyword_or_name_leaves() {
        for body in [
            "STOP EVENTS",
            "stop events.",
            "Stop: events",
            "unsubscribe Events",
            "STOPEVENTS",
        ] {
            assert_eq!(asked(body), "-events", "{body:?}");
        }
        for body in ["stop crew", "STOP crew-news", "end crew news"] {
            assert_eq!(asked(body), "-crew-news", "{body:?}");
        }
        for body in [
            "BAJA EVENTS",
            "alto events",
            "Cancelar events.",
            "parar events",
        ] {
            assert_eq!(asked(body), "-events", "{body:?}");
        }
        assert_eq!(asked("Baja todo"), "-events -crew-news");
    }

    #[test]
    fn anything_else_is_a_text_like_any_other() {
        for body in [
            "",
            "!",
            "events tonight?",
            "no events",
            "crew-news",
            "STOP",
            "stop it",
            // An opt-out of all texts.
            "stop all",
            "all",
            "please stop events",
            "event",
        ] {
            assert_eq!(asked(body), "", "{body:?}");
        }
        assert_eq!(Asked::of("", &[]), None);
    }
}
