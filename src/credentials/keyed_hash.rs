//! Hashes that tell values apart and give nothing away, and the random keys for them.

use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::credentials::Secret;
use crate::domain::ids::hex;

/// 32 hexadecimal digits: others for other parts, and of no use to whoever lacks the key.
pub fn keyed_hash<'a>(key: &[u8], parts: impl IntoIterator<Item = &'a str>) -> String {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    let mut mac = mac.expect("HMAC takes a key of any length");
    for part in parts {
        // With its length, so that what ends one part cannot begin the next.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex(&mac.finalize().into_bytes()[..16])
}

/// 32 random hexadecimal digits.
pub fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(hex(&bytes))
}

/// A new key for the audit's hashes.
pub fn random_audit_key() -> anyhow::Result<Secret> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).context("the system gives no random bytes")?;
    Ok(Secret::new(hex(&*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_keys_and_other_parts_have_other_hashes() {
        let first = keyed_hash(b"k", ["a", "bc"]);
        assert_eq!(first.len(), 32);
        assert_eq!(first, keyed_hash(b"k", ["a", "bc"]));
        assert_ne!(first, keyed_hash(b"k", ["ab", "c"]));
        assert_ne!(first, keyed_hash(b"l", ["a", "bc"]));
        assert_ne!(random_hex().unwrap(), random_hex().unwrap());
    }
}
