use super::PhoneNumber;

/// A country by its two-letter code (ISO 3166-1), which says how its people write numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(phonenumber::country::Id);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number as written in this country, nor one in international form")]
pub struct NotANationalNumber;

impl Country {
    /// Reads a code such as `US`; `None` if there is no such country.
    pub fn parse(code: &str) -> Option<Self> {
        code.parse().ok().map(Country)
    }

    /// Reads a number as people write it there (`858-555-0107`), or in international form.
    pub fn read(self, text: &str) -> Result<PhoneNumber, NotANationalNumber> {
        let number = phonenumber::parse(Some(self.0), text).map_err(|_| NotANationalNumber)?;
        let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
        PhoneNumber::parse(&e164).map_err(|_| NotANationalNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(us.read("Sergio").is_err());
        assert!(Country::parse("Mars").is_none());
    }
}
