//! Drawings of recorded and constructed positions.

mod svg;
mod text;

use ringrift_render::PlayedMove;
use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};

const POSITIONS: &str = include_str!("../data/positions.txt");

/// All recorded positions with their names.
fn positions() -> impl Iterator<Item = (&'static str, AnyPosition)> {
    POSITIONS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, text) = line.split_once(' ').expect("a name and a position");
        (name, text.parse().expect("a position"))
    })
}

fn position(name: &str) -> AnyPosition {
    positions().find(|(other, _)| *other == name).expect("a known name").1
}

fn initial(board: BoardKind, players: PlayerCount) -> AnyPosition {
    AnyPosition::initial(board, players, RuleOptions::standard(board, players))
}

/// The position after a move, and the move.
fn play(before: &AnyPosition, text: &str) -> (AnyPosition, PlayedMove) {
    let mv = before.parse_move(text).expect("a legal move");
    let mut after = before.clone();
    after.make_move(mv);
    (after, PlayedMove { before: before.clone(), mv })
}
