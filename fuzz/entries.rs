//! Entry functions of the fuzz targets: bytes of unknown origin go in, and what is accepted must hold together.
//!
//! Shared by the targets in `fuzz_targets/` and by the bounded tests on stable Rust (`rust/replay/tests/mutations.rs`).
#![allow(dead_code, reason = "each target uses one function")]

use std::{io::Cursor, path::Path};

use ringrift_replay::{
    MoveJsonOptions, Nulls, ReadOptions, RingOrder, StateDocument, TraceReader, move_from_json, move_from_json_text,
    move_to_json, verify_trace,
};
use ringrift_rules::{AnyPosition, MoveList, Strictness};

/// Moves played on from an accepted position.
const PLAYED_ON: u64 = 12;

/// State JSON: an accepted document survives writing and reading, and its position can be played on.
pub fn state_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for order in [RingOrder::BottomToTop, RingOrder::TopToBottom] {
        match StateDocument::from_json(text, order) {
            Ok(document) => {
                for nulls in [Nulls::Omit, Nulls::Write] {
                    let written = document.to_json(nulls);
                    let again = StateDocument::from_json(&written, RingOrder::BottomToTop);
                    let again = again.unwrap_or_else(|error| panic!("{error}\n{written}"));
                    assert!(again == document, "changed by writing and reading:\n{written}");
                }
                play_on(document.position, data.len() as u64);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let storable = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
    if let Ok(document) = StateDocument::from_json(text, storable) {
        document.position.check_validity().unwrap_or_else(|fault| panic!("{fault}"));
        document.position.legal_moves(&mut MoveList::new());
        let again = StateDocument::from_json(&document.to_json(Nulls::Omit), storable);
        assert!(again.is_ok_and(|again| again == document), "changed by writing and reading:\n{text}");
    }
    let position = initial();
    if let Err(error) = move_from_json_text(&position, text) {
        assert!(error.to_string().contains("hint: "));
    }
}

/// Move and position text: the first line is a position, the others are moves of it.
pub fn move_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines();
    let position = match lines.next().unwrap_or_default().parse::<AnyPosition>() {
        Ok(position) => {
            let written = position.to_string();
            let again = written.parse::<AnyPosition>().unwrap_or_else(|error| panic!("{error}\n{written}"));
            assert!(again == position, "changed by writing and reading: {written}");
            play_on(position.clone(), data.len() as u64);
            position
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            initial()
        }
    };
    for line in lines.take(50) {
        match position.parse_move(line) {
            Ok(mv) => assert_eq!(position.format_move(mv), line),
            Err(error) => assert!(error.to_string().contains("hint: ")),
        }
    }
}

/// Trace files, plain or gzip: games that can be read are replayed.
pub fn trace_reader(data: &[u8]) {
    let Ok(reader) = TraceReader::new(Path::new("fuzzed"), Cursor::new(data.to_vec())) else { return };
    for trace in reader.take(20) {
        match trace {
            Ok(mut trace) => {
                trace.plies.truncate(40);
                let _ = verify_trace(&trace);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn initial() -> AnyPosition {
    "square8:2 1:ring_placement 18/0/0,18/0/0 - - -".parse().expect("the example of the position text")
}

/// Plays some moves of a position that was accepted; text and JSON of every legal move must lead back to it.
fn play_on(mut position: AnyPosition, seed: u64) {
    let mut list = MoveList::new();
    for ply in 0..PLAYED_ON {
        position.check_validity().unwrap_or_else(|fault| panic!("{fault}\n{position}"));
        position.legal_moves(&mut list);
        if list.is_empty() {
            assert!(position.outcome().is_some(), "no legal move: {position}");
            return;
        }
        for i in 0..8 {
            let mv = list[pick(seed, ply * 16 + i, list.len())];
            let text = position.format_move(mv);
            assert_eq!(position.parse_move(&text), Ok(mv), "{text}: {position}");
            let json = move_to_json(&position, mv, ply + 1, &MoveJsonOptions::default());
            assert_eq!(move_from_json(&position, &json), Ok(mv), "{json}: {position}");
        }
        position.make_move(list[pick(seed, ply * 16 + 15, list.len())]);
    }
}

/// A choice that follows from seed and number alone.
fn pick(seed: u64, number: u64, count: usize) -> usize {
    let mut z = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % count as u64) as usize
}
