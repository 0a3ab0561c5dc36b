//! The parts of a running relay that work until the stop. One of them missing, the relay would look
//! alive and do a part of its work, so the first that ends before the stop ends all of it.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;

use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// Waits for the stop. Whoever could ask for it being gone is a stop as well.
pub async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Does work that has no end of its own, until the stop. It is left where it is.
pub async fn until_asked(mut stop: watch::Receiver<bool>, work: impl Future) {
    tokio::select! {
        () = asked(&mut stop) => {}
        _ = work => {}
    }
}

/// They run from when they are added.
#[derive(Default)]
pub struct Parts {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
    watched: Vec<AbortHandle>,
}

/// A part has ended that should not have.
#[derive(Debug, thiserror::Error)]
#[error(
    "{part} {how}; the relay stops, since it would not do all of its work without that: start it \
     again, as a supervisor does (such as systemd with Restart=on-failure), and if it happens again, \
     look at the lines of the log before this one"
)]
pub struct PartEnded {
    pub part: &'static str,
    how: How,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Ended,
    Panicked,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            How::Ended => "ended before it was asked to",
            How::Panicked => "panicked, which is a mistake in the relay",
        })
    }
}

impl Parts {
    /// Runs a part that ends by itself after the stop.
    pub fn add(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        let id = self.running.spawn(part).id();
        self.names.insert(id, name);
    }

    /// Has a thread watched. `ended` returns once it has ended; that is not waited for after the stop.
    pub fn watch(&mut self, name: &'static str, ended: impl Future<Output = ()> + Send + 'static) {
        let watching = self.running.spawn(ended);
        self.names.insert(watching.id(), name);
        self.watched.push(watching);
    }

    /// Waits for the stop, and then until all parts have done what they had begun. An error comes at
    /// once if one of them ends before the stop, and at the end if one panics after it.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), PartEnded> {
        let ended = tokio::select! {
            asked = async { stop.wait_for(|stop| *stop).await.is_ok() } => {
                if !asked {
                    return Err(SIGNALS);
                }
                None
            }
            ended = self.running.join_next_with_id() => ended,
        };
        let ended = ended.map(|ended| self.ended(ended));
        // A part may hear of the stop, or that nobody can ask for it any more, before this does.
        let is_asked = *stop.borrow();
        let mut first = match ended {
            Some(_) if !is_asked && stop.has_changed().is_err() => return Err(SIGNALS),
            Some(ended) if !is_asked => return Err(ended),
            ended => ended.filter(PartEnded::panicked),
        };
        self.watched.iter().for_each(AbortHandle::abort);
        while let Some(ended) = self.running.join_next_with_id().await {
            let ended = self.ended(ended);
            if ended.panicked() {
                first.get_or_insert(ended);
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn ended(&self, ended: Result<(Id, ()), JoinError>) -> PartEnded {
        let (id, how) = match ended {
            Ok((id, ())) => (id, How::Ended),
            Err(error) if error.is_panic() => (error.id(), How::Panicked),
            Err(error) => (error.id(), How::Ended),
        };
        let part = self.names.get(&id).copied().unwrap_or("a part");
        PartEnded { part, how }
    }
}

const SIGNALS: PartEnded = PartEnded {
    part: "what waits for signals",
    how: How::Ended,
};

impl PartEnded {
    fn panicked(&self) -> bool {
        matches!(self.how, How::Panicked)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn until(mut stop: watch::Receiver<bool>) {
        asked(&mut stop).await;
    }

    async fn told(parts: Parts, stop: watch::Receiver<bool>) -> String {
        let running = tokio::time::timeout(Duration::from_secs(1), parts.run(stop));
        running
            .await
            .expect("within a second")
            .unwrap_err()
            .to_string()
    }

    #[tokio::test]
    async fn the_first_part_that_panics_ends_all_and_is_named() {
        let (_stop, stopped) = watch::channel(false);
        let mut parts = Parts::default();
        parts.add("the worker", until(stopped.clone()));
        parts.add("the HTTP server", async { panic!("on purpose") });
        let told = told(parts, stopped).await;
        assert!(told.starts_with("the HTTP server panicked"), "{told}");
        assert!(told.contains("start it again"), "{told}");
    }

    #[tokio::test]
    async fn the_first_part_that_ends_before_the_stop_ends_all_and_is_named() {
        let (_stop, stopped) = watch::channel(false);
        let mut parts = Parts::default();
        parts.add("the HTTP server", until(stopped.clone()));
        parts.add("the worker", async {});
        let told = told(parts, stopped).await;
        assert!(told.starts_with("the worker ended before"), "{told}");
    }

    #[tokio::test]
    async fn a_thread_that_ends_ends_all_and_is_named() {
        let (_stop, stopped) = watch::channel(false);
        let (lives, mut thread) = watch::channel(());
        let mut parts = Parts::default();
        parts.add("the worker", until(stopped.clone()));
        parts.watch("the thread", async move {
            while thread.changed().await.is_ok() {}
        });
        std::thread::spawn(move || {
            let _lives = lives;
            panic!("on purpose");
        });
        let told = told(parts, stopped).await;
        assert!(told.starts_with("the thread ended before"), "{told}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_part_that_hears_of_the_stop_first_has_not_ended_too_early() {
        for _ in 0..2_000 {
            let (stop, stopped) = watch::channel(false);
            let mut parts = Parts::default();
            for _ in 0..4 {
                parts.add("one of many", until(stopped.clone()));
            }
            let running = tokio::spawn(parts.run(stopped));
            tokio::task::yield_now().await;
            stop.send_replace(true);
            running.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_the_stop_must_not_be_gone() {
        let (stop, stopped) = watch::channel(false);
        let mut parts = Parts::default();
        parts.add("the worker", std::future::pending());
        drop(stop);
        let told = told(parts, stopped).await;
        assert!(told.starts_with("what waits for signals ended"), "{told}");
    }

    #[tokio::test]
    async fn after_the_stop_all_parts_finish_and_threads_are_not_waited_for() {
        let (stop, stopped) = watch::channel(false);
        let mut parts = Parts::default();
        let (finished, mut has_finished) = watch::channel(false);
        let mut stopping = stopped.clone();
        parts.add("the worker", async move {
            asked(&mut stopping).await;
            tokio::task::yield_now().await;
            finished.send_replace(true);
            // Its receiver looks at it once more.
            finished.closed().await;
        });
        parts.watch("the thread", std::future::pending());
        let running = tokio::spawn(parts.run(stopped));
        stop.send_replace(true);
        has_finished.wait_for(|finished| *finished).await.unwrap();
        assert!(!running.is_finished(), "one is not finished");
        drop(has_finished);
        running.await.unwrap().unwrap();
    }
}
