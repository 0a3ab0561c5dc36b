//! What an error of a call means for whoever runs the relay. Callers hear none of them: another person is
//! rung, or the fallback takes a message.

/// What to do about an error of a call; `None` if it is not one of a call's, or nothing can be done.
///
/// Sources: Twilio, "Error and warning dictionary"; what to do is the relay's judgement.
pub fn what_to_do(code: u32) -> Option<&'static str> {
    Some(match code {
        // A request about a call did not get through.
        11200 | 11201..=11204 | 11205 | 11206 | 11210 | 11215 | 11220 | 11235..=11237 => {
            "the relay did not answer, or not in time: look at its log and at public_url"
        }
        11243 => "Twilio does not take the part behind the # of a URL: set the number's URLs anew",
        11750 | 12100..=12102 | 12200 | 12300 => {
            "the relay answered with something else than its documents, or something between it and Twilio \
             changed them: look at public_url with a browser"
        }
        // A person cannot be rung.
        13223 | 13224 | 13226 | 21211 | 21217 => {
            "a person's number cannot be called: correct it in the line's configuration"
        }
        13225 | 21216 | 32203 | 32224 => {
            "Twilio blocks calls to a person's number: ask Twilio's support, or give another number; for \
             numbers in the US the account needs a Primary Customer Profile"
        }
        13227 | 21215 => {
            "switch on the country of a person's number at Twilio: Console, Voice, Settings, Geo permissions"
        }
        21219 => "a trial account calls verified numbers only: verify the person's, or upgrade",
        13214 | 21210 | 32017 => {
            "a carrier or Twilio does not accept the line's number as the caller: look whether the number is \
             still the account's, and whether carriers take it for spam"
        }
        32021 => "the caller's network could not vouch for the number; nothing is to be done",
        // The account cannot have the call.
        10003 => "the account is not active, so callers hear an error: look at Twilio's console",
        10004 => "too many calls at once for the account: ask Twilio for more",
        // The relay's own documents are wrong, which no configuration can bring about.
        13201 | 13212 | 13216 | 13256 | 13257 | 13310..=13314 | 13610..=13617 => {
            "the relay wrote something that Twilio does not take: report it, with this code"
        }
        13618..=13620 => "the recording cannot be transcribed; the message itself is told",
        15003 => "the relay did not take news of a call; the sweep asks Twilio instead",
        21220 => "the call was over already; nothing is to be done",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::error_texts;

    #[test]
    fn every_error_of_a_call_has_a_title_and_something_to_do() {
        for code in [
            11200, 11205, 11210, 11215, 11220, 11243, 11750, 12100, 12102, 12200, 12300, 13201,
            13212, 13214, 13216, 13223, 13224, 13225, 13226, 13227, 13310, 13311, 13312, 13313,
            13314, 13610, 13611, 13612, 13613, 13614, 13615, 13616, 13617, 13618, 13619, 13620,
            15003, 10003, 10004, 21210, 21215, 21216, 21219, 21220, 32017, 32021, 32203, 32224,
        ] {
            assert!(what_to_do(code).is_some(), "{code}");
        }
        for code in 10_000..100_000 {
            let title = error_texts::title(code);
            assert!(what_to_do(code).is_none() || title.is_some(), "{code}");
        }
        assert_eq!(what_to_do(30003), None);
        let geo = what_to_do(13227).unwrap();
        assert!(geo.contains("Geo permissions"), "{geo}");
    }
}
