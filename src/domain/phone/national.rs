use phonenumber::Type;
use phonenumber::metadata::{DATABASE, Metadata};

use super::plan::Parts;
use super::written::{NotANumber, Written};
use super::{PhoneNumber, Prefix};

/// A country by its two-letter code (ISO 3166-1), which says how its people write numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(phonenumber::country::Id);

impl Country {
    /// Reads a code such as `US`; `None` if there is no such country.
    pub fn parse(code: &str) -> Option<Self> {
        code.parse().ok().map(Country)
    }

    /// The country that a number is most likely of.
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        let parsed = phonenumber::parse(None, number.expose()).ok()?;
        parsed.country().id().map(Country)
    }

    /// The two-letter code.
    pub fn code(&self) -> &str {
        self.0.as_ref()
    }

    /// Reads a number as people write it there (`858-555-0107`), or in international form.
    ///
    /// One of the right form is taken even where nobody has it, for the numbers that are kept free for
    /// examples and tests are assigned to nobody.
    pub fn read(self, text: &str) -> Result<PhoneNumber, NotANumber> {
        read(text, |has_plus, digits| self.number_of(has_plus, digits))
    }

    fn number_of(self, has_plus: bool, digits: &str) -> Result<PhoneNumber, NotANumber> {
        if has_plus && !digits.starts_with('0') {
            return of_international(digits);
        }
        let country = self.metadata().ok_or(NotANumber::Code)?;
        if let Some(international) = after_international_prefix(country, digits)
            && !international.starts_with('0')
        {
            return of_international(international);
        }
        if has_plus {
            return Err(NotANumber::Code);
        }
        let dialled = match self.code() {
            "MX" => mexican(digits),
            _ => digits,
        };
        let national = Parts::of_national(country, dialled)
            .checked()
            .and_then(|parts| of_parts(&parts));
        // What most countries dial before another country's code, and ITU-T E.164 advises.
        let elsewhere = digits.strip_prefix("00").map(of_international);
        match (national, elsewhere) {
            (Err(_), Some(Ok(number))) => Ok(number),
            (national, _) => national,
        }
    }

    /// The number that it would be with a plus sign in front, if all of it is digits and grouping: a
    /// spreadsheet drops the sign.
    pub fn with_plus(text: &str) -> Option<PhoneNumber> {
        let written = Written::read(text).ok()?;
        let is_bare = !written.has_plus && !written.digits.starts_with('0');
        let parts = Parts::of_international(&written.digits).ok()?;
        let is_kept = format!("{}{}", parts.code, parts.national) == written.digits;
        let number = of_parts(&parts.checked().ok()?).ok()?;
        (is_bare && is_kept).then_some(number)
    }

    /// Whether it is a person's telephone, as far as can be told, and no premium, shared-cost or service number.
    pub fn is_telephone(number: &PhoneNumber) -> bool {
        let Ok(parsed) = phonenumber::parse(None, number.expose()) else {
            return false;
        };
        !matches!(
            parsed.number_type(&DATABASE),
            Type::PremiumRate
                | Type::SharedCost
                | Type::ShortCode
                | Type::Emergency
                | Type::StandardRate
                | Type::Carrier
                | Type::NoInternational
                | Type::Pager
                | Type::Uan
                | Type::Voicemail
                | Type::TollFree
        )
    }

    /// A number of this country, for error messages: assigned to nobody in particular.
    pub fn example(self) -> Option<PhoneNumber> {
        let metadata = self.metadata()?;
        let mobile = metadata.descriptors().mobile()?.example()?;
        PhoneNumber::parse(&format!("+{}{mobile}", metadata.country_code())).ok()
    }

    /// What this country's numbers begin with, such as `+1`; others may have the same.
    pub fn prefix(self) -> Option<Prefix> {
        Prefix::parse(&format!("+{}", self.metadata()?.country_code())).ok()
    }

    fn metadata(&self) -> Option<&'static Metadata> {
        DATABASE.by_id(self.code())
    }

    /// The number as people in this country write it: its own nationally, others internationally.
    /// Shows all of it.
    pub fn write(self, number: &PhoneNumber) -> String {
        let Ok(parsed) = phonenumber::parse(None, number.expose()) else {
            return number.expose().to_owned();
        };
        let mode = if parsed.country().id() == Some(self.0) {
            phonenumber::Mode::National
        } else {
            phonenumber::Mode::International
        };
        parsed.format().mode(mode).to_string()
    }
}

/// Reads a number in international form: with a plus sign and the country's code.
pub fn international(text: &str) -> Result<PhoneNumber, NotANumber> {
    read(text, |has_plus, digits| {
        if has_plus {
            of_international(digits)
        } else {
            Err(NotANumber::NoPlus)
        }
    })
}

fn read(
    text: &str,
    number_of: impl Fn(bool, &str) -> Result<PhoneNumber, NotANumber>,
) -> Result<PhoneNumber, NotANumber> {
    let written = Written::read(text)?;
    let read = number_of(written.has_plus, &written.digits);
    match (&read, &written.without_zero) {
        // In a country where nobody dials that zero.
        (Err(_), Some(without)) => number_of(written.has_plus, without).or(read),
        _ => read,
    }
}

fn of_international(digits: &str) -> Result<PhoneNumber, NotANumber> {
    let digits = match digits.strip_prefix("521") {
        Some(rest) if rest.len() == 10 => format!("52{rest}"),
        _ => digits.to_owned(),
    };
    of_parts(&Parts::of_international(&digits)?.checked()?)
}

fn of_parts(parts: &Parts) -> Result<PhoneNumber, NotANumber> {
    let Parts { code, national } = parts;
    PhoneNumber::parse(&format!("+{code}{national}")).map_err(|_| {
        if national.len() < 7 {
            NotANumber::TooShort
        } else {
            NotANumber::TooLong
        }
    })
}

/// What follows the digits that are dialled before a number of another country, such as `011`.
fn after_international_prefix<'a>(country: &Metadata, digits: &'a str) -> Option<&'a str> {
    let prefix = country.international_prefix()?.find(digits)?;
    (prefix.start() == 0).then(|| &digits[prefix.end()..])
}

/// A Mexican number without what was dialled before it until August 2019.
///
/// Source: Twilio, "Dialing Mexico" (the 1 of mobile phones, 044, 045 and 01 are gone since).
fn mexican(digits: &str) -> &str {
    let prefixes = ["044", "045", "01", "1"];
    let mut without = prefixes
        .iter()
        .filter_map(|prefix| digits.strip_prefix(prefix));
    without.find(|rest| rest.len() == 10).unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_people_there_do() {
        let us = Country::parse("US").unwrap();
        let write = |number| us.write(&PhoneNumber::parse(number).unwrap());
        assert_eq!(write("+16195550110"), "(619) 555-0110");
        assert_eq!(write("+442079460018"), "+44 20 7946 0018");
        assert_eq!(write("+9999999"), "+9999999");
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let us = Country::parse("US").unwrap();
        for text in [
            "858-555-0107",
            "(858) 555-0107",
            "1 858 555 0107",
            "+1 858 555 0107",
            "858.555.0107",
        ] {
            assert_eq!(
                us.read(text).map(|n| n.expose().to_owned()).as_deref(),
                Ok("+18585550107"),
                "{text}"
            );
        }
        for text in [
            "Sergio",
            "",
            "555-0107",
            "858-555-01077",
            "858-555-0107 x5",
            "058-555-0107",
        ] {
            assert!(us.read(text).is_err(), "{text}");
        }
        assert_eq!(us.read("+15005550006").unwrap().expose(), "+15005550006");
        assert!(Country::parse("Mars").is_none());
    }

    #[test]
    fn a_number_with_a_digit_too_few_or_too_many_is_no_telephones() {
        for (number, could) in [
            ("+16195550107", true),
            ("+1619555010", false),
            ("+161955501077", false),
            ("+493023125000", true),
            ("+390612345678", true),
            ("+447700900123", true),
            ("+4477009001234", false),
        ] {
            assert_eq!(international(number).is_ok(), could, "{number}");
        }
    }

    #[track_caller]
    fn reads(country: &str, text: &str, expected: &str) {
        let read = Country::parse(country).unwrap().read(text);
        let read = read.map(|number| number.expose().to_owned());
        assert_eq!(read.as_deref(), Ok(expected), "{text} in {country}");
    }

    #[test]
    fn a_number_that_is_kept_free_for_examples_is_one() {
        for (country, text, expected) in [
            ("GB", "07700 900123", "+447700900123"),
            ("GB", "+44 7700 900123", "+447700900123"),
            ("GB", "+44 (0)7700 900123", "+447700900123"),
            ("GB", "01632 960001", "+441632960001"),
            ("FR", "06 39 98 12 34", "+33639981234"),
            ("US", "555-555-0107", "+15555550107"),
            ("AU", "0491 570 006", "+61491570006"),
            ("DE", "030 23125 000", "+493023125000"),
            ("IT", "06 1234 5678", "+390612345678"),
        ] {
            reads(country, text, expected);
        }
    }

    #[test]
    fn a_mexican_number_is_read_without_its_former_prefixes() {
        for text in [
            "55 1234 5678",
            "044 55 1234 5678",
            "045 55 1234 5678",
            "01 55 1234 5678",
            "1 55 1234 5678",
            "+52 1 55 1234 5678",
            "+5215512345678",
            "+52 55 1234 5678",
        ] {
            reads("MX", text, "+525512345678");
        }
        reads("US", "+52 1 55 1234 5678", "+525512345678");
    }

    #[test]
    fn a_number_of_another_country_keeps_all_its_digits() {
        reads("US", "+49 1512 3456789", "+4915123456789");
        reads("US", "011 49 1512 3456789", "+4915123456789");
        reads("GB", "0049 1512 3456789", "+4915123456789");
    }

    #[test]
    fn what_no_telephone_there_could_have_is_refused() {
        for (country, text) in [
            ("GB", "7700 9001"),
            ("GB", "07700 900123 4"),
            ("GB", "07700 900123 ext 4"),
            ("GB", "Sergio"),
            ("FR", "06 39 98 12"),
            ("MX", "1234 5678"),
            ("US", "+1 555 CALL"),
            ("US", "+12"),
            ("US", "+1 619 555 0107 x5"),
        ] {
            let read = Country::parse(country).unwrap().read(text);
            assert!(read.is_err(), "{text} in {country}: {read:?}");
        }
    }

    #[test]
    fn each_country_has_an_example_that_it_reads_itself() {
        for code in ["US", "GB", "MX", "FR", "DE", "CA"] {
            let country = Country::parse(code).unwrap();
            let example = country.example().unwrap();
            assert_eq!(
                country.read(&country.write(&example)),
                Ok(example),
                "{code}"
            );
        }
    }

    #[test]
    fn what_is_far_too_long_is_no_number() {
        let us = Country::parse("US").unwrap();
        for digits in [31, 1_000_000] {
            assert_eq!(us.read(&"1".repeat(digits)), Err(NotANumber::TooLong));
        }
    }
}
