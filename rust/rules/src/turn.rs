//! The only code that advances phase and turn. Source: rules.md sections 4 and 11.

use crate::{board::Board, moves::Move, outcome::EndReason, phase::Phase, player::PlayerId, position::Position};

impl<B: Board> Position<B> {
    /// Moves on to the next phase after `mv`, which has been applied and noted in the history marks.
    pub(crate) fn advance(&mut self, mv: Move) {
        let player = self.to_move;
        match mv {
            Move::SwapSides => {}
            Move::PlaceRing { .. } | Move::SkipPlacement | Move::NoPlacementAction => {
                self.phase = Phase::Movement;
            }
            Move::MoveStack { to, .. } => {
                self.chain = None;
                if self.can_capture_at(to, player) {
                    self.phase = Phase::Capture;
                } else {
                    self.enter_line_processing();
                }
            }
            Move::OvertakingCapture { to, .. } | Move::ContinueCaptureSegment { to, .. } => {
                if self.can_capture_at(to, player) {
                    self.phase = Phase::ChainCapture;
                } else {
                    self.enter_line_processing();
                }
            }
            Move::SkipCapture | Move::NoMovementAction | Move::RecoverySlide { .. } | Move::SkipRecovery => {
                self.enter_line_processing();
            }
            Move::ProcessLine { .. } | Move::ChooseLineOption { .. } => {
                if !self.pending_line_elimination && !self.has_line(player) {
                    self.leave_line_processing(player);
                }
            }
            Move::EliminateRingsFromStack { .. } if self.phase == Phase::LineProcessing => {}
            Move::NoLineAction => self.leave_line_processing(player),
            Move::ChooseTerritoryOption { .. } | Move::EliminateRingsFromStack { .. } => {
                if !self.has_territory_decision(player) {
                    self.leave_territory_processing(player);
                }
            }
            Move::SkipTerritoryProcessing | Move::NoTerritoryAction => {
                self.leave_territory_processing(player);
            }
            Move::ForcedElimination { .. } => self.end_turn(),
        }
        let before = (self.phase, self.to_move);
        self.check_victory();
        // A recovery slide has the persisted hash computed afresh; other moves update it before the check.
        if self.outcome.is_some() && !matches!(mv, Move::RecoverySlide { .. }) {
            self.before_end = Some(before);
        }
    }

    fn enter_line_processing(&mut self) {
        self.chain = None;
        self.must_move = None;
        self.phase = Phase::LineProcessing;
    }

    fn leave_line_processing(&mut self, player: PlayerId) {
        self.phase = if self.must_eliminate(player) && !self.has_territory_decision(player) {
            Phase::ForcedElimination
        } else {
            Phase::TerritoryProcessing
        };
    }

    fn leave_territory_processing(&mut self, player: PlayerId) {
        if self.must_eliminate(player) {
            self.phase = Phase::ForcedElimination;
            return;
        }
        self.check_victory();
        if self.outcome.is_none() {
            self.end_turn();
        }
    }

    /// Whether the player controls a stack and changed nothing this turn. The scan covers the unbroken run of the
    /// player's moves, which spans turns when nobody else takes part any more.
    fn must_eliminate(&self, player: PlayerId) -> bool {
        !self.history.run_of(player, self.history.run_changed) && self.stacks_controlled[player] > 0
    }

    fn has_territory_decision(&self, player: PlayerId) -> bool {
        if self.region_payment_is_due(player) {
            use crate::bits::CellSet as _;
            !self.region_payers(player).is_empty()
        } else {
            self.has_region(player)
        }
    }

    /// Hands the turn to the next player with any ring, and updates last-player-standing tracking.
    fn end_turn(&mut self) {
        self.chain = None;
        self.must_move = None;
        let seats = self.players.get();
        let next = (1..=seats)
            .map(|i| PlayerId::ALL[(self.to_move.index() + i) % seats])
            .find(|&player| self.has_any_ring(player));
        if let Some(player) = next {
            self.to_move = player;
        }
        self.phase = Phase::RingPlacement;
        self.turn += 1;
        if next.is_some() {
            self.track_lps_round();
            self.check_lps_victory();
        }
    }

    /// Source: RR-CANON-R172, rules.md section 11.
    fn track_lps_round(&mut self) {
        let player = self.to_move;
        let has_rings = |seat: Option<PlayerId>| seat.is_some_and(|seat| self.has_any_ring(seat));
        let mut lps = self.lps;
        if !has_rings(lps.first) {
            lps.round += 1;
            lps.first = Some(player);
            (lps.noted, lps.able) = (0, 0);
            lps.exclusive = None;
            if !has_rings(lps.streak_player) {
                lps.streak_player = None;
                lps.streak_rounds = 0;
            }
        } else if lps.first == Some(player) && lps.noted != 0 {
            let mut able =
                self.players.seats().filter(|&seat| lps.able >> seat.index() & 1 != 0 && self.has_any_ring(seat));
            lps.exclusive = match (able.next(), able.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            };
            if lps.exclusive.is_some() && lps.exclusive == lps.streak_player {
                lps.streak_rounds += 1;
            } else {
                lps.streak_player = lps.exclusive;
                lps.streak_rounds = u32::from(lps.exclusive.is_some());
            }
            lps.round += 1;
            (lps.noted, lps.able) = (0, 0);
        }
        lps.noted |= 1 << player.index();
        lps.able &= !(1 << player.index());
        lps.able |= u8::from(self.has_real_action(player)) << player.index();
        self.lps = lps;
    }

    fn check_lps_victory(&mut self) {
        let player = self.to_move;
        if self.lps.streak_rounds >= u32::from(self.rules.lps_rounds)
            && self.lps.streak_player == Some(player)
            && self.has_real_action(player)
            && !self
                .players
                .seats()
                .any(|other| other != player && self.has_any_ring(other) && self.has_real_action(other))
        {
            self.end(player, EndReason::LastPlayerStanding);
        }
    }

    /// Notes players who have just lost their last ring. Source: RR-CANON-R175.
    #[inline]
    pub(crate) fn note_eliminated_players(&mut self) {
        for &player in &PlayerId::ALL[..self.players.get()] {
            if self.eliminated_in_turn[player] == 0 && !self.has_any_ring(player) {
                self.eliminated_in_turn[player] = self.turn;
            }
        }
    }
}
