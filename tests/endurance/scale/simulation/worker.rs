//! The worker: batches of the queue, the texts of a batch side by side, and their calls to Twilio.

use super::super::counted::Step;
use super::super::limits::{FIRST_BATCHES, GREW_FOR, MORE_BATCHES};
use super::super::queue::What;
use super::{
    AHEAD, BATCH, Batch, Event, INTERVAL, MOST_DELAY, OF_TWILIO, PHONES, POLLED, PROCESSOR, Record,
    Run, SECOND, StepOf, TWILIO, WORKER,
};

impl<'c> Run<'c> {
    pub(super) fn record(&mut self, record: Record, tries: u32) {
        let of = self.step(record.step);
        match self.charged(of, record.text, record.since, tries) {
            Ok(takes) => {
                let sends = record.step == StepOf::Sends;
                let mut processor = Self::processor(of);
                if sends {
                    processor += (OF_TWILIO / PROCESSOR * 1000.0) as u64;
                }
                let now = self.now;
                let busy = &mut self.batches.get_mut(&record.batch).unwrap().busy;
                *busy = now.max(*busy) + processor;
                // Half of the requests come before the call to Twilio.
                let before = *busy + if sends { takes / 2 } else { takes };
                let next = if sends {
                    Event::Call(record, takes / 2)
                } else {
                    Event::Done(record)
                };
                self.at(before, next);
            }
            Err(Some(pause)) => {
                let tries = tries + 1;
                self.at(self.now + pause, Event::Record { record, tries });
            }
            // It comes again when its visibility is over.
            Err(None) => {
                let step = StepOf::Settled;
                self.at(self.now, Event::Done(Record { step, ..record }));
            }
        }
    }

    pub(super) fn wants_to_call(&mut self, record: Record, after: u64) {
        let batch = self.batches.get_mut(&record.batch).unwrap();
        if batch.calling < self.calls_at_once {
            self.call(record, after);
        } else {
            batch.to_call.push_back((record, after));
        }
    }

    pub(super) fn called(&mut self, record: Record, after: u64) {
        self.calls -= 1;
        self.at(self.now + after, Event::Done(record));
        let batch = self.batches.get_mut(&record.batch).unwrap();
        batch.calling -= 1;
        if let Some((next, after)) = batch.to_call.pop_front() {
            self.call(next, after);
        }
    }

    pub(super) fn done(&mut self, record: Record) {
        let (now, text) = (self.now, record.text);
        self.queue.done(record.group, now - record.since, now);
        if record.step == StepOf::Sends {
            self.outcome.sent += 1;
            for n in 1..=self.counted.callbacks as u64 {
                let later = self.random.u64(0..SECOND);
                self.at(now + n * SECOND / 2 + later, Event::Callback { text });
            }
        }
        if record.step != StepOf::Settled {
            self.send(self.step(record.step), text);
        }
        let of = self.batches.get_mut(&record.batch).unwrap();
        of.working -= 1;
        if of.working == 0 && of.left.is_empty() {
            self.batches.remove(&record.batch);
            self.end(WORKER);
            self.poll();
        }
    }

    fn call(&mut self, record: Record, after: u64) {
        self.batches.get_mut(&record.batch).unwrap().calling += 1;
        self.calls += 1;
        self.outcome.most_calls = self.outcome.most_calls.max(self.calls);
        let takes = self.draw(TWILIO);
        self.at(self.now + takes, Event::Called(record, after));
    }

    fn step(&self, step: StepOf) -> &'c Step {
        match step {
            StepOf::Sends => &self.counted.sends,
            StepOf::Waits => &self.counted.waits,
            StepOf::Settled => &self.counted.settled,
        }
    }

    /// Brings batches to the worker, as many as may be under way.
    pub(super) fn poll(&mut self) {
        let pollers = FIRST_BATCHES + MORE_BATCHES * (GREW_FOR + self.seconds());
        let most = self.setup.worker.min(pollers as usize);
        while self.queue.length > 0 && self.batches.len() < most {
            let start = match self.start(WORKER) {
                Ok(start) => start,
                Err(limit) => return self.meet(&limit),
            };
            let mut batch = Batch::default();
            while batch.left.len() < BATCH
                && let Some((group, at, message)) = self.queue.pop(self.now)
            {
                if message.what == What::New {
                    let others = usize::from(self.lines[message.text as usize] != 0);
                    self.outcome.waited[others].0.push(self.now - at);
                }
                batch.left.push_back((group, message));
            }
            let id = self.next_batch;
            self.next_batch += 1;
            self.batches.insert(id, batch);
            let begins = start + self.draw(POLLED);
            self.work(id, begins);
        }
    }

    /// Begins all records of a batch.
    fn work(&mut self, id: u32, later: u64) {
        let at = self.now + later;
        while let Some(batch) = self.batches.get_mut(&id)
            && let Some((group, message)) = batch.left.pop_front()
        {
            batch.working += 1;
            let step = match message.what {
                What::Settled => StepOf::Settled,
                What::Turn => StepOf::Sends,
                What::New => self.turn(message.text),
            };
            let record = Record {
                batch: id,
                group,
                text: message.text,
                step,
                since: at,
            };
            self.at(at, Event::Record { record, tries: 0 });
        }
    }

    /// Whether one of the line's phones may have the text now; if not, it comes again in its turn.
    fn turn(&mut self, text: u32) -> StepOf {
        let (line, now) = (self.lines[text as usize], self.now);
        let due = |phone: &u64| self.turns.get(&(line, *phone)).copied().unwrap_or_default();
        let phone = (0..PHONES).min_by_key(due).unwrap_or_default();
        let due = due(&phone);
        self.turns.insert((line, phone), due.max(now) + INTERVAL);
        if due <= now + AHEAD {
            return StepOf::Sends;
        }
        self.outcome.have_to_wait += 1;
        let at = due - AHEAD;
        if at < now + MOST_DELAY {
            self.at(
                at,
                Event::Arrives {
                    text,
                    what: What::Turn,
                    group: line,
                },
            );
        }
        StepOf::Waits
    }
}
