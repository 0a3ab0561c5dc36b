use std::error::Error;

/// An error of an AWS client in plain words. The clients' errors say the same two or three times
/// over, from "service error" inwards.
pub fn plain(error: impl Error) -> anyhow::Error {
    let mut said: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(error) = next {
        let words = error.to_string();
        if words != "service error" && !said.iter().any(|before| before.contains(&words)) {
            said.push(words);
        }
        next = error.source();
    }
    anyhow::Error::msg(said.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn nothing_is_said_twice() {
        let innermost = Layer("NotFound: no such table", None);
        let inner = Layer("NotFound: no such table", Some(innermost.into()));
        let error = Layer("service error", Some(inner.into()));
        assert_eq!(plain(error).to_string(), "NotFound: no such table");

        let inner = Layer("connection refused", None);
        let error = Layer("dispatch failure", Some(inner.into()));
        assert_eq!(
            plain(error).to_string(),
            "dispatch failure: connection refused"
        );
    }
}
