//! Simulated gates: how often candidates are accepted that are no stronger, or just as strong as asked for.
//!
//! A part of the gates runs with every test; `RINGRIFT_GATES=10000` runs that many for every number of seats and hypothesis.

use ringrift_eval::GameRng;
use ringrift_rules::PlayerCount;

use super::*;

/// Gates of a test.
fn gates() -> u64 {
    std::env::var("RINGRIFT_GATES").map_or(300, |text| text.parse().expect("a number of gates"))
}

/// Games between candidates and champions, seat by seat.
#[derive(Copy, Clone)]
struct World {
    /// Strength of the candidate.
    elo: f64,
    /// Spread of what seats are worth, in Elo, drawn for every opening.
    seats: f64,
    /// Share of games that nobody wins.
    undecided: f64,
    /// Share of openings after which only the seat matters, as for engines that play alike.
    decided_by_opening: f64,
}

impl World {
    /// Score of a block, in parts.
    fn block(&self, shape: BlockShape, rng: &mut GameRng) -> usize {
        let players = shape.players().get();
        let bias: Vec<f64> = (0..players).map(|_| rng.normal() * self.seats).collect();
        let seat_wins = rng.chance(self.decided_by_opening).then(|| rng.below(players));
        let mut parts = 0;
        for candidates in shape.candidates() {
            for rotation in 0..players {
                let is_candidate = |seat: usize| (seat + players - rotation) % players < candidates;
                if rng.chance(self.undecided) {
                    parts += candidates;
                    continue;
                }
                let winner = seat_wins.unwrap_or_else(|| {
                    let strength = |seat: usize| {
                        let elo = bias[seat] + if is_candidate(seat) { self.elo } else { 0.0 };
                        10_f64.powf(elo / 400.0)
                    };
                    let total: f64 = (0..players).map(strength).sum();
                    let mut drawn = rng.unit() * total;
                    (0..players - 1)
                        .find(|&seat| {
                            drawn -= strength(seat);
                            drawn < 0.0
                        })
                        .unwrap_or(players - 1)
                });
                if is_candidate(winner) {
                    parts += players;
                }
            }
        }
        parts
    }

    /// Share of gates that accept, and mean blocks of a gate.
    fn gates(&self, sprt: &Sprt, count: u64, seed: u64) -> (f64, f64) {
        let (mut accepted, mut blocks) = (0_u64, 0_u64);
        for gate in 0..count {
            let mut rng = GameRng::new(seed, gate, GameRng::HOST);
            let mut scores = ScoreCounts::new(sprt.shape());
            let verdict = loop {
                scores.add(self.block(sprt.shape(), &mut rng));
                if let Some(verdict) = sprt.verdict(&scores) {
                    break verdict;
                }
            };
            accepted += u64::from(verdict.is_accepted());
            blocks += scores.blocks();
        }
        (accepted as f64 / count as f64, blocks as f64 / count as f64)
    }
}

/// Three standard errors of a share.
fn margin(share: f64, count: u64) -> f64 {
    3.0 * (share * (1.0 - share) / count as f64).sqrt()
}

fn shapes() -> impl Iterator<Item = BlockShape> {
    let both = PlayerCount::ALL.into_iter().map(|players| BlockShape::new(players, LineUps::Both));
    both.chain(
        [LineUps::OneCandidate, LineUps::OneChampion].map(|line_ups| BlockShape::new(PlayerCount::Three, line_ups)),
    )
}

/// What the tests of a shape are asked to find, so that they take some dozens of blocks.
fn elo1(shape: BlockShape) -> f64 {
    if shape.games() == 2 { 100.0 } else { 60.0 }
}

/// Whatever seats and openings do, and however many games are undecided.
#[test]
fn null_candidates_are_accepted_with_alpha_at_most() {
    let count = gates();
    for (number, shape) in shapes().enumerate() {
        for model in [EloModel::Logistic, EloModel::Normalised] {
            let sprt = Sprt::new(shape, model, [0.0, elo1(shape)], (0.05, 0.05), 100_000).unwrap();
            for (seats, undecided, decided_by_opening) in [(0.0, 0.0, 0.0), (200.0, 0.1, 0.5)] {
                let world = World { elo: 0.0, seats, undecided, decided_by_opening };
                let (accepted, blocks) = world.gates(&sprt, count, number as u64);
                eprintln!("{shape:?} {model:?} seats {seats}: {accepted} accepted, {blocks:.0} blocks");
                assert!(accepted <= 0.05 + margin(0.05, count), "{shape:?} {model:?}: {accepted} accepted");
            }
        }
    }
}

/// Strength as the model has it: independent games.
#[test]
fn stronger_candidates_are_accepted_with_one_minus_beta_at_least() {
    let count = gates();
    for (number, shape) in shapes().enumerate() {
        let world = World { elo: elo1(shape), seats: 0.0, undecided: 0.0, decided_by_opening: 0.0 };
        let sprt = Sprt::new(shape, EloModel::Logistic, [0.0, elo1(shape)], (0.05, 0.05), 100_000).unwrap();
        let (accepted, blocks) = world.gates(&sprt, count, 100 + number as u64);
        let forecast = sprt.forecast(elo1(shape), shape.variance_even());
        let games = blocks * shape.games() as f64;
        eprintln!("{shape:?}: {accepted} accepted, {games:.0} games, {:.0} expected", forecast.games);
        assert!(accepted >= 0.95 - margin(0.05, count), "{shape:?}: {accepted} accepted");
        assert!((0.8..1.4).contains(&(games / forecast.games)), "{shape:?}: {games} {}", forecast.games);
    }
}

/// In every line-up and every seat.
#[test]
fn identical_engines_score_one_part_in_n() {
    let count = gates() * 20;
    for players in PlayerCount::ALL {
        for line_ups in LineUps::ALL {
            let shape = BlockShape::new(players, line_ups);
            let world = World { elo: 0.0, seats: 150.0, undecided: 0.05, decided_by_opening: 0.3 };
            let mut scores = ScoreCounts::new(shape);
            for block in 0..count {
                scores.add(world.block(shape, &mut GameRng::new(7, block, GameRng::HOST)));
            }
            let error = 4.0 * (scores.variance() / count as f64).sqrt();
            assert!((scores.mean() - shape.even()).abs() < error, "{shape:?}: {} {error}", scores.mean());
        }
    }
}
