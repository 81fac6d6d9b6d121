//! `rrpipe replay export`: stored games in other forms.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use ringrift_render::{PlayedMove, SvgOptions, TextOptions, render_svg, render_text};
use ringrift_replay::{GameFilter, Parts, StoreReader, StoredGame, python_json, record_trace, soak_record};

use super::{FileArg, FilterArgs, open, store_failure};
use crate::commands::show::SchemeName;
use crate::files::AtomicFile;
use crate::output::{cannot_write, write_file};
use crate::{Context, ExitCode, Failure, exit, interrupt};

/// Write games as JSON lines, traces, text or pictures
///
/// Games that cannot be replayed are named on standard error and left out; the exit status is 4 then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: rrpipe replay export games.db --format jsonl --output games.jsonl\n          \
                  rrpipe replay export games.db --format svg --game-id ID --output frames")]
pub(super) struct Args {
    #[command(flatten)]
    file: FileArg,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// File to write to, or the folder of the pictures; it appears when all is written. The default is standard output
    #[arg(long, value_name = "PATH", required_if_eq("format", "svg"))]
    output: Option<PathBuf>,
    /// Colours of the pictures
    #[arg(long, value_enum, default_value_t = SchemeName::Auto)]
    scheme: SchemeName,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line per game, as upstream's self-play logs it
    Jsonl,
    /// Traces, as `rrpipe verify` and `rrpipe show --trace` read them
    Trace,
    /// The moves in notation, and the last position
    Text,
    /// One picture per position: PATH/GAME/NUMBER.svg
    Svg,
}

/// What was written and what was not.
#[derive(Default)]
struct Report {
    games: u64,
    faults: Vec<Failure>,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let mut reader = open(&args.file.path)?;
    let terminal = &mut *context.terminal;
    let report = match (&args.output, args.format) {
        (Some(folder), Format::Svg) => interrupt::watch(context.host, |stop| {
            games(args, &mut reader, stop, &mut |_, game| frames(args, folder, game))
        })?
        .complete()??,
        (Some(path), _) => {
            let mut file = AtomicFile::create(path).map_err(|error| cannot_write(path, error))?;
            let report = interrupt::watch(context.host, |stop| {
                let mut write = |index, game: &StoredGame| {
                    let text = text_of(args.format, index, game)?;
                    file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, error))
                };
                games(args, &mut reader, stop, &mut write)
            })?
            .complete()??;
            file.commit().map_err(|error| cannot_write(path, error))?;
            report
        }
        (None, _) => interrupt::watch(context.host, |stop| {
            let mut out = terminal.out();
            let mut write = |index, game: &StoredGame| {
                out.write_all(text_of(args.format, index, game)?.as_bytes()).map_err(Failure::from)
            };
            games(args, &mut reader, stop, &mut write)
        })?
        .complete()??,
    };
    for fault in &report.faults {
        context.terminal.print_failure(fault);
    }
    if args.output.is_some() {
        writeln!(context.terminal.err(), "{} games", report.games)?;
    }
    Ok(if report.faults.is_empty() { exit::OK } else { exit::BAD_INPUT })
}

/// Hands the games over, one after the other; those that are torn are noted.
fn games(
    args: &Args,
    reader: &mut StoreReader,
    stop: &AtomicBool,
    write: &mut dyn FnMut(u64, &StoredGame) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let mut report = Report::default();
    let games = reader.games(&GameFilter::from(&args.filter), Parts::Moves).map_err(store_failure)?;
    for game in games.take_while(|_| !stop.load(Ordering::Relaxed)) {
        match game.map_err(store_failure).and_then(|game| write(report.games, &game)) {
            Ok(()) => report.games += 1,
            Err(failure) if failure.exit() == exit::BAD_INPUT => report.faults.push(failure),
            Err(failure) => return Err(failure),
        }
    }
    Ok(report)
}

fn text_of(format: Format, index: u64, game: &StoredGame) -> Result<String, Failure> {
    match format {
        Format::Jsonl => Ok(python_json(&soak_record(game, index).map_err(store_failure)?) + "\n"),
        Format::Trace => {
            let replayed = game.replay_all().map_err(store_failure)?;
            let unfinished = replayed.end.outcome().is_none();
            let trace = record_trace(game.row.id.clone(), &replayed.start.position, &replayed.moves, unfinished);
            let text = serde_json::to_string(&trace).map_err(|error| Failure::new(exit::UNEXPECTED, error))?;
            Ok(text + "\n")
        }
        Format::Text | Format::Svg => notation(game),
    }
}

/// The game as text: who played, the moves turn by turn, the last position.
fn notation(game: &StoredGame) -> Result<String, Failure> {
    let replayed = game.replay_all().map_err(store_failure)?;
    let (row, mut position) = (&game.row, replayed.start.position);
    let names = game.seat_names();
    let mut text = format!("game {}\n{} with {}\n", row.id, row.board, names.join(", "));
    let reason = row.termination_reason.as_deref().unwrap_or(&row.status);
    let winner = row.winner.map_or_else(|| "nobody".to_owned(), |winner| format!("player {winner}"));
    let _ = writeln!(text, "{} moves, won by {winner} ({reason})", row.total_moves);
    let mut mover = None;
    for (ply, &mv) in replayed.moves.iter().enumerate() {
        if mover.replace(position.to_move()) != Some(position.to_move()) {
            let _ = write!(text, "\n{ply:>5}  {}:", position.to_move());
        }
        let _ = write!(text, " {}", position.format_move(mv));
        position.make_move(mv);
    }
    let options = TextOptions { names, ..TextOptions::default() };
    let _ = write!(text, "\n\n{}\n", render_text(&position, &options));
    Ok(text)
}

/// Writes a picture of every position of a game into a folder of its own.
fn frames(args: &Args, folder: &Path, game: &StoredGame) -> Result<(), Failure> {
    let replayed = game.replay_all().map_err(store_failure)?;
    let folder = folder.join(folder_name(&game.row.id));
    std::fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, error))?;
    let names = game.seat_names();
    let mut position = replayed.start.position;
    let draw = |number: usize, position: &_, played| {
        let options = SvgOptions {
            scheme: args.scheme.into(),
            names: names.clone(),
            played,
            caption: Some(format!("{}, ply {number} of {}", game.row.id, game.moves.len())),
            ..SvgOptions::default()
        };
        let path = folder.join(format!("{number:05}.svg"));
        write_file(&path, render_svg(position, &options).as_bytes())
    };
    draw(0, &position, None)?;
    for (ply, &mv) in replayed.moves.iter().enumerate() {
        let before = position.clone();
        position.make_move(mv);
        draw(ply + 1, &position, Some(PlayedMove { before, mv }))?;
    }
    Ok(())
}

/// The name of a game as that of a folder: foreign databases may use any text.
fn folder_name(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = id.chars().map(safe).take(100).collect();
    if name.is_empty() || name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::folder_name;

    #[test]
    fn folder_names_stay_inside() {
        assert_eq!(folder_name("3b6448b2-05e5"), "3b6448b2-05e5");
        assert_eq!(folder_name("../../etc"), "_.._.._etc");
        assert_eq!(folder_name(""), "_");
    }
}
