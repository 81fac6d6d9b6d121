//! The columns of heuristic features: components of the evaluation, or its decomposition by weights.
//!
//! Source: npz.md section 3 (`heuristics`), heuristic.md. Upstream rounds each feature to `float32`, divides it by a
//! scale, and cuts it at 1; so does this.

use ringrift_heuristic::{Component, EvalGeometry, EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{AnyPosition, Board, BoardKind, Cell, Hex8, Hexagonal, Position, Square8, Square19};

/// Which features each row gets.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum HeuristicFeatures {
    /// The 21 components of the evaluation.
    Fast,
    /// What each of the 59 weights is multiplied with.
    Full,
}

impl HeuristicFeatures {
    /// Spelling in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Full => "full",
        }
    }

    /// Number of columns.
    pub const fn len(self) -> usize {
        match self {
            Self::Fast => FAST.len(),
            Self::Full => Weights::COUNT,
        }
    }

    /// Never: there are always some.
    pub const fn is_empty(self) -> bool {
        false
    }
}

/// Components in the order of the columns, with their scales.
const FAST: [(Component, f32); 21] = [
    (Component::StackControl, 100.0),
    (Component::Territory, 100.0),
    (Component::RingsInHand, 30.0),
    (Component::CenterControl, 50.0),
    (Component::EliminatedRings, 100.0),
    (Component::MarkerCount, 50.0),
    (Component::OpponentThreats, 50.0),
    (Component::Mobility, 100.0),
    (Component::StackMobility, 50.0),
    (Component::VictoryProximity, 200.0),
    (Component::OpponentVictoryThreat, 100.0),
    (Component::MultiLeaderThreat, 50.0),
    (Component::LinePotential, 100.0),
    (Component::LineConnectivity, 50.0),
    (Component::Vulnerability, 100.0),
    (Component::OvertakePotential, 100.0),
    (Component::TerritoryClosure, 100.0),
    (Component::TerritorySafety, 50.0),
    (Component::ForcedEliminationRisk, 50.0),
    (Component::LpsActionAdvantage, 30.0),
    (Component::RecoveryPotential, 50.0),
];

/// Scale of the weights that [`full_scale`] does not name.
const SCALE: f32 = 100.0;

/// Scales of the weights, without their prefix `WEIGHT_`.
fn full_scale(weight: &str) -> f32 {
    match weight.strip_prefix("WEIGHT_").unwrap_or(weight) {
        "SWAP_EXPLORATION_TEMPERATURE" => 1.0,
        "STACK_DIVERSITY_BONUS"
        | "SAFE_MOVE_BONUS"
        | "NO_SAFE_MOVES_PENALTY"
        | "GAP_POTENTIAL"
        | "SWAP_OPENING_ADJACENCY"
        | "SWAP_OPENING_HEIGHT"
        | "SWAP_CORNER_PENALTY"
        | "SWAP_EDGE_BONUS"
        | "SWAP_DIAGONAL_BONUS" => 10.0,
        "SINGLE_STACK_PENALTY"
        | "TWO_IN_ROW"
        | "THREE_IN_ROW"
        | "FOUR_IN_ROW"
        | "CONNECTED_NEIGHBOR"
        | "BLOCKED_STACK_PENALTY"
        | "SWAP_OPENING_CENTER"
        | "RECOVERY_ELIGIBILITY"
        | "BURIED_RING_VALUE" => 20.0,
        "RINGS_IN_HAND" | "ADJACENCY" | "LPS_ACTION_ADVANTAGE" | "SWAP_OPENING_STRENGTH" | "RECOVERY_THREAT" => 30.0,
        "STACK_HEIGHT"
        | "CAP_HEIGHT"
        | "CENTER_CONTROL"
        | "OPPONENT_THREAT"
        | "MARKER_COUNT"
        | "LINE_CONNECTIVITY"
        | "TERRITORY_SAFETY"
        | "STACK_MOBILITY"
        | "FORCED_ELIMINATION_RISK"
        | "MULTI_LEADER_THREAT"
        | "NO_STACKS_PENALTY"
        | "RINGS_PROXIMITY_FACTOR"
        | "TERRITORY_PROXIMITY_FACTOR"
        | "RECOVERY_POTENTIAL" => 50.0,
        "VICTORY_PROXIMITY" => 200.0,
        "VICTORY_THRESHOLD_BONUS" => 1000.0,
        _ => SCALE,
    }
}

/// Difficulty of the ladder whose weights the components have. Source: upstream's exporter.
const DIFFICULTY: u8 = 4;

/// Writes the features of positions.
pub(crate) trait FeatureWriter: Send {
    /// Adds the features of the player to move to `out`. `marker_order` lists the markers as upstream's state does.
    fn write(&self, position: &AnyPosition, marker_order: Option<&[Cell]>, out: &mut Vec<f32>);
}

/// A writer for a board. With upstream's geometry come its scales.
pub(crate) fn feature_writer(
    board: BoardKind,
    features: HeuristicFeatures,
    geometry: EvalGeometry,
) -> Box<dyn FeatureWriter> {
    match board {
        BoardKind::Square8 => Box::new(Features::<Square8>::new(features, geometry, |any| match any {
            AnyPosition::Square8(position) => Some(position),
            _ => None,
        })),
        BoardKind::Square19 => Box::new(Features::<Square19>::new(features, geometry, |any| match any {
            AnyPosition::Square19(position) => Some(position),
            _ => None,
        })),
        BoardKind::Hex8 => Box::new(Features::<Hex8>::new(features, geometry, |any| match any {
            AnyPosition::Hex8(position) => Some(position),
            _ => None,
        })),
        BoardKind::Hexagonal => Box::new(Features::<Hexagonal>::new(features, geometry, |any| match any {
            AnyPosition::Hexagonal(position) => Some(position),
            _ => None,
        })),
    }
}

/// The position of an [`AnyPosition`], if it is on the board.
type Pick<B> = for<'a> fn(&'a AnyPosition) -> Option<&'a Position<B>>;

struct Features<B: Board> {
    pick: Pick<B>,
    /// One for the components; or one with all weights 0, and one for each weight that is 1.
    heuristics: Vec<Heuristic<B>>,
    /// Scales of the full features.
    scales: Vec<f32>,
}

impl<B: Board> Features<B> {
    fn new(features: HeuristicFeatures, geometry: EvalGeometry, pick: Pick<B>) -> Self {
        let heuristic = |weights| {
            let options = HeuristicOptions { mode: EvalMode::Full, geometry, profile: String::new() };
            Heuristic::new(weights, options)
        };
        match features {
            HeuristicFeatures::Fast => {
                Self { pick, heuristics: vec![heuristic(Weights::of_difficulty(DIFFICULTY))], scales: Vec::new() }
            }
            HeuristicFeatures::Full => {
                let mut names = Weights::NAMES;
                names.sort_unstable();
                let zero = Weights::from_values([0.0; Weights::COUNT]);
                let alone = |name: &str| {
                    let mut weights = zero;
                    *weights.get_mut(name).expect("a name of the list") = 1.0;
                    heuristic(weights)
                };
                // Upstream sorts the weights, but takes the scales in the order in which it declares them.
                let scaled = if geometry == EvalGeometry::Compat { &Weights::NAMES } else { &names };
                let scales = scaled.iter().map(|name| full_scale(name)).collect();
                let heuristics = [heuristic(zero)].into_iter().chain(names.iter().map(|name| alone(name)));
                Self { pick, heuristics: heuristics.collect(), scales }
            }
        }
    }
}

fn scaled(feature: f64, scale: f32) -> f32 {
    (feature as f32 / scale).clamp(-1.0, 1.0)
}

impl<B: Board> FeatureWriter for Features<B> {
    fn write(&self, position: &AnyPosition, marker_order: Option<&[Cell]>, out: &mut Vec<f32>) {
        let position = (self.pick)(position).expect("games of one board");
        let seat = position.to_move();
        let [first, others @ ..] = &self.heuristics[..] else { return };
        if others.is_empty() {
            let components = match marker_order {
                Some(order) => first.components_in_order(position, seat, order),
                None => first.components(position, seat),
            };
            out.extend(FAST.iter().map(|&(component, scale)| scaled(components[component], scale)));
            return;
        }
        // Somebody is to move, so the game is in progress and has no other score than this.
        let score = |heuristic: &Heuristic<B>| match marker_order {
            Some(order) => heuristic.components_in_order(position, seat, order).total(),
            None => heuristic.components(position, seat).total(),
        };
        let bias = score(first);
        out.extend(others.iter().zip(&self.scales).map(|(one, &scale)| scaled(score(one) - bias, scale)));
    }
}

/// Keeps the markers of a game in the order in which upstream's state lists them: new ones at the end.
pub(crate) fn follow_markers(order: &mut Vec<Cell>, position: &AnyPosition) {
    ringrift_rules::with_position!(position, position => {
        use ringrift_rules::CellSet as _;
        let markers = position.marker_cells();
        order.retain(|&cell| markers.contains(cell));
        if order.len() < markers.count() as usize {
            let known: Vec<Cell> = order.clone();
            order.extend(markers.iter().filter(|cell| !known.contains(cell)));
        }
    });
}
