use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::text_form::text_form;

/// An amount of US dollars, in millionths: a segment costs fractions of a cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dollars(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of dollars (such as 0.0083, with six decimals at most)")]
pub struct NotDollars;

const MILLION: u64 = 1_000_000;
const DECIMALS: usize = 6;

impl Dollars {
    pub const fn of_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// Reads plain decimals: `0.0083`, `1`.
    pub fn parse(text: &str) -> Result<Self, NotDollars> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        if !is_digits(whole) || !is_digits(rest) || rest.len() > DECIMALS {
            return Err(NotDollars);
        }
        let whole: u64 = whole.parse().map_err(|_| NotDollars)?;
        let rest: u64 = format!("{rest:0<DECIMALS$}")
            .parse()
            .map_err(|_| NotDollars)?;
        let millionths = whole.checked_mul(MILLION).and_then(|m| m.checked_add(rest));
        millionths.map(Self).ok_or(NotDollars)
    }

    /// What so many cost at this price.
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// As `relay.toml` has it, without a sign: `0.0083`, `1.00`.
    pub fn decimal(self) -> String {
        let mut rest = format!("{:0DECIMALS$}", self.0 % MILLION);
        let needed = rest.trim_end_matches('0').len().max(2);
        rest.truncate(needed);
        format!("{}.{rest}", self.0 / MILLION)
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.decimal())
    }
}

text_form!(Dollars, NotDollars, Self::parse, Dollars::decimal);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_written_and_multiplied_exactly() {
        for (text, millionths, shown) in [
            ("0.0083", 8_300, "$0.0083"),
            ("0", 0, "$0.00"),
            ("1", 1_000_000, "$1.00"),
            ("12.5", 12_500_000, "$12.50"),
            ("0.000001", 1, "$0.000001"),
        ] {
            let read = Dollars::parse(text).unwrap();
            assert_eq!(read, Dollars::of_millionths(millionths));
            assert_eq!(read.to_string(), shown);
            assert_eq!(Dollars::parse(&read.decimal()), Ok(read));
        }
        let price = Dollars::parse("0.0083").unwrap();
        assert_eq!(price.times(100_000).to_string(), "$830.00");
        assert_eq!(price.times(u64::MAX), Dollars::of_millionths(u64::MAX));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e-3",
            "0.0000001",
            "$1",
            "1,5",
            "99999999999999999999",
        ] {
            assert_eq!(Dollars::parse(text), Err(NotDollars), "{text:?}");
        }
    }
}
