//! `rrpipe nnue`: files of networks.

mod convert;
mod info;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use clap::Subcommand;
use ringrift_nnue::FILE_BYTES_MAX;

use crate::{Context, ExitCode, Failure, exit};

/// Say what a network is, and convert networks of upstream
///
/// Files are .nnue, which this program plays with, and those of upstream's ai-service: .pt, or .safetensors made of them.
/// Files of upstream are read without running anything that they ask for.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Info(info::Args),
    Convert(convert::Args),
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::Info(args) => info::run(args, context),
        Action::Convert(args) => convert::run(args, context),
    }
}

/// The content of a file that may be a network.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error| Failure::cannot("read", path, error);
    let mut bytes = Vec::new();
    File::open(path).map_err(cannot)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let text = format!("{} has more than {FILE_BYTES_MAX} bytes", path.display());
        return Err(Failure::message(exit::BAD_INPUT, text).hint("no network is as large; is it another file?"));
    }
    Ok(bytes)
}
