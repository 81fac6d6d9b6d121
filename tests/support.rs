//! Starting `rrpipe` in a known environment.

use std::process::{Command, Output};

/// Variables that change what `rrpipe`, or a Python inside it, does.
const FOREIGN: [&str; 7] =
    ["NO_COLOR", "PYTHONHOME", "PYTHONPATH", "PYTHONUNBUFFERED", "RRPIPE_PYTHON", "TERM", "VIRTUAL_ENV"];

/// A command that starts `program` without the caller's settings.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// A command that starts `rrpipe`.
pub(crate) fn rrpipe() -> Command {
    command(env!("CARGO_BIN_EXE_rrpipe"))
}

/// What a program printed and returned.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs a command to its end, without input.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.stdin(std::process::Stdio::null()).output().unwrap().into()
}
