//! The caller's message: recorded, heard of, kept, and deleted at Twilio.

use jiff::{SignedDuration, Timestamp};

use super::dialed::SHORTEST_TALK;
use super::{NOT_ANSWERED, Turn};
use crate::domain::call::document::thanks;
use crate::domain::call::ring::SILENCE;
use crate::domain::call::{
    Alert, Answer, Effect, Leg, Message, MissedAt, Outcome, SHORTEST_MESSAGE, Stage, Unrung,
};
use crate::domain::ids::RecordingSid;

/// The provider writes down no longer ones. Source: Twilio, "TwiML Voice: Record", `transcribe`.
const LONGEST_TRANSCRIBED: u32 = 120;

/// So long the text waits for the recording, and for what is written down of it.
pub(super) const FOR_THE_RECORDING: SignedDuration = SignedDuration::from_secs(30);
const FOR_THE_TRANSCRIPT: SignedDuration = SignedDuration::from_secs(120);

/// When the recording is fetched again, if whoever fetched it said nothing of it.
const FETCHED_AGAIN: SignedDuration = SignedDuration::from_secs(60);
const FIRST_PAUSE: i64 = 5;
const LONGEST_PAUSE: i64 = 600;
/// Between the end of a talk and the caller's, if nothing is said to the caller.
const HANGS_UP: SignedDuration = SignedDuration::from_secs(8);
const FETCHED_FOR: SignedDuration = SignedDuration::from_hours(1);
const DELETED_AGAIN: SignedDuration = SignedDuration::from_mins(10);
const DELETED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Turn<'_> {
    pub(super) fn recorded(&mut self, hung_up: bool) -> Answer {
        if !matches!(self.call.stage, Stage::Over { .. }) {
            let is_first = self.message().finished.is_none();
            let now = self.now;
            self.message().finished.get_or_insert(now);
            self.call.stage = Stage::TakingMessage;
            if hung_up {
                self.call.ended.get_or_insert(now);
            }
            if is_first {
                self.waits_for_the_recording();
            }
        }
        if hung_up {
            return Answer::Nothing;
        }
        match self.call.message {
            Some(_) => thanks(self.voice),
            None => Answer::HangUp,
        }
    }

    /// Not for longer than since the first sign that the caller is done.
    pub(super) fn waits_for_the_recording(&mut self) {
        let until = self.now + FOR_THE_RECORDING;
        self.call.due = Some(self.call.due.map_or(until, |due| due.min(until)));
    }

    fn message(&mut self) -> &mut Message {
        let began = self.now;
        self.call.message.get_or_insert_with(|| Message {
            began,
            ..Message::default()
        })
    }

    pub(super) fn taken_by_fallback(&mut self) {
        if matches!(self.call.stage, Stage::Over { .. } | Stage::TakingMessage) {
            return;
        }
        self.call.by_fallback = true;
        // Whoever talked is asked nothing more: it was the question what comes next that failed.
        if let Stage::Talking { leg } = self.call.stage {
            let at = leg.saturating_sub(1);
            let told = self.call.legs.get(at).and_then(Leg::seconds_told_of_talk);
            if told.is_none_or(|seconds| SHORTEST_TALK <= seconds) {
                self.spoke(leg, told);
                return self.asks_for_a_message(SILENCE);
            }
        }
        self.takes_message();
    }

    /// The caller is asked nothing more after a talk, unless that question was lost and the fallback took a message.
    pub(super) fn asks_for_a_message(&mut self, after: SignedDuration) {
        let is_heard = self
            .call
            .message
            .as_ref()
            .is_some_and(|it| it.heard.is_some());
        self.call.asks_for_message = (!is_heard).then_some(self.now + after);
        self.is_due_for_the_message();
    }

    /// Whoever is gone as the talk is over left no message.
    pub(super) fn is_gone_after_the_talk(&mut self) {
        if self.call.asks_for_message.is_none() {
            return;
        }
        let legs = self.call.legs.iter();
        let talked_until = legs.filter_map(|leg| leg.ended.as_ref()).map(|end| end.at);
        let is_at_once = talked_until
            .max()
            .is_some_and(|until| self.now.duration_since(until) < HANGS_UP);
        self.call.asks_for_message = (!is_at_once).then_some(self.now + FOR_THE_RECORDING);
        self.is_due_for_the_message();
    }

    pub(super) fn recording(&mut self, sid: RecordingSid, seconds: Option<u32>) {
        let (now, keeps) = (self.now, self.voice.voicemail.keep_at_twilio);
        let is_long = seconds.is_some_and(|seconds| SHORTEST_MESSAGE <= seconds);
        self.call.asks_for_message = None;
        let message = self.message();
        if message.heard.is_some() {
            let is_known =
                message.recording.as_ref() == Some(&sid) || message.others.contains(&sid);
            if !is_known && seconds.is_some() && !keeps {
                message.others.push(sid.clone());
                message.again.get_or_insert(now + DELETED_AGAIN);
                self.effects.push(Effect::DeleteAtTwilio(sid));
            }
            self.is_due_for_the_message();
            return;
        }
        message.heard = Some(now);
        message.seconds = seconds;
        message.is_absent = seconds.is_none();
        message.recording = Some(sid.clone());
        if is_long {
            message.again = Some(now + FETCHED_AGAIN);
            self.effects.push(Effect::FetchRecording(sid));
        } else if seconds.is_some() && !keeps {
            message.again = Some(now + DELETED_AGAIN);
            self.effects.push(Effect::DeleteAtTwilio(sid));
        }
        match (&self.call.stage, seconds.filter(|_| is_long)) {
            (Stage::Over { outcome }, Some(seconds)) => {
                if matches!(outcome, Outcome::Missed { .. }) {
                    let outcome = Outcome::Voicemail { seconds };
                    self.call.stage = Stage::Over { outcome };
                }
                // Nobody was told that there is none.
                if self.call.tells_at.is_some() {
                    self.tell();
                } else {
                    self.effects.push(Effect::Alert(Alert::LateVoicemail));
                }
            }
            (Stage::Over { .. }, None) => {}
            (_, Some(seconds)) => self.over(Outcome::Voicemail { seconds }),
            (Stage::Ringing { .. }, None) => self.missed(MissedAt::Voicemail),
            (_, None) => self.ends_by_what_is_known(),
        }
        self.is_due_for_the_message();
    }

    pub(super) fn without_a_message(&self) -> MissedAt {
        if self.call.was_cut_off() {
            MissedAt::CutOff
        } else if self.call.unrung == Some(Unrung::Nobody) {
            MissedAt::Nobody
        } else {
            MissedAt::Voicemail
        }
    }

    pub(super) fn transcribed(&mut self, text: Option<String>) {
        let Some(message) = &mut self.call.message else {
            return;
        };
        if message.is_transcribed {
            return;
        }
        message.is_transcribed = true;
        message.transcript = text;
        if matches!(self.call.stage, Stage::Over { .. }) && self.call.told.is_none() {
            self.tell();
        }
        self.is_due_for_the_message();
    }

    /// Whether the text about the call waits for what a machine writes down.
    pub(super) fn waits_for_the_transcript(&self) -> Option<Timestamp> {
        let message = self.call.message.as_ref()?;
        let is_written = message.seconds.is_some_and(|s| s <= LONGEST_TRANSCRIBED);
        let is_waited_for =
            self.voice.voicemail.transcribe && is_written && !message.is_transcribed;
        let until = message.heard? + FOR_THE_TRANSCRIPT;
        is_waited_for.then_some(until)
    }

    pub(super) fn kept(&mut self) {
        let (now, keep) = (self.now, self.voice.voicemail.keep_at_twilio);
        let Some(message) = &mut self.call.message else {
            return;
        };
        let (Some(sid), None) = (&message.recording, message.kept) else {
            return;
        };
        message.kept = Some(now);
        message.again = (!keep).then_some(now + DELETED_AGAIN);
        if !keep {
            self.effects.push(Effect::DeleteAtTwilio(sid.clone()));
        }
        self.is_due_for_the_message();
    }

    /// The file need not be there yet when Twilio tells of it, so that the first pauses are short.
    pub(super) fn not_kept(&mut self) {
        let now = self.now;
        let Some(message) = &mut self.call.message else {
            return;
        };
        let (Some(heard), None, false) = (message.heard, message.kept, message.is_lost) else {
            return;
        };
        message.failed = message.failed.saturating_add(1);
        if now.duration_since(heard) < FETCHED_FOR {
            let pause = FIRST_PAUSE << message.failed.saturating_sub(1).min(7);
            message.again = Some(now + SignedDuration::from_secs(pause.min(LONGEST_PAUSE)));
        } else {
            message.is_lost = true;
            message.again = None;
            self.effects.push(Effect::Alert(Alert::RecordingLost));
        }
        self.is_due_for_the_message();
    }

    pub(super) fn deleted(&mut self, sid: &RecordingSid) {
        let (now, keeps) = (self.now, self.voice.voicemail.keep_at_twilio);
        if let Some(message) = &mut self.call.message {
            message.others.retain(|other| other != sid);
            if message.recording.as_ref() == Some(sid) {
                message.deleted_at_twilio.get_or_insert(now);
            }
            let is_done = message.deleted_at_twilio.is_some() || message.is_lost;
            let is_done = is_done || (message.kept.is_some() && keeps);
            if is_done && message.others.is_empty() {
                message.again = None;
            }
        }
        self.is_due_for_the_message();
    }

    /// Tells if it is time, and fetches or deletes the recording again if nothing came of it.
    pub(super) fn looks_after_the_message(&mut self) {
        let now = self.now;
        let is_past = |until: Option<Timestamp>| until.is_none_or(|until| until <= now);
        if self.call.asks_for_message.is_some_and(|at| at <= now) {
            self.call.asks_for_message = Some(now + NOT_ANSWERED);
            self.effects.push(Effect::AskTwilio);
        }
        if self.call.told.is_none()
            && is_past(self.waits_for_the_transcript())
            && is_past(self.call.tells_at)
        {
            self.tell();
        }
        if let Some(message) = &mut self.call.message
            && message.again.is_some_and(|again| again <= now)
            && let Some(sid) = message.recording.clone()
        {
            let is_long = message
                .seconds
                .is_some_and(|seconds| SHORTEST_MESSAGE <= seconds);
            let heard = message.heard.unwrap_or(message.began);
            let is_there = message.deleted_at_twilio.is_none();
            let fetches = is_long && message.kept.is_none() && is_there && !message.is_lost;
            let age = now.duration_since(heard);
            let mut deletes = message.others.clone();
            if fetches {
                message.again = Some(now + FETCHED_AGAIN);
                self.effects.push(Effect::FetchRecording(sid));
            } else if age < DELETED_FOR {
                message.again = Some(now + age.max(DELETED_AGAIN));
                let is_done = message.kept.is_some() || !is_long;
                deletes.extend((is_there && is_done).then_some(sid));
            } else {
                deletes.clear();
                message.again = None;
                self.effects.push(Effect::Alert(Alert::NotDeletedAtTwilio));
            }
            let deletes = deletes.into_iter().map(Effect::DeleteAtTwilio);
            self.effects.extend(deletes);
        }
        self.is_due_for_the_message();
    }

    /// When a call that is over must be looked at again.
    pub(super) fn is_due_for_the_message(&mut self) {
        if !matches!(self.call.stage, Stage::Over { .. }) {
            return;
        }
        let tells = match self.call.told {
            None => self.waits_for_the_transcript().max(self.call.tells_at),
            Some(_) => None,
        };
        let again = self.call.message.as_ref().and_then(|message| message.again);
        let all = [tells, again, self.call.asks_for_message];
        self.call.due = all.into_iter().flatten().min();
    }
}
