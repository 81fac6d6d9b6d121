//! What upstream's rating code computes, for comparison with files that it wrote. Nothing here decides anything.
//!
//! Source: pipeline.md sections 2.4 and 4.2; `tests/data/ratings/upstream.json` holds values that upstream computed.

use std::collections::HashMap;

use crate::interval::{Interval, wilson_at};

/// Rating of a newcomer.
const INITIAL: f64 = 1_500.0;

/// Rating that upstream gives to random baselines.
const RANDOM: f64 = 400.0;

/// Rating that upstream gives to heuristic baselines.
const HEURISTIC: f64 = 1_200.0;

/// Games after which its gauntlet may stop.
const EARLY_STOP_GAMES: u64 = 10;

/// Confidence of intervals.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Confidence {
    /// 90 %.
    P90,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
}

impl Confidence {
    /// Quantile of the normal distribution.
    const fn quantile(self) -> f64 {
        match self {
            Self::P90 => 1.644_853_626_951_472_2,
            Self::P95 => 1.959_963_984_540_054,
            Self::P99 => 2.575_829_303_548_900_4,
        }
    }
}

/// Wilson interval of a win rate, rounded to 4 decimals.
pub fn wilson_rounded(wins: u64, games: u64, confidence: Confidence) -> Interval {
    let round = |x: f64| (x * 1e4).round() / 1e4;
    let Interval { low, high } = wilson_at(wins as f64, games, confidence.quantile());
    Interval { low: round(low), high: round(high) }
}

/// The gate of its improvement loop: win rate and lower end of its interval reach the threshold; draws are no wins.
pub fn loop_gate(wins: u64, losses: u64, draws: u64, threshold: f64) -> bool {
    let games = wins + losses + draws;
    games > 0
        && wins as f64 / games as f64 >= threshold
        && wilson_rounded(wins, games, Confidence::P95).low >= threshold
}

/// Whether its gauntlet stops: the interval lies on one side of the threshold. It looks after every batch, so that its errors
/// are more than the interval's.
pub fn early_stop(wins: u64, losses: u64, threshold: f64) -> bool {
    let games = wins + losses;
    let Interval { low, high } = wilson_rounded(wins, games, Confidence::P95);
    games >= EARLY_STOP_GAMES && (low > threshold || high < threshold)
}

/// Rating of its gauntlet: mean over opponents, by games, of the rating that the win rate against each would have; `(rating of
/// the opponent, win rate, games)`.
pub fn gauntlet_elo(results: &[(f64, f64, u64)]) -> f64 {
    let games: u64 = results.iter().map(|(_, _, games)| games).sum();
    if games == 0 {
        return INITIAL;
    }
    let rating = |&(opponent, rate, games): &(f64, f64, u64)| {
        let distance = if rate >= 1.0 {
            400.0
        } else if rate <= 0.0 {
            -400.0
        } else {
            -400.0 * (1.0 / rate - 1.0).log10()
        };
        (opponent + distance) * games as f64
    };
    results.iter().map(rating).sum::<f64>() / games as f64
}

/// The rating that a name of a baseline is pinned to.
pub fn pinned_rating(id: &str) -> Option<f64> {
    let id = id.strip_prefix("none:").unwrap_or(id);
    match id.split(':').next().unwrap_or_default() {
        "random" | "tier1_random" | "d1" => Some(RANDOM),
        "heuristic" => Some(HEURISTIC),
        name if name.starts_with("baseline_random") => Some(RANDOM),
        _ => None,
    }
}

/// Deviation after so many games, and the 95 % interval of a rating with it.
pub fn rating_deviation(rating: f64, games: u64) -> (f64, Interval) {
    let deviation = 50.0 + 300.0 * (-(games as f64) / 100.0).exp();
    let round = |x: f64| (x * 10.0).round() / 10.0;
    let (low, high) = (round(rating - 1.96 * deviation), round(rating + 1.96 * deviation));
    (deviation, Interval { low, high })
}

fn expected(own: f64, other: f64) -> f64 {
    1.0 / (1.0 + 10_f64.powf((other - own) / 400.0))
}

/// A rating and its games.
#[derive(Copy, Clone, Debug)]
struct Entry {
    rating: f64,
    games: u64,
}

impl Default for Entry {
    fn default() -> Self {
        Self { rating: INITIAL, games: 0 }
    }
}

/// Its calculator: own K of every player.
#[derive(Clone, Debug, Default)]
pub struct EloCalculator(HashMap<String, Entry>);

impl EloCalculator {
    /// Rating of a player.
    pub fn rating(&self, id: &str) -> f64 {
        self.0.get(id).copied().unwrap_or_default().rating
    }

    fn k(entry: Entry) -> f64 {
        match entry {
            Entry { games: ..30, .. } => 40.0,
            Entry { rating: 2_400.0.., .. } => 16.0,
            _ => 32.0,
        }
    }

    /// Counts a game; equal ranks are draws between the two. Every pair counts, with the ratings of before.
    pub fn update(&mut self, ranked: &[(&str, u32)]) {
        let before: Vec<Entry> = ranked.iter().map(|(id, _)| self.0.get(*id).copied().unwrap_or_default()).collect();
        let pairs = ranked.len().saturating_sub(1).max(1) as f64;
        for (one, (id, rank)) in ranked.iter().enumerate() {
            let gain = |(other, (_, other_rank)): (usize, &(&str, u32))| {
                let score = match rank.cmp(other_rank) {
                    std::cmp::Ordering::Less => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 0.0,
                };
                if other == one { 0.0 } else { score - expected(before[one].rating, before[other].rating) }
            };
            let sum: f64 = ranked.iter().enumerate().map(gain).sum();
            let Entry { rating, games } = before[one];
            let rating = rating + Self::k(before[one]) / pairs * sum;
            self.0.insert((*id).to_owned(), Entry { rating, games: games + 1 });
        }
    }
}

/// Its database of ratings: the calculator's, for every number of players; ties of three and more are ignored; pins are applied
/// when a rating is written, so that a baseline's first game counts it as a newcomer.
#[derive(Clone, Debug, Default)]
pub struct EloDatabase(HashMap<usize, EloCalculator>);

impl EloDatabase {
    /// Rating of a player in games of so many.
    pub fn rating(&self, id: &str, players: usize) -> f64 {
        self.0.get(&players).map_or(INITIAL, |calculator| calculator.rating(id))
    }

    /// Counts a game. Names that end with another number of players (`_4p`) are refused in silence.
    pub fn update(&mut self, ids: &[&str], ranks: &[u32], players: usize) {
        let is_foreign = |id: &&str| {
            let number =
                id.strip_suffix('p').and_then(|id| id.rsplit_once('_')).and_then(|(_, text)| text.parse().ok());
            number.is_some_and(|number: usize| number != players)
        };
        if ids.iter().any(is_foreign) {
            return;
        }
        let mut ranked: Vec<(&str, u32)> = ids.iter().copied().zip(ranks.iter().copied()).collect();
        if ranked.len() > 2 {
            ranked.sort_by_key(|(_, rank)| *rank);
            for (place, (_, rank)) in (0..).zip(&mut ranked) {
                *rank = place;
            }
        }
        let calculator = self.0.entry(players).or_default();
        calculator.update(&ranked);
        for id in ids {
            if let (Some(pinned), Some(entry)) = (pinned_rating(id), calculator.0.get_mut(*id)) {
                entry.rating = pinned;
            }
        }
    }
}

/// Its rating service: a common K, greater for newcomers, one pair a call; random players stay at 400.
#[derive(Clone, Debug, Default)]
pub struct EloService(HashMap<(usize, String), Entry>);

impl EloService {
    fn is_pinned(id: &str) -> bool {
        id.contains("random")
    }

    fn entry(&self, id: &str, players: usize) -> Entry {
        let initial = if Self::is_pinned(id) { RANDOM } else { INITIAL };
        let new = Entry { rating: initial, games: 0 };
        self.0.get(&(players, id.to_owned())).copied().unwrap_or(new)
    }

    /// Counts a game between two of `players`; no winner means a draw. Returns what both gain.
    pub fn update(&mut self, first: &str, second: &str, winner: Option<&str>, players: usize) -> [f64; 2] {
        let before = [self.entry(first, players), self.entry(second, players)];
        let factor = match before[0].games.min(before[1].games) {
            ..30 => 1.5,
            30..100 => 1.25,
            100..300 => 1.0,
            _ => 0.75,
        };
        let k = 32.0 / players.saturating_sub(1).max(1) as f64 * factor;
        let score = winner.map_or(0.5, |winner| if winner == first { 1.0 } else { 0.0 });
        let gain = k * (score - expected(before[0].rating, before[1].rating));
        let gains = [(first, gain), (second, -gain)].map(|(id, gain)| if Self::is_pinned(id) { 0.0 } else { gain });
        for ((id, gain), entry) in [first, second].into_iter().zip(gains).zip(before) {
            let after = Entry { rating: entry.rating + gain, games: entry.games + 1 };
            self.0.insert((players, id.to_owned()), after);
        }
        gains
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../../../tests/data/ratings/upstream.json")).unwrap()
    }

    fn list(value: &Value) -> &[Value] {
        value.as_array().unwrap()
    }

    fn number(value: &Value) -> f64 {
        value.as_f64().unwrap()
    }

    fn near(found: f64, expected: &Value) {
        assert!((found - number(expected)).abs() < 1e-9, "{found}, not {expected}");
    }

    #[test]
    fn intervals_and_gates_are_upstreams() {
        let golden = golden();
        for case in list(&golden["wilson"]) {
            let confidence = match number(&case["confidence"]) {
                0.9 => Confidence::P90,
                0.95 => Confidence::P95,
                _ => Confidence::P99,
            };
            let found = wilson_rounded(case["wins"].as_u64().unwrap(), case["n"].as_u64().unwrap(), confidence);
            near(found.low, &case["low"]);
            near(found.high, &case["high"]);
        }
        for case in list(&golden["loop_gate"]) {
            let count = |name: &str| case["inp"][name].as_u64().unwrap();
            let found = loop_gate(count("wins"), count("losses"), count("draws"), number(&case["inp"]["threshold"]));
            assert_eq!(found, case["promote"], "{case}");
        }
        for case in list(&golden["early_stop"]) {
            let found = early_stop(case[0].as_u64().unwrap(), case[1].as_u64().unwrap(), number(&case[2]));
            assert_eq!(found, case[3], "{case}");
        }
    }

    #[test]
    fn calculator_is_upstreams() {
        let golden = golden();
        let mut pairs = EloCalculator::default();
        for case in list(&golden["elo_calculator_2p"]) {
            let (one, other) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
            let ranks = match number(&case[2]) {
                1.0 => [0, 1],
                0.0 => [1, 0],
                _ => [0, 0],
            };
            pairs.update(&[(one, ranks[0]), (other, ranks[1])]);
            near(pairs.rating(one), &case[3]);
            near(pairs.rating(other), &case[4]);
        }
        let mut many = EloCalculator::default();
        for case in list(&golden["elo_calculator_multi"]) {
            let ranked: Vec<(&str, u32)> = list(&case[0]).iter().map(|id| id.as_str().unwrap()).zip(0..).collect();
            many.update(&ranked);
            for (id, rating) in case[1].as_object().unwrap() {
                near(many.rating(id), rating);
            }
        }
        let mut ties = EloCalculator::default();
        for case in list(&golden["elo_calculator_ties"]) {
            let ranked: Vec<(&str, u32)> =
                list(&case[0]).iter().map(|one| (one[0].as_str().unwrap(), one[1].as_u64().unwrap() as u32)).collect();
            ties.update(&ranked);
            for (id, rating) in case[1].as_object().unwrap() {
                near(ties.rating(id), rating);
            }
        }
    }

    #[test]
    fn stores_are_upstreams() {
        let golden = golden();
        let mut database = EloDatabase::default();
        for case in list(&golden["elo_database"]) {
            let ids: Vec<&str> = list(&case[0]).iter().map(|id| id.as_str().unwrap()).collect();
            let ranks: Vec<u32> = list(&case[1]).iter().map(|rank| rank.as_u64().unwrap() as u32).collect();
            let players = case[2].as_u64().unwrap() as usize;
            database.update(&ids, &ranks, players);
            for (id, rating) in case[3].as_object().unwrap() {
                near(database.rating(id, players), rating);
            }
        }
        let mut service = EloService::default();
        for case in list(&golden["elo_service"]) {
            let (one, other) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
            let gains = service.update(one, other, case[2].as_str(), case[3].as_u64().unwrap() as usize);
            near(gains[0], &case[4][one]);
            near(gains[1], &case[4][other]);
        }
    }

    #[test]
    fn deviations_pins_and_gauntlets_are_upstreams() {
        let golden = golden();
        for case in list(&golden["rating_deviation"]) {
            // The values are those of a rating of 1600.
            let (deviation, Interval { low, high }) = rating_deviation(1_600.0, case[0].as_u64().unwrap());
            near(deviation, &case[1]);
            near(low, &case[2][0]);
            near(high, &case[2][1]);
        }
        for case in list(&golden["pinned"]) {
            assert_eq!(pinned_rating(case[0].as_str().unwrap()), case[1].as_f64(), "{case}");
        }
        for case in list(&golden["gauntlet_elo"]) {
            let results: Vec<(f64, f64, u64)> = (case[0].as_object().unwrap().iter())
                .map(|(id, result)| {
                    let rating = pinned_rating(id).unwrap();
                    (rating, number(&result["win_rate"]), result["games"].as_u64().unwrap())
                })
                .collect();
            near(gauntlet_elo(&results), &case[1]);
        }
    }
}
