//! Applies one legal move to a position. Phases and turns are advanced in `turn.rs`.

use crate::{
    bits::CellSet,
    board::Board,
    cell::Cell,
    moves::{EliminationContext, LineSpan, LineWindow, Move, MoveList, RecoveryMode, RegionBorder, RegionId},
    player::PlayerId,
    position::Position,
};

/// A move that is not legal in the position it was offered to.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "illegal move {text} for player {player} in {phase}\nhint: {}",
    if *.legal == 0 { "the game is over".to_string() } else { format!("{} moves are legal here", .legal) }
)]
pub struct IllegalMove {
    /// The move as text.
    pub text: String,
    /// Player to move.
    pub player: PlayerId,
    /// Current phase.
    pub phase: crate::Phase,
    /// Number of legal moves.
    pub legal: usize,
}

impl<B: Board> Position<B> {
    /// Makes a move after checking that it is legal.
    ///
    /// # Errors
    /// [`IllegalMove`]; the position is unchanged then.
    pub fn play(&mut self, mv: Move) -> Result<(), IllegalMove> {
        let mut list = MoveList::new();
        self.legal_moves(&mut list);
        if list.contains(&mv) {
            self.make_move(mv);
            Ok(())
        } else {
            Err(IllegalMove { text: format!("{mv:?}"), player: self.to_move, phase: self.phase, legal: list.len() })
        }
    }

    /// Makes a move that is known to be legal, in place.
    ///
    /// # Panics
    /// May panic, or leave a position that no game reaches, if the move is not among [`Position::legal_moves`].
    pub fn make_move(&mut self, mv: Move) {
        debug_assert!(self.is_legal(mv), "{mv:?} is not legal in {:?}", self.phase);
        self.make_unlisted_move(mv);
    }

    /// Makes a move that may not be among [`Position::legal_moves`], as hosts do that check nothing: for fixtures made
    /// by them, never for play. Its cells hold what a move of its kind needs.
    ///
    /// # Panics
    /// May panic if they do not.
    pub fn make_unlisted_move(&mut self, mv: Move) {
        let player = self.to_move;
        match mv {
            Move::PlaceRing { to, count } => self.place_rings(player, to, count),
            Move::MoveStack { from, to } => self.move_stack(player, from, to),
            Move::OvertakingCapture { from, over, to } => {
                self.chain = None;
                self.capture(player, from, over, to);
            }
            Move::ContinueCaptureSegment { from, over, to } => self.capture(player, from, over, to),
            Move::RecoverySlide { from, to, mode } => self.recover(player, from, to, mode),
            Move::ProcessLine { line } => self.collapse_line(player, line, LineWindow::ALL),
            Move::ChooseLineOption { line, window } => self.collapse_line(player, line, window),
            Move::EliminateRingsFromStack { from, context } => self.pay(player, from, context),
            Move::ChooseTerritoryOption { region } => self.take_region(player, self.region_cells(region)),
            Move::ForcedElimination { from } => self.eliminate_cap(player, from),
            Move::SkipPlacement
            | Move::NoPlacementAction
            | Move::SwapSides
            | Move::SkipCapture
            | Move::NoMovementAction
            | Move::SkipRecovery
            | Move::NoLineAction
            | Move::SkipTerritoryProcessing
            | Move::NoTerritoryAction => {}
        }
        self.finish_move(player, mv);
        debug_assert_eq!(self.key(), self.key_from_scratch());
    }

    /// Collapses any set of cells as if it were a disconnected region: the companion of
    /// [`Position::make_unlisted_move`] for regions that are none.
    pub fn make_unlisted_region(&mut self, cells: B::Cells) {
        let player = self.to_move;
        let Some(start) = cells.first() else { return };
        self.take_region(player, cells);
        let region = RegionId { start, border: RegionBorder::None };
        self.finish_move(player, Move::ChooseTerritoryOption { region });
    }

    /// Notes a move whose effects are on the board, and moves on to the next phase.
    #[inline]
    fn finish_move(&mut self, player: PlayerId, mv: Move) {
        self.history.record(player, mv.kind(), mv.landing());
        self.note_eliminated_players();
        self.advance(mv);
    }

    /// Source: RR-CANON-R081, rules.md section 5.
    fn place_rings(&mut self, player: PlayerId, to: Cell, count: u8) {
        if self.stack_cells.contains(to) {
            self.update_stack(to, |rings, stack| Some(rings.push_top(stack, player)));
        } else {
            let mut stack = self.rings.create(player);
            for _ in 1..count {
                stack = self.rings.push_top(stack, player);
            }
            self.put_stack(to, stack);
        }
        self.hand[player] -= u16::from(count);
        self.rings_on_board[player] += u16::from(count);
        self.must_move = Some(to);
    }

    /// Source: RR-CANON-R091, R092; rules.md section 6.
    fn move_stack(&mut self, player: PlayerId, from: Cell, to: Cell) {
        let stack = self.take_stack(from);
        self.put_marker(from, player);
        let collapsed = self.pass_over(player, from, to);
        self.land(player, to, stack);
        self.territory[player] += collapsed;
        self.follow_must_move(from, to);
    }

    /// Source: RR-CANON-R102, R103; rules.md section 7.
    fn capture(&mut self, player: PlayerId, from: Cell, over: Cell, to: Cell) {
        let attacker = self.take_stack(from);
        self.put_marker(from, player);
        let collapsed = self.pass_over(player, from, over) + self.pass_over(player, over, to);
        let mut captured = player;
        self.update_stack(over, |rings, stack| {
            let (rest, ring) = rings.pop_top(stack);
            captured = ring;
            rest
        });
        let attacker = self.rings.push_bottom(attacker, captured);
        self.land(player, to, attacker);
        self.territory[player] += collapsed;
        self.follow_must_move(from, to);
        let extended = self.extend_chain(player, from, to);
        debug_assert!(extended, "a capture runs along a straight line and takes a ring");
    }

    /// Passes over the markers strictly between two cells; returns how many cells collapsed.
    #[inline]
    fn pass_over(&mut self, player: PlayerId, from: Cell, to: Cell) -> u16 {
        if self.marker_cells.is_empty() {
            return 0;
        }
        let Some((axis, forward, distance)) = Self::straight(from, to) else {
            return 0;
        };
        let step = if forward { B::AXIS_STEPS[axis] } else { -B::AXIS_STEPS[axis] };
        let mut collapsed = 0;
        for i in 1..distance {
            let cell = from.offset(step, i);
            if self.marker_cells.contains(cell) && self.pass_over_marker(cell, player) {
                collapsed += 1;
            }
        }
        collapsed
    }

    /// Puts a travelling stack down; a marker under it is removed and costs the top ring.
    #[inline]
    fn land(&mut self, player: PlayerId, to: Cell, stack: crate::Stack) {
        let mut landed = Some(stack);
        if self.marker_cells.contains(to) {
            self.take_marker(to);
            let (rest, ring) = self.rings.pop_top(stack);
            self.rings_on_board[ring] -= 1;
            self.credit(player, 1);
            landed = rest;
        }
        if let Some(stack) = landed {
            self.put_stack(to, stack);
        }
    }

    #[inline]
    fn follow_must_move(&mut self, from: Cell, to: Cell) {
        if self.must_move == Some(from) {
            self.must_move = Some(to);
        }
    }

    /// Source: RR-CANON-R110..R115, rules.md section 8.
    fn recover(&mut self, player: PlayerId, from: Cell, to: Cell, mode: RecoveryMode) {
        match mode {
            RecoveryMode::Fallback => {
                let payer = self.recovery_payer(player);
                self.take_marker(from);
                self.put_marker(to, player);
                self.pay_recovery(player, payer);
            }
            RecoveryMode::StackStrike => {
                let payer = self.recovery_payer(player);
                self.take_marker(from);
                self.eliminate_top(player, to);
                self.pay_recovery(player, payer);
            }
            RecoveryMode::LineAll => {
                let Some(line) = self.recovery_line(player, from, to) else {
                    return;
                };
                self.take_marker(from);
                self.put_marker(to, player);
                self.collapse_markers(player, line, 0, line.len());
                self.pay_recovery(player, self.recovery_payer(player));
            }
            RecoveryMode::LineSegment => {
                let Some(line) = self.recovery_line(player, from, to) else {
                    return;
                };
                // The segment is always the first cells of the run. When it misses the cell slid to, recorded games
                // show that nothing happens at all (rules.md section 8, trap).
                let length = self.line_length();
                let step = B::AXIS_STEPS[line.axis()];
                if (0..length).any(|i| line.first.offset(step, i) == to) {
                    self.take_marker(from);
                    self.put_marker(to, player);
                    self.collapse_markers(player, line, 0, length);
                }
            }
        }
    }

    /// Extracts the player's lowest ring of the paying stack.
    fn pay_recovery(&mut self, player: PlayerId, payer: Option<Cell>) {
        if let Some(cell) = payer {
            self.extract_lowest(player, cell);
        }
    }

    fn extract_lowest(&mut self, player: PlayerId, cell: Cell) {
        let Some(stack) = self.stack(cell) else {
            return;
        };
        let Some(depth) = self.rings.lowest(stack, player) else {
            return;
        };
        self.update_stack(cell, |rings, stack| rings.remove_at(stack, depth));
        self.rings_on_board[player] -= 1;
        self.credit(player, 1);
    }

    /// Collapses `count` markers of a line from `start` on.
    fn collapse_markers(&mut self, player: PlayerId, line: LineSpan, start: u32, count: u32) {
        let step = B::AXIS_STEPS[line.axis()];
        for i in start..start + count {
            let cell = line.first.offset(step, i);
            self.take_marker(cell);
            self.collapse(cell, player);
        }
        self.territory[player] += count as u16;
    }

    /// Source: RR-CANON-R121..R123, rules.md section 9.1.
    fn collapse_line(&mut self, player: PlayerId, line: LineSpan, window: LineWindow) {
        match window.start() {
            Some(start) => self.collapse_markers(player, line, start, self.line_length()),
            None => {
                self.collapse_markers(player, line, 0, line.len());
                self.pending_line_elimination = self.stacks_controlled[player] > 0;
            }
        }
    }

    fn pay(&mut self, player: PlayerId, from: Cell, context: EliminationContext) {
        match context {
            EliminationContext::Line => {
                self.eliminate_top(player, from);
                self.pending_line_elimination = false;
            }
            EliminationContext::Territory => self.eliminate_cap(player, from),
            EliminationContext::Recovery => self.extract_lowest(player, from),
        }
    }

    /// Eliminates the top ring of a stack for `player`'s credit.
    fn eliminate_top(&mut self, player: PlayerId, cell: Cell) {
        let mut owner = player;
        self.update_stack(cell, |rings, stack| {
            let (rest, ring) = rings.pop_top(stack);
            owner = ring;
            rest
        });
        self.rings_on_board[owner] -= 1;
        self.credit(player, 1);
    }

    /// Eliminates the whole cap of a stack for `player`'s credit.
    fn eliminate_cap(&mut self, player: PlayerId, cell: Cell) {
        let stack = self.stack_at(cell);
        self.update_stack(cell, |rings, stack| {
            let mut rest = Some(stack);
            for _ in 0..stack.cap_height() {
                rest = rest.and_then(|stack| rings.pop_top(stack).0);
            }
            rest
        });
        self.rings_on_board[stack.owner()] -= stack.cap_height() as u16;
        self.credit(player, stack.cap_height() as u16);
    }

    /// Source: RR-CANON-R144, R145; rules.md section 9.3.
    fn take_region(&mut self, player: PlayerId, cells: B::Cells) {
        let border = self.border_markers(cells);
        for cell in (self.stack_cells & cells).iter() {
            let stack = self.take_stack(cell);
            let mut lost = crate::ByPlayer::<u16>::default();
            self.rings.clear(stack, |owner| lost[owner] += 1);
            for owner in self.players.seats() {
                self.rings_on_board[owner] -= lost[owner];
            }
            self.credit(player, stack.height() as u16);
        }
        let claimed = cells | border;
        for cell in (self.marker_cells & claimed).iter() {
            self.take_marker(cell);
        }
        for cell in claimed.iter() {
            self.collapse(cell, player);
        }
        self.territory[player] += claimed.count() as u16;
    }
}
