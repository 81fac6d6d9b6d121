//! `rrpipe perft`: counts move paths.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::ValueEnum;
use serde_json::json;

use super::position::PositionArgs;
use crate::{Context, ExitCode, Failure, exit, interrupt};

/// Count the paths of legal moves to a depth
///
/// Every leaf is made by a move of its own. The count fingerprints move generation: two engines that agree on it for
/// several positions and depths play by the same rules.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe perft 4 --board-type hex8 --num-players 3 --divide")]
pub(crate) struct Args {
    /// Number of moves in a path, bookkeeping moves included
    #[arg(value_parser = clap::value_parser!(u32).range(0..=64))]
    depth: u32,
    /// Print the count of every first move too
    #[arg(long)]
    divide: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    position: PositionArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let position = args.position.find()?.position;
    let began = Instant::now();
    let counted = interrupt::watch(context.host, |stop| {
        let mut moves = Vec::new();
        let nodes = position.divide(args.depth, &|| stop.load(Ordering::Relaxed), |mv, nodes| {
            moves.push((position.format_move(mv), nodes));
        });
        (nodes, moves)
    })?
    .complete()?;
    let seconds = began.elapsed().as_secs_f64();
    let (Some(nodes), mut moves) = counted else { return Err(Failure::interrupted()) };
    moves.sort_unstable();
    let mut out = context.terminal.out();
    match args.format {
        Format::Text => {
            if args.divide {
                for (text, nodes) in &moves {
                    writeln!(out, "{text} {nodes}")?;
                }
            }
            writeln!(out, "{nodes}")?;
            writeln!(context.terminal.err(), "{:.2} s, {:.2} M nodes/s", seconds, nodes as f64 / seconds / 1e6)?;
        }
        Format::Json => {
            let mut fields = json!({"depth": args.depth, "nodes": nodes, "position": position.to_string()});
            if args.divide {
                fields["divide"] = moves.into_iter().map(|(text, nodes)| (text, json!(nodes))).collect();
            }
            writeln!(out, "{fields}")?;
        }
    }
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn counts_and_divides_the_start_of_square8() {
        let ran = rrpipe(&["perft", "2", "--divide"]);
        assert_eq!(ran.exit, exit::OK);
        let lines: Vec<&str> = ran.out.lines().collect();
        assert_eq!(lines.len(), 64 * 3 + 1);
        let sum: u64 = lines[..192].iter().map(|line| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap()).sum();
        assert_eq!(lines[192], sum.to_string());
    }

    #[test]
    fn json_holds_the_same_count() {
        let text = rrpipe(&["perft", "2"]).out;
        let json: serde_json::Value = serde_json::from_str(&rrpipe(&["perft", "2", "--format", "json"]).out).unwrap();
        assert_eq!(json["nodes"].to_string(), text.trim());
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_possible() {
        for (args, said) in [
            (vec!["perft", "2", "--board-type", "chess"], "square8, square19, hex8 and hexagonal"),
            (vec!["perft", "2", "--num-players", "5"], "2, 3 or 4 players"),
            (vec!["perft", "99"], "0..=64"),
            (vec!["perft", "2", "--position", "x", "--board-type", "hex8"], "cannot be used with"),
        ] {
            let ran = rrpipe(&args);
            assert_eq!(ran.exit, exit::USAGE, "{args:?}");
            assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
        }
        let ran = rrpipe(&["perft", "2", "--moves", "P0,0x1 M0,0>9,9"]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("\"M0,0>9,9\" is not a move"), "{}", ran.err);
        let ran = rrpipe(&["perft", "2", "--position", "square8:2 1:movement 1/0/0 - - -"]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("rings in hand has 1 entries for 2 players"), "{}", ran.err);
    }
}
