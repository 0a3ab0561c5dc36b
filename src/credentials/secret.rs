use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A value that nobody may see: it prints `[redacted]`, cannot be cloned or serialised, and is
/// wiped when it goes.
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    pub fn new(value: impl Into<Box<str>>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<str>::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(
            format!("{:?}", Some(Secret::new("hunter2"))),
            "Some([redacted])"
        );
    }
}
