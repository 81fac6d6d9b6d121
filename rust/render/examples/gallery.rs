//! Draws positions of recorded games, to look at: `cargo run -p ringrift-render --example gallery -- OUT TRACE...`.
//!
//! Of the first games of each trace file, the positions after a third, two thirds and all of the plies are written to
//! the folder OUT as `.svg` (light and dark) and `.txt`.
#![allow(clippy::print_stderr, reason = "the example talks to whoever runs it")]

use std::{error::Error, path::Path};

use ringrift_render::{Palette, PlayedMove, Scheme, SvgOptions, TextOptions, render_svg, render_text};
use ringrift_replay::{Trace, TraceReader, parse_canonical};
use ringrift_rules::{BoardKind, PlayerCount, RuleOptions};

const GAMES: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("usage: gallery OUT TRACE...")?;
    std::fs::create_dir_all(&out)?;
    for path in args {
        let stem = Path::new(&path).file_name().and_then(|name| name.to_str()).unwrap_or("trace");
        let stem = stem.split('.').next().unwrap_or(stem);
        for (i, trace) in TraceReader::open(Path::new(&path))?.take(GAMES).enumerate() {
            draw(&trace?, Path::new(&out), &format!("{stem}-{i}"))?;
        }
    }
    Ok(())
}

fn draw(trace: &Trace, out: &Path, stem: &str) -> Result<(), Box<dyn Error>> {
    let board: BoardKind = trace.board.parse()?;
    let players = PlayerCount::try_from(trace.players)?;
    let rules = RuleOptions {
        territory_minimum: trace.rules.territory_victory_minimum,
        ..RuleOptions::standard(board, players).with_rings_per_player(trace.rules.rings_per_player, players)
    };
    let mut position = parse_canonical(&trace.initial.state, trace.initial.order.as_deref(), rules)?.into_position()?;
    let plies = trace.plies.len();
    for (i, ply) in trace.plies.iter().enumerate() {
        let mv = position.parse_move(&ply.chosen)?;
        let before = position.clone();
        position.make_move(mv);
        let Some(third) = [plies / 3, plies * 2 / 3, plies].iter().position(|&end| end == i + 1) else {
            continue;
        };
        let played = Some(PlayedMove { before, mv });
        for (name, scheme) in [("light", Scheme::Light), ("dark", Scheme::Dark)] {
            let options = SvgOptions { scheme, played: played.clone(), ..SvgOptions::default() };
            std::fs::write(out.join(format!("{stem}-{third}-{name}.svg")), render_svg(&position, &options))?;
        }
        let mut text = String::new();
        for (width, palette) in [(80, Palette::Plain), (100, Palette::Ansi256), (160, Palette::Plain)] {
            let options = TextOptions { width, palette, played: played.clone(), ..TextOptions::default() };
            text.push_str(&render_text(&position, &options));
            text.push('\n');
        }
        std::fs::write(out.join(format!("{stem}-{third}.txt")), text)?;
    }
    eprintln!("{stem}: {plies} plies");
    Ok(())
}
