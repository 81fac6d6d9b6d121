//! Parameters of a game.

use crate::{board::BoardKind, player::PlayerCount};

/// Parameters of a game that its state carries. Source: rules.md section 2 (RR-CANON-R060..R062, R172).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct RuleOptions {
    /// Rings in each hand at the start.
    pub rings_per_player: u16,
    /// Eliminated rings that win.
    pub victory_threshold: u16,
    /// Collapsed cells that win, unless `territory_minimum` is given.
    pub territory_threshold: u16,
    /// Collapsed cells that win, in states that carry the field.
    pub territory_minimum: Option<u16>,
    /// Consecutive exclusive rounds that win by last player standing.
    pub lps_rounds: u16,
    /// Whether player 2 may swap sides (two players only).
    pub swap_rule: bool,
}

impl RuleOptions {
    /// The parameters that the training environment uses.
    pub fn standard(board: BoardKind, players: PlayerCount) -> Self {
        let spec = board.spec();
        Self {
            rings_per_player: 0,
            victory_threshold: 0,
            territory_threshold: spec.cells / 2 + 1,
            territory_minimum: None,
            lps_rounds: 3,
            swap_rule: false,
        }
        .with_rings_per_player(spec.rings_per_player, players)
    }

    /// Another number of rings, and the ring-elimination threshold that follows from it.
    #[must_use]
    pub fn with_rings_per_player(mut self, rings: u16, players: PlayerCount) -> Self {
        self.rings_per_player = rings;
        self.victory_threshold = ((u32::from(rings) * (players.get() as u32 + 1) * 2 + 3) / 6) as u16;
        self
    }

    /// Cells that a territory victory needs.
    #[inline]
    pub fn territory_needed(&self) -> u16 {
        self.territory_minimum.unwrap_or(self.territory_threshold)
    }
}
