use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A value that nobody may see: it prints `[redacted]`, cannot be cloned or serialised, and is
/// wiped when it goes.
///
/// The wiping is as good as it gets in a language that moves values: what is made from text that
/// somebody else allocated (a request's body, a terminal's line) has copies there.
#[derive(PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Text that is handed over is taken as it is, without a copy that nobody would wipe.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A second one of it, on purpose.
    pub fn duplicate(&self) -> Self {
        Self::new(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Serde's own error quotes what stands there instead of a text.
        let text = String::deserialize(deserializer);
        text.map(Self::new)
            .map_err(|_| D::Error::custom("a secret must be text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let shown = format!(
            "{:?} {:#?}",
            Some(Secret::new("hunter2")),
            [Secret::new("hunter2")]
        );
        assert!(shown.starts_with("Some([redacted]) ["), "{shown}");
        assert!(!shown.contains("hunter2"));
    }

    /// Which of the two functions is meant cannot be told for a type that has the trait, so this
    /// does not compile once a secret gets one of these.
    macro_rules! lacks {
        ($($of_a_trait:path),+) => {$({
            trait Unless<A> { fn lacking() {} }
            impl<T: ?Sized> Unless<()> for T {}
            struct Has;
            impl<T: ?Sized + $of_a_trait> Unless<Has> for T {}
            <Secret as Unless<_>>::lacking();
        })+};
    }

    #[test]
    fn a_secret_can_be_neither_copied_nor_shown_nor_sent_by_accident() {
        lacks!(
            Clone,
            fmt::Display,
            serde::Serialize,
            AsRef<str>,
            ToString,
            Into<String>
        );
    }

    #[test]
    fn what_is_no_text_is_refused_without_being_quoted() {
        for json in [
            "20770",
            "-20770",
            "2077.5",
            "true",
            "[20770]",
            r#"{"a":20770}"#,
        ] {
            let error = serde_json::from_str::<Secret>(json)
                .unwrap_err()
                .to_string();
            assert!(
                !error.contains("2077") && !error.contains("true"),
                "{error}"
            );
        }
        let read: Secret = serde_json::from_str(r#""a\"b""#).unwrap();
        assert_eq!(read, Secret::new("a\"b"));
    }
}
