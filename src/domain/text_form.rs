//! How values stand in stored JSON that have one form as text.

/// Lets serde read a value with this function, and write it with that one.
macro_rules! text_form {
    ($Value:ident, $Error:ident, $read:expr, $write:expr) => {
        impl TryFrom<String> for $Value {
            type Error = $Error;

            fn try_from(text: String) -> Result<Self, $Error> {
                $read(&text)
            }
        }

        impl From<$Value> for String {
            fn from(value: $Value) -> Self {
                let write: fn($Value) -> String = $write;
                write(value)
            }
        }
    };
}
pub(super) use text_form;
