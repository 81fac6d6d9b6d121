//! Ctrl-C in long commands: the work runs on another thread, the thread that entered polls the host.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::host::Host;

/// Time between two questions to the host; Ctrl-C is noticed this late at most.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Stack of the working thread: that of a main thread, since search recurses.
const WORKER_STACK_BYTES: usize = 8 << 20;

/// What a watched piece of work returned, and whether Ctrl-C was pressed meanwhile.
#[derive(Debug)]
pub struct Watched<T> {
    /// The result; partial if `interrupted`.
    pub value: T,
    /// Whether the work was asked to stop.
    pub interrupted: bool,
}

impl<T> Watched<T> {
    /// The result of work that ran to its end.
    ///
    /// # Errors
    /// Ctrl-C was pressed.
    pub fn complete(self) -> Result<T, Failure> {
        if self.interrupted { Err(Failure::interrupted()) } else { Ok(self.value) }
    }
}

/// Runs `work` on a thread of its own until it returns. On Ctrl-C the flag it gets becomes true: `work` must look at
/// it every few milliseconds, finish what has to be finished, and return. It may print while it runs:
///
/// ```text
/// let terminal = &mut *context.terminal;
/// let nodes = watch(context.host, |stop| count(position, depth, stop, terminal.out()))?.complete()?;
/// ```
///
/// # Errors
/// The operating system refuses a thread or a signal handler.
pub fn watch<T: Send>(host: &dyn Host, work: impl FnOnce(&Arc<AtomicBool>) -> T + Send) -> Result<Watched<T>, Failure> {
    host.catch_interrupts()?;
    // Asked before the work begins, too, since short work ends before the first interval does.
    let mut interrupted = host.interrupted();
    let stop = Arc::new(AtomicBool::new(interrupted));
    // Dropped by the worker when it ends, by return or by panic.
    let (running, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let (work, stop_seen) = (work, &stop);
        let worker = thread::Builder::new().name("work".to_owned()).stack_size(WORKER_STACK_BYTES).spawn_scoped(
            scope,
            move || {
                let _running = running;
                work(stop_seen)
            },
        )?;
        while ended.recv_timeout(POLL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
            if !interrupted && host.interrupted() {
                interrupted = true;
                stop.store(true, Ordering::Relaxed);
            }
        }
        match worker.join() {
            Ok(value) => Ok(Watched { value, interrupted }),
            Err(panic) => panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;
    use crate::output::Terminal;
    use crate::testing::{FakeHost, Shared};
    use std::io::Write as _;

    #[test]
    fn work_that_ends_by_itself_is_complete() {
        let watched = watch(&FakeHost::default(), |_| 7).unwrap();
        assert_eq!(watched.complete().unwrap(), 7);
    }

    #[test]
    fn ctrl_c_stops_the_work_and_keeps_its_partial_result() {
        let host = FakeHost::interrupted_after(2);
        let watched = watch(&host, |stop| {
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            "partial"
        })
        .unwrap();
        assert_eq!((watched.value, watched.interrupted), ("partial", true));
        assert_eq!(watched.complete().unwrap_err().exit(), exit::INTERRUPTED);
    }

    #[test]
    fn work_may_print() {
        let out = Shared::default();
        let mut terminal = Terminal::captured(out.clone(), Shared::default());
        watch(&FakeHost::default(), |_| writeln!(terminal.out(), "line")).unwrap().complete().unwrap().unwrap();
        assert_eq!(out.text(), "line\n");
    }

    #[test]
    fn panic_of_the_work_reaches_the_caller() {
        let caught = panic::catch_unwind(|| watch(&FakeHost::default(), |_| panic!("planted")));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "planted");
    }
}
