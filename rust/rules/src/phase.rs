//! Phases of a turn.

/// Phase of a turn, in the order in which a turn visits them. Source: RR-CANON-R070, rules.md section 4.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// The player may place rings.
    RingPlacement,
    /// The player moves a stack, captures, or recovers.
    Movement,
    /// After a movement: an optional capture by the moved stack.
    Capture,
    /// After a capture: mandatory further captures.
    ChainCapture,
    /// Completed lines are turned into territory.
    LineProcessing,
    /// Disconnected regions are turned into territory.
    TerritoryProcessing,
    /// A player who changed nothing gives up a cap.
    ForcedElimination,
    /// The game has ended.
    GameOver,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 8] = [
        Self::RingPlacement,
        Self::Movement,
        Self::Capture,
        Self::ChainCapture,
        Self::LineProcessing,
        Self::TerritoryProcessing,
        Self::ForcedElimination,
        Self::GameOver,
    ];

    /// Canonical spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RingPlacement => "ring_placement",
            Self::Movement => "movement",
            Self::Capture => "capture",
            Self::ChainCapture => "chain_capture",
            Self::LineProcessing => "line_processing",
            Self::TerritoryProcessing => "territory_processing",
            Self::ForcedElimination => "forced_elimination",
            Self::GameOver => "game_over",
        }
    }

    /// The phase of a canonical spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
