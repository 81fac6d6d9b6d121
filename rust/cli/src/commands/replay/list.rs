//! `rrpipe replay list`: one line per game.

use std::io::Write as _;

use clap::ValueEnum;
use ringrift_replay::{GameFilter, GameRow};
use serde_json::{Value, json};

use super::{FileArg, FilterArgs, open, store_failure};
use crate::{Context, ExitCode, Failure, exit};

/// List the games of a database, in the order in which they were stored
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe replay list games.db --board-type hex8 --reason territory --limit 20")]
pub(super) struct Args {
    #[command(flatten)]
    file: FileArg,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// One JSON object per line, with all columns
    Json,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let mut reader = open(&args.file.path)?;
    let rows = reader.rows(&GameFilter::from(&args.filter)).map_err(store_failure)?;
    let mut out = context.terminal.out();
    if args.format == Format::Json {
        for row in &rows {
            writeln!(out, "{}", object(row))?;
        }
        return Ok(exit::OK);
    }
    let width = rows.iter().map(|row| row.id.chars().count()).max().unwrap_or(0).max(4);
    writeln!(out, "{:width$}  {:9} players  moves  winner  seed        reason", "game", "board")?;
    for row in &rows {
        let or_dash = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
        writeln!(
            out,
            "{:width$}  {:9} {:>7}  {:>5}  {:>6}  {:10}  {}",
            row.id,
            row.board,
            row.num_players,
            row.total_moves,
            or_dash(row.winner),
            or_dash(seed(row)),
            row.termination_reason.as_deref().unwrap_or(&row.status),
        )?;
    }
    writeln!(context.terminal.err(), "{} games", rows.len())?;
    Ok(exit::OK)
}

/// The seed of a game; upstream's self-play has it in the metadata only.
fn seed(row: &GameRow) -> Option<i64> {
    row.rng_seed.or_else(|| row.metadata()?.get("rng_seed")?.as_i64())
}

fn object(row: &GameRow) -> Value {
    json!({
        "game_id": row.id,
        "board_type": row.board,
        "num_players": row.num_players,
        "rng_seed": seed(row),
        "created_at": row.created_at,
        "completed_at": row.completed_at,
        "game_status": row.status,
        "winner": row.winner,
        "termination_reason": row.termination_reason,
        "total_moves": row.total_moves,
        "total_turns": row.total_turns,
        "duration_ms": row.duration_ms,
        "source": row.source,
        "schema_version": row.schema_version,
        "metadata": row.metadata(),
        "quality_score": row.quality_score,
        "quality_category": row.quality_category,
        "engine_mode": row.engine_mode,
        "parity_status": row.parity_status,
        "opponent_type": row.opponent_type,
        "opponent_model_id": row.opponent_model_id,
    })
}
