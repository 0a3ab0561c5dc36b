//! `application/x-www-form-urlencoded` bodies, read strictly: a signature covers the decoded names
//! and values, so what cannot be decoded in exactly one way is refused.

use std::borrow::Cow;
use std::collections::HashSet;

use percent_encoding::percent_decode;

/// No webhook of Twilio's comes near this size.
pub const MOST_BYTES: usize = 64 * 1024;

/// Decoded fields in the order in which they came, each name once.
#[derive(Clone, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error("a field stands in the body twice")]
    Repeated,
}

impl Form {
    pub fn parse(body: &[u8]) -> Result<Self, BadForm> {
        if body.len() > MOST_BYTES {
            return Err(BadForm::TooLarge);
        }
        Self::decode(body)
    }

    /// Reads what [`Form::encode`] wrote, which may be up to three times as large as what came.
    pub fn decode(body: &[u8]) -> Result<Self, BadForm> {
        let mut fields = Vec::new();
        for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|b| *b == b'=');
            let (name, value) = match equals {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            fields.push((decode(name)?, decode(value)?));
        }
        let mut seen = HashSet::with_capacity(fields.len());
        if !fields
            .iter()
            .all(|(name, _): &(String, String)| seen.insert(name.as_str()))
        {
            return Err(BadForm::Repeated);
        }
        Ok(Self(fields))
    }

    pub fn from_fields<N: Into<String>, V: Into<String>>(
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value, unless the field is absent or empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.fields())
            .finish()
    }
}

fn decode(text: &[u8]) -> Result<String, BadForm> {
    let spaced: Cow<[u8]> = if text.contains(&b'+') {
        text.iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect::<Vec<_>>()
            .into()
    } else {
        text.into()
    };
    let decoded = percent_decode(&spaced)
        .decode_utf8()
        .map_err(|_| BadForm::NotUtf8)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_empty_ones_kept() {
        let form = Form::parse(b"Body=a+b%20c%2B&Empty=&&Bare&Emoji=%F0%9F%9A%90").unwrap();
        let fields: Vec<_> = form.fields().collect();
        assert_eq!(
            fields,
            [
                ("Body", "a b c+"),
                ("Empty", ""),
                ("Bare", ""),
                ("Emoji", "🚐")
            ]
        );
        assert_eq!(form.filled("Empty"), None);
    }

    #[test]
    fn what_cannot_be_read_in_one_way_is_refused() {
        assert_eq!(Form::parse(b"a=%FF").err(), Some(BadForm::NotUtf8));
        assert_eq!(Form::parse(b"a=1&b=2&%61=3").err(), Some(BadForm::Repeated));
        assert_eq!(
            Form::parse(&vec![b'a'; MOST_BYTES + 1]).err(),
            Some(BadForm::TooLarge)
        );
    }
}
