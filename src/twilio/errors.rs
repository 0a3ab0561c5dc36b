//! What an error means for a delivery. The codes are Twilio's ("Error and warning dictionary");
//! what to do about each is the relay's judgement.

use std::time::Duration;

use crate::domain::delivery::{Answer, Class, Failure};

/// A request for a message was refused; `retry_after` is what the answer asks for.
pub fn refused(code: Option<u32>, http_status: u16, retry_after: Option<Duration>) -> Answer {
    let mut failure = failure(code, Some(http_status));
    failure.retry_after = failure.retry_after.max(retry_after);
    Answer::Refused {
        http_status,
        failure,
    }
}

/// A failure by Twilio's error code and the HTTP status. A status callback has no HTTP status.
pub fn failure(code: Option<u32>, http_status: Option<u16>) -> Failure {
    Failure {
        class: classify(code, http_status),
        code,
        retry_after: code.and_then(pause_after),
    }
}

/// The class of a failure by Twilio's error code and, where there is none or it is not known, the
/// HTTP status.
///
/// An answer that never came is no failure of this kind: the message may be under way, and Twilio
/// is asked first (see [`Answer::Unknown`]).
fn classify(code: Option<u32>, http_status: Option<u16>) -> Class {
    code.and_then(known)
        .unwrap_or_else(|| by_status(http_status))
}

/// How long a code wants to be left alone, if it is known to: Twilio blocks a pair of numbers with
/// more than 30 replies within 30 seconds for as long again (error 14107).
fn pause_after(code: u32) -> Option<Duration> {
    (code == 14107).then_some(Duration::from_secs(31))
}

/// Every code that the relay has an opinion on. Twilio adds codes: the others go by their status.
///
/// Sources: Twilio, "Error and warning dictionary"; the copy of it in nyaruka/courier
/// (handlers/twiml/errors.json); of toll-free verification, Twilio's "Why was my toll-free
/// verification rejected?".
fn known(code: u32) -> Option<Class> {
    let class = match code {
        // Too much at once, or Twilio or a carrier is out of order for the moment.
        14107 // more than 30 replies between two numbers within 30 seconds
        | 10004 // too many calls at once
        | 20429 // too many requests
        | 21611 // the number's queue is full
        | 21730 // system under maintenance
        | 30001 // the queue is full
        | 30017 // the carrier's network is congested
        | 30022 // the campaign's rate limit
        | 30500 // Twilio's own error
        | 30020 // Twilio failed over the message's schedule
        | 30021 // Twilio failed over the messaging service
        | 63009 // the channel's provider failed
        | 63010 // Twilio failed over the channel
        | 63012 // the channel's provider failed
        | 63017 // the account's rate limit
        | 63018 // the channel's rate limit
        => Class::Retry,

        // It passes by itself, but nobody can wait for it.
        30038 // taken for a one-time passcode
        | 30039 // taken for a machine's, to prevent a loop
        | 30450 // suspicious traffic to the number, for 15 to 30 minutes
        | 30453 // suspicious traffic to the number, for some hours
        | 63013 // against the channel's policy
        | 63026 // taken for spam by the channel
        | 63032 // the channel limits what this recipient gets
        => Class::Blocked,

        // It may work the next time, but somebody is waiting.
        30003 // the handset is off or out of reach
        | 30008 // unknown error
        | 30009 // a segment got lost
        | 30036 // the validity period was over before it was sent
        => Class::RetryOnce,

        // Nothing that is sent to this number will arrive.
        21211 // not a valid number
        | 21217 // not a valid number
        | 21265 // a short code
        | 21266 // the line itself
        | 21268 // a premium or information number
        | 21612 // not reachable from the line's number
        | 21614 // not a mobile number
        | 21635 // a landline
        | 30004 // the recipient blocks messages
        | 30005 // unknown handset
        | 30006 // a landline, or an unreachable carrier
        | 30014 // the recipient's attributes are not valid
        | 30016 // sender and recipient are of different channels
        | 63003 // the channel does not know the recipient
        | 63014 // the recipient blocks the sender
        | 63015 // the recipient has not joined the channel's sandbox
        | 63016 // the channel's time for free text is over
        | 63024 // the channel does not take the recipient
        | 63033 // the recipient blocks messages
        | 63036 // RCS does not reach the number
        => Class::HandOver,

        // It is about a media URL, or about sending media at all: the words can go without.
        11100 // the URL's form is not valid
        | 11200..=11220 | 11235..=11237 | 11251 // the media cannot be fetched
        | 11751 // larger than the carrier takes
        | 12300 // not a type of media that Twilio takes
        | 12301 // not a type of media that Twilio takes
        | 12400 // Twilio failed over the media
        | 21620 // a media URL is not valid
        | 21621 // the line's number cannot send MMS
        | 21622 // MMS is not enabled for the account
        | 21623 // too many media
        | 30011 // no MMS in that region
        | 30019 // larger than the carrier takes
        | 63005 // the channel does not take such content
        | 63006 // the content cannot be brought into the channel's form
        | 63019 // the media cannot be fetched
        | 63021 // the channel does not take such content
        | 63034 // larger than the channel takes
        | 63037 // the channel failed over the media
        => Class::Attachment,

        21610 // replied STOP
        => Class::Stop,

        // The owner has to do something about the account, a number or a campaign.
        20003 // the credentials are wrong
        | 20005 // the account is not active
        | 20006 // access denied
        | 20008 // test credentials
        | 20404 // no such account
        | 21212 // the line's number is not valid
        | 21267 // a trial account's sender
        | 21408 // no permission for the recipient's region
        | 21601 // the line's number cannot send
        | 21606 // the line's number cannot send there, or is not the account's
        | 21607 // the line's number must be the trial's
        | 21608 // a trial account sends to verified numbers only
        | 21609 // the public URL is not a valid callback URL
        | 21616 // the line's number is not unique in the account
        | 21659 // the line's number is not Twilio's
        | 21660 // the line's number is another account's
        | 21661 // the line's number cannot send
        | 21703 // the messaging service has no numbers
        | 21704 // the messaging service has no short code
        | 21705 // the messaging service is not valid
        | 21729 // the campaign is suspended
        | 30002 // the account is suspended
        | 30007 // filtered for its content or its campaign
        | 30010 // dearer than the limit that was set
        | 30018 // the carrier wants the sender registered
        | 30023 // the campaign's daily cap
        | 30024 // the sender is not provisioned at the carrier
        | 30027 // T-Mobile's daily limit
        | 30032 // the toll-free number is not verified
        | 30033 // the campaign is suspended
        | 30034 // the number is not in a registered campaign
        | 30035 // the number is in several campaigns
        | 30037 // outbound messaging is disabled
        | 10001 // the account is not active
        | 10002 // a trial account
        | 10003 // the account is not active
        | 21215 // no permission to call the country
        | 21216 // Twilio blocks calls to the number
        | 20010 // the account may not do that
        | 20403 // the credentials may not do that
        | 21210 // the line's number is not verified
        | 21219 // the recipient's number is not verified, and the account is a trial
        | 21618 // the body may not be sent
        | 21701 // there is no such messaging service
        | 21702 // the messaging service may not send
        | 21709 // the sender's name is not allowed for the messaging service
        | 21712 // the number is in another messaging service
        | 21715 // the number cannot do what the messaging service needs
        | 30440..=30449 | 30451 | 30455..=30499 | 30501..=30530 // toll-free verification rejected
        | 63001 // the channel does not accept the credentials
        | 63002 // the channel does not know the line's number
        | 63007 // the line's number is not set up for the channel
        | 63008 // the channel is not set up right
        | 63020 // the channel's business account has an error
        | 63035 // the RCS agent is not launched
        | 70051 // the API key lacks a permission
        | 63038 // the account's daily limit
        => Class::Configuration,

        // The relay must not have sent this.
        21220 // the call is over
        | 21602 // no body
        | 21603 // no sender
        | 21604 // no recipient
        | 21605 // the body is too long
        | 21617 // the body is too long
        | 21619 // neither body nor media
        | 21658 // a parameter is too long
        | 30012 // the validity period is too short
        | 30013 // the validity period is too long
        | 21624 // the validity period is not valid
        | 21626 // a callback event is not valid
        | 21627 // the highest price is not valid
        | 21654..=21656 // about content templates, which the relay does not use
        | 63011 // the request is not valid
        | 63031 // sender and recipient are the same
        => Class::OurBug,

        // Twilio gives it up without repeating it, because it may have been delivered.
        30410 // the carrier did not answer in time
        => Class::Uncertain,

        // Twilio broke down over the request, perhaps after it had taken the message.
        20500 // internal server error
        | 20503 // service unavailable
        | 20504 // gateway timeout
        => Class::Ambiguous,

        _ => return None,
    };
    Some(class)
}

fn by_status(http_status: Option<u16>) -> Class {
    match http_status {
        // A carrier's failure that has no known name.
        None => Class::Unknown,
        Some(401 | 403 | 404) => Class::Configuration,
        Some(408 | 425 | 429) => Class::Retry,
        Some(500..) => Class::Ambiguous,
        // Twilio does not want this request. The next person's number may do; a request that is wrong
        // for everyone ends with the cascade.
        Some(_) => Class::UnknownRefusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::error_texts;

    #[test]
    fn every_listed_code_has_its_class() {
        let table: [(Class, &[u32]); 10] = [
            (
                Class::Retry,
                &[20429, 30001, 30017, 30022, 30500, 14107, 21611],
            ),
            (Class::RetryOnce, &[30003, 30008, 30009, 30036]),
            (
                Class::HandOver,
                &[
                    30004, 30005, 30006, 21211, 21217, 21612, 21614, 21265, 21635,
                ],
            ),
            (
                Class::Attachment,
                &[
                    11200, 11205, 11237, 12300, 12400, 21620, 21621, 21622, 21623, 30011, 30019,
                    63019, 63021,
                ],
            ),
            (Class::Blocked, &[30038, 30039, 30450, 30453]),
            (Class::Uncertain, &[30410]),
            (Class::Stop, &[21610]),
            (
                Class::Configuration,
                &[
                    20003, 21212, 21408, 21601, 21606, 21608, 21609, 21703, 21704, 21705, 30002,
                    30007, 30018, 30023, 63038, 30024, 30032, 30034, 30010, 21660, 21661, 30485,
                    70051, 10001,
                ],
            ),
            (Class::OurBug, &[21602, 21604, 21617, 21658]),
            (Class::Ambiguous, &[20500, 20503, 20504]),
        ];
        for (class, codes) in table {
            for code in codes {
                // Whatever the status says, a known code says more.
                for status in [None, Some(400), Some(429), Some(500)] {
                    assert_eq!(classify(Some(*code), status), class, "{code}");
                }
            }
        }
    }

    #[test]
    fn every_code_that_the_relay_judges_has_a_title() {
        for code in 10_000..100_000 {
            let (judged, title) = (known(code).is_some(), error_texts::title(code));
            assert!(!judged || title.is_some(), "{code}");
        }
        assert_eq!(error_texts::title(39_999), None);
    }

    #[test]
    fn a_failure_without_a_code_goes_by_its_status() {
        for status in [408, 425, 429] {
            assert_eq!(classify(None, Some(status)), Class::Retry, "{status}");
        }
        for status in [500, 502, 503, 599] {
            assert_eq!(classify(None, Some(status)), Class::Ambiguous, "{status}");
        }
        for status in [401, 403, 404] {
            assert_eq!(classify(None, Some(status)), Class::Configuration);
        }
        assert_eq!(classify(None, Some(400)), Class::UnknownRefusal);
        assert_eq!(classify(None, None), Class::Unknown);
    }

    #[test]
    fn an_unknown_code_goes_by_its_status_too() {
        assert_eq!(classify(Some(99999), Some(503)), Class::Ambiguous);
        assert_eq!(classify(Some(99999), Some(400)), Class::UnknownRefusal);
        assert_eq!(classify(Some(99999), None), Class::Unknown);
    }
}
