//! Sample weights of `--quality-weighted`: by engine and age of the game.
//!
//! Source: upstream's formula (npz.md section 2): engines that search with a network or a tree count 3, policies and descent
//! 1.5, all others 1; the weight halves every three days, down to a tenth; both normalised to mean 1 over the rows. Upstream
//! takes the age from the time of the export, so that no two exports agree; here it is that before the newest game.

use crate::games::{GameEntry, Texts};

const HALF_LIFE: f64 = 3.0 * 24.0 * 3600.0;
const LEAST: f64 = 0.1;

/// Weight of a row, by game.
pub(crate) fn sample_weights(games: &[GameEntry], texts: &Texts) -> Vec<f32> {
    let newest = games.iter().map(|game| game.time).fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = games
        .iter()
        .map(|game| {
            let halvings = (newest - game.time) / HALF_LIFE;
            engine_weight(texts.get(game.engine)) * ringrift_eval::exp(-halvings * std::f64::consts::LN_2).max(LEAST)
        })
        .collect();
    let rows: f64 = games.iter().map(|game| f64::from(game.rows)).sum();
    let total: f64 = raw.iter().zip(games).map(|(weight, game)| weight * f64::from(game.rows)).sum();
    raw.iter().map(|weight| (weight * rows / total) as f32).collect()
}

fn engine_weight(engine: &str) -> f64 {
    match engine {
        "gumbel_mcts" | "gumbel" | "mcts" | "human" => 3.0,
        "policy_only" | "descent" => 1.5,
        _ => 1.0,
    }
}
