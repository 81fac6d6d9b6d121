//! Stand-ins for the process around the command line, for unit tests.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::output::Terminal;
use crate::{ExitCode, Failure, Form, Host, PythonTask, exit, run_on};

/// A host without Python, whose user may press Ctrl-C after a number of polls.
#[derive(Default)]
pub(crate) struct FakeHost {
    polls_before_interrupt: Option<Cell<u32>>,
    panics: bool,
}

impl FakeHost {
    pub(crate) fn interrupted_after(polls: u32) -> Self {
        Self { polls_before_interrupt: Some(Cell::new(polls)), panics: false }
    }

    pub(crate) fn panicking() -> Self {
        Self { polls_before_interrupt: None, panics: true }
    }
}

impl Host for FakeHost {
    fn form(&self) -> Form {
        assert!(!self.panics, "planted");
        Form::Standalone
    }

    fn python_version(&self) -> Option<String> {
        None
    }

    fn catch_interrupts(&self) -> io::Result<()> {
        Ok(())
    }

    fn interrupted(&self) -> bool {
        self.polls_before_interrupt.as_ref().is_some_and(|left| {
            let now = left.get();
            left.set(now.saturating_sub(1));
            now == 0
        })
    }

    fn run_python(&self, task: &PythonTask) -> Result<u8, Failure> {
        Err(Failure::message(exit::UNAVAILABLE, format!("no Python for {task:?}")))
    }
}

/// A stream whose content the test reads afterwards.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe without a reader.
pub(crate) struct GonePipe;

impl Write for GonePipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// A device without room, whose errors show only when the buffer before it is flushed.
pub(crate) struct FullDevice;

impl Write for FullDevice {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

/// What a command line printed and returned.
pub(crate) struct Ran {
    pub(crate) exit: ExitCode,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `rrpipe` with these arguments on a host without Python.
pub(crate) fn rrpipe(args: &[&str]) -> Ran {
    let (out, err) = (Shared::default(), Shared::default());
    let command_line = ["rrpipe"].iter().chain(args).copied();
    let exit = run_on(command_line, &FakeHost::default(), Terminal::captured(out.clone(), err.clone()));
    Ran { exit, out: out.text(), err: err.text() }
}

/// A finished game of two on square8, in notation.
pub(crate) fn finished_position() -> String {
    use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};

    let (board, players) = (BoardKind::Square8, PlayerCount::Two);
    let mut position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let mut rng = ringrift_eval::GameRng::new(1, 0, 0);
    let mut legal = MoveList::new();
    while position.outcome().is_none() {
        position.legal_moves(&mut legal);
        position.make_move(legal[rng.below(legal.len())]);
    }
    position.to_string()
}
