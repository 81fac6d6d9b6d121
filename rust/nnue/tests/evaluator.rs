//! Accumulators that are updated equal those that are made anew; scores keep the promises of the evaluator trait.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "tests")]

mod support;

use std::sync::Arc;

use ringrift_eval::{Evaluator, GameRng, LOSS, Scale, WIN, judge};
use ringrift_nnue::{Network, NetworkError, NetworkParts, NnueEvaluator};
use ringrift_rules::{Board, BoardKind, Hex8, MoveList, PlayerCount, PlayerId, Position, Square8};
use support::{walk, wanted};

fn evaluator<B: Board>(players: PlayerCount, seed: u64) -> NnueEvaluator<B> {
    NnueEvaluator::new(Arc::new(Network::random(B::KIND, players, 64, seed).unwrap())).unwrap()
}

/// `RINGRIFT_TEST_PLIES` sets the number of plies over all boards and numbers of players: 1,000,000 for the long run.
fn updated<B: Board>(players: PlayerCount) {
    let mut kept = evaluator::<B>(players, 1);
    let fresh = kept.clone();
    let plies = wanted("RINGRIFT_TEST_PLIES", 12_000) / 12;
    let mut rng = GameRng::new(3, 0, GameRng::HOST);
    let mut earlier: Vec<Position<B>> = Vec::new();
    let mut values = std::collections::BTreeSet::new();
    walk::<B>(players, plies, 4, |position| {
        let logits = kept.logits(position);
        assert_eq!(logits, fresh.clone().logits(position), "{}", B::into_any(*position));
        values.insert(logits);
        // Now and then another position comes between, near or far.
        if earlier.len() < 64 {
            earlier.push(*position);
        } else {
            earlier[rng.below(64)] = *position;
        }
        if rng.chance(0.3) {
            let other = earlier[rng.below(earlier.len())];
            assert_eq!(kept.logits(&other), fresh.clone().logits(&other));
        }
    });
    assert!(values.len() > plies / 4, "{} different values in {plies} plies", values.len());
}

#[test]
fn updated_accumulators_equal_those_made_anew() {
    on_all_boards!(updated);
}

/// Logits from the lists of active features and the arrays of the file, as docs/nnue-format.md has it.
fn by_definition<B: Board>(parts: &NetworkParts, position: &Position<B>) -> Vec<i32> {
    let (n, width, half) = (parts.players.get(), parts.width, parts.width / 2);
    let features = parts.features();
    let mut active = Vec::new();
    let mut x: Vec<Vec<i32>> = Vec::new();
    for seat in parts.players.seats() {
        features.active(position, seat, &mut active);
        let sum = |j: usize| {
            let weights = active.iter().map(|&f| i32::from(parts.feature_weights[usize::from(f) * width + j]));
            (i32::from(parts.feature_biases[j]) + weights.sum::<i32>()).clamp(0, 255)
        };
        x.push((0..half).map(|j| (sum(j) * sum(j + half)) >> 9).collect());
    }
    let k = features.bucket(position);
    let layer = |weights: &[i8], biases: &[i32], input: &[i32]| -> Vec<i32> {
        let rows = weights.chunks_exact(input.len()).zip(biases);
        rows.map(|(row, bias)| bias + row.iter().zip(input).map(|(&w, x)| i32::from(w) * x).sum::<i32>()).collect()
    };
    let shift = |sums: Vec<i32>| -> Vec<i32> { sums.into_iter().map(|sum| (sum >> 6).clamp(0, 127)).collect() };
    let logit = |seat: usize| {
        let input: Vec<i32> = (0..n).flat_map(|r| x[(seat + r) % n].iter().copied()).collect();
        let size = 16 * input.len();
        let h1 = shift(layer(&parts.l1_weights[k * size..][..size], &parts.l1_biases[k * 16..][..16], &input));
        let h2 = shift(layer(&parts.l2_weights[k * 512..][..512], &parts.l2_biases[k * 32..][..32], &h1));
        layer(&parts.out_weights[k * 32..][..32], &parts.out_biases[k..=k], &h2)[0]
    };
    (0..n).map(logit).collect()
}

fn defined<B: Board>(players: PlayerCount) {
    let mut nnue = evaluator::<B>(players, 9);
    let parts = nnue.network().to_parts();
    let mut count = 0;
    walk::<B>(players, 1_500, 10, |position| {
        count += 1;
        if count % 10 == 0 {
            assert_eq!(nnue.logits(position)[..players.get()], by_definition(&parts, position));
        }
    });
}

#[test]
fn logits_are_those_of_the_definition() {
    on_all_boards!(defined);
}

fn moves_are_scored<B: Board>(players: PlayerCount) {
    let (mut one, mut other) = (evaluator::<B>(players, 5), evaluator::<B>(players, 5));
    let (mut moves, mut scores, mut count) = (MoveList::new(), Vec::new(), 0);
    walk::<B>(players, 1_200, 6, |position| {
        count += 1;
        if count % 40 != 0 {
            return;
        }
        position.legal_moves(&mut moves);
        moves.truncate(40);
        one.score_moves(position, &moves, &mut scores);
        let expected: Vec<f64> = moves
            .iter()
            .map(|&mv| {
                let mut child = *position;
                child.make_move(mv);
                other.score(&child, judge(mv, position.to_move()))
            })
            .collect();
        assert_eq!(scores, expected);
    });
}

#[test]
fn moves_score_as_the_positions_after_them() {
    on_all_boards!(moves_are_scored);
}

fn scores_are_logits<B: Board>(players: PlayerCount) {
    let mut nnue = evaluator::<B>(players, 7);
    let mut ends = 0;
    walk::<B>(players, 3_000, 8, |position| {
        let scores = nnue.scores(position);
        let logits = nnue.logits(position);
        for seat in players.seats() {
            assert_eq!(scores[seat].to_bits(), nnue.score(position, seat).to_bits());
            match position.outcome() {
                Some(outcome) => assert_eq!(scores[seat], if outcome.winner == seat { WIN } else { LOSS }),
                None => assert!((scores[seat] - 400.0 * f64::from(logits[seat.index()]) / 8128.0).abs() < 1e-9),
            }
        }
        ends += u32::from(position.outcome().is_some());
        if position.outcome().is_none() {
            // The softmax of the logits, but for the floor of shares.
            let values = Scale::HEURISTIC.values(&scores, players);
            let power = |seat: PlayerId| (f64::from(logits[seat.index()]) / 8128.0).exp();
            let sum: f64 = players.seats().map(power).sum();
            assert!(players.seats().all(|seat| (values[seat] - power(seat) / sum).abs() < 0.009));
        }
    });
    assert!(ends > 0 || B::SPEC.cells > 100);
}

#[test]
fn scores_follow_from_logits() {
    on_all_boards!(scores_are_logits);
}

#[test]
fn networks_of_other_games_are_refused() {
    let network = Arc::new(Network::random(BoardKind::Square8, PlayerCount::Three, 64, 1).unwrap());
    let error = NnueEvaluator::<Hex8>::new(network.clone()).unwrap_err();
    assert!(matches!(error, NetworkError::OtherBoard { network: BoardKind::Square8, wanted: BoardKind::Hex8 }));
    assert!(network.check_game(BoardKind::Square8, PlayerCount::Three).is_ok());
    let error = network.check_game(BoardKind::Square8, PlayerCount::Two).unwrap_err();
    assert!(error.to_string().starts_with("the network is for 3 players, not for 2\nhint: "), "{error}");
    // What slips through scores nothing, and does not panic.
    let mut nnue = NnueEvaluator::<Square8>::new(network).unwrap();
    let (mut moves, mut scores) = (MoveList::new(), Vec::new());
    walk::<Square8>(PlayerCount::Two, 50, 1, |position| {
        position.legal_moves(&mut moves);
        nnue.score_moves(position, &moves, &mut scores);
        assert!(scores.len() == moves.len() && scores.iter().all(|&score| score == 0.0));
        if position.outcome().is_none() {
            assert_eq!(nnue.score(position, PlayerId::ALL[1]), 0.0);
        }
    });
}

#[test]
fn description_names_the_network() {
    let nnue = evaluator::<Square8>(PlayerCount::Two, 1);
    let digest = nnue.network().sha256_hex();
    assert_eq!(Evaluator::describe(&nnue), format!("nnue({}, width=64)", &digest[..16]));
    assert!(format!("{nnue:?}").contains(&digest));
}
