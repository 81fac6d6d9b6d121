//! `rrpipe dropin`: the shim that makes a RingRift checkout play its self-play games here.

mod checkout;
mod shim;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::output::Format;
use crate::{Context, ExitCode, Failure, exit};
use checkout::{Checkout, State};

/// Put self-play by this program in place of a RingRift checkout's own script
///
/// `scripts/run_self_play_soak.py` becomes a short script that takes the same flags and runs `ringrift_core.soak`; the original
/// is kept beside it as `run_self_play_soak.original.py`, and imports get their names from it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe dropin install ~/RingRift/ai-service")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Keep the original and put the shim in its place; again after an update of the checkout or of this program
    Install(Target),
    /// Say what stands in the checkout; exit status 0 only for a shim of this version
    #[command(after_help = STATES)]
    Status(StatusArgs),
    /// Put the original back
    Remove(Target),
}

const STATES: &str = "\
States (exit status 3 for all but the first):
  installed         the shim of this version
  absent            the original script
  outdated          the shim of another version
  replaced          a script that came after the shim, as by an update of the checkout; the older original is kept
  edited            a shim that was changed
  original-missing  a shim whose original is gone
  original-changed  a shim whose original was changed";

#[derive(Debug, clap::Args)]
struct Target {
    /// The folder `ai-service` of the checkout
    dir: PathBuf,
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    target: Target,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::Install(target) => install(target, context),
        Action::Status(args) => status(args, context),
        Action::Remove(target) => remove(target, context),
    }
}

fn install(target: &Target, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let checkout = Checkout::open(&target.dir)?;
    let found = checkout.look()?;
    checkout.install(&found)?;
    let (script, original) = (checkout.script.display(), checkout.original.display());
    let did = match found.state {
        State::Installed => "was installed already",
        State::Outdated => "upgraded",
        _ => "installed",
    };
    writeln!(context.terminal.out(), "{script}: {did}; the original is {original}")?;
    if found.state == State::Replaced
        && let Some(older) = checkout.older().last()
    {
        writeln!(context.terminal.err(), "the original of before the update is kept as {}", older.display())?;
    }
    Ok(exit::OK)
}

fn remove(target: &Target, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let checkout = Checkout::open(&target.dir)?;
    let found = checkout.look()?;
    let did = if checkout.remove(&found)? { "is the original again" } else { "is no drop-in; nothing to remove" };
    writeln!(context.terminal.out(), "{}: {did}", checkout.script.display())?;
    if found.state == State::Replaced {
        let original = checkout.original.display();
        writeln!(context.terminal.err(), "an older original is kept as {original}; delete it if it is of no use")?;
    }
    Ok(exit::OK)
}

fn status(args: &StatusArgs, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let checkout = Checkout::open(&args.target.dir)?;
    let found = checkout.look()?;
    let older = checkout.older();
    let has_original = found.has_original();
    let mut out = context.terminal.out();
    match args.format {
        Format::Text => {
            writeln!(out, "state: {}", found.state.name())?;
            writeln!(out, "script: {}", checkout.script.display())?;
            if let Some(version) = &found.shim_version {
                writeln!(out, "shim version: {version}")?;
            }
            if has_original {
                writeln!(out, "original: {}", checkout.original.display())?;
            }
            for path in &older {
                writeln!(out, "older original: {}", path.display())?;
            }
        }
        Format::Json => {
            let older: Vec<_> = older.iter().map(|path| path.to_string_lossy()).collect();
            let fields = json!({
                "state": found.state.name(),
                "script": checkout.script.to_string_lossy(),
                "shim_version": found.shim_version,
                "original": has_original.then(|| checkout.original.to_string_lossy()),
                "older_originals": older,
            });
            writeln!(out, "{fields}")?;
        }
    }
    Ok(if found.state == State::Installed { exit::OK } else { exit::DIFFERENCES })
}
