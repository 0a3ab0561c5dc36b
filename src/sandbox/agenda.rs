use std::collections::BTreeMap;

use jiff::Timestamp;

/// Things to happen, by their time; what is due at the same time happens in the order in which it
/// was put down.
pub(super) struct Agenda<T> {
    entries: BTreeMap<(Timestamp, u64), T>,
    count: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<T> Agenda<T> {
    pub fn put(&mut self, at: Timestamp, thing: T) {
        self.count += 1;
        self.entries.insert((at, self.count), thing);
    }

    pub fn next(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Drops what is not wanted any more.
    pub fn retain(&mut self, is_wanted: impl Fn(&T) -> bool) {
        self.entries.retain(|_, thing| is_wanted(thing));
    }

    /// Takes the next thing if it is due by `now`.
    pub fn take(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        let entry = self.entries.first_entry()?;
        let at = entry.key().0;
        (at <= now).then(|| (at, entry.remove()))
    }
}
