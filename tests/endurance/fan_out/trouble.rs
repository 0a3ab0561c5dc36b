//! What goes wrong: who dies in the middle of it, and what gets lost.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use relay::app::ports::queue::Message;

use crate::support::memory::Received;

/// The most awaits that a page or a delivery gets to before it is cut off: each writes about five
/// times.
const MOST_AWAITS: u32 = 6;

/// The queue brings a message a dozen times, and the last ones shall do.
const MOST_DEATHS: u32 = 9;

/// How often, of a hundred.
pub struct Trouble {
    /// Whoever turns a page dies in the middle of it.
    pub pages_cut_off: u32,
    /// A page's turn gets lost.
    pub pages_lost: u32,
    /// Whoever sends a text dies in the middle of it.
    pub texts_cut_off: u32,
    /// Somebody of a page that was cut off opts out before it is turned again.
    pub opt_outs: u32,
    /// Nothing happens to other pages than this one, counting from 0.
    pub only_page: Option<u64>,
    pub seed: u64,
}

impl Trouble {
    pub fn of(seed: u64) -> Self {
        Self {
            pages_cut_off: 30,
            pages_lost: 2,
            texts_cut_off: 2,
            opt_outs: 50,
            only_page: None,
            seed,
        }
    }

    /// Whoever turns this page dies at its first await, then at its second, and so on; nothing else
    /// happens.
    pub fn on_page(page: u64) -> Self {
        Self {
            pages_cut_off: 100,
            pages_lost: 0,
            texts_cut_off: 0,
            opt_outs: 100,
            only_page: Some(page),
            seed: page,
        }
    }
}

/// The dice.
pub struct Fate {
    trouble: Trouble,
    random: Mutex<fastrand::Rng>,
}

impl Fate {
    pub fn of(trouble: Trouble) -> Self {
        let random = Mutex::new(fastrand::Rng::with_seed(trouble.seed));
        Self { trouble, random }
    }

    /// Whether the message gets lost.
    pub fn loses(&self, message: &Message) -> bool {
        match message {
            Message::Page(turn) => self.is_meant(turn.page) && self.rolls(self.trouble.pages_lost),
            Message::Delivery(_) => false,
        }
    }

    /// After how many awaits whoever works on it dies, if at all.
    pub fn cuts_off(&self, received: &Received) -> Option<u32> {
        let strikes = match &received.message {
            Message::Page(turn) => {
                self.is_meant(turn.page) && self.rolls(self.trouble.pages_cut_off)
            }
            Message::Delivery(_) => self.rolls(self.trouble.texts_cut_off),
        };
        let strikes = strikes && received.receives <= MOST_DEATHS;
        strikes.then(|| match self.trouble.only_page {
            Some(_) => received.receives,
            None => self.random.lock().unwrap().u32(1..=MOST_AWAITS),
        })
    }

    /// Which of so many recipients of a page opts out now, if any.
    pub fn opts_out(&self, recipients: usize) -> Option<usize> {
        let strikes = recipients > 0 && self.rolls(self.trouble.opt_outs);
        strikes.then(|| self.random.lock().unwrap().usize(..recipients))
    }

    fn is_meant(&self, page: u64) -> bool {
        self.trouble.only_page.is_none_or(|only| only == page)
    }

    fn rolls(&self, of_a_hundred: u32) -> bool {
        self.random.lock().unwrap().u32(..100) < of_a_hundred
    }
}

/// Drops the work when it waits for that many times; `None` then.
pub async fn cut_off_after<T>(awaits: u32, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), awaits);
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
