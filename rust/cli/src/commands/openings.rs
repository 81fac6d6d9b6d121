//! `rrpipe openings`: sets of openings.

use std::io::Write as _;
use std::path::PathBuf;

use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_tournament::{OpeningRule, OpeningSet};

use super::position::{parse_board, parse_players};
use crate::output::write_file;
use crate::{Context, ExitCode, Failure, OrFail as _, exit};

/// Make a set of openings for tournaments and gates
///
/// Openings are random first decisions; all differ, and none gives a seat a large advantage by the heuristic evaluation. A longer
/// set of the same seed begins with the shorter one. The digest names the set.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe openings --board-type hex8 --count 500 --output hex8_2p.openings.json")]
pub(crate) struct Args {
    /// Board: square8, square19, hex8 or hexagonal
    #[arg(long, alias = "board", value_name = "BOARD", default_value = "square8", value_parser = parse_board)]
    board_type: BoardKind,
    /// Number of players, 2 to 4
    #[arg(long, alias = "players", value_name = "N", default_value = "2", value_parser = parse_players)]
    num_players: PlayerCount,
    /// Number of openings
    #[arg(long, value_name = "N", default_value_t = 100)]
    count: u64,
    /// Seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Decisions that are made at random
    #[arg(long, value_name = "N", default_value_t = 6)]
    opening_random_moves: u32,
    /// File to write
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let rule = OpeningRule {
        board: args.board_type,
        players: args.num_players,
        seed: args.seed,
        decisions: args.opening_random_moves,
        is_selected: true,
    };
    let set = OpeningSet::generate(rule, args.count).or_fail(exit::USAGE)?;
    write_file(&args.output, format!("{:#}\n", set.to_json()).as_bytes())?;
    writeln!(context.terminal.out(), "{} openings, digest {}: {}", set.count(), set.digest(), args.output.display())?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn set_is_written_and_impossible_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.json").to_string_lossy().into_owned();
        let ran = rrpipe(&["openings", "--board-type", "hex8", "--count", "7", "--output", &path]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.starts_with("7 openings, digest "), "{}", ran.out);
        let ran = rrpipe(&["openings", "--opening-random-moves", "0", "--output", &path]);
        assert_eq!(ran.exit, exit::USAGE);
        assert!(ran.err.contains("hint: make more decisions at random"), "{}", ran.err);
    }
}
