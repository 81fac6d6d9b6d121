//! Planes, globals and policy indices that upstream recorded.
//!
//! All of them where the parity data is at hand (`RINGRIFT_PARITY_DIR`, else beside the repository); a sample lies in
//! `tests/data/encode`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;
use ringrift_encode::{
    ActionIndex, FeatureVersion, GLOBALS, GlobalsOptions, HistoryMode, PolicyLayout, UpstreamEncoder,
};
use ringrift_replay::{ReadOptions, StateDocument, move_from_json};
use ringrift_rules::{
    AnyPosition, BoardKind, Coord, Move, MoveKind, MoveList, PlayerCount, RecoveryMode, RuleOptions, Strictness,
};
use serde_json::Value;

#[derive(Default, Debug, PartialEq, Eq)]
struct Tally {
    rows: usize,
    /// Rows whose state no position can hold as it is.
    cut: usize,
    inputs: usize,
    moves: usize,
    /// Legal moves that upstream did not list among the first 200.
    unlisted: usize,
    /// Moves whose index was checked without a look at the legal moves.
    plain: usize,
}

fn encoder(name: &str) -> (UpstreamEncoder, FeatureVersion) {
    match name {
        "square14" => (UpstreamEncoder::Square, FeatureVersion::V2),
        "hex10_fv1" => (UpstreamEncoder::HexV2, FeatureVersion::V1),
        "hex10_fv2" => (UpstreamEncoder::HexV2, FeatureVersion::V2),
        "hex16_fv2" => (UpstreamEncoder::HexV3, FeatureVersion::V2),
        other => panic!("unknown input {other}"),
    }
}

fn float(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

/// Cells around those that were left out are not looked at, nor are the globals that count stacks then.
fn check_input(id: &str, name: &str, document: &StateDocument, recorded: &Value, left_out: &[String]) {
    let (encoder, version) = encoder(name);
    let position = &document.position;
    let board = position.board();
    let side = usize::from(board.spec().size);
    let mut want = vec![0.0; encoder.frame_len(board)];
    for entry in recorded["nonzero"].as_array().unwrap() {
        let at: Vec<usize> = (0..3).map(|i| entry[i].as_u64().unwrap() as usize).collect();
        want[(at[0] * side + at[1]) * side + at[2]] = float(&entry[3]);
    }
    // What was in the buffer before does not matter.
    let mut frame = vec![f32::NAN; want.len()];
    encoder.encode(position, &mut frame).unwrap();
    let geometry = board.geometry();
    let radius = side as i32 / 2;
    let in_tensor = |key: &String| {
        let at = geometry.coord(geometry.parse_key(key).unwrap());
        if encoder == UpstreamEncoder::Square { (at.x, at.y) } else { (at.y + radius, at.x + radius) }
    };
    let all = left_out.is_empty();
    let left_out: Vec<(i32, i32)> = left_out.iter().map(in_tensor).collect();
    for (i, (ours, theirs)) in frame.iter().zip(&want).enumerate() {
        let (row, column) = ((i / side % side) as i32, (i % side) as i32);
        if left_out.iter().any(|&(at, other)| at.abs_diff(row) < 2 && other.abs_diff(column) < 2) {
            continue;
        }
        assert_eq!(ours.to_bits(), theirs.to_bits(), "{id} {name}: plane {}, {ours} {theirs}", i / (side * side));
    }
    let mut globals = [f32::NAN; GLOBALS];
    let options = GlobalsOptions { version, recorded_moves: document.moves.len() as u32 };
    encoder.encode_globals(position, options, &mut globals).unwrap();
    let compared = if all { GLOBALS } else { 10 };
    for (i, (ours, theirs)) in globals.iter().zip(recorded["globals"].as_array().unwrap()).enumerate().take(compared) {
        assert_eq!(ours.to_bits(), float(theirs).to_bits(), "{id} {name}: global {i}, {ours} {theirs}");
    }
}

/// Checks the recorded moves both ways: each has its index, and each index means the moves that were recorded with it.
fn check_moves(id: &str, position: &AnyPosition, recorded: &Value, tally: &mut Tally) {
    let mut legal = MoveList::new();
    position.legal_moves(&mut legal);
    let mut by_index: BTreeMap<i64, MoveList> = BTreeMap::new();
    for pair in recorded.as_array().unwrap() {
        let mv = move_from_json(position, &pair[0]).unwrap_or_else(|e| panic!("{id}: {e}"));
        let index = PolicyLayout::BoardAware.index(position, mv).map_or(-1, |index| i64::from(index.get()));
        assert_eq!(index, pair[1].as_i64().unwrap(), "{id}: {mv:?}");
        let moves = by_index.entry(index).or_default();
        if !moves.contains(&mv) {
            moves.push(mv);
        }
        tally.moves += 1;
    }
    let listed: usize = by_index.values().map(Vec::len).sum();
    tally.unlisted += legal.len() - listed;
    let mut found = MoveList::new();
    for (&index, moves) in &by_index {
        if let Ok(index) = u32::try_from(index) {
            PolicyLayout::BoardAware.moves_at(position, &legal, ActionIndex::new(index), &mut found);
            assert!(moves.iter().all(|mv| found.contains(mv)), "{id}: {index} means {found:?}");
            assert!(listed < legal.len() || found.len() == moves.len(), "{id}: {index} means {found:?}");
        }
    }
}

/// The state of a row, as a position. Two artificial rows have more rings than four players own: their hands are emptied,
/// and on square boards, whose planes tell no heights above 5, taller stacks are cut. Stacks that there is no room for
/// even then are left out; their keys are returned.
fn document(row: &Value) -> (StateDocument, bool, Vec<String>) {
    let options = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
    let mut state = row["state"].clone();
    if let Ok(document) = StateDocument::from_value(state.clone(), options) {
        return (document, false, vec![]);
    }
    for player in state["players"].as_array_mut().unwrap() {
        player["ringsInHand"] = 0.into();
    }
    let square = row["board"].as_str().unwrap().starts_with("square");
    for stack in state["board"]["stacks"].as_object_mut().unwrap().values_mut().filter(|_| square) {
        let rings = stack["rings"].as_array_mut().unwrap();
        rings.drain(..rings.len().saturating_sub(5));
        let height = rings.len() as u64;
        stack["stackHeight"] = height.into();
        stack["capHeight"] = stack["capHeight"].as_u64().unwrap().min(height).into();
    }
    let mut left_out = Vec::new();
    loop {
        if let Ok(document) = StateDocument::from_value(state.clone(), options) {
            return (document, true, left_out);
        }
        assert!(left_out.len() < 3, "{} has too many rings", row["id"]);
        let stacks = state["board"]["stacks"].as_object_mut().unwrap();
        let key = stacks.keys().next_back().unwrap().clone();
        stacks.remove(&key);
        left_out.push(key);
    }
}

/// The move of JSON that needs no look at the position; none for lines and regions.
fn plain_move(position: &AnyPosition, json: &Value) -> Option<Move> {
    let cell = |name: &str| {
        let at = &json[name];
        let coord = Coord { x: at["x"].as_i64().unwrap() as i32, y: at["y"].as_i64().unwrap() as i32 };
        position.geometry().cell(coord).unwrap()
    };
    let (from, over, to) = (|| cell("from"), || cell("captureTarget"), || cell("to"));
    Some(match MoveKind::from_name(json["type"].as_str().unwrap()).unwrap() {
        MoveKind::PlaceRing => Move::PlaceRing { to: to(), count: json["placementCount"].as_u64().unwrap_or(1) as u8 },
        MoveKind::MoveStack => Move::MoveStack { from: from(), to: to() },
        MoveKind::OvertakingCapture => Move::OvertakingCapture { from: from(), over: over(), to: to() },
        MoveKind::ContinueCaptureSegment => Move::ContinueCaptureSegment { from: from(), over: over(), to: to() },
        MoveKind::RecoverySlide => Move::RecoverySlide { from: from(), to: to(), mode: RecoveryMode::Fallback },
        MoveKind::ForcedElimination => Move::ForcedElimination { from: to() },
        MoveKind::SkipPlacement => Move::SkipPlacement,
        MoveKind::NoPlacementAction => Move::NoPlacementAction,
        MoveKind::SwapSides => Move::SwapSides,
        MoveKind::SkipCapture => Move::SkipCapture,
        MoveKind::NoMovementAction => Move::NoMovementAction,
        MoveKind::SkipRecovery => Move::SkipRecovery,
        MoveKind::NoLineAction => Move::NoLineAction,
        MoveKind::SkipTerritoryProcessing => Move::SkipTerritoryProcessing,
        MoveKind::NoTerritoryAction => Move::NoTerritoryAction,
        MoveKind::ProcessLine
        | MoveKind::ChooseLineOption
        | MoveKind::EliminateRingsFromStack
        | MoveKind::ChooseTerritoryOption => return None,
    })
}

/// Checks the index of moves that may not be legal here.
fn check_plain_moves(id: &str, position: &AnyPosition, recorded: &Value, tally: &mut Tally) {
    for pair in recorded.as_array().into_iter().flatten() {
        let Some(mv) = plain_move(position, &pair[0]) else { continue };
        let index = PolicyLayout::BoardAware.index(position, mv).map_or(-1, |index| i64::from(index.get()));
        assert_eq!(index, pair[1].as_i64().unwrap(), "{id}: {mv:?}");
        tally.plain += 1;
    }
}

fn check_file(path: &Path) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(MultiGzDecoder::new(BufReader::new(File::open(path).unwrap()))).lines() {
        let mut row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let id = row["id"].as_str().unwrap().to_owned();
        let (document, cut, left_out) = document(&row);
        for (name, recorded) in row["inputs"].as_object_mut().unwrap() {
            if cut {
                recorded["globals"][5] = 0.0.into();
                recorded["globals"][6] = 0.0.into();
            }
            check_input(&id, name, &document, recorded, &left_out);
            tally.inputs += 1;
        }
        if !cut {
            check_moves(&id, &document.position, &row["moves"], &mut tally);
        }
        check_plain_moves(&id, &document.position, &row["moves"], &mut tally);
        check_plain_moves(&id, &document.position, &row["synthetic_moves"], &mut tally);
        tally.rows += 1;
        tally.cut += usize::from(cut);
    }
    tally
}

#[test]
fn recorded_inputs_and_indices_are_reproduced_to_the_bit() {
    let tally = check_file(&support::repository().join("tests/data/encode/sample.jsonl.gz"));
    assert_eq!((tally.rows, tally.inputs), (24, 48), "{tally:?}");
    if let Some(folder) = support::parity("neural-net") {
        let tally = check_file(&folder.join("encoding.jsonl.gz"));
        support::say(&format!("{tally:?}"));
        assert_eq!((tally.rows, tally.cut, tally.inputs), (80, 2, 160));
    }
}

#[test]
fn encoders_refuse_what_they_do_not_serve() {
    let (board, players) = (BoardKind::Hex8, PlayerCount::Two);
    let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let error = UpstreamEncoder::Square.encode(&position, &mut [0.0; 14 * 64]).unwrap_err().to_string();
    assert!(error.starts_with("encoder square cannot encode a position on hex8"), "{error}");
    let error = UpstreamEncoder::HexV2.encode(&position, &mut [0.0; 809]).unwrap_err().to_string();
    assert!(error.contains("a frame has 809 elements, expected 810"), "{error}");
    let options = GlobalsOptions::default();
    let error = UpstreamEncoder::HexV3.encode_globals(&position, options, &mut [0.0; 21]).unwrap_err().to_string();
    assert!(error.contains("globals has 21 elements, expected 20"), "{error}");
    for encoder in UpstreamEncoder::ALL {
        assert_eq!(encoder.name().parse(), Ok(encoder));
        assert_eq!(BoardKind::ALL.into_iter().filter(|&board| encoder.serves(board)).count(), 2);
    }
    for mode in HistoryMode::ALL {
        assert_eq!(mode.name().parse(), Ok(mode));
    }
    assert!("hex".parse::<UpstreamEncoder>().is_err());
    assert_eq!(FeatureVersion::from_number(3), None);
    for version in [FeatureVersion::V1, FeatureVersion::V2] {
        assert_eq!(FeatureVersion::from_number(version.number().into()), Some(version));
    }
}

/// Version 1 of the hex globals counts the moves so far; the recorded rows have none.
#[test]
fn version_1_tells_the_length_of_the_game() {
    let (board, players) = (BoardKind::Hex8, PlayerCount::Two);
    let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let mut globals = [0.0; GLOBALS];
    for (recorded_moves, wanted) in [(0, 0.0), (50, 0.25), (200, 1.0), (900, 1.0)] {
        let options = GlobalsOptions { version: FeatureVersion::V1, recorded_moves };
        UpstreamEncoder::HexV2.encode_globals(&position, options, &mut globals).unwrap();
        assert_eq!(globals[18].to_bits(), f32::to_bits(wanted));
    }
}
