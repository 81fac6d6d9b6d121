//! Lines of a protocol in and out: read on a thread of their own, so that searches and Ctrl-C need not wait for them, and
//! answered one event after the other.

use std::io::{self, BufRead, Read as _, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use crate::interrupt::POLL_INTERVAL;
use crate::{Context, Failure};

/// Longest line that is read; a state with a long history has a few hundred kilobytes.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// What came in.
#[derive(Debug)]
pub(super) enum Input {
    /// A line without its end; bytes that are no text are replaced.
    Line(String),
    /// A line that is longer than any message.
    TooLong,
    /// Nothing more will come.
    End,
    /// The stream broke.
    Failed(io::Error),
}

/// What a line that is too long is answered with: the error, and what to do.
pub(super) const TOO_LONG: (&str, &str) = ("a line of more than 4 MiB", "end every message with a line break");

/// Stack of a searching thread: that of a main thread, since search recurses.
const STACK_BYTES: usize = 8 << 20;

/// The events of a protocol: the lines of `source`, and what the sender that comes back is given.
///
/// # Errors
/// The system refuses a thread, or signals cannot be caught.
pub(super) fn listen<E: Send + 'static>(
    source: impl BufRead + Send + 'static,
    context: &Context<'_>,
    event: fn(Input) -> E,
) -> Result<(Sender<E>, Receiver<E>), Failure> {
    context.host.catch_interrupts()?;
    let (sender, events) = mpsc::channel();
    forward(source, sender.clone(), event)?;
    Ok((sender, events))
}

/// Waits for the next event; none if nobody is left who could send one.
///
/// # Errors
/// Ctrl-C.
pub(super) fn next_event<E>(events: &Receiver<E>, context: &Context<'_>) -> Result<Option<E>, Failure> {
    loop {
        match events.recv_timeout(POLL_INTERVAL) {
            Err(RecvTimeoutError::Timeout) if context.host.interrupted() => return Err(Failure::interrupted()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Ok(event) => return Ok(Some(event)),
        }
    }
}

/// Prints an answer at once, if there is one.
pub(super) fn say(answer: &str, context: &mut Context<'_>) -> Result<(), Failure> {
    if !answer.is_empty() {
        let mut out = context.terminal.out();
        out.write_all(answer.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// A thread that searches.
pub(super) fn spawn_search(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("search".to_owned()).stack_size(STACK_BYTES).spawn(work)
}

/// Passes on the lines of `source` until it ends or nobody listens any more.
fn forward<E: Send + 'static>(
    mut source: impl BufRead + Send + 'static,
    events: Sender<E>,
    event: fn(Input) -> E,
) -> io::Result<()> {
    let reader = move || loop {
        let input = next(&mut source).unwrap_or_else(Input::Failed);
        let is_last = matches!(input, Input::End | Input::Failed(_));
        if events.send(event(input)).is_err() || is_last {
            break;
        }
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(reader).map(drop)
}

fn next(source: &mut impl BufRead) -> io::Result<Input> {
    let mut bytes = Vec::new();
    if source.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(Input::End);
    }
    if bytes.last() != Some(&b'\n') && bytes.len() as u64 >= LINE_BYTES_MAX {
        source.skip_until(b'\n')?;
        return Ok(Input::TooLong);
    }
    Ok(Input::Line(String::from_utf8_lossy(&bytes).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn lines_of_any_length_and_bytes_are_told_apart() {
        let mut bytes = b"go\r\n\xff\n".to_vec();
        bytes.resize(bytes.len() + 5_000_000, b'x');
        bytes.extend_from_slice(b"\n last");
        let (sender, events) = mpsc::channel();
        forward(Cursor::new(bytes), sender, |input| input).unwrap();
        let said: Vec<String> = events.iter().map(|input| format!("{input:?}")).collect();
        assert_eq!(said, ["Line(\"go\")", "Line(\"\u{fffd}\")", "TooLong", "Line(\"last\")", "End"]);
    }
}
