//! Exit codes of `rrpipe`: one constant per outcome that a script may want to tell apart.
//!
//! The numbers are part of the interface: a code is never reused for another meaning.

use std::fmt::Write as _;

/// A process exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExitCode(u8);

impl ExitCode {
    /// The status of a program that `rrpipe` ran on the user's behalf, passed on unchanged.
    pub const fn of_child(status: u8) -> Self {
        Self(status)
    }

    /// The number that the operating system gets.
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.0.into()
    }
}

/// The command did what was asked.
pub const OK: ExitCode = ExitCode(0);
/// Something that should not happen: a bug in `rrpipe`, or an exception in a Python script that it ran.
pub const UNEXPECTED: ExitCode = ExitCode(1);
/// The command line is wrong: unknown option, missing value, value out of range.
pub const USAGE: ExitCode = ExitCode(2);
/// A comparison ran to its end and found differences.
pub const DIFFERENCES: ExitCode = ExitCode(3);
/// An input file or text is damaged, impossible, or of another kind than expected.
pub const BAD_INPUT: ExitCode = ExitCode(4);
/// The operating system refused: file missing, no permission, disk full.
pub const IO: ExitCode = ExitCode(5);
/// This build, or the Python environment that it found, lacks what the command needs.
pub const UNAVAILABLE: ExitCode = ExitCode(6);
/// A gate came to its end and does not accept the candidate.
pub const REJECTED: ExitCode = ExitCode(7);
/// Stopped by Ctrl-C (128 + SIGINT).
pub const INTERRUPTED: ExitCode = ExitCode(130);
/// The reader of standard output went away before everything was written (128 + SIGPIPE).
pub const BROKEN_PIPE: ExitCode = ExitCode(141);

/// Every code with the words that help and man pages print for it, in ascending order.
pub const ALL: [(ExitCode, &str); 10] = [
    (OK, "success"),
    (UNEXPECTED, "unexpected error (a bug, or an exception in a Python script)"),
    (USAGE, "wrong usage"),
    (DIFFERENCES, "differences found"),
    (BAD_INPUT, "damaged or impossible input"),
    (IO, "file or device error"),
    (UNAVAILABLE, "not available in this build or Python environment"),
    (REJECTED, "candidate not accepted"),
    (INTERRUPTED, "interrupted by Ctrl-C"),
    (BROKEN_PIPE, "reader of the output went away"),
];

/// The table of codes as help text.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit status:\n");
    for (code, meaning) in ALL {
        writeln!(text, "  {:>3}  {meaning}", code.code()).expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_ascend_without_repeats() {
        assert!(ALL.windows(2).all(|pair| pair[0].0.code() < pair[1].0.code()));
    }
}
