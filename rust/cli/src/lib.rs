//! The `rrpipe` command line: one set of definitions from which parsing, help, completions and man pages come, and the
//! rules that every command keeps.
//!
//! * Standard output is data, standard error is talk ([`output`]). Colour follows `--color`, `NO_COLOR` and the terminal.
//! * A command returns an exit code or a [`Failure`]; the codes are listed in [`exit`].
//! * Long commands run under [`interrupt::watch`] and answer Ctrl-C; prompts use [`input::read_line`].
//! * What differs between the wheel and the standalone program is behind [`Host`]. This crate knows no Python.
//!
//! A new command is a file in `commands/` with an `Args` struct and a `run` function, and two lines in `commands/mod.rs`.
#![forbid(unsafe_code)]

mod commands;
pub mod exit;
mod failure;
mod host;
pub mod input;
pub mod interrupt;
pub mod output;
pub mod suggest;
#[cfg(test)]
mod testing;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use commands::Command;
pub use exit::ExitCode;
pub use failure::{Failure, OrFail};
pub use host::{Form, Host, PYTHON_RUNNER, PythonProgram, PythonTask};
use output::Terminal;
pub use ringrift_replay::files;

/// RingRift: play, analyse and train from the command line.
#[derive(Debug, Parser)]
#[command(name = "rrpipe", version, arg_required_else_help = true, after_long_help = exit::help())]
struct Cli {
    /// When to use colour; NO_COLOR in the environment switches `auto` off
    #[arg(long, global = true, value_name = "WHEN", default_value_t = clap::ColorChoice::Auto)]
    color: clap::ColorChoice,
    #[command(subcommand)]
    command: Command,
}

/// What a command has at hand.
pub(crate) struct Context<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) terminal: &'a mut Terminal,
}

/// Runs one command line, `argv[0]` being the program's name, and returns the status to exit with. Never exits the
/// process and never panics.
pub fn run(argv: impl IntoIterator<Item = impl Into<OsString>>, host: &dyn Host) -> ExitCode {
    run_on(argv, host, Terminal::of_process())
}

fn run_on(argv: impl IntoIterator<Item = impl Into<OsString>>, host: &dyn Host, mut terminal: Terminal) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().map(Into::into).collect();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| dispatch(&argv, host, &mut terminal)));
    let result = outcome.unwrap_or_else(|panic| Err(bug(panic.as_ref(), &argv)));
    terminal.finish(result)
}

fn dispatch(argv: &[OsString], host: &dyn Host, terminal: &mut Terminal) -> Result<ExitCode, Failure> {
    terminal.set_color(output::requested_color(argv));
    let parsed = Cli::command().try_get_matches_from(argv).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => {
            terminal.set_color(cli.color);
            cli.command.run(&mut Context { host, terminal })
        }
        Err(error) => Ok(terminal.print_clap(&error)),
    }
}

/// The failure that a panic is reported as.
fn bug(panic: &(dyn std::any::Any + Send), argv: &[OsString]) -> Failure {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let command: Vec<_> = argv.iter().map(|arg| arg.to_string_lossy()).collect();
    Failure::message(exit::UNEXPECTED, format!("internal error: {}", text.unwrap_or("panic without a message")))
        .hint(format!("this is a bug in rrpipe {}; the command was: {}", env!("CARGO_PKG_VERSION"), command.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeHost, FullDevice, GonePipe, Shared, rrpipe};

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_and_version_are_data() {
        let ran = rrpipe(&["--help"]);
        assert_eq!(ran.exit, exit::OK);
        assert!(ran.out.contains("Exit status:\n    0  success"), "{}", ran.out);
        assert_eq!(ran.err, "");
        assert_eq!(rrpipe(&["--version"]).out, concat!("rrpipe ", env!("CARGO_PKG_VERSION"), "\n"));
    }

    #[test]
    fn wrong_usage_is_talk_with_a_hint() {
        let ran = rrpipe(&["complations"]);
        assert_eq!((ran.exit, ran.out.as_str()), (exit::USAGE, ""));
        assert!(ran.err.contains("hint: a similar subcommand exists: 'completions'"), "{}", ran.err);
        let ran = rrpipe(&["version", "--colour", "never"]);
        assert_eq!(ran.exit, exit::USAGE);
        assert!(ran.err.contains("hint: a similar argument exists: '--color'"), "{}", ran.err);
    }

    #[test]
    fn no_command_prints_help_as_talk() {
        let ran = rrpipe(&[]);
        assert_eq!((ran.exit, ran.out.as_str()), (exit::USAGE, ""));
        assert!(ran.err.contains("Usage: rrpipe"), "{}", ran.err);
    }

    #[test]
    fn color_is_off_away_from_terminals_and_on_when_asked_for() {
        assert!(!rrpipe(&["versoin"]).err.contains('\x1b'));
        assert!(rrpipe(&["--color", "always", "versoin"]).err.contains('\x1b'));
        assert!(rrpipe(&["versoin", "--color=always"]).err.contains('\x1b'));
        assert!(rrpipe(&["--color=always", "python"]).err.contains('\x1b'));
    }

    #[test]
    fn reader_that_went_away_ends_the_command_quietly() {
        let err = Shared::default();
        let exit = run_on(["rrpipe", "version"], &FakeHost::default(), Terminal::captured(GonePipe, err.clone()));
        assert_eq!((exit, err.text().as_str()), (exit::BROKEN_PIPE, ""));
    }

    #[test]
    fn full_device_is_reported() {
        for args in [["rrpipe", "version"], ["rrpipe", "--help"]] {
            let err = Shared::default();
            let exit = run_on(args, &FakeHost::default(), Terminal::captured(FullDevice, err.clone()));
            assert_eq!(exit, exit::IO);
            assert!(err.text().starts_with("error: cannot write to standard output\n  cause: "), "{}", err.text());
        }
    }

    #[test]
    fn panic_becomes_an_error_that_names_the_command() {
        let err = Shared::default();
        let host = FakeHost::panicking();
        let exit = run_on(["rrpipe", "version"], &host, Terminal::captured(Shared::default(), err.clone()));
        assert_eq!(exit, exit::UNEXPECTED);
        assert!(err.text().starts_with("error: internal error: planted\n"), "{}", err.text());
        assert!(err.text().contains("the command was: rrpipe version"), "{}", err.text());
    }
}
