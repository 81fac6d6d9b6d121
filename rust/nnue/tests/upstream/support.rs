//! Where the tests find their data.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use ringrift_nnue::upstream::NamedTensor;
use ringrift_replay::{ReadOptions, StateDocument};
use ringrift_rules::{AnyPosition, Strictness};
use serde_json::Value as Json;

/// Upstream's networks with their recorded evaluations, which are not part of the repository: `RINGRIFT_PARITY_DIR` names
/// the folder that has the folder `nnue`, else it is looked for beside the repository. Says so and returns none where it is
/// absent.
pub fn parity() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/parity");
    let folder = std::env::var_os("RINGRIFT_PARITY_DIR").map_or_else(beside, PathBuf::from).join("nnue");
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("skipped: {} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)", folder.display()));
    None
}

/// Writes a line past the capture of test output, so that it is seen when the test passes.
pub fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error");
}

/// The recorded rows of a board.
pub fn rows(folder: &Path, board: &str) -> Vec<Json> {
    let file = std::fs::File::open(folder.join(format!("{board}.jsonl.gz"))).expect("recorded evaluations");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The position of a row. Some are made up; none for the few that have more rings than four players own.
pub fn position(row: &Json) -> Option<AnyPosition> {
    let options = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
    match StateDocument::from_value(row["state"].clone(), options) {
        Ok(document) => Some(document.position),
        Err(error) if row["id"].as_str()?.contains("synthetic") && error.to_string().contains("has room for") => None,
        Err(error) => panic!("{}: {error}", row["id"]),
    }
}

/// A network of width 4 for two players on square8, in upstream's present architecture; `weight` is called for every
/// element.
pub fn small_network(weight: impl FnMut() -> f32) -> Vec<NamedTensor> {
    network("hidden_blocks.0.fc hidden_blocks.0.projection hidden_blocks.1.fc output", 1696, 4, 1, weight)
}

/// The tensors of a network with these layers after the first, which has `inputs` inputs and is `width` wide.
pub fn network(
    layers: &str,
    inputs: usize,
    width: usize,
    outputs: usize,
    mut weight: impl FnMut() -> f32,
) -> Vec<NamedTensor> {
    let mut tensors = Vec::new();
    let mut add = |name: &str, shape: Vec<usize>| {
        let data = (0..shape.iter().product()).map(|_| weight()).collect();
        tensors.push(NamedTensor { name: name.to_owned(), shape, data });
    };
    add("accumulator.weight", vec![width, inputs]);
    add("accumulator.bias", vec![width]);
    for layer in layers.split(' ') {
        let is_first = layer.starts_with("hidden_blocks.0") || layer == "hidden.0";
        let rows = if layer == "output" { outputs } else { 32 };
        add(&format!("{layer}.weight"), vec![rows, if is_first { 2 * width } else { 32 }]);
        add(&format!("{layer}.bias"), vec![rows]);
    }
    tensors
}

/// Numbers in `-0.5..0.5`, the same on every run (`SplitMix64`).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    pub fn weight(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1 << 24) as f32 - 0.5
    }
}
