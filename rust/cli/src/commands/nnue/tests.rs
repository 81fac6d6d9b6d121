//! Tests of `rrpipe nnue`.

use std::fs;
use std::path::Path;

use ringrift_nnue::Network;
use ringrift_nnue::upstream::{NamedTensor, UpstreamCheckpoint};
use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Map, Value, json};

use crate::exit;
use crate::testing::rrpipe;

/// A network of upstream's present kind for square8, two wide.
fn upstream() -> UpstreamCheckpoint {
    let mut tensors = Vec::new();
    let mut add = |name: &str, shape: Vec<usize>| {
        let data = (0..shape.iter().product()).map(|i: usize| (i % 7) as f32 / 8.0 - 0.4).collect();
        tensors.push(NamedTensor { name: name.to_owned(), shape, data });
    };
    for (name, rows, columns) in [
        ("accumulator", 2, 1696),
        ("hidden_blocks.0.fc", 32, 4),
        ("hidden_blocks.0.projection", 32, 4),
        ("hidden_blocks.1.fc", 32, 32),
        ("output", 1, 32),
    ] {
        add(&format!("{name}.weight"), vec![rows, columns]);
        add(&format!("{name}.bias"), vec![rows]);
    }
    let metadata = Map::from_iter([("epoch".to_owned(), json!(7)), ("val_loss".to_owned(), json!(0.5))]);
    UpstreamCheckpoint::from_parts(tensors, Some(PlayerCount::Two), metadata).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn info_of_a_network_of_upstream_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pt");
    fs::write(&path, upstream().to_torch_file().unwrap()).unwrap();
    let ran = rrpipe(&["nnue", "info", text(&path), "--format", "json"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    let facts: Map<String, Value> = serde_json::from_str(&ran.out).unwrap();
    for (name, value) in [
        ("usable", json!(true)),
        ("kind", json!("RingRiftNNUE")),
        ("board", json!("square8")),
        ("players", json!(2)),
        ("version", json!("v1.4.0")),
        ("feature_version", json!(3)),
        ("width", json!(2)),
        ("ai_service_reads_it", json!(false)),
    ] {
        assert_eq!(facts[name], value, "{name}");
    }
    assert_eq!((&facts["metadata"]["epoch"], &facts["metadata"]["val_loss"]), (&json!(7), &json!(0.5)));
    let ran = rrpipe(&["nnue", "info", text(&path)]);
    assert!(ran.out.contains("usable: yes\n") && ran.out.contains("ai_service_note: "), "{}", ran.out);
}

#[test]
fn info_of_an_own_network_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nnue");
    let network = Network::random(BoardKind::Hex8, PlayerCount::Three, 64, 3).unwrap();
    fs::write(&path, network.to_bytes()).unwrap();
    let ran = rrpipe(&["nnue", "info", text(&path), "--format", "json"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    let facts: Map<String, Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(facts["sha256"], network.sha256_hex());
    for (name, value) in [
        ("usable", json!(true)),
        ("kind", json!("nnue")),
        ("board", json!("hex8")),
        ("players", json!(3)),
        ("width", json!(64)),
        ("feature_hash", json!(format!("{:016x}", network.features().hash()))),
    ] {
        assert_eq!(facts[name], value, "{name}");
    }
}

#[test]
fn info_of_what_is_no_network_gives_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let sound = upstream().to_torch_file().unwrap();
    let own = Network::random(BoardKind::Square8, PlayerCount::Two, 64, 3).unwrap().to_bytes();
    for (name, content, says) in [
        ("empty.pt", Vec::new(), "it is empty"),
        ("cut.pt", sound[..5_000].to_vec(), "damaged archive"),
        ("script.safetensors", b"#!/bin/sh\n".to_vec(), "no ZIP archive"),
        ("cut.nnue", own[..own.len() - 1].to_vec(), "cut off"),
        ("other.nnue", b"something else, of some length".to_vec(), "no .nnue file"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let ran = rrpipe(&["nnue", "info", text(&path), "--format", "json"]);
        assert_eq!(ran.exit, exit::BAD_INPUT, "{name}: {}", ran.err);
        let facts: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(facts["usable"], false, "{name}");
        let (reason, hint) = (facts["reason"].as_str().unwrap(), facts["hint"].as_str().unwrap());
        assert!(reason.contains(says) && !hint.is_empty(), "{name}: {facts}");
    }
    let ran = rrpipe(&["nnue", "info", text(&folder.path().join("missing.nnue"))]);
    assert_eq!(ran.exit, exit::IO);
    assert!(ran.err.contains("cannot read") && ran.err.contains("missing.nnue"), "{}", ran.err);
}

#[test]
fn networks_of_upstream_go_to_safetensors_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let [first, middle, last] = ["a.pt", "b.safetensors", "c.pt"].map(|name| folder.path().join(name));
    fs::write(&first, upstream().to_torch_file().unwrap()).unwrap();
    for (from, to) in [(&first, &middle), (&middle, &last)] {
        let ran = rrpipe(&["nnue", "convert", text(from), text(to)]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.contains("RingRiftNNUE for square8, width 2, 10 tensors"), "{}", ran.out);
    }
    assert_ne!(fs::read(&first).unwrap(), fs::read(&middle).unwrap());
    assert_eq!(fs::read(&first).unwrap(), fs::read(&last).unwrap());
}

#[test]
fn other_conversions_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("a.pt"), upstream().to_torch_file().unwrap()).unwrap();
    fs::write(at("bad.pt"), b"PK\x03\x04").unwrap();
    for (from, to, class, says) in [
        ("a.pt", "b.nnue", exit::USAGE, "other features and integer weights"),
        ("a.nnue", "b.pt", exit::USAGE, "no network of upstream"),
        ("a.pt", "b.pt", exit::USAGE, "copy the file"),
        ("a.pt", "b.onnx", exit::USAGE, "neither .pt nor .safetensors"),
        ("bad.pt", "b.safetensors", exit::BAD_INPUT, "damaged archive"),
        ("missing.pt", "b.safetensors", exit::IO, "missing.pt"),
        ("a.pt", "no/such/b.safetensors", exit::IO, "cannot write"),
    ] {
        let ran = rrpipe(&["nnue", "convert", &at(from), &at(to)]);
        assert_eq!(ran.exit, class, "{from} {to}: {}", ran.err);
        assert!(ran.err.contains(says), "{from} {to}: {}", ran.err);
        assert!(!Path::new(&at(to)).exists(), "{to}");
    }
}
