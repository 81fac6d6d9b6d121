//! `rrpipe` as a program of its own: gives the command line its process, and ends with its exit code.
//!
//! Without features it holds no Python and contains no `unsafe`; the feature `embed` adds an interpreter (`embed.rs`).
#![cfg_attr(not(feature = "embed"), forbid(unsafe_code))]

#[cfg(all(feature = "embed", unix))]
mod embed;
#[cfg(all(feature = "embed", unix))]
mod environment;
mod signals;
mod standalone;

use std::process::ExitCode;

fn main() -> ExitCode {
    let host = standalone::Standalone::default();
    let exit = ringrift_cli::run(std::env::args_os(), &host);
    host.close(exit).into()
}
