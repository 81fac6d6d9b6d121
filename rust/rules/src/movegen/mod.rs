//! Legal moves: one file per rule family, joined here by phase.

mod capture;
mod elimination;
mod line;
mod movement;
mod placement;
mod recovery;
mod territory;

use crate::{
    board::Board,
    cell::Cell,
    moves::{EliminationContext, Move, MoveKind, MoveList},
    phase::Phase,
    player::PlayerId,
    position::{Position, line_pos},
};

/// A look along one line from a cell: up to and including the first blocked cell (a stack, a collapsed cell, or the
/// edge).
#[derive(Copy, Clone)]
pub(crate) struct Ray {
    /// Padded offset of one step.
    pub step: i32,
    /// Steps to the first blocked cell; all nearer cells are free.
    pub distance: u32,
    word: u32,
    pos: u32,
    forward: bool,
}

impl Ray {
    /// Steps from the first blocked cell, which must be on the board, to the next one.
    #[inline]
    pub(crate) fn beyond(self) -> u32 {
        if self.forward {
            steps_forward(self.word, self.pos + self.distance)
        } else {
            steps_backward(self.word, self.pos - self.distance)
        }
    }
}

#[inline]
fn steps_forward(word: u32, pos: u32) -> u32 {
    (word >> (pos + 1)).trailing_zeros() + 1
}

#[inline]
fn steps_backward(word: u32, pos: u32) -> u32 {
    (word << (32 - pos)).leading_zeros() + 1
}

impl<B: Board> Position<B> {
    /// Calls `test` with the rays from `from`, in all movement directions, until it returns true; says whether it did.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "measured: the loops over rays unroll only then")]
    pub(crate) fn any_ray(&self, from: Cell, mut test: impl FnMut(Ray) -> bool) -> bool {
        for (axis, &step) in B::AXIS_STEPS.iter().enumerate() {
            let at = line_pos::<B>(from, axis);
            let (word, pos) = (self.blocked[at.line as usize], u32::from(at.pos));
            let distance = steps_forward(word, pos);
            if test(Ray { step, distance, word, pos, forward: true }) {
                return true;
            }
            let distance = steps_backward(word, pos);
            if test(Ray { step: -step, distance, word, pos, forward: false }) {
                return true;
            }
        }
        false
    }

    /// Calls `each` with the rays from `from` in all movement directions.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "measured: the loops over rays unroll only then")]
    pub(crate) fn for_each_ray(&self, from: Cell, mut each: impl FnMut(Ray)) {
        self.any_ray(from, |ray| {
            each(ray);
            false
        });
    }

    /// Fills `list` with the legal moves, distinct, in no promised order. Empty once the game is over; otherwise at
    /// least one move, which is a bookkeeping move when nothing can be decided.
    ///
    /// Source: rules.md sections 4 to 10.
    pub fn legal_moves(&self, list: &mut MoveList) {
        list.clear();
        let player = self.to_move;
        match self.phase {
            Phase::RingPlacement => {
                self.generate_placements(player, list);
                if self.may_skip_placement(player) {
                    list.push(Move::SkipPlacement);
                }
                if self.may_swap_sides(player) {
                    list.push(Move::SwapSides);
                }
                if list.is_empty() {
                    list.push(Move::NoPlacementAction);
                }
            }
            Phase::Movement => {
                if self.stacks_controlled[player] > 0 {
                    self.generate_movements(player, list);
                } else {
                    self.generate_recoveries(player, list);
                }
                // Upstream lists the swap until player 2 has moved. In play that is over by now.
                if self.may_swap_sides(player) {
                    list.push(Move::SwapSides);
                }
                if list.is_empty() {
                    list.push(Move::NoMovementAction);
                }
            }
            Phase::Capture => {
                if let Some(from) = self.history.last.and_then(|last| last.landing) {
                    self.generate_captures_at(from, player, |from, over, to| {
                        list.push(Move::OvertakingCapture { from, over, to });
                    });
                }
                list.push(Move::SkipCapture);
            }
            Phase::ChainCapture => {
                if let Some(chain) = self.chain {
                    self.generate_captures_at(chain.current, player, |from, over, to| {
                        list.push(Move::ContinueCaptureSegment { from, over, to });
                    });
                }
            }
            Phase::LineProcessing => {
                if self.pending_line_elimination {
                    Self::generate_eliminations(self.stacks_of(player), EliminationContext::Line, list);
                } else {
                    self.generate_line_decisions(player, list);
                }
                if list.is_empty() {
                    list.push(Move::NoLineAction);
                }
            }
            Phase::TerritoryProcessing => {
                if self.region_payment_is_due(player) {
                    let context = self.payment_context(player);
                    Self::generate_eliminations(self.region_payers(player), context, list);
                } else {
                    self.generate_territory_decisions(player, list);
                }
                if list.is_empty() {
                    list.push(Move::NoTerritoryAction);
                }
            }
            Phase::ForcedElimination => self.generate_forced_eliminations(player, list),
            Phase::GameOver => {}
        }
    }

    /// Whether the move is legal here.
    pub fn is_legal(&self, mv: Move) -> bool {
        let mut list = MoveList::new();
        self.legal_moves(&mut list);
        list.contains(&mv)
    }

    /// Whether the player's last move processed a region that must be paid for now. Source: rules.md section 9.3.
    #[inline]
    pub(crate) fn region_payment_is_due(&self, player: PlayerId) -> bool {
        self.history.last.is_some_and(|last| last.player == player && last.kind == MoveKind::ChooseTerritoryOption)
    }

    /// Pie rule. Source: rules.md section 5.
    fn may_swap_sides(&self, player: PlayerId) -> bool {
        self.rules.swap_rule
            && self.players.get() == 2
            && player.index() == 1
            && self.history.moved == 1
            && !self.history.swapped
    }

    /// Whether the player has a real action for last player standing: a placement, a movement or a capture, whatever
    /// stack must move this turn. Source: rules.md section 11.
    pub fn has_real_action(&self, player: PlayerId) -> bool {
        self.has_any_placement(player) || self.has_any_movement(player)
    }
}
