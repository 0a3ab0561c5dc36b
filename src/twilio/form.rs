//! `application/x-www-form-urlencoded` bodies, read strictly: a signature covers the decoded names
//! and values, so what cannot be decoded in exactly one way is refused.

use std::collections::HashSet;

use percent_encoding::percent_decode;
use serde::{Deserialize, Serialize};

/// No webhook of Twilio's comes near this size.
pub const MOST_BYTES: usize = 64 * 1024;

/// Decoded fields in the order in which they came, each name once. Kept encoded: that is plain
/// ASCII, and a signature covers the decoded fields alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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
            let mut halves = pair.splitn(2, |b| *b == b'=').map(decode);
            let name = halves.next().unwrap_or_else(|| decode(&[]))?;
            let value = halves.next().unwrap_or_else(|| decode(&[]))?;
            fields.push((name, value));
        }
        let mut seen = HashSet::with_capacity(fields.len());
        if !fields.iter().all(|(name, _)| seen.insert(name)) {
            return Err(BadForm::Repeated);
        }
        Ok(Self(fields))
    }

    pub fn from_fields<N: Into<String>, V: Into<String>>(
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let fields = fields.into_iter();
        Self(fields.map(|(n, v)| (n.into(), v.into())).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All but the fields of these names.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// The values of a name that may come often, as in the forms of Twilio's API (`MediaUrl`).
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.fields().filter(move |(n, _)| *n == name);
        fields.map(|(_, value)| value)
    }

    /// The value, unless the field is absent or empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.fields())
            .finish()
    }
}

impl From<Form> for String {
    fn from(form: Form) -> Self {
        form.encode()
    }
}

impl TryFrom<String> for Form {
    type Error = BadForm;

    fn try_from(encoded: String) -> Result<Self, BadForm> {
        Self::decode(encoded.as_bytes())
    }
}

fn decode(text: &[u8]) -> Result<String, BadForm> {
    let space = |b: &u8| if *b == b'+' { b' ' } else { *b };
    let spaced: Vec<u8> = text.iter().map(space).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    Ok(decoded.map_err(|_| BadForm::NotUtf8)?.into_owned())
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
