//! What the evaluation reads of a position.

use ringrift_rules::{Board, ByPlayer, Cell, CellSet, LpsState, PlayerCount, PlayerId, Position, RuleOptions, Stack};

/// One stack as the evaluation sees it.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Pillar {
    pub owner: PlayerId,
    pub height: u32,
    pub cap: u32,
}

/// The facts that features are made of.
///
/// Apart from positions, the tests have an implementor for recorded states with more rings than a position can hold.
pub(crate) trait Facts<B: Board> {
    fn players(&self) -> PlayerCount;
    fn stack_cells(&self) -> B::Cells;
    fn stacks_of(&self, player: PlayerId) -> B::Cells;
    /// The stack on a cell that has one.
    fn pillar(&self, cell: Cell) -> Pillar;
    fn marker_cells(&self) -> B::Cells;
    fn markers_of(&self, player: PlayerId) -> B::Cells;
    fn collapsed_cells(&self) -> B::Cells;
    fn hand(&self, player: PlayerId) -> u16;
    fn eliminated(&self, player: PlayerId) -> u16;
    fn territory(&self, player: PlayerId) -> u16;
    fn lps(&self) -> &LpsState;
    fn rules(&self) -> &RuleOptions;
    fn buried_rings(&self) -> ByPlayer<u16>;

    /// Whether the player has no stack, but a marker and a buried ring.
    #[inline]
    fn may_recover(&self, player: PlayerId, buried: u16) -> bool {
        buried > 0 && self.stacks_of(player).is_empty() && !self.markers_of(player).is_empty()
    }
}

impl<B: Board> Facts<B> for Position<B> {
    #[inline]
    fn players(&self) -> PlayerCount {
        self.players()
    }

    #[inline]
    fn stack_cells(&self) -> B::Cells {
        self.stack_cells()
    }

    #[inline]
    fn stacks_of(&self, player: PlayerId) -> B::Cells {
        self.stacks_of(player)
    }

    #[inline]
    fn pillar(&self, cell: Cell) -> Pillar {
        let stack: Stack = self.stack(cell).expect("the cell is one of the cells with stacks");
        Pillar { owner: stack.owner(), height: stack.height(), cap: stack.cap_height() }
    }

    #[inline]
    fn marker_cells(&self) -> B::Cells {
        self.marker_cells()
    }

    #[inline]
    fn markers_of(&self, player: PlayerId) -> B::Cells {
        self.markers_of(player)
    }

    #[inline]
    fn collapsed_cells(&self) -> B::Cells {
        self.collapsed_cells()
    }

    #[inline]
    fn hand(&self, player: PlayerId) -> u16 {
        self.hand(player)
    }

    #[inline]
    fn eliminated(&self, player: PlayerId) -> u16 {
        self.eliminated(player)
    }

    #[inline]
    fn territory(&self, player: PlayerId) -> u16 {
        self.territory(player)
    }

    #[inline]
    fn lps(&self) -> &LpsState {
        self.lps()
    }

    #[inline]
    fn rules(&self) -> &RuleOptions {
        self.rules()
    }

    #[inline]
    fn buried_rings(&self) -> ByPlayer<u16> {
        self.buried_rings()
    }
}
