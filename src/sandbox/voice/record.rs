//! `<Record>`, and what is kept of it.

use std::time::Duration;

use super::requests::Fields;
use crate::sandbox::call::doing::{CallStep, Doing, Recording};
use crate::sandbox::call::twiml::Record;
use crate::sandbox::call::{CallStatus, Kind, Stored};
use crate::sandbox::message::digest;
use crate::sandbox::state::{Happening, State};

/// The file is there so much later than the action is asked.
const FILE_TAKES: Duration = Duration::from_secs(1);
/// What was said is told so much later than the file is there.
const WRITING_DOWN_TAKES: Duration = Duration::from_secs(20);
/// Of shorter and of longer recordings nothing is written down.
const TRANSCRIBED: std::ops::RangeInclusive<u64> = 2..=120;
/// Who hangs up within that, without a word, leaves nothing.
const NOTHING: Duration = Duration::from_secs(1);

impl State {
    pub(super) fn record(&mut self, sid: &str, record: Record) {
        let now = self.now;
        let recording = format!(
            "RE{}",
            digest(&format!("{sid} {} {now}", self.recordings.len()))
        );
        let starts = record.events.iter().any(|event| event == "in-progress");
        let callback = record.status_callback.clone().filter(|_| starts);
        let (longest, silent) = (record.max_length, record.timeout);
        if let Some(call) = self.calls.get_mut(sid) {
            if record.play_beep {
                call.hears(now, Kind::Tone, "beep");
            }
            call.hears(now, Kind::State, "recording");
            let sid = recording.clone();
            let begun = now;
            let spoke = None;
            call.doing = Doing::Records(Recording {
                record,
                sid,
                begun,
                spoke,
            });
            call.epoch += 1;
        }
        if let Some(url) = callback {
            let stored = Stored {
                sid: recording,
                call: sid.to_owned(),
                begun: now,
                seconds: 0,
                ready: None,
            };
            self.call_back_recording(&stored, &url, "in-progress");
        }
        self.plan(longest.min(silent), sid, CallStep::RecordingEnds);
    }

    /// Somebody speaks from now on.
    pub(super) fn say(&mut self, sid: &str, length: Duration) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let seconds = length.as_secs_f64();
        call.hears(now, Kind::Did, format!("speaks for {seconds} s"));
        match &mut call.doing {
            Doing::Records(recording) => {
                let first = recording.spoke.map_or(now, |(first, _)| first);
                let last = now + length;
                recording.spoke = Some((first, last));
                let ends = (recording.begun + recording.record.max_length)
                    .min(last + recording.record.timeout);
                let wait = Duration::try_from(ends.duration_since(now)).unwrap_or_default();
                call.epoch += 1;
                self.plan(wait, sid, CallStep::RecordingEnds);
            }
            Doing::Talks(other) => {
                let other = other.clone();
                if let Some(other) = self.calls.get_mut(&other) {
                    other.hears(now, Kind::Voice, format!("speaks for {seconds} s"));
                }
            }
            _ => {}
        }
    }

    /// A recording is over: by a key, because the caller hung up (`hangup`), or by silence or its length.
    pub(super) fn recorded(&mut self, sid: &str, ended_by: Option<&str>) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        if !matches!(call.doing, Doing::Records(_)) {
            return;
        }
        let Doing::Records(recording) = std::mem::replace(&mut call.doing, Doing::Hears) else {
            return;
        };
        let Recording {
            record,
            sid: recording,
            begun,
            spoke,
        } = recording;
        let hung_up = ended_by == Some("hangup");
        if spoke.is_none() && ended_by.is_none() && self.unchecked.silent_record_falls_through {
            return self.carry_on(sid);
        }
        let whole = Duration::try_from(now.duration_since(begun)).unwrap_or_default();
        let length = match spoke {
            Some((first, last)) if record.trims => {
                let last = last.min(now);
                Duration::try_from(last.duration_since(first)).unwrap_or_default()
            }
            _ => whole,
        };
        let is_absent = spoke.is_none() && hung_up && whole < NOTHING;
        let seconds = if is_absent {
            0
        } else {
            length.as_secs_f64().round().max(1.0) as u64
        };
        call.hears(now, Kind::State, format!("{seconds} s recorded"));
        let stored = Stored {
            sid: recording,
            call: sid.to_owned(),
            begun,
            seconds,
            ready: (!is_absent).then(|| now + FILE_TAKES),
        };
        self.recordings.push(stored.clone());
        let (event, wait) = if is_absent {
            ("absent", Duration::ZERO)
        } else {
            ("completed", FILE_TAKES)
        };
        if let Some(url) = record
            .status_callback
            .filter(|_| record.events.iter().any(|e| e == event))
        {
            let told = Happening::Recording(stored.clone(), url, event);
            self.steps.put(now + wait, told);
        }
        if let Some(url) = record.transcribe_callback
            && !is_absent
            && TRANSCRIBED.contains(&seconds)
        {
            let told = Happening::Transcription(stored.clone(), url);
            self.steps.put(now + FILE_TAKES + WRITING_DOWN_TAKES, told);
        }
        if hung_up {
            self.end(sid, CallStatus::Completed);
            if self.unchecked.no_action_after_hang_up {
                return;
            }
        }
        let mut fields: Fields = vec![
            ("RecordingDuration", seconds.to_string()),
            ("RecordingSid", stored.sid.clone()),
            ("RecordingUrl", stored.url(&self.account_sid)),
        ];
        fields.extend(ended_by.map(|by| ("Digits", by.to_owned())));
        let document = self.calls.get(sid).map(|call| call.document.url.clone());
        let url = record.action.or(document).unwrap_or_default();
        self.ask(sid, &url, fields);
    }
}
