//! Why a command failed: the error, the exit code it leads to, and what the user can do about it.

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::exit::{self, ExitCode};

/// A failed command: exit code, error chain, hints.
#[derive(Debug)]
pub struct Failure {
    exit: ExitCode,
    error: anyhow::Error,
    hints: Vec<String>,
}

impl Failure {
    /// A failure of the class `exit`; `error` is an [`anyhow::Error`] or anything that turns into one.
    pub fn new(exit: ExitCode, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into(), hints: Vec::new() }
    }

    /// A failure of the class `exit` that has no underlying error.
    pub fn message(exit: ExitCode, text: impl Display) -> Self {
        Self::new(exit, anyhow::Error::msg(text.to_string()))
    }

    /// A file with which the system refuses to do what `does` names, such as `read`.
    pub(crate) fn cannot(does: &str, path: &Path, error: io::Error) -> Self {
        Self::new(exit::IO, anyhow::Error::new(error).context(format!("cannot {does} {}", path.display())))
    }

    /// The user pressed Ctrl-C.
    pub fn interrupted() -> Self {
        Self::message(exit::INTERRUPTED, "interrupted")
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn hint(mut self, text: impl Display) -> Self {
        self.hints.push(text.to_string());
        self
    }

    /// The exit code that this failure leads to.
    pub fn exit(&self) -> ExitCode {
        self.exit
    }

    /// The error chain, one line each, outermost first; lines of `hint:` inside error texts are left to [`Self::hints`],
    /// and a cause that the line before it ends with is not said again.
    pub(crate) fn lines(&self) -> Vec<String> {
        let texts: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        let mut lines: Vec<String> = Vec::new();
        for line in texts.iter().flat_map(|text| text.lines()).filter(|line| as_hint(line).is_none()) {
            if !lines.last().is_some_and(|last| last.ends_with(line)) {
                lines.push(line.to_owned());
            }
        }
        lines
    }

    /// What to do: hints given here and `hint:` lines inside the error texts, without repeats.
    pub(crate) fn hints(&self) -> Vec<String> {
        let texts: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        let inner = texts.iter().flat_map(|text| text.lines()).filter_map(as_hint);
        let mut hints: Vec<String> = Vec::new();
        for hint in inner.chain(self.hints.iter().map(String::as_str)) {
            if !hints.iter().any(|known| known == hint) {
                hints.push(hint.to_owned());
            }
        }
        hints
    }
}

fn as_hint(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("hint:").map(str::trim)
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(exit::IO, error)
    }
}

impl From<anyhow::Error> for Failure {
    /// An error whose chain holds an [`io::Error`] is a device error, any other an unexpected one.
    fn from(error: anyhow::Error) -> Self {
        let io = error.chain().any(<dyn std::error::Error>::is::<io::Error>);
        Self::new(if io { exit::IO } else { exit::UNEXPECTED }, error)
    }
}

/// Gives an error its exit code: `load(path).or_fail(exit::BAD_INPUT)?`.
pub trait OrFail<T> {
    /// The value, or a [`Failure`] of the class `exit`.
    fn or_fail(self, exit: ExitCode) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_fail(self, exit: ExitCode) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_lines_leave_the_message_and_are_said_once() {
        let error = anyhow::anyhow!("unknown board \"sqare8\"\nhint: did you mean square8?").context("cannot set up");
        let failure = Failure::new(exit::USAGE, error).hint("did you mean square8?").hint("see --help");
        assert_eq!(failure.lines(), ["cannot set up", "unknown board \"sqare8\""]);
        assert_eq!(failure.hints(), ["did you mean square8?", "see --help"]);
    }

    #[test]
    fn cause_is_said_once() {
        let error = anyhow::anyhow!("line 2")
            .context("no JSON: line 2")
            .context("in a.json: no JSON: line 2")
            .context("cannot");
        assert_eq!(Failure::new(exit::BAD_INPUT, error).lines(), ["cannot", "in a.json: no JSON: line 2"]);
    }

    #[test]
    fn io_errors_inside_a_chain_are_device_errors() {
        let io = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(Failure::from(anyhow::Error::new(io).context("cannot read a.json")).exit(), exit::IO);
        assert_eq!(Failure::from(anyhow::anyhow!("odd")).exit(), exit::UNEXPECTED);
    }
}
