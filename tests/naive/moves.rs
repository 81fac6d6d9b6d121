//! Moves and their canonical strings.

use super::board::{BoardName, Cell};
use super::territory::region_text;

/// A move of any kind. The player is not part of it.
#[derive(Clone, Debug)]
pub enum Move {
    PlaceRing {
        to: Cell,
        count: u32,
    },
    SkipPlacement,
    NoPlacement,
    SwapSides,
    /// `move_stack`.
    Walk {
        from: Cell,
        to: Cell,
    },
    NoMovement,
    /// First capture of a turn.
    Capture(Jump),
    SkipCapture,
    /// Further capture of a chain.
    Continue(Jump),
    /// The slide completes a line, which collapses whole.
    RecoverLine {
        from: Cell,
        to: Cell,
    },
    /// The slide completes a line longer than required, of which only a part collapses.
    RecoverSegment {
        from: Cell,
        to: Cell,
        segment: Vec<Cell>,
    },
    /// A slide without a line, paid for with a ring of the stack at `payment`.
    RecoverSlide {
        from: Cell,
        to: Cell,
        payment: Cell,
    },
    /// The marker is given up to strike the stack at `to`, paid for with a ring of the stack at `payment`.
    RecoverStrike {
        from: Cell,
        to: Cell,
        payment: Cell,
    },
    SkipRecovery,
    /// Collapses a whole line.
    Line {
        line: Vec<Cell>,
    },
    /// Collapses a line or a part of it.
    LineOption {
        line: Vec<Cell>,
        segment: Vec<Cell>,
    },
    NoLine,
    /// Pays one ring for a line.
    EliminateForLine(Cell),
    /// Claims a region.
    Region(Vec<Cell>),
    SkipTerritory,
    NoTerritory,
    /// Pays a cap for a region.
    EliminateForTerritory(Cell),
    /// Pays a buried ring for a region.
    EliminateForRecovery(Cell),
    ForcedElimination(Cell),
}

/// One capture: the stack at `from` jumps over `target`.
#[derive(Clone, Copy, Debug)]
pub struct Jump {
    pub from: Cell,
    pub target: Cell,
    pub to: Cell,
}

impl Move {
    /// The canonical string of the move.
    pub fn text(&self, board: BoardName) -> String {
        let key = |cell: &Cell| board.key(*cell);
        let pair = |a: &Cell, b: &Cell| format!("{}>{}", key(a), key(b));
        let ends = |cells: &[Cell]| pair(&cells[0], &cells[cells.len() - 1]);
        let jump = |j: &Jump| format!("{}*{}>{}", key(&j.from), key(&j.target), key(&j.to));
        match self {
            Self::PlaceRing { to, count } => format!("P{}x{count}", key(to)),
            Self::SkipPlacement => "sP".into(),
            Self::NoPlacement => "nP".into(),
            Self::SwapSides => "SW".into(),
            Self::Walk { from, to } => format!("M{}", pair(from, to)),
            Self::NoMovement => "nM".into(),
            Self::Capture(j) => format!("C{}", jump(j)),
            Self::SkipCapture => "sC".into(),
            Self::Continue(j) => format!("K{}", jump(j)),
            Self::RecoverLine { from, to } => format!("Rl1:{}", pair(from, to)),
            Self::RecoverSegment { from, to, segment } => {
                format!("Rl2:{}={}", pair(from, to), ends(segment))
            }
            Self::RecoverSlide { from, to, payment } => {
                format!("Rf:{}@{}", pair(from, to), key(payment))
            }
            Self::RecoverStrike { from, to, payment } => {
                format!("Rs:{}@{}", pair(from, to), key(payment))
            }
            Self::SkipRecovery => "sR".into(),
            Self::Line { line } => format!("L{}", ends(line)),
            Self::LineOption { line, segment } => format!("O{}={}", ends(line), ends(segment)),
            Self::NoLine => "nL".into(),
            Self::EliminateForLine(cell) => format!("El{}", key(cell)),
            Self::Region(cells) => format!("T{}", region_text(board, cells)),
            Self::SkipTerritory => "sT".into(),
            Self::NoTerritory => "nT".into(),
            Self::EliminateForTerritory(cell) => format!("Et{}", key(cell)),
            Self::EliminateForRecovery(cell) => format!("Er{}", key(cell)),
            Self::ForcedElimination(cell) => format!("F{}", key(cell)),
        }
    }

    /// Whether the move can change the board. The others record that nothing was done.
    pub fn changes_the_board(&self) -> bool {
        !matches!(
            self,
            Self::SkipPlacement
                | Self::NoPlacement
                | Self::NoMovement
                | Self::SkipCapture
                | Self::SkipRecovery
                | Self::NoLine
                | Self::SkipTerritory
                | Self::NoTerritory
        )
    }

    /// Whether the move is a recovery slide or strike. Source: RR-CANON-R110.
    pub fn is_recovery(&self) -> bool {
        matches!(
            self,
            Self::RecoverLine { .. }
                | Self::RecoverSegment { .. }
                | Self::RecoverSlide { .. }
                | Self::RecoverStrike { .. }
        )
    }
}
