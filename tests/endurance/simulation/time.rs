//! Virtual time: Twilio's, which is the true one, and the relay's, which may be ahead of it.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use relay::clock::{Clock, ManualClock};

pub struct Time {
    clock: Arc<ManualClock>,
    /// By how much the relay's clock is wrong.
    ahead: Mutex<SignedDuration>,
    /// By how much more that of the machine is which works now.
    apart: Mutex<SignedDuration>,
    /// How often the relay looked at its clock. It never reads the same time twice.
    looks: AtomicI64,
    /// The first instant at which one of those wants to go on that were polled last.
    earliest: Mutex<Option<Timestamp>>,
}

impl Time {
    pub fn new(clock: Arc<ManualClock>, ahead: SignedDuration) -> Arc<Self> {
        Arc::new(Self {
            clock,
            ahead: Mutex::new(ahead),
            apart: Mutex::default(),
            looks: AtomicI64::new(0),
            earliest: Mutex::default(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn set(&self, instant: Timestamp) {
        self.clock.set(instant);
    }

    /// The relay's clock goes forward or back at one stroke.
    pub fn jump(&self, by: SignedDuration) {
        *self.ahead.lock().unwrap() += by;
    }

    /// From now on it is a machine that works whose clock is so much ahead of the relay's others.
    pub fn work_apart(&self, by: SignedDuration) {
        *self.apart.lock().unwrap() = by;
    }

    /// Whoever awaits it goes on at `until`, and in any case lets others go first.
    pub fn pause_until(self: &Arc<Self>, until: Timestamp) -> Pause {
        Pause {
            time: Arc::clone(self),
            until,
            yielded: false,
        }
    }

    pub fn pause(self: &Arc<Self>, by: Duration) -> Pause {
        self.pause_until(self.now() + by)
    }

    /// Whoever is being polled wants to be polled again at `instant`.
    pub fn again_at(&self, instant: Timestamp) {
        let mut earliest = self.earliest.lock().unwrap();
        *earliest = Some(earliest.map_or(instant, |known| known.min(instant)));
    }

    /// When what was just polled wants to be polled again.
    pub fn take_earliest(&self) -> Option<Timestamp> {
        self.earliest.lock().unwrap().take()
    }
}

/// The relay's clock.
impl Clock for Time {
    fn now(&self) -> Timestamp {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        let wrong = *self.ahead.lock().unwrap() + *self.apart.lock().unwrap();
        self.clock.now() + wrong + SignedDuration::from_nanos(looks)
    }
}

pub struct Pause {
    time: Arc<Time>,
    until: Timestamp,
    yielded: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded && self.until <= self.time.now() {
            return Poll::Ready(());
        }
        self.yielded = true;
        self.time.again_at(self.until);
        // For those who look only at what was woken: streams of several at once.
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
