//! Numbering plans: which digits are a country's code and its trunk prefix, and which numbers telephones
//! there can have.
//!
//! The steps are those of libphonenumber's `PhoneNumberUtil.parse`, by its metadata.

use std::sync::PoisonError;

use phonenumber::Type;
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};

use super::written::NotANumber;

/// A number in two parts.
pub(super) struct Parts {
    pub code: u16,
    /// The digits behind the code, zeros in front included.
    pub national: String,
}

impl Parts {
    /// What follows a plus sign, or what is dialled in its place.
    pub fn of_international(digits: &str) -> Result<Self, NotANumber> {
        let mut found = (1..=3.min(digits.len())).filter_map(|length| {
            let (code, national) = digits.split_at(length);
            let code = code.parse().ok().filter(|_| !code.starts_with('0'))?;
            Some((main(code)?, national))
        });
        let (country, national) = found.next().ok_or(NotANumber::Code)?;
        Ok(Self::within(country, national))
    }

    /// What people dial within the country. It may begin with the country's code, if no number there
    /// begins with these digits, or it would be too long.
    pub fn of_national(country: &Metadata, digits: &str) -> Self {
        let code = country.country_code().to_string();
        if let Some(rest) = digits.strip_prefix(&code) {
            let potential = without_trunk_prefix(country, rest);
            let longest = lengths(country).max().unwrap_or_default();
            if !has_form(country, digits) && has_form(country, &potential) || longest < digits.len()
            {
                let main = main(country.country_code()).unwrap_or(country);
                return Self::within(main, &potential);
            }
        }
        Self::within(country, digits)
    }

    fn within(country: &Metadata, digits: &str) -> Self {
        let without = without_trunk_prefix(country, digits);
        let is_possible = lengths(country).any(|length| length == without.len());
        let is_longer = lengths(country).all(|length| length < without.len());
        Self {
            code: country.country_code(),
            national: if is_possible || is_longer {
                without
            } else {
                digits.to_owned()
            },
        }
    }

    /// Refuses what no telephone of the country can have. A number of the right form is taken even where
    /// nobody has it, for those that are kept free for examples and tests are assigned to nobody.
    pub fn checked(self) -> Result<Self, NotANumber> {
        let countries = DATABASE.by_code(&self.code).unwrap_or_default();
        let (national, length) = (&self.national, self.national.len());
        let telephones = || {
            let countries = countries.iter();
            countries.flat_map(|country| telephone_lengths(country))
        };
        // Nowhere but in few countries do numbers begin with zero; those are valid.
        let is_like_telephones =
            telephones().any(|possible| possible == length) && !national.starts_with('0');
        let is_one = match self.code {
            // Its twenty-five countries have one plan.
            NORTH_AMERICA => is_like_telephones && is_north_american(national),
            _ => {
                let has_form = |country: &&Metadata| has_form(country, national);
                is_like_telephones && countries.iter().any(has_form)
                    || countries.iter().any(|country| is_valid(country, national))
            }
        };
        if is_one {
            Ok(self)
        } else if telephones().any(|possible| possible == length) {
            Err(NotANumber::Plan)
        } else if telephones().any(|possible| length < possible) {
            Err(NotANumber::TooShort)
        } else {
            Err(NotANumber::TooLong)
        }
    }
}

const NORTH_AMERICA: u16 = 1;

/// Area and exchange begin with 2 to 9; an area that ends in 11 is a service, such as 911.
///
/// Source: ATIS-0300051, "NANP Numbering Plan": NXX-NXX-XXXX.
fn is_north_american(national: &str) -> bool {
    let digits = national.as_bytes();
    let begins = |at: usize| digits.get(at).is_some_and(|d| (b'2'..=b'9').contains(d));
    begins(0) && begins(3) && national.get(1..3) != Some("11")
}

/// The country whose metadata counts for a code that several have.
fn main(code: u16) -> Option<&'static Metadata> {
    let countries = DATABASE.by_code(&code)?;
    let mut several = countries.iter();
    let main = several.find(|country| country.is_main_country_for_code());
    main.or(countries.first()).copied()
}

/// All kinds of numbers that the metadata knows.
#[rustfmt::skip]
const KINDS: [Type; 10] = [
    Type::FixedLine, Type::Mobile, Type::TollFree, Type::PremiumRate, Type::SharedCost, Type::PersonalNumber,
    Type::Voip, Type::Pager, Type::Uan, Type::Voicemail,
];

/// Whether somebody can have the number by what the metadata knows.
fn is_valid(country: &Metadata, national: &str) -> bool {
    let descriptors = country.descriptors();
    let mut known = KINDS.iter().filter_map(|kind| descriptors.get(*kind));
    has_form(country, national) && known.any(|kind| matches(kind, national))
}

/// Whether numbers of the country are like this one at all.
fn has_form(country: &Metadata, national: &str) -> bool {
    lengths(country).any(|length| length == national.len())
        && matches(country.descriptors().general(), national)
}

/// Whether it is the whole number, of which the library's own `is_match` looks at the beginning only.
fn matches(kind: &Descriptor, national: &str) -> bool {
    let lengths = kind.possible_length();
    if !lengths.is_empty()
        && !lengths
            .iter()
            .any(|length| usize::from(*length) == national.len())
    {
        return false;
    }
    let whole = format!("^(?x:{})$", kind.national_number().as_str());
    let cache = DATABASE.cache();
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    cache
        .compile(&whole)
        .is_ok_and(|whole| whole.is_match(national))
}

fn lengths(country: &Metadata) -> impl Iterator<Item = usize> {
    let descriptors = country.descriptors();
    let known = KINDS.iter().filter_map(|kind| descriptors.get(*kind));
    known
        .flat_map(|kind| kind.possible_length())
        .map(|length| usize::from(*length))
}

fn telephone_lengths(country: &Metadata) -> impl Iterator<Item = usize> {
    let descriptors = country.descriptors();
    let telephones = [descriptors.mobile(), descriptors.fixed_line()];
    telephones
        .into_iter()
        .flatten()
        .flat_map(|kind| kind.possible_length())
        .map(|length| usize::from(*length))
}

/// Without what is dialled before a number at home, such as the 0 of 0151. It stays where the number is one
/// with it and is none without.
fn without_trunk_prefix(country: &Metadata, digits: &str) -> String {
    match trunk_prefix_removed(country, digits) {
        Some(without) if has_form(country, &without) || !has_form(country, digits) => without,
        _ => digits.to_owned(),
    }
}

fn trunk_prefix_removed(country: &Metadata, digits: &str) -> Option<String> {
    let Some(prefix) = country.national_prefix_for_parsing() else {
        let rest = digits.strip_prefix(country.national_prefix()?)?;
        return Some(rest.to_owned());
    };
    let found = prefix.captures(digits)?;
    let whole = found.get(0).filter(|whole| whole.start() == 0)?;
    let last = found.len() - 1;
    let is_transformed = last == 0 || found.get(last).is_some();
    match country.national_prefix_transform_rule() {
        Some(rule) if !rule.is_empty() && is_transformed => {
            Some(prefix.replace(digits, rule).into_owned())
        }
        _ => Some(digits[whole.end()..].to_owned()),
    }
}
