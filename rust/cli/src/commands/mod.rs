//! The subcommands, one file each: an `Args` struct and a `run` function.

mod completions;
mod man;
mod python;
mod version;

use clap::Subcommand;

use crate::{Context, ExitCode, Failure};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Completions(completions::Args),
    Man(man::Args),
    Python(python::Args),
    Version(version::Args),
}

impl Command {
    pub(crate) fn run(self, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
        match self {
            Self::Completions(args) => completions::run(&args, context),
            Self::Man(args) => man::run(&args, context),
            Self::Python(args) => python::run(args, context),
            Self::Version(args) => version::run(&args, context),
        }
    }
}
