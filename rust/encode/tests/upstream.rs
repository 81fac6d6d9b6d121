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
use ringrift_encode::{FeatureVersion, GLOBALS, GlobalsOptions, PolicyLayout, UpstreamEncoder};
use ringrift_replay::{ReadOptions, StateDocument, move_from_json};
use ringrift_rules::{AnyPosition, MoveList, Strictness};
use serde_json::Value;

#[derive(Default, Debug, PartialEq, Eq)]
struct Tally {
    rows: usize,
    /// Rows whose state no position can hold.
    refused: usize,
    inputs: usize,
    moves: usize,
    /// Legal moves that upstream did not list among the first 200.
    unlisted: usize,
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

fn check_input(id: &str, name: &str, document: &StateDocument, recorded: &Value) {
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
    for (i, (ours, theirs)) in frame.iter().zip(&want).enumerate() {
        assert_eq!(ours.to_bits(), theirs.to_bits(), "{id} {name}: plane {}, {ours} {theirs}", i / (side * side));
    }
    let mut globals = [f32::NAN; GLOBALS];
    let options = GlobalsOptions { version, recorded_moves: document.moves.len() as u32 };
    encoder.encode_globals(position, options, &mut globals).unwrap();
    for (i, (ours, theirs)) in globals.iter().zip(recorded["globals"].as_array().unwrap()).enumerate() {
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
            PolicyLayout::BoardAware.moves_at(position, &legal, ringrift_encode::ActionIndex::new(index), &mut found);
            assert!(moves.iter().all(|mv| found.contains(mv)), "{id}: {index} means {found:?}");
            assert!(listed < legal.len() || found.len() == moves.len(), "{id}: {index} means {found:?}");
        }
    }
}

fn check_file(path: &Path) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(MultiGzDecoder::new(BufReader::new(File::open(path).unwrap()))).lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let id = row["id"].as_str().unwrap();
        let options = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
        let document = match StateDocument::from_value(row["state"].clone(), options) {
            Ok(document) => document,
            Err(error) => {
                support::say(&format!("{id}: {error}"));
                tally.refused += 1;
                continue;
            }
        };
        for (name, recorded) in row["inputs"].as_object().unwrap() {
            check_input(id, name, &document, recorded);
            tally.inputs += 1;
        }
        check_moves(id, &document.position, &row["moves"], &mut tally);
        tally.rows += 1;
    }
    tally
}

#[test]
fn recorded_inputs_and_indices_are_reproduced_to_the_bit() {
    if let Some(folder) = support::parity("neural-net") {
        let tally = check_file(&folder.join("encoding.jsonl.gz"));
        support::say(&format!("{tally:?}"));
        assert_eq!((tally.rows, tally.refused, tally.inputs), (78, 2, 156));
    }
}
