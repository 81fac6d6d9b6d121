//! `rrpipe nnue info`: what a network is, and whether it can be used.

use std::io::Write as _;
use std::path::PathBuf;

use ringrift_nnue::Network;
use ringrift_nnue::upstream::UpstreamCheckpoint;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::read;
use crate::output::Format;
use crate::{Context, ExitCode, Failure, OrFail as _, exit};

/// Say what a network is, and whether it can be used
///
/// The exit status is 0 if it can, and 4 if not; the reason is printed with the rest.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe nnue info models/nnue/square8_2p.nnue --format json")]
pub(super) struct Args {
    /// Network: .nnue, .pt or .safetensors
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What is said about a file, in order.
type Facts = Map<String, Value>;

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let bytes = read(&args.path)?;
    let mut facts = Facts::new();
    let digest = Sha256::digest(&bytes);
    let sha256 = digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    facts.insert("file".to_owned(), args.path.display().to_string().into());
    facts.insert("bytes".to_owned(), bytes.len().into());
    facts.insert("sha256".to_owned(), sha256.into());
    let extension = args.path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    let is_upstream = UpstreamCheckpoint::is_format_of(&bytes) || matches!(extension, "pt" | "pth" | "safetensors");
    let found = if is_upstream {
        UpstreamCheckpoint::from_bytes(&bytes).map(|found| upstream_facts(&found)).or_fail(exit::BAD_INPUT)
    } else {
        Network::from_bytes(&bytes).map(|found| own_facts(&found)).or_fail(exit::BAD_INPUT)
    };
    let is_usable = found.is_ok();
    facts.insert("usable".to_owned(), is_usable.into());
    match found {
        Ok(found) => facts.extend(found),
        Err(failure) => {
            facts.insert("reason".to_owned(), failure.lines().join(": ").into());
            facts.insert("hint".to_owned(), failure.hints().join("; ").into());
        }
    }
    let mut out = context.terminal.out();
    match args.format {
        Format::Json => writeln!(out, "{}", Value::Object(facts))?,
        Format::Text => {
            for (name, value) in &facts {
                match value {
                    Value::String(text) => writeln!(out, "{name}: {text}")?,
                    Value::Bool(is_so) => writeln!(out, "{name}: {}", if *is_so { "yes" } else { "no" })?,
                    other => writeln!(out, "{name}: {other}")?,
                }
            }
        }
    }
    Ok(if is_usable { exit::OK } else { exit::BAD_INPUT })
}

fn object(facts: Value) -> Facts {
    match facts {
        Value::Object(facts) => facts,
        _ => Facts::new(),
    }
}

fn own_facts(network: &Network) -> Facts {
    let features = network.features();
    let lineage: Value = serde_json::from_str(network.lineage()).unwrap_or(Value::Null);
    object(json!({
        "kind": "nnue",
        "board": network.board().name(),
        "players": network.players().get(),
        "width": network.width(),
        "features": features.len(),
        "feature_hash": format!("{:016x}", features.hash()),
        "buckets": features.bucket_count(),
        "lineage": lineage,
    }))
}

fn upstream_facts(checkpoint: &UpstreamCheckpoint) -> Facts {
    let found = checkpoint.architecture();
    let mut facts = object(json!({
        "kind": found.kind.class_name(),
        "board": found.board.name(),
        "players": checkpoint.players().map(ringrift_rules::PlayerCount::get),
        "version": found.version(),
        "feature_version": found.features.number(),
        "inputs": found.inputs(),
        "width": found.width,
        "layers": found.layers,
        "outputs": found.outputs(),
        "ai_service_reads_it": found.upstream_fault().is_none(),
    }));
    if let Some(fault) = found.upstream_fault() {
        facts.insert("ai_service_note".to_owned(), fault.into());
    }
    facts.insert("metadata".to_owned(), Value::Object(checkpoint.metadata().clone()));
    facts
}
