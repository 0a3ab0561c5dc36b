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

    /// The two-letter code.
    pub fn code(&self) -> &str {
        self.0.as_ref()
    }

    /// Reads a number as people write it there (`858-555-0107`), or in international form. One
    /// that nobody can have there is refused; one in E.164 form is taken as it is, since Twilio's
    /// magic test numbers are assigned to nobody either.
    pub fn read(self, text: &str) -> Result<PhoneNumber, NotANationalNumber> {
        let text = text.trim();
        if let Ok(number) = PhoneNumber::parse(text) {
            return Ok(number);
        }
        let number = phonenumber::parse(Some(self.0), text).map_err(|_| NotANationalNumber)?;
        // A text has no way to dial an extension.
        if number.extension().is_some() || !number.is_valid() {
            return Err(NotANationalNumber);
        }
        let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
        PhoneNumber::parse(&e164).map_err(|_| NotANationalNumber)
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
            assert_eq!(us.read(text), Err(NotANationalNumber), "{text}");
        }
        assert_eq!(us.read("+15005550006").unwrap().expose(), "+15005550006");
        assert!(Country::parse("Mars").is_none());
    }
}
