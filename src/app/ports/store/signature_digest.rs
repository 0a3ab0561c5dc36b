use std::fmt;

use crate::twilio::signature::sha256_hex;

/// What a signature is remembered by: whoever reads the store cannot use it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignatureDigest(String);

impl SignatureDigest {
    pub fn of(signature: &[u8]) -> Self {
        Self(sha256_hex(signature))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignatureDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
