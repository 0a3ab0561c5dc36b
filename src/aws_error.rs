use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;

/// An error of an AWS client in plain words, with the HTTP status if there was an answer.
pub fn plain<E: Error + 'static>(error: SdkError<E, HttpResponse>) -> anyhow::Error {
    let words = words(&error);
    match error.raw_response() {
        Some(answer) => anyhow::anyhow!("{words} (HTTP {})", answer.status().as_u16()),
        None => anyhow::Error::msg(words),
    }
}

/// The clients' errors say the same two or three times over, from "service error" inwards.
fn words(error: &dyn Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let words = error.to_string();
        if words != "service error" && !said.iter().any(|before| before.contains(&words)) {
            said.push(words);
        }
        next = error.source();
    }
    said.join(": ")
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
        assert_eq!(words(&error), "NotFound: no such table");

        let inner = Layer("connection refused", None);
        let error = Layer("dispatch failure", Some(inner.into()));
        assert_eq!(words(&error), "dispatch failure: connection refused");
    }
}
