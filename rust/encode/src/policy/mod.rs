//! Upstream's policy indices, both ways.

mod board_aware;
mod index;
mod legacy;
mod slots;

use ringrift_rules::{AnyPosition, Board, BoardKind, BoardShape, Move, MoveList, Position, with_position};

pub use index::ActionIndex;
use slots::SquarePlan;

use crate::error::{EncodeError, unknown};

/// One of upstream's ways to number moves. Source: npz.md section 6, neural-net.md section 2.
///
/// # `board_aware`
/// `policy: f32[7000 | 67000 | 4500 | 91876]` on square8, square19, hex8, hexagonal.
///
/// Square boards, `n` = 8 or 19, `D` = n - 1, `cell` = y n + x, directions by signs of (dx, dy): (-,-) (0,-) (+,-) (-,0) (+,0)
/// (-,+) (0,+) (+,+):
///
/// | moves | index | base, square8 | base, square19 |
/// |---|---|---:|---:|
/// | `place_ring` | 3 cell + count - 1 | 0 | 0 |
/// | `move_stack`, captures (to the landing cell), `recovery_slide` | base + 8 D from + D direction + distance - 1 | 192 | 1083 |
/// | `process_line` | base + 4 first cell | 3776 | 53067 |
/// | `eliminate_rings_from_stack` | base + cell | 4032 | 54511 |
/// | `skip_placement`, `swap_sides`, `skip_recovery` | base + 0, 1, 2 | 4096 | 54872 |
/// | `choose_line_option` | base, whatever the line and option | 4099 | 54875 |
/// | `choose_territory_option` | base + 32 lowest cell + 4 min(size - 1, 7) + seat of the player to move | 4103 | 54879 |
/// | `no_placement_action`, `no_movement_action`, `skip_capture`, `no_line_action`, `no_territory_action`, `skip_territory_processing`, `forced_elimination` | base + 0 to 6 | 6151 | 66431 |
///
/// Hex boards, `n` = 9 or 25, `cell` = (y + r) n + x + r, directions (1,0) (0,1) (-1,1) (-1,0) (0,-1) (1,-1): placements
/// and movements likewise with 6 directions, movements from 3 n n on; every other move shares the index 4131 or 91875,
/// but `swap_sides` has none.
///
/// # `legacy_max_n`
/// `policy: f32[67000]`: the square19 columns of the table on every board, with cells in the corner of a 19 x 19 grid, for
/// old checkpoints. Without an index: `no_placement_action` and all after it, and moves on cells of hexagonal that are
/// outside of that grid.
///
/// Several legal moves can share an index, which is what [`PolicyLayout::moves_at`] tells.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum PolicyLayout {
    /// A layout per board.
    #[default]
    BoardAware,
    /// One layout for all boards.
    LegacyMaxN,
}

impl PolicyLayout {
    /// Both layouts.
    pub const ALL: [Self; 2] = [Self::BoardAware, Self::LegacyMaxN];

    /// Spelling in data sets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BoardAware => "board_aware",
            Self::LegacyMaxN => "legacy_max_n",
        }
    }

    /// Number of indices, the unused ones at the end included. Data sets in the legacy layout name the size of the
    /// board's own layout all the same.
    pub const fn size(self, board: BoardKind) -> u32 {
        match (self, board) {
            (Self::BoardAware, BoardKind::Square8) => 7_000,
            (Self::BoardAware, BoardKind::Square19) | (Self::LegacyMaxN, _) => 67_000,
            (Self::BoardAware, BoardKind::Hex8) => 4_500,
            (Self::BoardAware, BoardKind::Hexagonal) => 91_876,
        }
    }

    /// The one index of all options for lines, where a layout has one for them alone.
    pub(crate) fn line_options(self, board: BoardKind) -> Option<ActionIndex> {
        let side = match (self, board.spec().shape) {
            (Self::LegacyMaxN, _) => 19,
            (Self::BoardAware, BoardShape::Square) => u32::from(board.spec().size),
            (Self::BoardAware, BoardShape::Hex) => return None,
        };
        Some(ActionIndex::new(SquarePlan::new(side).line_options))
    }

    /// The index of a legal move of the position; none if the layout has none for it.
    pub fn index(self, position: &AnyPosition, mv: Move) -> Option<ActionIndex> {
        with_position!(position, position => self.index_on(position, mv))
    }

    /// [`PolicyLayout::index`] on a known board.
    #[inline]
    pub fn index_on<B: Board>(self, position: &Position<B>, mv: Move) -> Option<ActionIndex> {
        let slot = match self {
            Self::BoardAware => board_aware::slot(position, mv),
            Self::LegacyMaxN => legacy::slot(position, mv),
        };
        slot.map(ActionIndex::new)
    }

    /// Fills `found` with those moves of `legal` that the index stands for. `legal` are legal moves of the position.
    pub fn moves_at(self, position: &AnyPosition, legal: &[Move], index: ActionIndex, found: &mut MoveList) {
        found.clear();
        found.extend(legal.iter().copied().filter(|&mv| self.index(position, mv) == Some(index)));
    }
}

impl std::fmt::Display for PolicyLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for PolicyLayout {
    type Err = EncodeError;

    fn from_str(name: &str) -> Result<Self, EncodeError> {
        let found = Self::ALL.into_iter().find(|layout| layout.name() == name);
        found.ok_or_else(|| unknown("policy layout", name, "board_aware and legacy_max_n"))
    }
}
