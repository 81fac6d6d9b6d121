//! The host of the command line in the standalone program.

use std::io;

use ringrift_cli::{ExitCode, Failure, Form, Host, PythonTask};

use crate::signals::Interrupts;

/// This process: SIGINT by a flag, Python if it is embedded, started when first needed.
#[derive(Default)]
pub(crate) struct Standalone {
    interrupts: Interrupts,
    #[cfg(all(feature = "embed", unix))]
    python: crate::embed::Python,
}

#[cfg(all(feature = "embed", unix))]
impl Host for Standalone {
    fn form(&self) -> Form {
        Form::StandaloneEmbed
    }

    fn python_version(&self) -> Option<String> {
        Some(crate::embed::version())
    }

    fn catch_interrupts(&self) -> io::Result<()> {
        // A running interpreter has its own handler, which must stay.
        if self.python.is_running() { Ok(()) } else { self.interrupts.watch() }
    }

    fn interrupted(&self) -> bool {
        self.interrupts.seen() || self.python.interrupted()
    }

    fn run_python(&self, task: &PythonTask) -> Result<u8, Failure> {
        self.python.run(task)
    }
}

#[cfg(not(all(feature = "embed", unix)))]
impl Host for Standalone {
    fn form(&self) -> Form {
        Form::Standalone
    }

    fn python_version(&self) -> Option<String> {
        None
    }

    fn catch_interrupts(&self) -> io::Result<()> {
        self.interrupts.watch()
    }

    fn interrupted(&self) -> bool {
        self.interrupts.seen()
    }

    fn run_python(&self, _: &PythonTask) -> Result<u8, Failure> {
        Err(Failure::message(ringrift_cli::exit::UNAVAILABLE, "this rrpipe has no Python inside")
            .hint("use the rrpipe of a Python environment: pip install ringrift-core")
            .hint("or build this one with Python: cargo build --release --features embed"))
    }
}

impl Standalone {
    /// Ends what was started, and returns the status to exit with.
    #[cfg_attr(not(all(feature = "embed", unix)), expect(clippy::unused_self))]
    pub(crate) fn close(&self, exit: ExitCode) -> ExitCode {
        #[cfg(all(feature = "embed", unix))]
        if !self.python.close() && exit == ringrift_cli::exit::OK {
            return ringrift_cli::exit::IO;
        }
        exit
    }
}
