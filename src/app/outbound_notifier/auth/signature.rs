use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::credentials::Secret;
use crate::domain::ids::hex;

/// Signs a request, in hexadecimal digits. `path` is the path with the query, as it is sent.
pub fn sign(key: &Secret, timestamp: &str, method: &str, path: &str, body: &[u8]) -> String {
    let signature = mac(key, timestamp, method, path, body).finalize();
    hex(&signature.into_bytes())
}

/// Takes the same time wherever the signature differs.
pub(super) fn is_right(
    key: &Secret,
    signature: &[u8],
    [timestamp, method, path]: [&str; 3],
    body: &[u8],
) -> bool {
    let mac = mac(key, timestamp, method, path, body);
    mac.verify_slice(signature).is_ok()
}

fn mac(key: &Secret, timestamp: &str, method: &str, path: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    for line in [timestamp, method, path] {
        mac.update(line.as_bytes());
        mac.update(b"\n");
    }
    mac.update(body);
    mac
}

/// The bytes of hexadecimal digits.
pub(super) fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| match *pair {
        [high, low] => u8::try_from(value(high)? * 16 + value(low)?).ok(),
        _ => None,
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        // printf '1777507200\nPOST\n/v1/notices\n{}' | openssl dgst -sha256 -hmac KEY
        let key = Secret::new("k".repeat(43));
        assert_eq!(
            sign(&key, "1777507200", "POST", "/v1/notices", b"{}"),
            "54771b47b13a6b753cc39c07ca4b4261909e77f30ab4e6cc09e35ea743a8e9fe"
        );
    }

    #[test]
    fn hexadecimal_digits_are_read_in_either_case() {
        assert_eq!(from_hex("00fFa1"), Some(vec![0, 0xff, 0xa1]));
        for wrong in ["0", "0g", "+1", "é"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }
}
