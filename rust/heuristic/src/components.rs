//! The parts that a score is the sum of.

/// A part of a score. The formulas are in `evaluate.rs`; upstream's names, order and summation order.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "the names are those of upstream's breakdown")]
pub enum Component {
    StackControl,
    Territory,
    RingsInHand,
    CenterControl,
    OpponentThreats,
    Mobility,
    EliminatedRings,
    MarkerCount,
    VictoryProximity,
    OpponentVictoryThreat,
    StackMobility,
    MultiLeaderThreat,
    LinePotential,
    LineConnectivity,
    Vulnerability,
    OvertakePotential,
    TerritoryClosure,
    TerritorySafety,
    ForcedEliminationRisk,
    LpsActionAdvantage,
    RecoveryPotential,
}

impl Component {
    /// All components, in summation order. Those from [`Component::LinePotential`] on are 0 in light mode.
    pub const ALL: [Self; 21] = [
        Self::StackControl,
        Self::Territory,
        Self::RingsInHand,
        Self::CenterControl,
        Self::OpponentThreats,
        Self::Mobility,
        Self::EliminatedRings,
        Self::MarkerCount,
        Self::VictoryProximity,
        Self::OpponentVictoryThreat,
        Self::StackMobility,
        Self::MultiLeaderThreat,
        Self::LinePotential,
        Self::LineConnectivity,
        Self::Vulnerability,
        Self::OvertakePotential,
        Self::TerritoryClosure,
        Self::TerritorySafety,
        Self::ForcedEliminationRisk,
        Self::LpsActionAdvantage,
        Self::RecoveryPotential,
    ];

    /// Name in breakdowns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StackControl => "stack_control",
            Self::Territory => "territory",
            Self::RingsInHand => "rings_in_hand",
            Self::CenterControl => "center_control",
            Self::OpponentThreats => "opponent_threats",
            Self::Mobility => "mobility",
            Self::EliminatedRings => "eliminated_rings",
            Self::MarkerCount => "marker_count",
            Self::VictoryProximity => "victory_proximity",
            Self::OpponentVictoryThreat => "opponent_victory_threat",
            Self::StackMobility => "stack_mobility",
            Self::MultiLeaderThreat => "multi_leader_threat",
            Self::LinePotential => "line_potential",
            Self::LineConnectivity => "line_connectivity",
            Self::Vulnerability => "vulnerability",
            Self::OvertakePotential => "overtake_potential",
            Self::TerritoryClosure => "territory_closure",
            Self::TerritorySafety => "territory_safety",
            Self::ForcedEliminationRisk => "forced_elimination_risk",
            Self::LpsActionAdvantage => "lps_action_advantage",
            Self::RecoveryPotential => "recovery_potential",
        }
    }
}

/// What each component adds to the score of a seat, finished games included.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub struct Components([f64; Component::ALL.len()]);

impl Components {
    /// The sum, in the order of [`Component::ALL`].
    #[inline]
    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}

impl std::ops::Index<Component> for Components {
    type Output = f64;
    #[inline]
    fn index(&self, component: Component) -> &f64 {
        &self.0[component as usize]
    }
}

impl std::ops::IndexMut<Component> for Components {
    #[inline]
    fn index_mut(&mut self, component: Component) -> &mut f64 {
        &mut self.0[component as usize]
    }
}
