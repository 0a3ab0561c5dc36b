//! The names of a deployed relay's parts, from the command line and from variables.

use std::collections::BTreeMap;

use super::Part;

/// The variable that names a deployed relay's stack.
pub(super) const STACK: &str = "RELAY_STACK";

/// The names by which a deployed relay is known.
#[derive(Default)]
pub struct Named {
    pub stack: Option<String>,
    pub parts: BTreeMap<Part, String>,
}

impl Named {
    /// What the command line names, then what variables name. A stack on the command line leaves
    /// nothing to the variables, which may be another relay's.
    pub(super) fn of(
        stack: Option<&String>,
        flag: impl Fn(Part) -> Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut named = Self {
            stack: stack.cloned().filter(|name| !name.is_empty()),
            ..Self::default()
        };
        named.fill_in(flag);
        if named.stack.is_none() {
            named.fill_in(|part| variable(part.known_as()[2]));
            named.stack = variable(STACK).filter(|name| !name.is_empty());
        }
        named
    }

    /// Takes the names that it does not have yet. One that is empty names nothing.
    pub fn fill_in(&mut self, name: impl Fn(Part) -> Option<String>) {
        for part in Part::ALL {
            let name = name(part).filter(|name| !name.is_empty());
            if let (Some(name), false) = (name, self.parts.contains_key(&part)) {
                self.parts.insert(part, name);
            }
        }
    }
}
