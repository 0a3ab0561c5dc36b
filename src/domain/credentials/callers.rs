//! The keys of callers, as `repos.env` and the secret have them:
//! `RELAY_CALLER_APPS_SCRIPT=notices,read:KEY`, and for a while after a rotation
//! `notices,read:KEY:PREVIOUS:UNTIL`. Among what it may do can stand how much:
//! `notices,most_segments_a_day=500:KEY`.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::previous::{end_of, is_over};
use crate::domain::credentials::Secret;

/// What the names of these variables begin with.
pub const VARIABLE: &str = "RELAY_CALLER_";

/// What stands before the number of segments that a caller may have sent on a day.
const MOST: &str = "most_segments_a_day=";

/// 32 bytes in base64url without padding.
const SHORTEST_KEY: usize = 43;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Send notices and cancel them.
    Notices,
    /// Send invitations.
    Invitations,
    /// See how everybody's notices and invitations stand.
    Read,
}

impl Action {
    pub const ALL: [Self; 3] = [Self::Notices, Self::Invitations, Self::Read];

    pub fn name(self) -> &'static str {
        match self {
            Self::Notices => "notices",
            Self::Invitations => "invitations",
            Self::Read => "read",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// Some of the actions; who may send something may also see what became of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actions(BTreeSet<Action>);

impl Actions {
    pub fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        Self(actions.into_iter().collect())
    }

    pub fn allow(&self, action: Action) -> bool {
        self.0.contains(&action) || (action == Action::Read && !self.0.is_empty())
    }

    /// Whether what others asked for may be seen, too.
    pub fn see_everything(&self) -> bool {
        self.0.contains(&Action::Read)
    }

    fn parse(names: &[&str]) -> Option<Self> {
        let actions = names.iter().map(|name| Action::named(name));
        let actions: BTreeSet<_> = actions.collect::<Option<_>>()?;
        (!actions.is_empty()).then_some(Self(actions))
    }
}

/// As a variable has them: `notices,read`.
impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|action| action.name()).collect();
        f.write_str(&names.join(","))
    }
}

/// A caller with its key.
#[derive(Debug)]
pub struct CallerKey {
    /// In small letters with hyphens: `apps-script`.
    pub name: String,
    pub actions: Actions,
    /// How many segments it may have sent on a day; the line's own limit holds beside it.
    pub most_segments_a_day: Option<u32>,
    pub key: Secret,
    /// What it signed with until a rotation, and may sign with still.
    pub previous: Option<Previous>,
}

/// A key that was replaced.
#[derive(Debug)]
pub struct Previous {
    pub key: Secret,
    /// When it ends; it always says so where `relay secrets caller` made it.
    pub until: Option<Timestamp>,
}

/// What is wrong with a variable's value. Says nothing of what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error(
        "is not what a caller may do and its key (notices,invitations,read,most_segments_a_day=500:KEY); make it with `relay secrets caller`"
    )]
    NoActions,
    #[error(
        "has a key that is too short or not base64url (43 characters or more); make it with `relay secrets caller`"
    )]
    BadKey,
    #[error("has an end of its previous key that is no time such as 2026-11-23T18:00:00Z")]
    BadEnd,
}

impl CallerKey {
    pub fn parse(name: &str, value: &str) -> Result<Self, Malformed> {
        let (actions, keys) = value.split_once(':').ok_or(Malformed::NoActions)?;
        let (limits, actions): (Vec<_>, Vec<_>) = actions
            .split(',')
            .map(str::trim)
            .partition(|word| word.contains('='));
        let actions = Actions::parse(&actions).ok_or(Malformed::NoActions)?;
        let most_segments_a_day = match limits[..] {
            [] => None,
            [limit] => {
                let number = limit.strip_prefix(MOST).and_then(|n| n.parse().ok());
                Some(number.ok_or(Malformed::NoActions)?)
            }
            _ => return Err(Malformed::NoActions),
        };
        if !keys.splitn(3, ':').take(2).all(is_key) {
            return Err(Malformed::BadKey);
        }
        let mut parts = keys.splitn(3, ':');
        let (key, previous, until) = (parts.next(), parts.next(), parts.next());
        let key = key.ok_or(Malformed::BadKey)?;
        let until = end_of(until).map_err(|_| Malformed::BadEnd)?;
        let previous = previous.map(|key| Previous {
            key: Secret::new(key),
            until,
        });
        Ok(Self {
            name: name.to_owned(),
            actions,
            most_segments_a_day,
            key: Secret::new(key),
            previous,
        })
    }

    /// The value of its variable.
    pub fn value(&self) -> Secret {
        let most = self.most_segments_a_day;
        let most = most.map_or(String::new(), |most| format!(",{MOST}{most}"));
        let mut value = format!("{}{most}:{}", self.actions, self.key.expose());
        if let Some(previous) = &self.previous {
            value += ":";
            value += previous.key.expose();
            if let Some(until) = previous.until {
                value += &format!(":{until}");
            }
        }
        Secret::new(value)
    }

    /// The keys that its requests may be signed with.
    pub fn keys(&self) -> impl Iterator<Item = &Secret> {
        let previous = self.previous.as_ref().map(|previous| &previous.key);
        std::iter::once(&self.key).chain(previous)
    }
}

fn is_key(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    text.len() >= SHORTEST_KEY && text.bytes().all(is_digit)
}

/// The caller whose key a variable holds: `RELAY_CALLER_APPS_SCRIPT` is `apps-script`'s.
pub fn name_of(variable: &str) -> Option<String> {
    let name = variable.strip_prefix(VARIABLE)?;
    (!name.is_empty()).then(|| name.to_ascii_lowercase().replace('_', "-"))
}

/// The variable that holds the key of a caller; `None` if this is no caller's name.
pub fn variable_of(name: &str) -> Option<String> {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_name = (1..=40).contains(&name.len())
        && name.bytes().all(is_part)
        && !name.starts_with('-')
        && !name.ends_with('-');
    is_name.then(|| format!("{VARIABLE}{}", name.to_ascii_uppercase().replace('-', "_")))
}

/// Everybody who may call.
#[derive(Debug, Default)]
pub struct Callers(Vec<CallerKey>);

impl Callers {
    /// Picks the callers from named values, of which there may be many others. One that is malformed
    /// may do nothing, and nothing else suffers by it.
    pub fn among<'v>(values: impl IntoIterator<Item = (&'v str, &'v Secret)>) -> Self {
        let read = values.into_iter().filter_map(|(variable, value)| {
            let name = name_of(variable)?;
            match CallerKey::parse(&name, value.expose()) {
                Ok(caller) => Some(caller),
                Err(malformed) => {
                    tracing::warn!("{variable} {malformed}; nobody can call with it");
                    None
                }
            }
        });
        Self(read.collect())
    }

    /// Without the previous keys that are over; `written` says when a variable got its value.
    pub fn without_ended(
        mut self,
        written: impl Fn(&str) -> Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        for caller in &mut self.0 {
            let written = || written(&variable_of(&caller.name)?);
            let previous = caller.previous.as_ref();
            if previous.is_some_and(|previous| is_over(previous.until, written(), now)) {
                caller.previous = None;
            }
        }
        self
    }

    pub fn named(&self, name: &str) -> Option<&CallerKey> {
        self.0.iter().find(|caller| caller.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &CallerKey> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char) -> String {
        c.to_string().repeat(43)
    }

    #[test]
    fn a_variable_says_who_may_do_what_with_which_key() {
        let value = format!("notices,read:{}", key('k'));
        let caller = CallerKey::parse("apps-script", &value).unwrap();
        assert!(caller.actions.allow(Action::Notices) && caller.actions.allow(Action::Read));
        assert!(!caller.actions.allow(Action::Invitations));
        assert_eq!(caller.value().expose(), value);
        let both = format!("invitations:{}:{}", key('n'), key('o'));
        let caller = CallerKey::parse("crew", &both).unwrap();
        let keys: Vec<_> = caller.keys().map(Secret::expose).collect();
        assert_eq!(keys, [key('n'), key('o')]);
        assert_eq!(caller.value().expose(), both);
        let ended = format!("{both}:2026-11-23T18:00:00Z");
        let caller = CallerKey::parse("crew", &ended).unwrap();
        assert_eq!(caller.keys().count(), 2);
        assert_eq!(caller.value().expose(), ended);
        let bad = CallerKey::parse("crew", &format!("{both}:tomorrow"));
        assert_eq!(bad.unwrap_err(), Malformed::BadEnd);
    }

    #[test]
    fn a_previous_key_ends() {
        let both =
            |until: &str| Secret::new(format!("invitations:{}:{}{until}", key('n'), key('o')));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let written = Some(at("2026-11-23T18:00:00Z"));
        for (until, now, keys) in [
            (":2026-11-23T18:00:00Z", "2026-11-23T18:00:00Z", 2),
            (":2026-11-23T18:00:00Z", "2026-11-23T18:00:01Z", 1),
            ("", "2026-11-24T18:00:00Z", 2),
            ("", "2026-11-24T18:00:01Z", 1),
        ] {
            let value = both(until);
            let callers = Callers::among([("RELAY_CALLER_CREW", &value)]);
            let callers = callers.without_ended(|_| written, at(now));
            let crew = callers.named("crew").unwrap();
            assert_eq!(crew.keys().count(), keys, "{until} {now}");
        }
    }

    #[test]
    fn how_much_a_caller_may_have_sent_stands_beside_what() {
        let value = format!("notices,read,most_segments_a_day=500:{}", key('k'));
        let caller = CallerKey::parse("apps-script", &value).unwrap();
        assert_eq!(caller.most_segments_a_day, Some(500));
        assert_eq!(caller.value().expose(), value);
        for wrong in [
            "most_segments_a_day=500",
            "notices,most_segments_a_day=many",
            "notices,most_segments=5",
            "notices,most_segments_a_day=5,most_segments_a_day=6",
        ] {
            let value = format!("{wrong}:{}", key('k'));
            let found = CallerKey::parse("x", &value).unwrap_err();
            assert_eq!(found, Malformed::NoActions, "{wrong}");
        }
    }

    #[test]
    fn who_may_send_may_see_what_became_of_it() {
        assert!(Actions::of([Action::Invitations]).allow(Action::Read));
        assert!(!Actions::of([Action::Read]).allow(Action::Notices));
        assert!(!Actions::default().allow(Action::Read));
    }

    #[test]
    fn what_is_malformed_is_told_without_its_value() {
        for (value, wrong) in [
            (key('k'), Malformed::NoActions),
            (format!("everything:{}", key('k')), Malformed::NoActions),
            (format!(":{}", key('k')), Malformed::NoActions),
            ("notices:hunter2".to_owned(), Malformed::BadKey),
            (format!("notices:{}:hunter2", key('k')), Malformed::BadKey),
            (format!("notices:{}", "ñ".repeat(43)), Malformed::BadKey),
        ] {
            let found = CallerKey::parse("x", &value).unwrap_err();
            assert_eq!(found, wrong);
            assert!(!format!("{found} {found:?}").contains("hunter2"));
        }
    }

    #[test]
    fn names_and_variables_belong_together() {
        for (name, variable) in [
            ("apps-script", "RELAY_CALLER_APPS_SCRIPT"),
            ("crew2", "RELAY_CALLER_CREW2"),
        ] {
            assert_eq!(variable_of(name).as_deref(), Some(variable));
            assert_eq!(name_of(variable).as_deref(), Some(name));
        }
        for name in ["", "-", "Apps", "a b", "a_b", "a-", &"a".repeat(41)] {
            assert_eq!(variable_of(name), None, "{name}");
        }
        assert_eq!(name_of("RELAY_CALLER_"), None);
        assert_eq!(name_of("TWILIO_AUTH_TOKEN"), None);
    }

    #[test]
    fn one_malformed_caller_takes_nothing_from_the_others() {
        let good = Secret::new(format!("read:{}", key('k')));
        let bad = Secret::new("hunter2");
        let other = Secret::new("of another service");
        let callers = Callers::among([
            ("RELAY_CALLER_BAD", &bad),
            ("RELAY_CALLER_GOOD", &good),
            ("TSHEETS_TOKEN", &other),
        ]);
        let names: Vec<_> = callers.iter().map(|caller| caller.name.as_str()).collect();
        assert_eq!(names, ["good"]);
        assert!(!format!("{callers:?}").contains("kkk"));
    }
}
