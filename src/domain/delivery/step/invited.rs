//! Whoever invited somebody has to know that it failed.

use super::*;
use crate::domain::delivery::Failed;
use crate::domain::delivery::invitation::Report;

impl Step {
    /// An invitation has failed. It stays due until that is said: should whoever says it die before,
    /// the sweep finds it.
    pub(super) fn owe_report(&mut self) {
        if let Some(invitation) = &mut self.delivery.invitation {
            invitation.owe_report(self.now);
            self.effects.push(Effect::Wake { due: self.now });
        }
    }

    pub(super) fn tell_inviter(&mut self) {
        if self.delivery.due().is_none() {
            return;
        }
        match Failed::of(&self.delivery) {
            Some(_) => self.effects.push(Effect::TellInviter),
            // It has arrived meanwhile.
            None => self.delivery.state = State::Delivered,
        }
    }

    pub(super) fn told(&mut self) {
        let now = self.now;
        if let Some(invitation) = &mut self.delivery.invitation
            && invitation.report_due().is_some()
        {
            invitation.report = Report::Made { at: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Because;
    use crate::domain::delivery::invitation::Invitation;
    use crate::domain::delivery::source::Source;
    use crate::domain::delivery::step::tests::{accepted, after, at, delivery};
    use crate::domain::delivery::{Hold, Withheld};
    use crate::twilio::errors;

    fn invitation() -> Delivery {
        Delivery {
            purpose: Purpose::Invitation,
            remaining: Vec::new(),
            message_sid: None,
            sender: None,
            invitation: Some(Box::new(Invitation {
                event: "Zurek".to_owned(),
                key: "ana".to_owned(),
                subject: None,
                request: "digest".to_owned(),
                source: Source::Invoke,
                report: Report::NotNeeded,
            })),
            ..delivery(1)
        }
    }

    fn refused(code: u32) -> Event {
        Event::Answered {
            attempt: 1,
            answer: errors::refused(Some(code), 400, None),
        }
    }

    #[test]
    fn a_failure_is_owed_until_it_is_told() {
        let (failed, effects) = after(invitation(), [(0, Event::Woken), (1, refused(21211))]);
        assert_eq!(failed.due(), Some(at(1)));
        assert_eq!(failed.gave_up, None, "it is no dead letter");
        assert!(effects.contains(&Effect::Wake { due: at(1) }));
        let because = Failed::of(&failed).unwrap();
        assert_eq!(because.because, Because::Undeliverable);
        assert_eq!(because.error_code, Some(21211));
        assert!(!because.may_have_arrived);

        let (same, effects) = after(failed.clone(), [(60, Event::Woken)]);
        assert_eq!((same, effects), (failed.clone(), vec![Effect::TellInviter]));
        let (told, _) = after(failed, [(61, Event::Told)]);
        assert_eq!(told.due(), None);
        let (same, effects) = after(told.clone(), [(62, Event::Woken), (63, Event::Told)]);
        assert_eq!((same, effects), (told, vec![]));
    }

    #[test]
    fn who_opted_out_cannot_be_invited_and_whoever_invited_hears_it() {
        let held = Event::Held(Hold::OptedOut);
        let (failed, effects) = after(invitation(), [(0, held), (0, Event::Woken)]);
        let because = Withheld::OptedOut;
        assert_eq!(failed.state, State::Withheld { because });
        assert_eq!(effects, [Effect::TellInviter]);
        assert_eq!(Failed::of(&failed).unwrap().because, Because::OptedOut);
    }

    #[test]
    fn a_text_that_nobody_reports_on_may_have_arrived() {
        let (silent, _) = after(invitation(), [(0, Event::Woken), (1, accepted(1))]);
        let (failed, _) = after(silent, [(4000, Event::Woken)]);
        let told = Failed::of(&failed).unwrap();
        assert_eq!(told.because, Because::NoReport);
        assert!(told.may_have_arrived);
        // Then it turns out to have arrived, before anybody was told otherwise.
        let news = Event::Status {
            attempt: 1,
            sid: failed.attempts[0].sid.clone().unwrap(),
            status: Status::Delivered,
            failure: errors::failure(None, None),
        };
        let (arrived, effects) = after(failed, [(4001, news), (4002, Event::Woken)]);
        assert_eq!(
            (arrived.state.clone(), arrived.due()),
            (State::Delivered, None)
        );
        assert_eq!(effects, []);
    }

    #[test]
    fn other_texts_owe_nobody_a_report() {
        let mut alert = delivery(1);
        alert.purpose = Purpose::Alert;
        alert.remaining = Vec::new();
        let (failed, effects) = after(
            alert,
            [(0, Event::Woken), (1, refused(21211)), (2, Event::Woken)],
        );
        assert_eq!((failed.due(), effects), (None, vec![]));
    }
}
