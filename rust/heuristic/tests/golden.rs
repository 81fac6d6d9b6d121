//! Upstream's recorded evaluations, component by component.
//!
//! All of them where the parity data is at hand (`RINGRIFT_PARITY_DIR`, else beside the repository); a sample lies in
//! `tests/data/heuristic`.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use ringrift_eval::{Evaluator as _, zero_sum};
use ringrift_heuristic::{Component, EvalGeometry, EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_replay::{ReadOptions, StateDocument, move_from_json};
use ringrift_rules::{Board, BoardKind, ByPlayer, Cell, CellSet as _, PlayerId, Position, Strictness, with_position};
use serde_json::Value;

/// Largest relative difference; differences of values below 1 are absolute.
const TOLERANCE: f64 = 1e-9;

#[derive(Default, Debug)]
struct Tally {
    rows: usize,
    /// Rows whose state no position can hold.
    refused: usize,
    /// Seats' full evaluations, compared component by component.
    full: usize,
    light: usize,
    /// Scores of moves.
    moves: usize,
    worst: f64,
    faults: Vec<String>,
}

impl Tally {
    fn compare(&mut self, what: impl Fn() -> String, ours: f64, golden: f64) {
        let difference = (ours - golden).abs() / golden.abs().max(1.0);
        self.worst = self.worst.max(difference);
        if difference.is_nan() || difference > TOLERANCE {
            self.faults.push(format!("{}: {ours}, recorded {golden}", what()));
        }
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn parity() -> Option<PathBuf> {
    let root =
        std::env::var_os("RINGRIFT_PARITY_DIR").map_or_else(|| repository().join("../shared/parity"), PathBuf::from);
    let folder = root.join("heuristic");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)", folder.display());
    None
}

fn heuristic<B: Board>(profile: &str, mode: EvalMode) -> Heuristic<B> {
    let weights = Weights::of_profile(profile).unwrap_or_else(|| panic!("profile {profile} is built in"));
    Heuristic::new(weights, HeuristicOptions { mode, geometry: EvalGeometry::Compat, profile: profile.into() })
}

fn seat_of(key: &str) -> PlayerId {
    PlayerId::try_from_number(key.parse().unwrap()).unwrap()
}

fn compare_row<B: Board>(row: &Value, position: &Position<B>, order: &[Cell], tally: &mut Tally) {
    let id = row["id"].as_str().unwrap();
    for (profile, evals) in row["evals"].as_object().unwrap() {
        let full = heuristic::<B>(profile, EvalMode::Full);
        let light = heuristic::<B>(profile, EvalMode::Light);
        let mut scores = ByPlayer::default();
        for (key, golden) in evals["full"].as_object().unwrap() {
            let seat = seat_of(key);
            let what = |part: &str| format!("{id}, {profile}, seat {key}, {part}");
            let components = full.components_in_order(position, seat, order);
            assert_eq!(golden.as_object().unwrap().len(), Component::ALL.len() + 2, "{}", what("the breakdown"));
            for component in Component::ALL {
                let name = component.name();
                tally.compare(|| what(name), components[component], golden[name].as_f64().unwrap());
            }
            tally.compare(|| what("total"), components.total(), golden["total"].as_f64().unwrap());
            scores[seat] = full.score_in_order(position, seat, order);
            tally.compare(|| what("value"), scores[seat], golden["value"].as_f64().unwrap());
            let value = light.score_in_order(position, seat, order);
            tally.compare(|| what("light"), value, evals["light"][key].as_f64().unwrap());
            tally.full += 1;
            tally.light += 1;
        }
        for (key, golden) in evals["zero_sum"].as_object().unwrap() {
            let value = zero_sum(&scores, position.players(), seat_of(key), position.outcome().is_some());
            tally.compare(|| format!("{id}, {profile}, seat {key}, zero sum"), value, golden.as_f64().unwrap());
        }
    }
    if row["one_ply"].is_object() {
        compare_moves(row, position, tally);
    }
}

/// Scores after every legal move. The order of the markers is not recorded for the successors, so only those in which
/// it plays no part are compared.
fn compare_moves<B: Board>(row: &Value, position: &Position<B>, tally: &mut Tally) {
    let one_ply = &row["one_ply"];
    let mut full = heuristic::<B>(one_ply["profile"].as_str().unwrap(), EvalMode::Full);
    let mover = PlayerId::try_from_number(one_ply["player"].as_u64().unwrap()).unwrap();
    assert_eq!(mover, position.to_move());
    let any = B::into_any(*position);
    let (mut moves, mut golden) = (Vec::new(), Vec::new());
    for entry in one_ply["moves"].as_array().unwrap() {
        moves.push(move_from_json(&any, &entry["move"]).unwrap_or_else(|error| panic!("{}: {error}", row["id"])));
        golden.push(entry["score"].as_f64().unwrap());
    }
    let mut scores = Vec::new();
    full.score_moves(position, &moves, &mut scores);
    for ((&mv, &score), &golden) in moves.iter().zip(&scores).zip(&golden) {
        let mut child = *position;
        child.make_move(mv);
        let markers = |seat: PlayerId| child.markers_of(seat).count();
        if child.outcome().is_some() || child.players().seats().all(|seat| markers(seat) <= 10) {
            tally.compare(|| format!("{}, {mv:?}", row["id"]), score, golden);
            tally.moves += 1;
        }
    }
}

fn compare_file(path: &Path, tally: &mut Tally) {
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    for line in lines {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let options = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
        let document = match StateDocument::from_value(row["state"].clone(), options) {
            Ok(document) => document,
            // Some synthetic states have more rings than four players own.
            Err(error) if row["synthetic"] == true && error.to_string().contains("has room for") => {
                tally.refused += 1;
                continue;
            }
            Err(error) => panic!("{}: {error}", row["id"]),
        };
        with_position!(&document.position, position => compare_row(&row, position, &document.marker_order, tally));
        tally.rows += 1;
    }
}

#[test]
fn built_in_profiles_are_those_of_upstream() {
    let Some(folder) = parity() else { return };
    let text = std::fs::read_to_string(folder.join("profiles.json")).unwrap();
    let profiles: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(profiles.len(), Weights::profile_names().len());
    for (name, golden) in profiles {
        let weights = Weights::of_profile(&name).unwrap_or_else(|| panic!("{name} is unknown"));
        assert_eq!(golden.as_object().unwrap().len(), Weights::COUNT);
        for (key, value) in golden.as_object().unwrap() {
            assert_eq!(weights.get(key), value.as_f64(), "{name}, {key}");
        }
    }
}

fn report(tally: &Tally) {
    let Tally { rows, refused, full, light, moves, worst, faults } = tally;
    eprintln!(
        "{rows} rows ({refused} refused): {full} full and {light} light evaluations, {moves} moves; largest difference {worst:e}"
    );
    assert!(
        faults.is_empty(),
        "{} of them differ, such as\n{}",
        faults.len(),
        faults[..faults.len().min(10)].join("\n")
    );
}

#[test]
fn every_recorded_evaluation_is_equal() {
    let Some(folder) = parity() else { return };
    let mut tally = Tally::default();
    for board in BoardKind::ALL {
        compare_file(&folder.join(format!("{board}.jsonl.gz")), &mut tally);
    }
    report(&tally);
    assert_eq!((tally.rows, tally.refused, tally.full), (324, 8, 1944));
}

#[test]
fn sampled_evaluations_are_equal() {
    let mut tally = Tally::default();
    compare_file(&repository().join("tests/data/heuristic/sample.jsonl.gz"), &mut tally);
    report(&tally);
    assert!(tally.rows > 0 && tally.moves > 0);
}
