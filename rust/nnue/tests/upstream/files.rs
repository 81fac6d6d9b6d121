//! Files of networks: what is written is read again, and what is no network of upstream is refused with the reason.

use ringrift_eval::Evaluator;
use ringrift_nnue::upstream::{
    Forward, NamedTensor, Scratch, UpstreamBody, UpstreamCheckpoint, UpstreamError, UpstreamEvaluator,
    UpstreamFeatures, UpstreamKind, UpstreamNetwork,
};
use ringrift_rules::{BoardKind, Hex8, PlayerCount, PlayerId, Position, RuleOptions, Square8};
use serde_json::{Map, Value as Json, json};

use crate::support::{Random, network, parity, small_network};

fn object(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => panic!("no object"),
    }
}

fn made(tensors: Vec<NamedTensor>, metadata: Json) -> Result<UpstreamCheckpoint, UpstreamError> {
    UpstreamCheckpoint::from_parts(tensors, None, object(metadata))
}

fn zeros(layers: &str, inputs: usize, width: usize, outputs: usize) -> Vec<NamedTensor> {
    network(layers, inputs, width, outputs, || 0.0)
}

const RESIDUAL: &str = "hidden_blocks.0.fc hidden_blocks.0.projection hidden_blocks.1.fc output";

#[test]
fn both_formats_give_back_what_was_written() {
    let mut random = Random(3);
    let metadata = object(json!({
        "board_type": "square8", "epoch": 12, "val_loss": 0.125, "ema": {"decay": 0.999, "on": true},
        "history": [1, -70000, 5_000_000_000_i64, null, "ü"], "feature_version": 3,
    }));
    let tensors = small_network(|| random.weight());
    let checkpoint = UpstreamCheckpoint::from_parts(tensors.clone(), Some(PlayerCount::Two), metadata).unwrap();
    assert_eq!(checkpoint.players(), Some(PlayerCount::Two));
    let (pt, safetensors) = (checkpoint.to_torch_file().unwrap(), checkpoint.to_safetensors().unwrap());
    for bytes in [&pt, &safetensors] {
        let found = UpstreamCheckpoint::from_bytes(bytes).unwrap();
        assert_eq!(found.metadata(), checkpoint.metadata());
        assert_eq!(found.architecture(), checkpoint.architecture());
        assert_eq!(found.tensors(), checkpoint.tensors());
        assert!(tensors.iter().all(|tensor| found.tensors().contains(tensor)));
        // And again, through the other one.
        assert_eq!(found.to_torch_file().unwrap(), pt);
        assert_eq!(found.to_safetensors().unwrap(), safetensors);
    }
    let expected = [
        ("hidden_dim", json!(4)),
        ("num_hidden_layers", json!(2)),
        ("architecture_version", json!("v1.4.0")),
        ("input_dim", json!(1696)),
        ("num_players", json!(2)),
    ];
    assert!(expected.iter().all(|(key, value)| checkpoint.metadata()[*key] == *value), "{:?}", checkpoint.metadata());
}

#[test]
fn architectures_are_known_by_their_tensors() {
    for (layers, inputs, width, outputs, kind, body, version) in [
        (RESIDUAL, 1696, 8, 1, UpstreamKind::Value, UpstreamBody::Residual, "v1.4.0"),
        (RESIDUAL, 788, 8, 1, UpstreamKind::Value, UpstreamBody::Residual, "v1.3.0"),
        ("hidden_blocks.0.fc output", 2138, 16, 1, UpstreamKind::Value, UpstreamBody::Residual, "v1.4.0"),
        ("hidden.0 hidden.2 output", 7500, 8, 1, UpstreamKind::Value, UpstreamBody::Plain, "v1.0.0"),
        (RESIDUAL, 9418, 4, 3, UpstreamKind::MultiPlayer(PlayerCount::Three), UpstreamBody::Residual, "v1.0.0-mp"),
    ] {
        let checkpoint = made(zeros(layers, inputs, width, outputs), json!({})).unwrap();
        let found = checkpoint.architecture();
        assert_eq!((found.kind, found.body, found.version()), (kind, body, version));
        assert_eq!((found.inputs(), found.width, found.outputs()), (inputs, width, outputs));
        assert_eq!(found.upstream_fault().is_none(), outputs > 1, "{version}");
    }
    let found = made(zeros(RESIDUAL, 1696, 256, 1), json!({})).unwrap().architecture();
    assert_eq!(found.upstream_fault(), None);
}

#[test]
fn boards_and_versions_have_different_lengths() {
    let mut all = Vec::new();
    for board in BoardKind::ALL {
        for version in UpstreamFeatures::ALL {
            assert_eq!(UpstreamFeatures::of_len(version.len(board)), Some((board, version)));
            assert_eq!(UpstreamFeatures::from_number(version.number().into()), Some(version));
            all.push(version.len(board));
        }
    }
    // Source: nnue.md section 1.
    assert_eq!(all, [768, 788, 1696, 4332, 4352, 9418, 972, 992, 2138, 7500, 7520, 16282]);
    assert_eq!((UpstreamFeatures::of_len(1000), UpstreamFeatures::from_number(4)), (None, None));
}

#[test]
fn networks_that_cannot_be_evaluated_are_refused_with_the_reason() {
    let sound = || zeros(RESIDUAL, 1696, 4, 1);
    let without = |name: &str| sound().into_iter().filter(|tensor| tensor.name != name).collect();
    let renamed = |from: &str, to: &str| {
        let rename = |tensor: NamedTensor| NamedTensor { name: tensor.name.replace(from, to), ..tensor };
        sound().into_iter().map(rename).collect::<Vec<_>>()
    };
    let with = |name: &str, shape: &[usize]| {
        let mut tensors = sound();
        tensors.retain(|tensor| tensor.name != name);
        let data = vec![0.0; shape.iter().product()];
        tensors.push(NamedTensor { name: name.to_owned(), shape: shape.to_vec(), data });
        tensors
    };
    let mut nan = sound();
    nan[2].data[7] = f32::NAN;
    nan[2].data[9] = f32::INFINITY;
    let mut short = sound();
    short[4].data.pop();
    let cases: Vec<(Vec<NamedTensor>, Json, &str)> = vec![
        (Vec::new(), json!({}), "no model_state_dict"),
        (without("output.bias"), json!({}), "missing: output.bias"),
        (without("accumulator.weight"), json!({}), "missing: accumulator.weight"),
        (without("hidden_blocks.0.projection.weight"), json!({}), "missing: hidden_blocks.0.projection.weight"),
        (without("hidden_blocks.0.fc.weight"), json!({}), "missing: hidden_blocks.0.fc.weight"),
        (with("extra.weight", &[1]), json!({}), "unknown tensors: extra.weight"),
        (with("hidden.0.weight", &[32, 8]), json!({}), "unknown tensors: hidden.0.weight"),
        (with("accumulator.weight", &[1696]), json!({}), "shape [1696], expected two dimensions"),
        (with("accumulator.bias", &[5]), json!({}), "\"accumulator.bias\" has shape [5], expected [4]"),
        (with("hidden_blocks.1.fc.weight", &[32, 31]), json!({}), "expected [32, 32]"),
        (with("output.weight", &[5, 32]), json!({}), "expected 1 to 4 rows"),
        (with("output.weight", &[2, 32]), json!({}), "\"output.bias\" has shape [1], expected [2]"),
        (renamed("hidden_blocks.0.fc.weight", "hidden_blocks.0.fc.weight_orig"), json!({}), "spectral norm"),
        (with("acc_batch_norm.running_mean", &[4]), json!({}), "batch norm"),
        (renamed("accumulator.", "head_projections.0."), json!({}), "several heads"),
        (renamed("accumulator.", "_orig_mod.accumulator."), json!({}), "torch.compile"),
        (renamed("accumulator.", "module.accumulator."), json!({}), "parallel model"),
        (zeros(RESIDUAL, 1000, 4, 1), json!({}), "1000 inputs, which none of the boards"),
        (zeros(RESIDUAL, 1000, 4, 1), json!({"board_type": "hex8"}), "hint: hex8 has 972, 992, 2138"),
        (sound(), json!({"board_type": "hex8"}), "hint: square8 with features of version 3 has"),
        (sound(), json!({"board_type": "square9"}), "board_type is \"square9\""),
        (sound(), json!({"board_type": 8}), "board_type is 8"),
        (sound(), json!({"hidden_dim": 256}), "hidden_dim is 256 in the file, but its tensors have 4"),
        (sound(), json!({"num_hidden_layers": 3}), "num_hidden_layers is 3"),
        (sound(), json!({"feature_version": 1}), "feature_version is 1"),
        (sound(), json!({"input_dim": 788}), "input_dim is 788"),
        (sound(), json!({"quantized": true}), "quantised weights"),
        (
            zeros(RESIDUAL, 1696, 4, 4),
            json!({"num_players": 3}),
            "num_players is 3 in the file, but its tensors have 4",
        ),
        (nan, json!({}), "has 2 elements that are no finite numbers"),
        (short, json!({}), "elements, its shape"),
    ];
    for (tensors, metadata, words) in cases {
        let error = made(tensors, metadata).expect_err(words).to_string();
        assert!(error.contains(words), "{words:?} is not in: {error}");
        assert!(error.contains("\nhint: "), "{error}");
    }
}

#[test]
fn weights_that_are_no_numbers_are_refused_in_files_too() {
    let checkpoint = made(zeros(RESIDUAL, 1696, 4, 1), json!({})).unwrap();
    let mut bytes = checkpoint.to_safetensors().unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = UpstreamCheckpoint::from_bytes(&bytes).unwrap_err().to_string();
    assert!(error.contains("no finite numbers"), "{error}");
}

#[test]
fn file_that_upstream_published_as_an_nnue_is_refused_as_what_it_is() {
    let Some(folder) = parity() else { return };
    let error = UpstreamNetwork::load(&folder.join("upstream/public_models_nnue_square8_2p.pt")).unwrap_err();
    assert!(matches!(error, UpstreamError::NotNnue { tensors: 53, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("graph_encoder.") && text.contains("CAGE") && text.contains("random weights"), "{text}");
}

#[test]
fn missing_files_are_named() {
    let error = UpstreamNetwork::load("no/such/file.pt".as_ref()).unwrap_err();
    assert!(matches!(error, UpstreamError::Io { .. }) && error.to_string().contains("no/such/file.pt"), "{error}");
}

fn start<B: ringrift_rules::Board>(players: PlayerCount) -> Position<B> {
    Position::initial(players, RuleOptions::standard(B::KIND, players))
}

#[test]
fn positions_of_other_games_are_refused() {
    let network = UpstreamNetwork::new(&made(zeros(RESIDUAL, 1696, 4, 3), json!({})).unwrap());
    let mut scratch = Scratch::default();
    let scores = |network: &UpstreamNetwork, scratch: &mut Scratch| {
        (
            network.scores(&start::<Hex8>(PlayerCount::Three), scratch).map_err(|error| error.to_string()),
            network.scores(&start::<Square8>(PlayerCount::Two), scratch).map_err(|error| error.to_string()),
            network.scores(&start::<Square8>(PlayerCount::Three), scratch).map_err(|error| error.to_string()),
        )
    };
    let (board, players, ok) = scores(&network, &mut scratch);
    assert!(board.unwrap_err().contains("for square8, the position on hex8"));
    assert!(players.unwrap_err().contains("for 3 players, the position has 2"));
    assert!(ok.is_ok());
    let mut features = vec![0.0; 1695];
    let position = start::<Square8>(PlayerCount::Two);
    let error = UpstreamFeatures::V3.write(&position, PlayerId::ALL[0], &mut features).unwrap_err().to_string();
    assert!(error.contains("1695 elements, expected 1696"), "{error}");
    let mut features = vec![0.0; 1696];
    let error = UpstreamFeatures::V3.write(&position, PlayerId::ALL[2], &mut features).unwrap_err().to_string();
    assert!(error.contains("player 3 in a game of 2"), "{error}");
    assert!(network.forward(&features[1..], &mut Forward::default()).is_err());
}

#[test]
fn evaluator_gives_the_scores_of_the_network() {
    let mut random = Random(11);
    let checkpoint = made(small_network(|| random.weight()), json!({})).unwrap();
    let network = UpstreamNetwork::new(&UpstreamCheckpoint::from_bytes(&checkpoint.to_torch_file().unwrap()).unwrap());
    let mut scratch = Scratch::default();
    let mut evaluator = UpstreamEvaluator::new::<Square8>(network.clone().into(), PlayerCount::Two).unwrap();
    assert!(UpstreamEvaluator::new::<Hex8>(network.clone().into(), PlayerCount::Two).is_err());
    let position = start::<Square8>(PlayerCount::Two);
    let scores = network.scores(&position, &mut scratch).unwrap();
    for seat in PlayerCount::Two.seats() {
        assert!(scores[seat].abs() > 1.0);
        assert_eq!(scores[seat].to_bits(), evaluator.score(&position, seat).to_bits());
    }
    let described = Evaluator::<Square8>::describe(&evaluator);
    assert!(described.starts_with("upstream-nnue:RingRiftNNUE:") && described.len() > 80, "{described}");
}
