//! `rrpipe show`: a position as text, coloured text, picture, or data.

use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use ringrift_render::{Palette, PlayedMove, Scheme, SvgOptions, TextOptions, render_svg, render_text};
use ringrift_replay::{Nulls, StateDocument};
use ringrift_rules::{AnyPosition, MoveList};

use super::position::{Found, PositionArgs};
use crate::output::write_file;
use crate::{Context, ExitCode, Failure, exit};

/// Draw a position
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: rrpipe show --trace games.jsonl --ply 40\n          \
                  rrpipe show --board-type hex8 --moves P0,0,0x2 --format svg --output board.svg")]
pub(crate) struct Args {
    #[command(flatten)]
    drawing: Drawing,
    #[command(flatten)]
    position: PositionArgs,
}

/// How to draw a position, and where to.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Drawing {
    /// What to print; the default follows the ending of --output
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Colours of a picture
    #[arg(long, value_enum, default_value_t = SchemeName::Auto)]
    scheme: SchemeName,
    /// Columns of text, or pixels of a picture
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=20_000))]
    width: Option<u32>,
    /// List the legal moves under the board
    #[arg(long)]
    legal: bool,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The board in characters, coloured where --color says so
    Text,
    /// A picture
    Svg,
    /// The position in one line, as --position reads it
    Notation,
    /// The canonical state text of traces
    Canonical,
    /// The game state as upstream writes it, as --state reads it
    Json,
}

/// Name of a colour scheme.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemeName {
    /// What the reader's device prefers
    Auto,
    Light,
    Dark,
}

impl From<SchemeName> for Scheme {
    fn from(name: SchemeName) -> Self {
        match name {
            SchemeName::Auto => Self::Auto,
            SchemeName::Light => Self::Light,
            SchemeName::Dark => Self::Dark,
        }
    }
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    draw(&args.drawing, args.position.find()?, &[], context)
}

/// Draws a position; `names` are those of the seats, if they have any.
pub(crate) fn draw(
    args: &Drawing,
    found: Found,
    names: &[String],
    context: &mut Context<'_>,
) -> Result<ExitCode, Failure> {
    let Found { position, last } = found;
    let played = last.map(|(before, mv)| PlayedMove { before, mv });
    let extension = args.output.as_ref().and_then(|path| path.extension()).and_then(|end| end.to_str());
    let format = args.format.unwrap_or(if extension == Some("svg") { Format::Svg } else { Format::Text });
    let colored = context.terminal.out_color() && args.output.is_none();
    let mut text = match format {
        Format::Text => render_text(
            &position,
            &TextOptions {
                width: args.width.unwrap_or(100) as usize,
                palette: if colored { Palette::Ansi256 } else { Palette::Plain },
                played,
                names: names.to_vec(),
                ..TextOptions::default()
            },
        ),
        Format::Svg => render_svg(
            &position,
            &SvgOptions {
                scheme: args.scheme.into(),
                width: args.width,
                played,
                names: names.to_vec(),
                ..SvgOptions::default()
            },
        ),
        Format::Notation => format!("{position}\n"),
        Format::Canonical => ringrift_replay::canonical_text(&position),
        Format::Json => StateDocument::new(position.clone()).to_json(Nulls::Write) + "\n",
    };
    if args.legal && format == Format::Text {
        let moves = legal_texts(&position);
        text = format!("{text}\n{} legal moves: {}\n", moves.len(), moves.join(" "));
    }
    match &args.output {
        Some(path) => write_file(path, text.as_bytes())?,
        None => context.terminal.out().write_all(text.as_bytes())?,
    }
    Ok(exit::OK)
}

/// The legal moves as sorted text.
pub(crate) fn legal_texts(position: &AnyPosition) -> Vec<String> {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    let mut texts: Vec<String> = moves.iter().map(|&mv| position.format_move(mv)).collect();
    texts.sort_unstable();
    texts
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn every_board_is_drawn_in_every_format() {
        for board in ["square8", "square19", "hex8", "hexagonal"] {
            for (format, said) in
                [("text", "to move"), ("svg", "<svg "), ("notation", board), ("canonical", "ringrift-state 1")]
            {
                let ran = rrpipe(&["show", "--board-type", board, "--num-players", "3", "--format", format]);
                assert_eq!((ran.exit, ran.err.as_str()), (exit::OK, ""));
                assert!(ran.out.contains(said), "{board} {format}: {}", ran.out);
            }
        }
    }

    #[test]
    fn notation_leads_back_to_the_position() {
        let moves = ["--moves", "P3,3x2 M3,3>3,5 nL nT"];
        let line = rrpipe(&["show", moves[0], moves[1], "--format", "notation"]).out;
        let again = rrpipe(&["show", "--position", line.trim(), "--format", "notation"]);
        assert_eq!((again.exit, again.out), (exit::OK, line));
    }

    #[test]
    fn state_files_lead_back_to_the_position() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let path = path.to_str().unwrap();
        let moves = ["--moves", "P3,3x2 M3,3>3,5 nL nT"];
        assert_eq!(rrpipe(&["show", moves[0], moves[1], "--format", "json", "--output", path]).exit, exit::OK);
        let read = rrpipe(&["show", "--state", path, "--format", "canonical"]);
        let made = rrpipe(&["show", moves[0], moves[1], "--format", "canonical"]);
        assert_eq!((read.exit, read.out), (exit::OK, made.out));
        std::fs::write(path, "{\"players\": 3}").unwrap();
        let ran = rrpipe(&["show", "--state", path]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("state.json") && ran.err.contains("$.board: "), "{}", ran.err);
    }

    #[test]
    fn output_file_gets_a_picture_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.svg");
        let ran = rrpipe(&["show", "--output", path.to_str().unwrap()]);
        assert_eq!((ran.exit, ran.out.as_str()), (exit::OK, ""));
        assert!(std::fs::read_to_string(path).unwrap().starts_with("<svg "));
    }

    #[test]
    fn colour_is_a_choice() {
        assert!(rrpipe(&["--color", "always", "show"]).out.contains('\x1b'));
        assert!(!rrpipe(&["show"]).out.contains('\x1b'));
    }

    #[test]
    fn legal_moves_are_listed_on_request() {
        assert!(rrpipe(&["show", "--legal"]).out.contains("192 legal moves: P0,0x1 "));
    }

    #[test]
    fn games_of_a_trace_are_found_by_number_and_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("games.jsonl");
        let path = path.to_str().unwrap();
        rrpipe(&["playout", "--num-games", "2", "--output", path]);
        let by_number = rrpipe(&["show", "--trace", path, "--game-id", "1", "--ply", "30"]);
        let by_id = rrpipe(&["show", "--trace", path, "--game-id", "square8_2p_random_0_1", "--ply", "30"]);
        assert_eq!(by_number.exit, exit::OK, "{}", by_number.err);
        assert_eq!(by_number.out, by_id.out);
        let ran = rrpipe(&["show", "--trace", path, "--game-id", "7"]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("has no game \"7\"") && ran.err.contains("it has 2 games"), "{}", ran.err);
        let ran = rrpipe(&["show", "--trace", path, "--ply", "99999"]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
    }
}
