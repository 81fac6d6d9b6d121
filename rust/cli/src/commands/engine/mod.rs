//! `rrpipe engine`: the engine behind a text protocol, for programs.

mod lines;
mod requests;
mod session;
mod text;

use std::io::{self, BufReader};

use crate::commands::jobs::parse_jobs;
use crate::{Context, ExitCode, Failure};

/// Serve searches to a program, on standard input and output
///
/// Without --json a protocol in the manner of UCI: one game, one search at a time, commands such as `position`, `go`, `stop`.
/// With --json one request per line, answered in any order. Both are described in docs/engine-protocol.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: printf 'position start hex8 2\\ngo nodes 1000\\n' | rrpipe engine --engine mcts")]
pub(crate) struct Args {
    /// What searches until told otherwise: a rung of the ladder, d1 to d11, or a kind of engine with settings
    #[arg(long, value_name = "SPEC", default_value = "d6")]
    engine: String,
    /// Seed of what the engine draws, until told otherwise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// One JSON object per line in, one per line out
    #[arg(long)]
    json: bool,
    /// Requests that are searched side by side; 0 = one per core
    #[arg(long, value_name = "N", default_value = "1", requires = "json", value_parser = parse_jobs)]
    jobs: usize,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    serve(args, BufReader::new(io::stdin()), context)
}

/// Serves the lines of `source` until they end.
fn serve(
    args: &Args,
    source: impl io::BufRead + Send + 'static,
    context: &mut Context<'_>,
) -> Result<ExitCode, Failure> {
    // A typing error in the default is told at once, and not with every request.
    super::analyze::parse_spec(&args.engine, &session::start())?;
    if args.json { requests::serve(args, source, context) } else { text::serve(args, source, context) }
}

/// A failure in one line, and what to do about it in another.
fn words(failure: &Failure) -> (String, String) {
    (failure.lines().join(": "), failure.hints().join("; "))
}

#[cfg(test)]
mod tests;
