//! The subcommands, one file each: an `Args` struct and a `run` function.

mod analyze;
mod bench;
mod completions;
mod dropin;
mod engine;
mod export;
mod field;
mod gate;
mod jobs;
mod man;
mod matches;
mod merge;
mod nnue;
mod openings;
mod perft;
mod play;
mod playout;
mod position;
mod python;
mod ratings;
mod replay;
mod report;
mod selfplay;
mod show;
mod tournament;
mod train;
mod verify;
mod version;

use clap::Subcommand;

use crate::{Context, ExitCode, Failure};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Analyze(analyze::Args),
    Bench(bench::Args),
    Completions(completions::Args),
    Dropin(dropin::Args),
    Engine(engine::Args),
    Export(Box<export::Args>),
    Gate(Box<gate::Args>),
    Man(man::Args),
    Match(matches::Args),
    Merge(merge::Args),
    Nnue(nnue::Args),
    Openings(openings::Args),
    Perft(perft::Args),
    Play(play::Args),
    Playout(playout::Args),
    Python(python::Args),
    Ratings(ratings::Args),
    Replay(replay::Args),
    // Its many flags make it far larger than the others.
    Selfplay(Box<selfplay::Args>),
    Show(show::Args),
    Train(train::Args),
    Tournament(Box<tournament::Args>),
    Verify(verify::Args),
    Version(version::Args),
}

impl Command {
    pub(crate) fn run(self, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
        match self {
            Self::Analyze(args) => analyze::run(&args, context),
            Self::Bench(args) => bench::run(&args, context),
            Self::Completions(args) => completions::run(&args, context),
            Self::Dropin(args) => dropin::run(&args, context),
            Self::Engine(args) => engine::run(&args, context),
            Self::Export(args) => export::run(&args, context),
            Self::Gate(args) => gate::run(&args, context),
            Self::Man(args) => man::run(&args, context),
            Self::Match(args) => matches::run(&args, context),
            Self::Merge(args) => merge::run(&args, context),
            Self::Nnue(args) => nnue::run(&args, context),
            Self::Openings(args) => openings::run(&args, context),
            Self::Perft(args) => perft::run(&args, context),
            Self::Play(args) => play::run(&args, context),
            Self::Playout(args) => playout::run(&args, context),
            Self::Python(args) => python::run(args, context),
            Self::Ratings(args) => ratings::run(&args, context),
            Self::Replay(args) => replay::run(&args, context),
            Self::Selfplay(args) => selfplay::run(&args, context),
            Self::Show(args) => show::run(&args, context),
            Self::Train(args) => train::run(args, context),
            Self::Tournament(args) => tournament::run(&args, context),
            Self::Verify(args) => verify::run(&args, context),
            Self::Version(args) => version::run(&args, context),
        }
    }
}
