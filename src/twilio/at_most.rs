use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Semaphore;

use super::api::{NoAnswer, Transport};

/// How long a request may wait for others to be answered. With the time that it has to leave within, and
/// Twilio's for its answer, it stays below an attempt's lease of a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// Has only so many requests under way at once; others wait for one of them to be answered.
pub struct AtMost<T> {
    transport: T,
    under_way: Semaphore,
    longest_wait: Duration,
}

impl<T> AtMost<T> {
    pub fn new(transport: T, count: usize) -> Self {
        let under_way = Semaphore::new(count);
        Self {
            transport,
            under_way,
            longest_wait: LONGEST_WAIT,
        }
    }
}

#[async_trait]
impl<T: Transport> Transport for AtMost<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let turn = tokio::time::timeout(self.longest_wait, self.under_way.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            let why = "as many requests as may be are under way, and none is answered";
            return Err(NoAnswer::NotSent(why.to_owned()));
        };
        self.transport.send(request).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::StreamExt;
    use futures::future::join_all;
    use futures::stream::FuturesUnordered;

    use super::*;

    /// Remembers how many requests it had at once. It answers when others had their chance, or never.
    #[derive(Default)]
    struct Slow {
        never_answers: bool,
        now: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait]
    impl Transport for Slow {
        async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            if self.never_answers {
                std::future::pending::<()>().await;
            }
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(Response::new(Bytes::new()))
        }
    }

    #[tokio::test]
    async fn no_more_are_under_way_at_once_and_each_is_sent() {
        let at_most = AtMost::new(Slow::default(), 3);
        let sent = (0..10).map(|_| at_most.send(Request::new(Bytes::new())));
        let answers = join_all(sent).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(at_most.transport.most.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn what_waits_too_long_was_not_sent() {
        let slow = Slow {
            never_answers: true,
            ..Slow::default()
        };
        let at_most = AtMost {
            longest_wait: Duration::ZERO,
            ..AtMost::new(slow, 3)
        };
        let sent = (0..10).map(|_| at_most.send(Request::new(Bytes::new())));
        let sent: FuturesUnordered<_> = sent.collect();
        let answers: Vec<_> = sent.take(7).collect().await;
        let not_sent = |answer: &_| matches!(answer, Err(NoAnswer::NotSent(_)));
        assert!(answers.iter().all(not_sent), "{answers:?}");
        assert_eq!(at_most.transport.most.load(Ordering::SeqCst), 3);
    }
}
