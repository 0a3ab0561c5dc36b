//! Room for what nobody can check yet, shared out among those it says it is from: whoever fills it takes
//! no more than a share, and what is small finds room for the longest.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::domain::phone::PhoneNumber;

/// So much is free again of each share within an hour, and no share is larger.
const OF_NUMBER: u64 = 32 * 1024;
const OF_ADDRESS: u64 = 1024 * 1024;
const OF_ALL: u64 = 8 * 1024 * 1024;

/// The largest part of what is left for all that one text may take.
const LARGEST_PART: u64 = 64;

/// The most shares that are known at once. A text is of two.
const MOST_SHARES: usize = 20_000;

/// Who has taken how much of late. In memory: who is killed begins anew.
#[derive(Default)]
pub struct Shares(HashMap<Whose, Share>);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Whose {
    /// A sender's; `None` for all who are no phones.
    Number(Option<PhoneNumber>),
    Address(IpAddr),
    Everybody,
}

#[derive(Clone, Copy)]
struct Share {
    used: u64,
    at: Timestamp,
}

impl Shares {
    /// Takes room for so many bytes, unless a share is used up. `address` is left out where it says
    /// nothing, as behind a proxy.
    pub fn take(
        &mut self,
        number: Option<&PhoneNumber>,
        address: Option<IpAddr>,
        bytes: u64,
        now: Timestamp,
    ) -> bool {
        let address = address.filter(is_public).map(network).map(Whose::Address);
        let shares = [Whose::Number(number.cloned()), Whose::Everybody];
        let shares: Vec<_> = shares.into_iter().chain(address).collect();
        let left = OF_ALL.saturating_sub(self.used(&Whose::Everybody, now));
        let fits = |whose: &Whose| self.used(whose, now).saturating_add(bytes) <= whose.most();
        if left / LARGEST_PART < bytes || !shares.iter().all(fits) {
            return false;
        }
        for whose in shares {
            let used = self.used(&whose, now) + bytes;
            self.0.insert(whose, Share { used, at: now });
        }
        if self.0.len() > MOST_SHARES {
            let is_used = |whose: &Whose, share: &Share| share.used_at(whose, now) > 0;
            self.0.retain(|whose, share| is_used(whose, share));
            // Of very many senders each has taken little: all together they are bounded still.
            if self.0.len() > MOST_SHARES {
                self.0.retain(|whose, _| *whose == Whose::Everybody);
            }
        }
        true
    }

    fn used(&self, whose: &Whose, now: Timestamp) -> u64 {
        self.0
            .get(whose)
            .map_or(0, |share| share.used_at(whose, now))
    }
}

impl Share {
    /// A clock that goes back frees nothing.
    fn used_at(self, whose: &Whose, now: Timestamp) -> u64 {
        const HOUR: u128 = SignedDuration::from_hours(1).as_millis().unsigned_abs();
        let passed = now
            .duration_since(self.at)
            .as_millis()
            .max(0)
            .unsigned_abs();
        let freed = u128::from(whose.most()) * passed / HOUR;
        self.used
            .saturating_sub(u64::try_from(freed).unwrap_or(u64::MAX))
    }
}

impl Whose {
    fn most(&self) -> u64 {
        match self {
            Whose::Number(_) => OF_NUMBER,
            Whose::Address(_) => OF_ADDRESS,
            Whose::Everybody => OF_ALL,
        }
    }
}

/// A proxy's address stands for everybody's.
fn is_public(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !(v4.is_loopback() || v4.is_private() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()),
    }
}

/// Somebody with an IPv6 address has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn number(n: u32) -> PhoneNumber {
        PhoneNumber::parse(&format!("+1619555{n:04}")).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).unwrap()
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_number_takes_no_more_than_its_share_and_another_one_has_its_own() {
        let mut shares = Shares::default();
        let mut take = |n, second| shares.take(Some(&number(n)), None, KIB, at(second));
        assert_eq!((0..100).filter(|_| take(1, 0)).count(), 32);
        assert!(take(2, 0));
        assert!(!take(1, 60));
        assert!(take(1, 120), "an hour frees all of it");
    }

    #[test]
    fn one_address_with_many_numbers_takes_no_more_than_its_share() {
        let mut shares = Shares::default();
        let mut take = |n, from| shares.take(Some(&number(n)), address(from), 4 * KIB, at(0));
        assert_eq!((0..1000).filter(|n| take(*n, "198.51.100.7")).count(), 256);
        assert!(take(5000, "203.0.113.9"));
        let mut taken = 0;
        for n in 0..1000 {
            let from = address(&format!("2001:db8:1:2::{n:x}"));
            taken += usize::from(shares.take(Some(&number(n)), from, 4 * KIB, at(7200)));
        }
        assert_eq!(taken, 256, "a network is one sender");
    }

    #[test]
    fn behind_a_proxy_many_large_ones_leave_room_for_small_ones() {
        let mut shares = Shares::default();
        for n in 0..2000 {
            shares.take(Some(&number(n)), address("127.0.0.1"), 30 * KIB, at(0));
        }
        for n in 3000..3500 {
            assert!(shares.take(Some(&number(n)), address("127.0.0.1"), KIB, at(0)));
        }
        assert!(
            shares.take(None, None, KIB, at(0)),
            "a sender that is no phone"
        );
    }

    #[test]
    fn a_clock_that_goes_back_frees_nothing_and_no_text_is_larger_than_the_room() {
        let mut shares = Shares::default();
        assert!(!shares.take(Some(&number(1)), None, 33 * KIB, at(0)));
        assert!(shares.take(Some(&number(1)), None, 32 * KIB, at(0)));
        assert!(!shares.take(Some(&number(1)), None, KIB, at(-3600)));
        assert!(!shares.take(Some(&number(2)), None, u64::MAX, at(0)));
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut shares = Shares::default();
        for n in 0..60_000_u32 {
            let number = PhoneNumber::parse(&format!("+1619{n:07}")).unwrap();
            shares.take(Some(&number), None, 100, at(0));
        }
        assert!(shares.0.len() <= MOST_SHARES + 1);
    }
}
