//! Where words go: data to standard output, talk to standard error, colour only where it is wanted.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use clap::builder::styling::{AnsiColor, Style};
use clap::{ColorChoice, ValueEnum};

use crate::exit::{self, ExitCode};
use crate::failure::Failure;
use crate::files;

/// How a command prints its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Standard output and standard error, with what is known about their readers. May be lent to a working thread.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    out_on_screen: bool,
    err_on_screen: bool,
    /// What the environment says about colour; an explicit `--color` beats it.
    environment_allows_color: bool,
    color: ColorChoice,
    out_error: Option<io::Error>,
}

impl Terminal {
    /// The streams of this process. `NO_COLOR` (not empty) and `TERM=dumb` switch automatic colour off.
    pub fn of_process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            out: Box::new(BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            out_on_screen: io::stdout().is_terminal(),
            err_on_screen: io::stderr().is_terminal(),
            environment_allows_color: set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb"),
            color: ColorChoice::Auto,
            out_error: None,
        }
    }

    /// Streams that write elsewhere and are not terminals.
    #[cfg(test)]
    pub(crate) fn captured(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            out_on_screen: false,
            err_on_screen: false,
            environment_allows_color: true,
            color: ColorChoice::Auto,
            out_error: None,
        }
    }

    pub(crate) fn set_color(&mut self, color: ColorChoice) {
        self.color = color;
    }

    /// Standard output, for data. Write errors may be passed on with `?`: the end of [`run`](crate::run) knows that
    /// they came from here.
    pub fn out(&mut self) -> Out<'_> {
        Out(self)
    }

    /// Standard error, for talk. Errors are ignored: there is nobody left to tell.
    pub fn err(&mut self) -> &mut dyn Write {
        &mut *self.err
    }

    /// Whether standard output is a terminal.
    pub fn out_is_terminal(&self) -> bool {
        self.out_on_screen
    }

    /// Whether standard error is a terminal.
    pub fn err_is_terminal(&self) -> bool {
        self.err_on_screen
    }

    /// Whether data may be coloured.
    pub fn out_color(&self) -> bool {
        self.allows_color(self.out_on_screen)
    }

    /// Whether talk may be coloured.
    pub fn err_color(&self) -> bool {
        self.allows_color(self.err_on_screen)
    }

    fn allows_color(&self, is_terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && self.environment_allows_color,
        }
    }

    /// Prints what clap has to say: help and version as data, complaints as talk.
    pub(crate) fn print_clap(&mut self, error: &clap::Error) -> ExitCode {
        let text = error.render();
        if error.use_stderr() {
            // clap calls its suggestions tips; everywhere else they are hints.
            let text =
                if self.err_color() { text.ansi().to_string() } else { text.to_string() }.replace("tip:", "hint:");
            let _ = self.err.write_all(text.as_bytes());
            exit::USAGE
        } else {
            let text = if self.out_color() { text.ansi().to_string() } else { text.to_string() };
            let _ = self.out().write_all(text.as_bytes());
            exit::OK
        }
    }

    /// Prints a failure: `error:` with the chain of causes below, then `hint:` lines.
    pub(crate) fn print_failure(&mut self, failure: &Failure) {
        let color = self.err_color();
        let label = |style: Style, name: &str| if color { format!("{style}{name}{style:#}") } else { name.to_owned() };
        let mut text = String::new();
        for (depth, line) in failure.lines().iter().enumerate() {
            let lead = if depth == 0 { label(ERROR, "error:") } else { "  cause:".to_owned() };
            writeln!(text, "{lead} {line}").expect("writing to a string cannot fail");
        }
        for hint in failure.hints() {
            writeln!(text, "  {} {hint}", label(HINT, "hint:")).expect("writing to a string cannot fail");
        }
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Ends the output. A reader that went away is no news to it, so nothing is said then; any other write error is
    /// reported here, once, whatever the command made of it.
    pub(crate) fn finish(&mut self, result: Result<ExitCode, Failure>) -> ExitCode {
        let flushed = self.out().flush();
        debug_assert!(flushed.is_ok() || self.out_error.is_some(), "Out keeps the first error");
        let exit = match (self.out_error.take(), result) {
            (Some(error), _) if error.kind() == io::ErrorKind::BrokenPipe => exit::BROKEN_PIPE,
            (Some(error), _) => {
                let failure =
                    Failure::new(exit::IO, anyhow::Error::new(error).context("cannot write to standard output"));
                self.print_failure(&failure);
                exit::IO
            }
            (None, Ok(exit)) => exit,
            (None, Err(failure)) => {
                self.print_failure(&failure);
                failure.exit()
            }
        };
        let _ = self.err.flush();
        exit
    }
}

/// Writes a whole file under its name: all of it or nothing.
///
/// # Errors
/// A device error that names the file.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_atomic(path, bytes).map_err(|error| cannot_write(path, error))
}

/// The failure of a file that cannot be written.
pub(crate) fn cannot_write(path: &Path, error: io::Error) -> Failure {
    Failure::cannot("write", path, error)
}

/// Standard output; remembers its first error.
pub struct Out<'a>(&'a mut Terminal);

impl Out<'_> {
    fn keep<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            if kind == io::ErrorKind::Interrupted {
                return error;
            }
            self.0.out_error.get_or_insert(error);
            kind.into()
        })
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.0.out.write(bytes);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.0.out.flush();
        self.keep(result)
    }
}

/// The value of `--color` in arguments that may not parse, so that even the complaint has the right colour.
pub(crate) fn requested_color(argv: &[OsString]) -> ColorChoice {
    let mut argv = argv.iter().skip(1).map(OsString::as_os_str).take_while(|arg| *arg != "--");
    while let Some(arg) = argv.next() {
        let value = if arg == "--color" {
            argv.next().and_then(OsStr::to_str)
        } else {
            arg.to_str().and_then(|arg| arg.strip_prefix("--color="))
        };
        match value {
            Some("always") => return ColorChoice::Always,
            Some("never") => return ColorChoice::Never,
            _ => {}
        }
    }
    ColorChoice::Auto
}
