//! `rrpipe nnue convert`: upstream's networks from `.pt` to `.safetensors` and back.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ringrift_nnue::upstream::UpstreamCheckpoint;

use super::read;
use crate::output::write_file;
use crate::{Context, ExitCode, Failure, OrFail as _, exit};

/// Convert a network of upstream: .pt to .safetensors, or back
///
/// Weights and metadata stay as they are. A .pt file that was written here is read by ai-service and by torch, also by its
/// loader that runs nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe nnue convert nnue_square8_2p.pt nnue_square8_2p.safetensors")]
pub(super) struct Args {
    /// Network to read: .pt or .safetensors
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File to write: .safetensors or .pt
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

/// Formats of files, by the end of their names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Torch,
    Safetensors,
}

fn form(path: &Path) -> Result<Form, Failure> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    match end {
        "pt" | "pth" => Ok(Form::Torch),
        "safetensors" => Ok(Form::Safetensors),
        "nnue" => Err(Failure::message(exit::USAGE, format!("{} is no network of upstream", path.display())).hint(
            "a .nnue network has other features and integer weights, so neither kind becomes the other; \
             rrpipe train nnue --upstream-output trains one of each on the same games",
        )),
        _ => Err(Failure::message(exit::USAGE, format!("{} is neither .pt nor .safetensors", path.display()))
            .hint("rrpipe nnue convert IN.pt OUT.safetensors, or the other way")),
    }
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let (from, to) = (form(&args.input)?, form(&args.output)?);
    if from == to {
        let text = format!("{} and {} are of one kind", args.input.display(), args.output.display());
        return Err(Failure::message(exit::USAGE, text).hint("to keep the kind, copy the file"));
    }
    let checkpoint = UpstreamCheckpoint::from_bytes(&read(&args.input)?)
        .map_err(|error| anyhow::Error::new(error).context(format!("cannot use {}", args.input.display())))
        .or_fail(exit::BAD_INPUT)?;
    let made = match to {
        Form::Torch => checkpoint.to_torch_file(),
        Form::Safetensors => checkpoint.to_safetensors(),
    };
    let made = made.or_fail(exit::BAD_INPUT)?;
    write_file(&args.output, &made)?;
    let found = checkpoint.architecture();
    writeln!(
        context.terminal.out(),
        "{}: {} for {}, width {}, {} tensors",
        args.output.display(),
        found.kind.class_name(),
        found.board,
        found.width,
        checkpoint.tensors().len()
    )?;
    Ok(exit::OK)
}
