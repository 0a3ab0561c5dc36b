//! Standard output and standard error of the one-machine mode. Whoever writes is never held up and
//! never fails, whether the disk is full, the pipe is closed or nobody reads it: what cannot be
//! written is dropped and counted, and the count is written once that is possible again.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How many bytes may wait to be written.
const MOST_WAITING: usize = 1024 * 1024;

/// The pause before a stream is tried again that another process has set to non-blocking and that
/// is full.
const PAUSE: Duration = Duration::from_millis(50);

/// Text that a thread of its own writes to a stream.
pub struct Output {
    shared: Arc<Shared>,
    /// Closed once the thread has ended.
    thread: watch::Receiver<()>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    most_waiting: usize,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// How many lines were dropped since that was last written.
    dropped: usize,
    is_writing: bool,
    /// The last write failed, and the next one waits for something to write.
    failed: bool,
}

/// Standard error: the log.
pub fn stderr() -> &'static Output {
    static STDERR: LazyLock<Output> = LazyLock::new(|| Output::to(copy_of(io::stderr())));
    &STDERR
}

/// Standard output.
pub fn stdout() -> &'static Output {
    static STDOUT: LazyLock<Output> = LazyLock::new(|| Output::to(copy_of(io::stdout())));
    &STDOUT
}

/// The stream without the standard library's lock and buffer: whoever is held up by it must hold
/// nothing that the end of the process waits for.
fn copy_of(stream: impl AsFd + Write + Send + 'static) -> Box<dyn Write + Send> {
    match stream.as_fd().try_clone_to_owned() {
        Ok(copy) => Box::new(File::from(copy)),
        Err(_) => Box::new(stream),
    }
}

impl Output {
    fn to(stream: impl Write + Send + 'static) -> Self {
        Self::with_room(stream, MOST_WAITING)
    }

    fn with_room(stream: impl Write + Send + 'static, most_waiting: usize) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            most_waiting,
        });
        let (lives, thread) = watch::channel(());
        let of_thread = Arc::clone(&shared);
        let work = move || {
            let _lives = lives;
            of_thread.write_to(stream);
        };
        // Without a thread `thread` is closed at once.
        let _ = std::thread::Builder::new()
            .name("output".into())
            .spawn(work);
        Self { shared, thread }
    }

    /// Has whole lines written.
    pub fn add(&self, lines: &[u8]) {
        self.shared.add(lines);
    }

    /// Waits until all is written, but not for longer than this.
    pub fn flush(&self, within: Duration) {
        let state = self.shared.lock();
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, within, is_busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns once the thread has ended, after which nothing is written any more.
    pub async fn ended(&self) {
        let mut thread = self.thread.clone();
        while thread.changed().await.is_ok() {}
    }
}

impl Write for &Output {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.add(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, lines: &[u8]) {
        let mut state = self.lock();
        if state.waiting.len() + lines.len() > self.most_waiting {
            state.dropped += count(lines);
        } else {
            state.waiting.extend_from_slice(lines);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn write_to(&self, mut stream: impl Write) {
        let mut broke_off = false;
        loop {
            let (waiting, dropped) = self.next();
            let mut text = Vec::with_capacity(waiting.len());
            if broke_off {
                text.push(b'\n');
            }
            if dropped > 0 {
                text.extend_from_slice(missing(dropped).as_bytes());
            }
            let before = text.len();
            text.extend_from_slice(&waiting);
            let (written, done) = write(&mut stream, &text);
            if let Some(last) = text[..written].last() {
                broke_off = *last != b'\n';
            }
            let mut state = self.lock();
            if written < before {
                state.dropped += dropped;
            }
            state.dropped += count(&text[written.max(before)..]);
            state.failed = done.is_err();
            state.is_writing = false;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// What is to be written next, once there is something, and how many lines are missing before.
    fn next(&self) -> (Vec<u8>, usize) {
        let has_nothing =
            |state: &mut State| state.waiting.is_empty() && (state.failed || state.dropped == 0);
        let state = self.changed.wait_while(self.lock(), has_nothing);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        let waiting = std::mem::take(&mut state.waiting);
        (waiting, std::mem::take(&mut state.dropped))
    }
}

fn missing(dropped: usize) -> String {
    format!(
        "{dropped} lines are missing about here: they could not be written, or nobody read them\n"
    )
}

fn count(lines: &[u8]) -> usize {
    lines.iter().filter(|byte| **byte == b'\n').count()
}

/// Returns also how many bytes were written.
fn write(stream: &mut impl Write, text: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < text.len() {
        match stream.write(&text[written..]) {
            Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// More than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// A stream whose writes each wait for an answer: how many bytes to take, or the error.
    struct Told {
        answers: mpsc::Receiver<io::Result<usize>>,
        taken: mpsc::Sender<String>,
    }

    impl Write for Told {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let Ok(answer) = self.answers.recv() else {
                return Err(ErrorKind::BrokenPipe.into());
            };
            let taken = answer?.min(text.len());
            let text = String::from_utf8_lossy(&text[..taken]).into_owned();
            self.taken.send(text).unwrap();
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Answers = mpsc::Sender<io::Result<usize>>;

    fn output(most_waiting: usize) -> (Output, Answers, mpsc::Receiver<String>) {
        let (answer, answers) = mpsc::channel();
        let (taken, written) = mpsc::channel();
        let output = Output::with_room(Told { answers, taken }, most_waiting);
        (output, answer, written)
    }

    const ALL: io::Result<usize> = Ok(usize::MAX);

    #[test]
    fn what_does_not_fit_while_nobody_reads_is_counted_and_the_count_is_written_afterwards() {
        let (output, answer, written) = output(10);
        output.add(b"first\n");
        // It is taken by the thread, which then waits for the stream.
        let deadline = std::time::Instant::now() + PATIENCE;
        while !output.shared.lock().is_writing {
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
        output.add(b"second\n");
        for _ in 0..1000 {
            output.add(b"one\ntwo\n");
        }
        for _ in 0..2 {
            answer.send(ALL).unwrap();
        }
        assert_eq!(written.recv_timeout(PATIENCE).unwrap(), "first\n");
        let then = written.recv_timeout(PATIENCE).unwrap();
        assert_eq!(then, format!("{}second\n", missing(2000)));
    }

    #[test]
    fn lines_that_a_full_disk_does_not_take_are_counted() {
        let (output, answer, written) = output(MOST_WAITING);
        let full = || Err(ErrorKind::StorageFull.into());
        for _ in 0..3 {
            answer.send(full()).unwrap();
            output.add(b"lost\n");
            output.flush(PATIENCE);
        }
        // A part of a line still fits.
        answer.send(Ok(missing(3).len() + 2)).unwrap();
        answer.send(full()).unwrap();
        output.add(b"half\n");
        output.flush(PATIENCE);
        assert_eq!(
            written.recv_timeout(PATIENCE).unwrap(),
            format!("{}ha", missing(3))
        );
        answer.send(ALL).unwrap();
        output.add(b"after\n");
        let then = written.recv_timeout(PATIENCE).unwrap();
        assert_eq!(then, format!("\n{}after\n", missing(1)));
    }

    #[test]
    fn a_stream_that_fails_is_not_tried_again_before_there_is_something_to_write() {
        let (output, answer, written) = output(MOST_WAITING);
        drop((answer, written));
        output.add(b"lost\n");
        output.flush(PATIENCE);
        let state = output.shared.lock();
        assert!(state.failed && !state.is_writing);
        assert_eq!(state.dropped, 1);
    }

    #[test]
    fn the_end_does_not_wait_for_a_stream_that_is_stuck() {
        let (output, _answer, _written) = output(MOST_WAITING);
        output.add(b"stuck\n");
        output.flush(Duration::from_millis(10));
        assert!(output.shared.lock().is_writing);
    }
}
