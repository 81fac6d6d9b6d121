//! The weights of the evaluation, by name.

use ringrift_eval::GameRng;
use sha2::{Digest, Sha256};

use crate::vectors::Vector;

macro_rules! weights {
    ($($(#[$doc:meta])* $field:ident: $name:literal,)*) => {
        /// One number per weight of upstream's `heuristic_weights.py`, whether the evaluation uses it or not: files keep
        /// them all.
        #[derive(Copy, Clone, PartialEq, Debug)]
        pub struct Weights {
            $($(#[$doc])* pub $field: f64,)*
        }

        impl Weights {
            /// Names in files, in the order of upstream's tables.
            pub const NAMES: [&'static str; Self::COUNT] = [$($name),*];

            /// The weights of these values, in the order of [`Weights::NAMES`].
            pub const fn from_values(values: [f64; Self::COUNT]) -> Self {
                let [$($field),*] = values;
                Self { $($field),* }
            }

            /// The values in the order of [`Weights::NAMES`].
            pub const fn values(&self) -> [f64; Self::COUNT] {
                [$(self.$field),*]
            }

            /// The weight of a name.
            pub fn get(&self, name: &str) -> Option<f64> {
                match name {
                    $($name => Some(self.$field),)*
                    _ => None,
                }
            }

            /// The place of the weight of a name, to change it.
            pub fn get_mut(&mut self, name: &str) -> Option<&mut f64> {
                match name {
                    $($name => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

weights! {
    /// Stacks more than the opponents have on average.
    stack_control: "WEIGHT_STACK_CONTROL",
    /// Effective height of stacks, likewise.
    stack_height: "WEIGHT_STACK_HEIGHT",
    /// Cap heights, likewise.
    cap_height: "WEIGHT_CAP_HEIGHT",
    /// Territory more than the best opponent.
    territory: "WEIGHT_TERRITORY",
    /// Rings in hand more than the best opponent.
    rings_in_hand: "WEIGHT_RINGS_IN_HAND",
    /// Stacks in the centre, minus those of the others.
    center_control: "WEIGHT_CENTER_CONTROL",
    /// Not used by the evaluation.
    adjacency: "WEIGHT_ADJACENCY",
    /// Cap differences to neighbouring stacks of others, halved.
    opponent_threat: "WEIGHT_OPPONENT_THREAT",
    /// Steps and captures onto neighbouring cells, minus those of the others.
    mobility: "WEIGHT_MOBILITY",
    /// Own eliminated rings.
    eliminated_rings: "WEIGHT_ELIMINATED_RINGS",
    /// Factor of the markers in a row.
    line_potential: "WEIGHT_LINE_POTENTIAL",
    /// Nearness of victory, minus that of the best opponent.
    victory_proximity: "WEIGHT_VICTORY_PROXIMITY",
    /// Markers more than the best opponent.
    marker_count: "WEIGHT_MARKER_COUNT",
    /// Penalty: higher caps of others in line of sight.
    vulnerability: "WEIGHT_VULNERABILITY",
    /// Lower caps of others in line of sight.
    overtake_potential: "WEIGHT_OVERTAKE_POTENTIAL",
    /// Closeness of the markers to each other.
    territory_closure: "WEIGHT_TERRITORY_CLOSURE",
    /// Factor of connected markers and gaps.
    line_connectivity: "WEIGHT_LINE_CONNECTIVITY",
    /// Distance of markers from stacks of others.
    territory_safety: "WEIGHT_TERRITORY_SAFETY",
    /// Mobility of the stacks, minus that of the best opponent.
    stack_mobility: "WEIGHT_STACK_MOBILITY",
    /// Penalty: the lead of the opponent nearest to victory.
    opponent_victory_threat: "WEIGHT_OPPONENT_VICTORY_THREAT",
    /// Penalty: few actions per stack.
    forced_elimination_risk: "WEIGHT_FORCED_ELIMINATION_RISK",
    /// Opponents without an action (three and four players).
    lps_action_advantage: "WEIGHT_LPS_ACTION_ADVANTAGE",
    /// Penalty: lead of the first opponent over the second (three and four players).
    multi_leader_threat: "WEIGHT_MULTI_LEADER_THREAT",
    /// Penalty for no stack at all.
    no_stacks_penalty: "WEIGHT_NO_STACKS_PENALTY",
    /// Penalty for a single stack.
    single_stack_penalty: "WEIGHT_SINGLE_STACK_PENALTY",
    /// Bonus per stack from two on.
    stack_diversity_bonus: "WEIGHT_STACK_DIVERSITY_BONUS",
    /// Not used by the evaluation.
    safe_move_bonus: "WEIGHT_SAFE_MOVE_BONUS",
    /// Not used by the evaluation.
    no_safe_moves_penalty: "WEIGHT_NO_SAFE_MOVES_PENALTY",
    /// Proximity of a victory that is there.
    victory_threshold_bonus: "WEIGHT_VICTORY_THRESHOLD_BONUS",
    /// Proximity: divided by the rings still to be eliminated.
    rings_proximity_factor: "WEIGHT_RINGS_PROXIMITY_FACTOR",
    /// Proximity: divided by the territory still to be won.
    territory_proximity_factor: "WEIGHT_TERRITORY_PROXIMITY_FACTOR",
    /// Two markers in a row.
    two_in_row: "WEIGHT_TWO_IN_ROW",
    /// Three markers in a row, on top.
    three_in_row: "WEIGHT_THREE_IN_ROW",
    /// Four markers in a row, on top.
    four_in_row: "WEIGHT_FOUR_IN_ROW",
    /// A marker beside a marker.
    connected_neighbor: "WEIGHT_CONNECTED_NEIGHBOR",
    /// Two markers with an open cell between them.
    gap_potential: "WEIGHT_GAP_POTENTIAL",
    /// Penalty per stack that can neither step nor capture next to it.
    blocked_stack_penalty: "WEIGHT_BLOCKED_STACK_PENALTY",
    /// Swap decision: opening in the centre.
    swap_opening_center: "WEIGHT_SWAP_OPENING_CENTER",
    /// Swap decision: opening beside the centre.
    swap_opening_adjacency: "WEIGHT_SWAP_OPENING_ADJACENCY",
    /// Swap decision: height of the opening stack.
    swap_opening_height: "WEIGHT_SWAP_OPENING_HEIGHT",
    /// Swap decision: opening in a corner.
    swap_corner_penalty: "WEIGHT_SWAP_CORNER_PENALTY",
    /// Swap decision: opening at an edge.
    swap_edge_bonus: "WEIGHT_SWAP_EDGE_BONUS",
    /// Swap decision: opening on a strategic diagonal.
    swap_diagonal_bonus: "WEIGHT_SWAP_DIAGONAL_BONUS",
    /// Swap decision: strength of the opening.
    swap_opening_strength: "WEIGHT_SWAP_OPENING_STRENGTH",
    /// Noise on the score of a swap of sides; none unless positive.
    swap_exploration_temperature: "WEIGHT_SWAP_EXPLORATION_TEMPERATURE",
    /// A recovery move at hand.
    recovery_potential: "WEIGHT_RECOVERY_POTENTIAL",
    /// Being allowed to recover.
    recovery_eligibility: "WEIGHT_RECOVERY_ELIGIBILITY",
    /// Own rings buried in stacks of others, for those who may not recover.
    buried_ring_value: "WEIGHT_BURIED_RING_VALUE",
    /// Not used by the evaluation.
    recovery_threat: "WEIGHT_RECOVERY_THREAT",
    /// Not used by the evaluation.
    chain_capture_risk: "WEIGHT_CHAIN_CAPTURE_RISK",
    /// Not used by the evaluation.
    chain_capture_potential: "WEIGHT_CHAIN_CAPTURE_POTENTIAL",
    /// Not used by the evaluation.
    tempo_advantage: "WEIGHT_TEMPO_ADVANTAGE",
    /// Not used by the evaluation.
    forcing_move_value: "WEIGHT_FORCING_MOVE_VALUE",
    /// Not used by the evaluation.
    endgame_aggression: "WEIGHT_ENDGAME_AGGRESSION",
    /// Not used by the evaluation.
    phase_transition_bonus: "WEIGHT_PHASE_TRANSITION_BONUS",
    /// Not used by the evaluation.
    stack_synergy: "WEIGHT_STACK_SYNERGY",
    /// Not used by the evaluation.
    mutual_defense: "WEIGHT_MUTUAL_DEFENSE",
    /// Not used by the evaluation.
    expansion_potential: "WEIGHT_EXPANSION_POTENTIAL",
    /// Not used by the evaluation.
    frontier_strength: "WEIGHT_FRONTIER_STRENGTH",
}

impl Weights {
    /// Number of weights.
    pub const COUNT: usize = 59;

    /// Every weight times `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self::from_values(self.values().map(|value| value * factor))
    }

    /// Every weight times a factor of its own, drawn from `[1 - noise, 1 + noise)` in the alphabetical order of the
    /// names; unchanged, and nothing drawn, without noise. Source: upstream's `HeuristicAI` with `weight_noise`.
    #[must_use]
    pub fn with_noise(&self, noise: f64, rng: &mut GameRng) -> Self {
        let mut weights = *self;
        if noise > 0.0 {
            let mut names = Self::NAMES;
            names.sort_unstable();
            for name in names {
                if let Some(value) = weights.get_mut(name) {
                    *value *= 1.0 + rng.around_zero(noise);
                }
            }
        }
        weights
    }

    /// Whether the evaluation looks at the weight of this name. The others are kept in files, and there is nothing to
    /// tune about them: the swap decision and unfinished features of upstream have them. Source: heuristic.md.
    pub fn is_used(name: &str) -> bool {
        const UNUSED: [&str; 14] = [
            "WEIGHT_ADJACENCY",
            "WEIGHT_SAFE_MOVE_BONUS",
            "WEIGHT_NO_SAFE_MOVES_PENALTY",
            "WEIGHT_RECOVERY_THREAT",
            "WEIGHT_CHAIN_CAPTURE_RISK",
            "WEIGHT_CHAIN_CAPTURE_POTENTIAL",
            "WEIGHT_TEMPO_ADVANTAGE",
            "WEIGHT_FORCING_MOVE_VALUE",
            "WEIGHT_ENDGAME_AGGRESSION",
            "WEIGHT_PHASE_TRANSITION_BONUS",
            "WEIGHT_STACK_SYNERGY",
            "WEIGHT_MUTUAL_DEFENSE",
            "WEIGHT_EXPANSION_POTENTIAL",
            "WEIGHT_FRONTIER_STRENGTH",
        ];
        Self::NAMES.contains(&name) && !name.starts_with("WEIGHT_SWAP_") && !UNUSED.contains(&name)
    }

    /// Hex digest of the exact values, which names them in records of games: the first 16 digits of the SHA-256 of
    /// `name=bits` lines in the order of [`Weights::NAMES`].
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, value) in Self::NAMES.iter().zip(self.values()) {
            hash.update(format!("{name}={:016x}\n", value.to_bits()));
        }
        let digest = hash.finalize();
        let first = digest.iter().take(8).fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        format!("{first:016x}")
    }
}

impl Default for Weights {
    /// The balanced weights.
    fn default() -> Self {
        Vector::Balanced.weights()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_agree() {
        let weights = Vector::ThreePlayers.weights();
        for (name, value) in Weights::NAMES.iter().zip(weights.values()) {
            assert_eq!(weights.get(name), Some(value), "{name}");
        }
        assert_eq!(weights.get("WEIGHT_NOTHING"), None);
        assert_eq!(Weights::from_values(weights.values()), weights);
    }

    #[test]
    fn evaluation_uses_37_weights() {
        assert_eq!(Weights::NAMES.iter().filter(|name| Weights::is_used(name)).count(), 37);
    }

    #[test]
    fn noise_stays_within_its_bounds_and_repeats() {
        let weights = Weights::default();
        let noisy = weights.with_noise(0.1, &mut GameRng::new(1, 2, 0));
        assert_eq!(noisy, weights.with_noise(0.1, &mut GameRng::new(1, 2, 0)));
        assert_ne!(noisy, weights.with_noise(0.1, &mut GameRng::new(1, 2, 1)));
        for (before, after) in weights.values().into_iter().zip(noisy.values()) {
            assert!((after - before).abs() <= 0.1 * before.abs() + 1e-12, "{before} {after}");
        }
        assert_eq!(weights.with_noise(0.0, &mut GameRng::new(1, 2, 0)), weights);
    }

    #[test]
    fn digest_depends_on_every_value() {
        let weights = Weights::default();
        for name in Weights::NAMES {
            let mut changed = weights;
            *changed.get_mut(name).unwrap() += 1e-12;
            assert_ne!(changed.digest(), weights.digest(), "{name}");
        }
    }
}
