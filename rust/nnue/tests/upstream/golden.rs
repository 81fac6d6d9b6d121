//! Recorded features and evaluations of upstream (`reference/nnue.md` section 0 describes the files).

use std::collections::BTreeMap;
use std::path::Path;

use ringrift_nnue::upstream::{Forward, Scratch, UpstreamFeatures, UpstreamKind, UpstreamNetwork};
use ringrift_rules::{AnyPosition, PlayerId, with_position};
use serde_json::Value as Json;

use crate::support::{parity, position, rows, say};

/// Largest absolute difference that sums of `f32` in another order may make.
const TOLERANCE: f64 = 1e-4;

/// The recorded vector of a seat.
fn recorded(row: &Json, seat: &str, len: usize) -> Vec<f32> {
    let mut features = vec![0.0_f32; len];
    for pair in row["seats"][seat]["features"].as_array().unwrap() {
        features[pair[0].as_u64().unwrap() as usize] = pair[1].as_f64().unwrap() as f32;
    }
    features
}

fn features(version: UpstreamFeatures, position: &AnyPosition, seat: PlayerId) -> Vec<f32> {
    let mut features = vec![f32::NAN; version.len(position.board())];
    with_position!(position, position => version.write(position, seat, &mut features)).unwrap();
    features
}

#[test]
fn features_are_those_of_upstream() {
    let Some(folder) = parity() else { return };
    let (mut seats_seen, mut refused) = (BTreeMap::new(), 0);
    for board in ["square8", "square19", "hex8", "hexagonal"] {
        for row in rows(&folder, board) {
            let Some(position) = position(&row) else {
                refused += 1;
                continue;
            };
            for seat in position.players().seats() {
                let got = features(UpstreamFeatures::V3, &position, seat);
                let want = recorded(&row, &seat.to_string(), got.len());
                let wrong: Vec<_> =
                    (0..want.len()).filter(|&i| want[i].to_bits() != got[i].to_bits()).take(5).collect();
                assert!(
                    wrong.is_empty(),
                    "{} seat {seat}: {:?}",
                    row["id"],
                    wrong.iter().map(|&i| (i, want[i], got[i]))
                );
                // The older versions are parts of this one.
                let planes = 12 * got.len().saturating_sub(32) / 26;
                assert_eq!(features(UpstreamFeatures::V1, &position, seat), got[..planes]);
                let globals = got.len() - 32;
                let second = features(UpstreamFeatures::V2, &position, seat);
                assert_eq!(second, [&got[..planes], &got[globals..globals + 20]].concat());
                *seats_seen.entry((board, position.players().get())).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(seats_seen.len(), 12, "{seats_seen:?}");
    assert!(refused <= 20, "{refused} of 208 rows");
    say(&format!(
        "features of upstream: {} views; {refused} rows are left out, which have more rings than any game",
        seats_seen.values().sum::<i32>()
    ));
}

/// The networks of `models.json` by name; their files are those that were recorded with.
fn networks(folder: &Path) -> BTreeMap<String, UpstreamNetwork> {
    let text = std::fs::read_to_string(folder.join("models.json")).unwrap();
    let models: Json = serde_json::from_str(&text).unwrap();
    let load = |(name, model): (&String, &Json)| {
        let network = UpstreamNetwork::load(&folder.join(model["file"].as_str().unwrap())).unwrap();
        assert_eq!(network.sha256(), model["sha256"].as_str(), "{name}");
        let found = network.architecture();
        assert!(model["class"].as_str().unwrap().starts_with(found.kind.class_name()), "{name}");
        assert_eq!(model["board_type"], found.board.name(), "{name}");
        assert_eq!(model["hidden_dim"], found.width, "{name}");
        assert_eq!(model["architecture_version"], found.version(), "{name}");
        (name.clone(), network)
    };
    models["models"].as_object().unwrap().iter().map(load).collect()
}

/// Compares a forward pass with what was recorded of it.
fn compare(place: &str, forward: &Forward, record: &Json, worst: &mut f64) {
    let mut near = |what: &str, got: f64, want: &Json| {
        let difference = (got - want.as_f64().unwrap()).abs();
        assert!(difference <= TOLERANCE, "{place} {what}: {got} instead of {want}");
        *worst = worst.max(difference);
    };
    let cut: Vec<f64> = forward.accumulator.iter().map(|value| f64::from(value.clamp(0.0, 1.0))).collect();
    near("acc_sum", cut.iter().sum(), &record["acc_sum"]);
    for (i, want) in record["acc_pre_first8"].as_array().unwrap().iter().enumerate() {
        near("acc_pre_first8", forward.accumulator[i].into(), want);
    }
    for (what, bound) in [("acc_zero", 0.0), ("acc_one", 1.0)] {
        let count = cut.iter().filter(|&&value| (value - bound).abs() < f64::EPSILON).count();
        assert_eq!(record[what], count, "{place} {what}");
    }
    for (what, got) in [("hidden", &forward.hidden), ("output", &forward.values)] {
        let want = record[what].as_array().unwrap();
        assert_eq!(want.len(), got.len(), "{place} {what}");
        for (got, want) in got.iter().zip(want) {
            near(what, (*got).into(), want);
        }
    }
}

#[test]
fn forward_passes_are_those_of_upstream() {
    let Some(folder) = parity() else { return };
    let networks = networks(&folder);
    let (mut worst, mut seen) = (0.0, BTreeMap::<&str, usize>::new());
    let mut forward = Forward::default();
    for board in ["square8", "square19", "hex8", "hexagonal"] {
        for row in rows(&folder, board) {
            let position = position(&row);
            let n = &row["num_players"];
            for (seat, record) in row["seats"].as_object().unwrap() {
                for (kind, name) in [
                    ("value", format!("value_{board}")),
                    ("multi", format!("multi_{board}_{n}p")),
                    ("v1_trained", "v1_square8_2p_trained".to_owned()),
                    ("policy", format!("policy_{board}")),
                ] {
                    let Some(record) = record.get(kind) else { continue };
                    let network = &networks[&name];
                    let found = network.architecture();
                    let features = match &position {
                        Some(position) => features(
                            found.features,
                            position,
                            PlayerId::try_from_number(seat.parse().unwrap()).unwrap(),
                        ),
                        None => {
                            let all = recorded(&row, seat, UpstreamFeatures::V3.len(found.board));
                            all[..found.inputs()].to_vec()
                        }
                    };
                    network.forward(&features, &mut forward).unwrap();
                    let place = format!("{} {name} seat {seat}", row["id"]);
                    *seen.entry(kind).or_default() += 1;
                    if kind == "policy" {
                        let near = |got: f32, want: &Json| (f64::from(got) - want.as_f64().unwrap()).abs() <= TOLERANCE;
                        assert!(near(forward.values[0], &record["value"]), "{place}");
                        for (got, want) in [(&forward.from_logits, "from_logits"), (&forward.to_logits, "to_logits")] {
                            let want = record[want].as_array().unwrap();
                            assert_eq!(want.len(), got.len());
                            assert!(got.iter().zip(want).all(|(got, want)| near(*got, want)), "{place}");
                        }
                    } else {
                        compare(&place, &forward, record, &mut worst);
                    }
                }
            }
        }
    }
    assert!(["value", "multi", "v1_trained", "policy"].iter().all(|kind| seen[kind] > 20), "{seen:?}");
    say(&format!("forward passes of upstream: {seen:?}, largest difference {worst:.1e}"));
}

#[test]
fn scores_are_those_of_upstream() {
    let Some(folder) = parity() else { return };
    let networks = networks(&folder);
    let (mut scratch, mut seen) = (Scratch::default(), 0);
    for board in ["square8", "square19", "hex8", "hexagonal"] {
        let network = &networks[&format!("value_{board}")];
        assert_eq!(network.architecture().kind, UpstreamKind::Value);
        for row in rows(&folder, board) {
            let Some(scores) = row.get("score") else { continue };
            let Some(position) = position(&row) else { continue };
            for seat in position.players().seats() {
                let (score, zero_sum) = with_position!(&position, position => (
                    network.scores(position, &mut scratch).unwrap()[seat],
                    network.zero_sum(position, seat, &mut scratch).unwrap(),
                ));
                // Scores are 10,000 times the values, and so is what sums in another order may make.
                for (got, want) in [(score, &scores[seat.to_string()]), (zero_sum, &row["zero_sum"][seat.to_string()])]
                {
                    assert!(
                        (got - want.as_f64().unwrap()).abs() <= 1e4 * TOLERANCE,
                        "{} seat {seat}: {got} {want}",
                        row["id"]
                    );
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 400, "{seen}");
}
