//! `rrpipe analyze`: the best lines of a position.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use ringrift_render::{Palette, PlayedMove, SvgOptions, TextOptions, render_svg, render_text};
use ringrift_rules::AnyPosition;
use ringrift_search::{SearchResult, Stop};
use ringrift_selfplay::{AnalysisError, Analyst, EngineSpec, GameRng};

use super::position::{Found, PositionArgs};
use super::report;
use crate::output::{Format, write_file};
use crate::{Context, ExitCode, Failure, OrFail as _, exit, interrupt};

/// Search a position and print its best lines
///
/// Win shares are those of the players by seat; `~` marks a bound, from moves that were refuted without measuring how bad
/// they are. The randomness of a rung of the ladder is left out. Ctrl-C ends the search and prints what was found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: rrpipe analyze --moves 'P3,3x2 M3,3>3,5' --engine mcts:nodes=20000 --lines 8\n          \
                  rrpipe analyze --state state.json --engine d6:time_ms=2000 --output board.svg"
)]
pub(crate) struct Args {
    /// What searches: a rung of the ladder, d1 to d11, or a kind of engine with settings, such as minimax:nnue=FILE
    #[arg(long, value_name = "SPEC", default_value = "d6")]
    engine: String,
    /// Best lines to print
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    lines: u32,
    /// Seed of what the engine draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Draw the board with the cells of the best move into this SVG file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    position: PositionArgs,
}

/// An engine specification that was given on a command line.
pub(crate) fn parse_spec(text: &str, position: &AnyPosition) -> Result<EngineSpec, Failure> {
    EngineSpec::parse(text, position.board(), position.players()).map_err(super::matches::spec_failure)
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let Found { position, last } = args.position.find()?;
    let spec = parse_spec(&args.engine, &position)?;
    if let Some(outcome) = position.outcome() {
        return Err(Failure::new(exit::BAD_INPUT, AnalysisError::Over(outcome)));
    }
    let mut rng = GameRng::new(args.seed, 0, 0);
    let mut analyst = Analyst::new(&spec, position.board(), position.players(), &mut rng).or_fail(exit::USAGE)?;
    let searched = interrupt::watch(context.host, |stop| {
        let limits = *analyst.limits();
        analyst.search(&position, &limits, &Stop::from(Arc::clone(stop)), &mut rng)
    })?;
    let found = searched.value.or_fail(exit::BAD_INPUT)?;
    let most = args.lines as usize;
    let played = last.map(|(before, mv)| PlayedMove { before, mv });
    if let Some(path) = &args.output {
        let picture = picture(&found, &position, played.clone());
        write_file(path, picture.as_bytes())?;
    }
    match args.format {
        Format::Json => {
            let mut fields = report::to_json(&found, &position, most);
            fields["engine"] = spec.to_string().into();
            fields["seed"] = args.seed.into();
            writeln!(context.terminal.out(), "{fields}")?;
        }
        Format::Text => {
            let palette = if context.terminal.out_color() { Palette::Ansi256 } else { Palette::Plain };
            let highlights = report::cells_of(found.best);
            let options = TextOptions { palette, played, legend: false, highlights, ..TextOptions::default() };
            let mut out = context.terminal.out();
            write!(out, "{}\n{}", render_text(&position, &options), report::to_table(&found, &position, most))?;
            let seconds = found.elapsed.as_secs_f64();
            writeln!(
                context.terminal.err(),
                "{spec}: {} nodes, depth {}, {seconds:.2} s, ended by {}",
                found.nodes,
                found.depth,
                found.ended.name()
            )?;
        }
    }
    Ok(if searched.interrupted { exit::INTERRUPTED } else { exit::OK })
}

fn picture(found: &SearchResult, position: &AnyPosition, played: Option<PlayedMove>) -> String {
    let share = found.values[position.to_move()] * 100.0;
    let caption = format!("Best: {}, win share {share:.0} %", position.format_move(found.best));
    let highlights = report::cells_of(found.best);
    render_svg(position, &SvgOptions { caption: Some(caption), played, highlights, ..SvgOptions::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::exit;
    use crate::testing::{finished_position, rrpipe};

    #[test]
    fn lines_are_printed_best_first_as_table_and_as_json() {
        let command = ["analyze", "--engine", "mcts:nodes=400", "--lines", "3", "--moves", "P3,3x2"];
        let ran = rrpipe(&command);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.contains("visits  policy  player 1  player 2  line"), "{}", ran.out);
        assert!(ran.err.contains("400 nodes"), "{}", ran.err);
        let again = rrpipe(&[&command[..], &["--format", "json"]].concat());
        let json: Value = serde_json::from_str(&again.out).unwrap();
        let lines = json["lines"].as_array().unwrap();
        assert_eq!((lines.len(), &lines[0]["move"], &lines[0]["pv"][0]), (3, &json["best"], &json["best"]));
        assert!(lines[0]["visits"].as_u64() >= lines[1]["visits"].as_u64(), "{json}");
        let pv: Vec<&str> = lines[0]["pv"].as_array().unwrap().iter().map(|mv| mv.as_str().unwrap()).collect();
        assert!(ran.out.contains(pv[0]) && ran.out.contains(&format!(" %  {}", pv[1..].join(" "))), "{}", ran.out);
        let shares: f64 = json["values"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).sum();
        assert!((shares - 1.0).abs() < 1e-9 && json["nodes"] == 400 && json["player"] == 1, "{json}");
    }

    #[test]
    fn picture_shows_the_cells_of_the_best_move() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.svg");
        let ran = rrpipe(&[
            "analyze",
            "--board-type",
            "hex8",
            "--num-players",
            "3",
            "--engine",
            "maxn:nodes=500",
            "--output",
            path.to_str().unwrap(),
        ]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let picture = std::fs::read_to_string(path).unwrap();
        assert!(picture.contains("-highlights\"") && picture.contains("Best: P"), "{picture}");
    }

    #[test]
    fn every_rung_analyses() {
        for engine in ["d1", "d3", "d4:nodes=50", "descent:nodes=50", "gumbel-mcts:nodes=50", "brs:depth=1"] {
            let ran = rrpipe(&["analyze", "--num-players", "4", "--engine", engine, "--lines", "1"]);
            assert_eq!((ran.exit, ran.out.lines().last().unwrap().contains(" P")), (exit::OK, true), "{engine}");
        }
    }

    #[test]
    fn what_cannot_be_analysed_is_refused_with_a_hint() {
        let finished = finished_position();
        for (args, status, says) in [
            (vec!["--engine", "minmax"], exit::USAGE, "there is no engine \"minmax\""),
            (vec!["--engine", "mcts:nodes=0"], exit::USAGE, "budget of 0 nodes"),
            (vec!["--engine", "d6:time_ms=0"], exit::USAGE, "budget of 0 milliseconds"),
            (vec!["--engine", "d12"], exit::USAGE, "no rung d12"),
            (vec!["--engine", "descent:threads=2"], exit::USAGE, "uses one thread"),
            (vec!["--engine", "mcts:c=-1"], exit::USAGE, "exploration -1"),
            (vec!["--engine", "mcts:nodes=1e9"], exit::USAGE, "number of nodes above 0"),
            (vec!["--engine", "heuristic:weights=no.json#x"], exit::BAD_INPUT, "no.json"),
            (vec!["--lines", "0"], exit::USAGE, "1..=100000"),
            (vec!["--position", finished.as_str()], exit::BAD_INPUT, "the game is over: player "),
        ] {
            let ran = rrpipe(&[&["analyze"], &args[..]].concat());
            assert_eq!((ran.exit, ran.out.as_str()), (status, ""), "{args:?}: {}", ran.err);
            assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
            assert!(status != exit::BAD_INPUT || ran.err.contains("hint: "), "{args:?}: {}", ran.err);
        }
    }
}
