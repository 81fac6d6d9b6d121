//! The move that led to a position, and what a drawing shows of it.

use ringrift_rules::{AnyPosition, Cell, Move, MoveList, PlayerId};

use crate::board::piece;

/// A move with the position in which it was made, to be pointed out in a drawing of the position after it.
///
/// A move that is not legal in `before`, or that was made on another board, is not shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlayedMove {
    /// The position before the move.
    pub before: AnyPosition,
    /// The move.
    pub mv: Move,
}

/// What there is to see of a move.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Trail {
    /// Notation of the move; empty without a move.
    pub text: String,
    /// The kind of the move in words.
    pub kind: String,
    /// Who made it.
    pub player: Option<PlayerId>,
    pub from: Option<Cell>,
    /// The captured stack.
    pub over: Option<Cell>,
    /// Where the move landed, or the stack that paid.
    pub to: Option<Cell>,
    /// All cells that hold something else than before.
    pub changed: Vec<Cell>,
}

impl Trail {
    pub fn new(played: Option<&PlayedMove>, position: &AnyPosition) -> Self {
        let Some(PlayedMove { before, mv }) = played else { return Self::default() };
        let mut legal = MoveList::new();
        before.legal_moves(&mut legal);
        if before.board() != position.board() || !legal.contains(mv) {
            return Self::default();
        }
        let mut after = before.clone();
        after.make_move(*mv);
        let changed = before.geometry().cells().filter(|&cell| piece(before, cell) != piece(&after, cell)).collect();
        let (from, over, to) = ends(*mv);
        Self {
            text: before.format_move(*mv),
            kind: mv.kind().name().replace('_', " "),
            player: Some(before.to_move()),
            from,
            over,
            to,
            changed,
        }
    }
}

fn ends(mv: Move) -> (Option<Cell>, Option<Cell>, Option<Cell>) {
    match mv {
        Move::PlaceRing { to, .. } => (None, None, Some(to)),
        Move::MoveStack { from, to } | Move::RecoverySlide { from, to, .. } => (Some(from), None, Some(to)),
        Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
            (Some(from), Some(over), Some(to))
        }
        Move::EliminateRingsFromStack { from, .. } | Move::ForcedElimination { from } => (None, None, Some(from)),
        _ => (None, None, None),
    }
}
