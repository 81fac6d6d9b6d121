//! Every legal move of recorded games in every layout, there and back.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{collections::BTreeSet, path::Path};

use ringrift_encode::{ActionIndex, PolicyLayout, Rr1Policy};
use ringrift_replay::{MoveJsonOptions, move_to_json};
use ringrift_rules::{AnyPosition, BoardKind, BoardShape, Move, MoveKind, MoveList, PlayerCount, RuleOptions};
use serde_json::Value;

#[derive(Default, Debug)]
struct Tally {
    positions: usize,
    moves: usize,
    /// Kinds of two legal moves of one position that share an index, by shape and layout.
    shared: BTreeSet<(&'static str, &'static str, MoveKind, MoveKind)>,
}

const SQUARE_STEPS: [(i64, i64); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
const HEX_STEPS: [(i64, i64); 6] = [(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)];

/// The index in the square layouts by upstream's JSON of the move; see the table of [`PolicyLayout`].
fn square_index(json: &Value, side: i64, radius: i64, has_extras: bool) -> Option<i64> {
    let xy = |at: &Value| (at["x"].as_i64().unwrap() + radius, at["y"].as_i64().unwrap() + radius);
    let cell = |(x, y): (i64, i64)| ((0..side).contains(&x) && (0..side).contains(&y)).then_some(y * side + x);
    let (cells, reach) = (side * side, side - 1);
    let movements = 3 * cells;
    let lines = movements + cells * 8 * reach;
    let (eliminations, skips) = (lines + 4 * cells, lines + 5 * cells);
    let (choices, extras) = (skips + 7, skips + 7 + 32 * cells);
    let extra = |number: i64| has_extras.then_some(extras + number);
    match json["type"].as_str().unwrap() {
        "place_ring" => Some(3 * cell(xy(&json["to"]))? + json["placementCount"].as_i64().unwrap() - 1),
        "move_stack" | "overtaking_capture" | "continue_capture_segment" | "recovery_slide" => {
            let (from, to) = (xy(&json["from"]), xy(&json["to"]));
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let distance = dx.abs().max(dy.abs());
            let direction = SQUARE_STEPS.iter().position(|&step| step == (dx / distance, dy / distance))? as i64;
            cell(to)?;
            Some(movements + (8 * cell(from)? + direction) * reach + distance - 1)
        }
        "process_line" => Some(lines + 4 * cell(xy(&json["to"]))?),
        "eliminate_rings_from_stack" => Some(eliminations + cell(xy(&json["to"]))?),
        "skip_placement" => Some(skips),
        "swap_sides" => Some(skips + 1),
        "skip_recovery" => Some(skips + 2),
        "choose_line_option" => Some(skips + 3),
        "choose_territory_option" => {
            let region = &json["disconnectedRegions"][0];
            let spaces: Vec<(i64, i64)> = region["spaces"].as_array().unwrap().iter().map(xy).collect();
            let lowest = *spaces.iter().min_by_key(|&&(x, y)| (y, x)).unwrap();
            let (size, owner) = (spaces.len() as i64, region["controllingPlayer"].as_i64().unwrap());
            Some(choices + 32 * cell(lowest)? + 4 * (size - 1).min(7) + (owner - 1) % 4)
        }
        "no_placement_action" => extra(0),
        "no_movement_action" => extra(1),
        "skip_capture" => extra(2),
        "no_line_action" => extra(3),
        "no_territory_action" => extra(4),
        "skip_territory_processing" => extra(5),
        "forced_elimination" => extra(6),
        other => panic!("{other}"),
    }
}

/// The index on hex boards by upstream's JSON of the move.
fn hex_index(json: &Value, side: i64) -> Option<i64> {
    let radius = side / 2;
    let xy = |at: &Value| (at["x"].as_i64().unwrap() + radius, at["y"].as_i64().unwrap() + radius);
    let cell = |(x, y): (i64, i64)| y * side + x;
    let (cells, reach) = (side * side, side - 1);
    match json["type"].as_str().unwrap() {
        "place_ring" => Some(3 * cell(xy(&json["to"])) + json["placementCount"].as_i64().unwrap() - 1),
        "move_stack" | "overtaking_capture" | "continue_capture_segment" | "recovery_slide" => {
            let (from, to) = (xy(&json["from"]), xy(&json["to"]));
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let distance = dx.abs().max(dy.abs());
            let direction = HEX_STEPS.iter().position(|&step| step == (dx / distance, dy / distance)).unwrap() as i64;
            Some(3 * cells + (6 * cell(from) + direction) * reach + distance - 1)
        }
        "swap_sides" => None,
        _ => Some(3 * cells + 6 * cells * reach),
    }
}

fn expected(position: &AnyPosition, mv: Move, layout: PolicyLayout) -> Option<i64> {
    let json = move_to_json(position, mv, 1, &MoveJsonOptions::default());
    let spec = position.board().spec();
    let side = i64::from(spec.size);
    match (layout, spec.shape) {
        (PolicyLayout::BoardAware, BoardShape::Square) => square_index(&json, side, 0, true),
        (PolicyLayout::BoardAware, BoardShape::Hex) => hex_index(&json, side),
        (PolicyLayout::LegacyMaxN, BoardShape::Square) => square_index(&json, 19, 0, false),
        (PolicyLayout::LegacyMaxN, BoardShape::Hex) => square_index(&json, 19, side / 2, false),
    }
}

fn check_upstream(position: &AnyPosition, legal: &MoveList, layout: PolicyLayout, tally: &mut Tally) {
    let shape = if position.board().spec().shape == BoardShape::Hex { "hex" } else { "square" };
    let mut indices: Vec<(ActionIndex, Move)> = Vec::with_capacity(legal.len());
    for (i, &mv) in legal.iter().enumerate() {
        let index = layout.index(position, mv);
        assert!(index.is_none_or(|index| index.get() < layout.size(position.board())), "{mv:?}");
        indices.extend(index.map(|index| (index, mv)));
        // The JSON of long lists of placements and movements takes longer than all the rest.
        if i % 16 == 0 || !matches!(mv, Move::PlaceRing { .. } | Move::MoveStack { .. }) {
            assert_eq!(index.map(|index| i64::from(index.get())), expected(position, mv, layout), "{layout} {mv:?}");
        }
    }
    indices.sort_unstable();
    let mut found = MoveList::new();
    for group in indices.chunk_by(|a, b| a.0 == b.0) {
        if group.len() > 1 {
            layout.moves_at(position, legal, group[0].0, &mut found);
            found.sort_unstable();
            assert!(found.iter().eq(group.iter().map(|(_, mv)| mv)), "{found:?} {group:?}");
            for pair in group.windows(2) {
                tally.shared.insert((shape, layout.name(), pair[0].1.kind(), pair[1].1.kind()));
            }
        }
    }
    if let Some(&(index, mv)) = indices.first() {
        layout.moves_at(position, legal, index, &mut found);
        assert!(found.contains(&mv));
    }
}

fn check_rr1(position: &AnyPosition, legal: &MoveList) {
    let policy = Rr1Policy::of(position.board());
    let mut indices: Vec<ActionIndex> = legal.iter().map(|&mv| policy.index(position, mv).unwrap()).collect();
    for (&mv, &index) in legal.iter().zip(&indices).step_by(29) {
        assert_eq!(policy.move_at(position, legal, index), Some(mv));
    }
    indices.sort_unstable();
    for pair in indices.windows(2) {
        assert_ne!(pair[0], pair[1], "{:?}", policy.move_at(position, legal, pair[0]));
    }
    assert!(indices.last().is_none_or(|index| index.get() < policy.size()));
}

/// Looks at every position for whatever is rare in it, and at every `step`-th for all else.
fn check_folder(folder: &Path, step: usize) -> Tally {
    let mut tally = Tally::default();
    let mut count = 0;
    support::replay(folder, |_, position, legal| {
        count += 1;
        let rare = !matches!(legal.first(), Some(Move::PlaceRing { .. } | Move::MoveStack { .. }) | None);
        if rare || count % step == 0 {
            tally.positions += 1;
            tally.moves += legal.len();
            check_rr1(position, legal);
            for layout in PolicyLayout::ALL {
                check_upstream(position, legal, layout, &mut tally);
            }
        }
    });
    tally
}

/// Pairs of kinds that share indices in the layouts for square boards.
const SQUARE_SHARED: [(MoveKind, MoveKind); 5] = [
    (MoveKind::RecoverySlide, MoveKind::RecoverySlide),
    (MoveKind::ProcessLine, MoveKind::ProcessLine),
    (MoveKind::ChooseLineOption, MoveKind::ChooseLineOption),
    (MoveKind::ChooseTerritoryOption, MoveKind::ChooseTerritoryOption),
    (MoveKind::ForcedElimination, MoveKind::ForcedElimination),
];

#[test]
fn indices_of_legal_moves_are_as_documented() {
    let mut tallies = vec![check_folder(&support::sample(), support::every(8))];
    if let Some(folder) = support::parity("traces") {
        tallies.push(check_folder(&folder, support::every(32)));
    }
    for tally in tallies {
        support::say(&format!("{} positions, {} legal moves", tally.positions, tally.moves));
        assert!(tally.positions > 10_000);
        for &(shape, layout, one, other) in &tally.shared {
            let square = shape == "square" || layout == "legacy_max_n";
            assert!(!square || SQUARE_SHARED.contains(&(one, other)), "{shape} {layout} {one:?} {other:?}");
        }
    }
}

#[test]
fn sizes_are_as_documented() {
    let sizes = BoardKind::ALL.map(|board| {
        let policy = Rr1Policy::of(board);
        assert_eq!(policy.blocks().map(|(_, _, len)| len).sum::<u32>(), policy.size());
        (PolicyLayout::BoardAware.size(board), policy.size())
    });
    assert_eq!(sizes, [(7_000, 4_279), (67_000, 38_346), (4_500, 3_303), (91_876, 43_743)]);
    let lens = |board| Rr1Policy::of(board).blocks().map(|(_, _, len)| len).collect::<Vec<_>>();
    assert_eq!(lens(BoardKind::Square8), [192, 1456, 840, 466, 466, 466, 64, 64, 256, 9]);
    assert_eq!(lens(BoardKind::Square19), [1083, 21432, 5328, 2776, 2776, 2776, 361, 361, 1444, 9]);
    assert_eq!(lens(BoardKind::Hex8), [183, 1104, 624, 339, 339, 339, 61, 61, 244, 9]);
    assert_eq!(lens(BoardKind::Hexagonal), [1407, 25968, 5328, 2739, 2739, 2739, 469, 469, 1876, 9]);
}

#[test]
fn names_of_layouts_are_read_back() {
    for layout in PolicyLayout::ALL {
        assert_eq!(layout.name().parse(), Ok(layout));
    }
    let error = "max_n".parse::<PolicyLayout>().unwrap_err().to_string();
    assert!(error.contains("hint: it is one of board_aware and legacy_max_n"), "{error}");
}

/// A move is a plain value: nothing keeps it to the board it is asked about.
#[test]
fn moves_of_no_position_have_no_index() {
    let initial = |board| AnyPosition::initial(board, PlayerCount::Two, RuleOptions::standard(board, PlayerCount::Two));
    let small = initial(BoardKind::Hex8);
    let near = BoardKind::Hex8.geometry().cells().next().unwrap();
    for cell in BoardKind::Hexagonal.geometry().cells() {
        for mv in [
            Move::PlaceRing { to: cell, count: 1 },
            Move::MoveStack { from: near, to: cell },
            Move::MoveStack { from: cell, to: near },
            Move::ForcedElimination { from: cell },
        ] {
            // What matters is that none of them panics.
            let index = Rr1Policy::of(BoardKind::Hex8).index(&small, mv);
            assert!(index.is_none_or(|index| index.get() < Rr1Policy::of(BoardKind::Hex8).size()));
            for layout in PolicyLayout::ALL {
                assert!(layout.index(&small, mv).is_none_or(|index| index.get() < layout.size(BoardKind::Hex8)));
            }
        }
    }
    for board in BoardKind::ALL {
        let position = initial(board);
        let cell = board.geometry().cells().next().unwrap();
        for mv in [
            Move::PlaceRing { to: cell, count: 0 },
            Move::PlaceRing { to: cell, count: 4 },
            Move::MoveStack { from: cell, to: cell },
        ] {
            assert_eq!(Rr1Policy::of(board).index(&position, mv), None);
            for layout in PolicyLayout::ALL {
                assert_eq!(layout.index(&position, mv), None, "{board} {mv:?}");
            }
        }
    }
    assert_eq!(Rr1Policy::of(BoardKind::Square8).index(&small, Move::SkipPlacement), None, "another board");
}
