//! The built-in weight vectors, as tables.

use crate::weights::Weights;

/// Columns of the table.
const COLUMNS: usize = 7;

/// A built-in weight vector.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Vector {
    Balanced,
    Aggressive,
    Territorial,
    Defensive,
    Square19TwoPlayers,
    ThreePlayers,
    FourPlayers,
    /// Half of the balanced one.
    Weak,
    /// Three quarters of the balanced one.
    Medium,
}

impl Vector {
    pub(crate) fn weights(self) -> Weights {
        match self {
            Self::Weak => Self::Balanced.weights().scaled(0.5),
            Self::Medium => Self::Balanced.weights().scaled(0.75),
            column => Weights::from_values(TABLE.map(|row| row[column as usize])),
        }
    }
}

/// Source: upstream's `heuristic_weights.py`, as dumped by its interpreter (persona vectors are products in floating
/// point there). Rows are in the order of [`Weights::NAMES`], columns in the order of [`Vector`].
#[rustfmt::skip]
#[allow(clippy::unreadable_literal, reason = "as they were printed")]
const TABLE: [[f64; COLUMNS]; Weights::COUNT] = [
    [10.0, 10.0, 10.0, 11.5, 10.57, 9.84, 10.21], // STACK_CONTROL
    [5.0, 5.0, 5.0, 5.0, 4.52, 5.8, 6.85], // STACK_HEIGHT
    [6.0, 6.0, 6.0, 6.0, 5.19, 5.58, 5.64], // CAP_HEIGHT
    [8.0, 8.0, 10.0, 8.0, 7.24, 8.4, 6.55], // TERRITORY
    [3.0, 3.0, 3.0, 3.0, 1.53, 1.63, 0.25], // RINGS_IN_HAND
    [4.0, 4.0, 4.0, 4.0, 4.45, 4.13, 5.35], // CENTER_CONTROL
    [2.0, 2.0, 2.0, 2.0, 0.81, 0.88, -0.98], // ADJACENCY
    [6.0, 6.0, 6.0, 6.0, 6.05, 5.29, 4.28], // OPPONENT_THREAT
    [4.0, 4.0, 4.0, 4.4, 3.48, 5.54, 2.73], // MOBILITY
    [12.0, 15.0, 10.8, 10.8, 11.91, 10.89, 11.67], // ELIMINATED_RINGS
    [7.0, 7.700000000000001, 8.049999999999999, 7.0, 8.37, 7.13, 7.16], // LINE_POTENTIAL
    [20.0, 23.0, 20.0, 20.0, 20.43, 20.67, 19.91], // VICTORY_PROXIMITY
    [1.5, 1.5, 1.6500000000000001, 1.5, -1.9, 0.17, -0.42], // MARKER_COUNT
    [8.0, 6.8, 8.0, 10.0, 7.68, 7.28, 7.69], // VULNERABILITY
    [8.0, 10.0, 8.0, 7.2, 8.34, 7.53, 7.27], // OVERTAKE_POTENTIAL
    [10.0, 10.0, 12.5, 10.0, 5.67, 8.61, 6.13], // TERRITORY_CLOSURE
    [6.0, 6.0, 6.8999999999999995, 6.0, 4.63, 3.62, 3.09], // LINE_CONNECTIVITY
    [5.0, 4.25, 6.0, 5.75, 4.41, 5.06, 4.5], // TERRITORY_SAFETY
    [4.0, 4.0, 4.0, 4.8, 3.79, 3.04, 3.07], // STACK_MOBILITY
    [6.0, 6.6000000000000005, 6.8999999999999995, 6.300000000000001, 5.44, 6.34, 4.19], // OPPONENT_VICTORY_THREAT
    [4.0, 3.4, 4.0, 5.2, 3.87, 3.05, 4.99], // FORCED_ELIMINATION_RISK
    [2.0, 2.0, 2.2, 2.4, 1.73, 2.77, 1.41], // LPS_ACTION_ADVANTAGE
    [2.0, 1.6, 2.5, 2.2, 1.73, 1.97, 1.65], // MULTI_LEADER_THREAT
    [50.0, 50.0, 50.0, 50.0, 50.93, 49.49, 50.68], // NO_STACKS_PENALTY
    [10.0, 10.0, 10.0, 10.0, 9.2, 10.6, 9.5], // SINGLE_STACK_PENALTY
    [2.0, 2.0, 2.0, 2.0, 2.96, 1.62, 1.99], // STACK_DIVERSITY_BONUS
    [1.0, 1.0, 1.0, 1.0, 1.2, 0.93, 0.02], // SAFE_MOVE_BONUS
    [2.0, 2.0, 2.0, 2.0, 1.33, 2.6, 1.35], // NO_SAFE_MOVES_PENALTY
    [1000.0, 1000.0, 1000.0, 1000.0, 999.42, 1000.8, 1001.28], // VICTORY_THRESHOLD_BONUS
    [50.0, 50.0, 50.0, 50.0, 50.51, 49.7, 50.98], // RINGS_PROXIMITY_FACTOR
    [50.0, 50.0, 50.0, 50.0, 49.73, 50.68, 50.06], // TERRITORY_PROXIMITY_FACTOR
    [1.0, 1.0, 1.0, 1.0, 0.28, 0.79, 0.2], // TWO_IN_ROW
    [2.0, 2.0, 2.0, 2.0, 2.01, 1.13, 1.53], // THREE_IN_ROW
    [5.0, 5.0, 5.0, 5.0, 5.8, 5.32, 5.64], // FOUR_IN_ROW
    [1.0, 1.0, 1.0, 1.0, 0.99, 0.42, 1.06], // CONNECTED_NEIGHBOR
    [0.5, 0.5, 0.5, 0.5, -0.26, 1.39, 0.23], // GAP_POTENTIAL
    [5.0, 5.0, 5.0, 5.0, 5.8, 5.7, 5.13], // BLOCKED_STACK_PENALTY
    [15.0, 15.0, 15.0, 15.0, 15.6, 15.56, 15.32], // SWAP_OPENING_CENTER
    [3.0, 3.0, 3.0, 3.0, 3.17, 2.69, 3.24], // SWAP_OPENING_ADJACENCY
    [2.0, 2.0, 2.0, 2.0, 1.22, 2.23, 1.4], // SWAP_OPENING_HEIGHT
    [8.0, 8.0, 8.0, 8.0, 7.27, 7.68, 5.67], // SWAP_CORNER_PENALTY
    [2.0, 2.0, 2.0, 2.0, 2.15, 1.38, 2.27], // SWAP_EDGE_BONUS
    [6.0, 6.0, 6.0, 6.0, 5.19, 6.64, 5.71], // SWAP_DIAGONAL_BONUS
    [20.0, 20.0, 20.0, 20.0, 21.1, 19.6, 20.96], // SWAP_OPENING_STRENGTH
    [0.0, 0.0, 0.0, 0.0, -0.38, 0.81, -0.19], // SWAP_EXPLORATION_TEMPERATURE
    [6.0, 6.0, 6.0, 6.0, 8.0, 7.0, 8.0], // RECOVERY_POTENTIAL
    [8.0, 8.0, 8.0, 8.0, 10.0, 9.0, 10.0], // RECOVERY_ELIGIBILITY
    [3.0, 3.0, 3.0, 3.0, 4.0, 3.5, 4.0], // BURIED_RING_VALUE
    [5.0, 5.0, 5.0, 5.0, 6.0, 5.5, 6.0], // RECOVERY_THREAT
    [7.0, 7.0, 7.0, 7.0, 8.0, 6.0, 8.0], // CHAIN_CAPTURE_RISK
    [6.0, 6.0, 6.0, 6.0, 7.0, 5.0, 7.0], // CHAIN_CAPTURE_POTENTIAL
    [5.0, 5.0, 5.0, 5.0, 6.0, 4.0, 6.0], // TEMPO_ADVANTAGE
    [3.0, 3.0, 3.0, 3.0, 4.0, 2.5, 4.0], // FORCING_MOVE_VALUE
    [4.0, 4.0, 4.0, 4.0, 5.0, 3.5, 5.0], // ENDGAME_AGGRESSION
    [3.0, 3.0, 3.0, 3.0, 4.0, 2.5, 4.0], // PHASE_TRANSITION_BONUS
    [4.0, 4.0, 4.0, 4.0, 5.0, 3.5, 5.0], // STACK_SYNERGY
    [3.0, 3.0, 3.0, 3.0, 4.0, 2.5, 4.0], // MUTUAL_DEFENSE
    [5.0, 5.0, 5.0, 5.0, 6.0, 4.5, 5.5], // EXPANSION_POTENTIAL
    [3.0, 3.0, 3.0, 3.0, 4.0, 2.5, 3.5], // FRONTIER_STRENGTH
];
