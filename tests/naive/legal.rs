//! The legal moves of every phase.

use std::collections::BTreeMap;

use super::moves::{Jump, Move};
use super::state::{Phase, Seat, State, Status};

impl State {
    /// The canonical strings of the legal moves, sorted. Exactly one bookkeeping move when there
    /// is nothing to decide, none when the game is over.
    pub fn legal(&self) -> Vec<String> {
        self.legal_moves().into_keys().collect()
    }

    /// The legal moves by canonical string. Moves with the same string are the same move.
    pub(super) fn legal_moves(&self) -> BTreeMap<String, Move> {
        if self.status != Status::Active {
            return BTreeMap::new();
        }
        let player = self.player;
        let moves = match self.phase {
            Phase::RingPlacement => self.placement_phase(player),
            Phase::Movement => self.movement_phase(player),
            Phase::Capture => self.capture_phase(player),
            Phase::ChainCapture => self.chain_phase(player),
            Phase::LineProcessing => self.line_phase(player),
            Phase::TerritoryProcessing => self.territory_phase(player),
            Phase::ForcedElimination => self.forced_elimination_phase(player),
            Phase::GameOver => Vec::new(),
        };
        let board = self.board;
        moves.into_iter().map(|mv| (mv.text(board), mv)).collect()
    }

    /// Source: RR-CANON-R080, RR-CANON-R081.
    fn placement_phase(&self, player: Seat) -> Vec<Move> {
        let mut moves = Vec::new();
        for to in self.board.cells() {
            let most = self.most_rings_at(to, player).unwrap_or(0);
            moves.extend((1..=most).map(|count| Move::PlaceRing { to, count }));
        }
        if self.may_skip_placement(player) {
            moves.push(Move::SkipPlacement);
        }
        if self.may_swap_sides(player) {
            moves.push(Move::SwapSides);
        }
        or_only(moves, Move::NoPlacement)
    }

    fn may_skip_placement(&self, player: Seat) -> bool {
        let mut stacks = self.controlled(player).peekable();
        self.seat(player).hand > 0
            && if stacks.peek().is_none() {
                self.can_recover(player)
            } else {
                stacks.any(|stack| self.seems_able_to_act(stack.cell, &stack.rings))
            }
    }

    fn may_swap_sides(&self, player: Seat) -> bool {
        self.rules.swap_rule
            && self.players.len() == 2
            && player == 2
            && self.history.iter().any(|played| played.player == 1)
            && self.history.iter().all(|played| played.player != 2)
    }

    /// Captures of one stack; none if somebody else controls it.
    fn jumps_of_stack(&self, cell: super::board::Cell, player: Seat) -> Vec<Jump> {
        match self.stack_at(cell) {
            Some(stack) if stack.controller() == player => self.all_jumps(cell, &stack.rings),
            _ => Vec::new(),
        }
    }

    /// Source: RR-CANON-R090, RR-CANON-R101, RR-CANON-R110.
    fn movement_phase(&self, player: Seat) -> Vec<Move> {
        let mut moves = Vec::new();
        for stack in self.controlled(player) {
            let from = stack.cell;
            if self.must_move.is_some_and(|cell| cell != from) {
                continue;
            }
            let landings = self.all_landings(from, stack.rings.len()).into_iter();
            moves.extend(landings.map(|to| Move::Walk { from, to }));
            moves.extend(self.jumps_of_stack(from, player).into_iter().map(Move::Capture));
        }
        if self.can_recover(player) {
            moves.extend(self.recovery_moves(player));
        }
        or_only(moves, Move::NoMovement)
    }

    /// Captures with the stack that has just moved. Source: RR-CANON-R093.
    pub(super) fn capture_phase(&self, player: Seat) -> Vec<Move> {
        let mut moves = Vec::new();
        if let Some(Move::Walk { to, .. }) = self.history.last().map(|played| &played.mv) {
            moves.extend(self.jumps_of_stack(*to, player).into_iter().map(Move::Capture));
        }
        moves.push(Move::SkipCapture);
        moves
    }

    /// Source: RR-CANON-R103.
    pub(super) fn chain_phase(&self, player: Seat) -> Vec<Move> {
        let chain = self.chain.as_ref().expect("a chain in progress");
        let jumps = self.jumps_of_stack(chain.current, player).into_iter();
        jumps.map(Move::Continue).collect()
    }

    /// The line decisions, without the bookkeeping move. Source: RR-CANON-R121 to R123.
    pub(super) fn line_decisions(&self, player: Seat) -> Vec<Move> {
        if self.pending_line {
            let stacks = self.controlled(player);
            return stacks.map(|stack| Move::EliminateForLine(stack.cell)).collect();
        }
        let mut moves = Vec::new();
        for line in self.lines(player) {
            moves.push(Move::Line { line: line.clone() });
            moves.push(Move::LineOption { line: line.clone(), segment: line.clone() });
            if line.len() > self.line_length() {
                let segments = line.windows(self.line_length());
                moves
                    .extend(segments.map(|segment| Move::LineOption { line: line.clone(), segment: segment.to_vec() }));
            }
        }
        moves
    }

    fn line_phase(&self, player: Seat) -> Vec<Move> {
        or_only(self.line_decisions(player), Move::NoLine)
    }

    /// The territory decisions, without the bookkeeping move. Right after a claim, the payment
    /// for it is the only decision. Source: RR-CANON-R143, RR-CANON-R145.
    pub(super) fn territory_decisions(&self, player: Seat) -> Vec<Move> {
        if let Some(Move::Region(region)) = self.own_latest_moves(player).next() {
            let payers = self.territory_payers(player, region).into_iter();
            return if self.is_recovery_turn(player) {
                payers.map(Move::EliminateForRecovery).collect()
            } else {
                payers.map(Move::EliminateForTerritory).collect()
            };
        }
        let regions = self.claimable_regions(player).into_iter();
        let mut moves: Vec<Move> = regions.map(Move::Region).collect();
        if !moves.is_empty() {
            moves.push(Move::SkipTerritory);
        }
        moves
    }

    fn territory_phase(&self, player: Seat) -> Vec<Move> {
        or_only(self.territory_decisions(player), Move::NoTerritory)
    }

    /// A choice only for a player who really has no action; otherwise the first stack in
    /// container order is taken. Source: RR-CANON-R100, RR-CANON-R204.
    fn forced_elimination_phase(&self, player: Seat) -> Vec<Move> {
        let choices = if self.has_real_action(player) { 1 } else { usize::MAX };
        let stacks = self.controlled(player).take(choices);
        stacks.map(|stack| Move::ForcedElimination(stack.cell)).collect()
    }
}

/// The moves, or the bookkeeping move if there are none.
fn or_only(mut moves: Vec<Move>, bookkeeping: Move) -> Vec<Move> {
    if moves.is_empty() {
        moves.push(bookkeeping);
    }
    moves
}
