//! Lines of a protocol, read on a thread of their own so that searches and Ctrl-C need not wait for them.

use std::io::{self, BufRead, Read as _};
use std::sync::mpsc::Sender;
use std::thread;

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

/// Passes on the lines of `source` until it ends or nobody listens any more.
///
/// # Errors
/// The system refuses a thread.
pub(super) fn forward<E: Send + 'static>(
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
    use std::sync::mpsc;

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
