//! Lines typed by the user, read so that Ctrl-C is answered while waiting for one.

use std::io::{self, BufRead};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use crate::failure::Failure;
use crate::host::Host;
use crate::interrupt::POLL_INTERVAL;

type Line = io::Result<Option<String>>;

/// A thread that reads one line for each request; it waits in the system call so that nobody else has to.
struct Reader {
    requests: SyncSender<()>,
    lines: Receiver<Line>,
    /// Whether a request is under way that an interrupted caller has left behind.
    pending: bool,
}

impl Reader {
    fn start<R: BufRead>(open: impl FnOnce() -> R + Send + 'static) -> io::Result<Self> {
        let (requests, wanted) = mpsc::sync_channel(1);
        let (found, lines) = mpsc::sync_channel(1);
        thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            let mut source = open();
            while wanted.recv().is_ok() {
                let mut text = String::new();
                let line = source.read_line(&mut text).map(|bytes| (bytes > 0).then_some(text));
                if found.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { requests, lines, pending: false })
    }

    fn read(&mut self, host: &dyn Host) -> Result<Option<String>, Failure> {
        let ended = || Failure::from(io::Error::from(io::ErrorKind::UnexpectedEof));
        host.catch_interrupts()?;
        if !self.pending {
            self.requests.send(()).map_err(|_| ended())?;
            self.pending = true;
        }
        loop {
            match self.lines.recv_timeout(POLL_INTERVAL) {
                Ok(line) => {
                    self.pending = false;
                    return Ok(line?.map(|text| text.trim_end_matches(['\n', '\r']).to_owned()));
                }
                Err(RecvTimeoutError::Timeout) if host.interrupted() => return Err(Failure::interrupted()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }
}

/// The next line of standard input without its line end; `None` at the end of input.
///
/// # Errors
/// Ctrl-C, bytes that are not UTF-8, or a device error.
pub fn read_line(host: &dyn Host) -> Result<Option<String>, Failure> {
    static READER: OnceLock<Mutex<Option<Reader>>> = OnceLock::new();
    let mut reader = READER.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if reader.is_none() {
        *reader = Some(Reader::start(|| io::stdin().lock())?);
    }
    reader.as_mut().expect("the reader was just started").read(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;
    use crate::testing::FakeHost;
    use std::io::{BufReader, Cursor, Write as _};

    #[test]
    fn lines_come_without_line_ends_until_the_input_ends() {
        let host = FakeHost::default();
        let mut reader = Reader::start(|| Cursor::new("place a1\r\n\nresign")).unwrap();
        let lines: Vec<_> = (0..4).map(|_| reader.read(&host).unwrap()).collect();
        assert_eq!(lines, [Some("place a1".into()), Some(String::new()), Some("resign".into()), None]);
    }

    #[test]
    fn ctrl_c_ends_the_wait_and_a_later_line_is_not_lost() {
        let (source, mut typist) = io::pipe().unwrap();
        let mut reader = Reader::start(move || BufReader::new(source)).unwrap();
        let failure = reader.read(&FakeHost::interrupted_after(1)).unwrap_err();
        assert_eq!(failure.exit(), exit::INTERRUPTED);
        writeln!(typist, "late").unwrap();
        assert_eq!(reader.read(&FakeHost::default()).unwrap(), Some("late".into()));
    }

    #[test]
    fn bytes_that_are_not_text_are_an_error() {
        let mut reader = Reader::start(|| Cursor::new(b"\xff\xfe\n")).unwrap();
        assert_eq!(reader.read(&FakeHost::default()).unwrap_err().exit(), exit::IO);
    }
}
