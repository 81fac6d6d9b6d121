//! The order of phases and turns, and the rounds of the last-player-standing rule.

use super::moves::Move;
use super::outcome::Ending;
use super::state::{Phase, Seat, State, Status};

impl State {
    /// Goes on to the next phase after a move. Source: RR-CANON-R070 to R075.
    pub(super) fn advance(&mut self, mv: &Move) {
        let player = self.player;
        match mv {
            // After the payment for a line, the phase is left by a move of its own, even when no
            // line remains.
            Move::SwapSides | Move::EliminateForLine(_) => {}
            Move::PlaceRing { .. } | Move::SkipPlacement | Move::NoPlacement => {
                self.phase = Phase::Movement;
            }
            Move::Walk { .. } => {
                // One move is always listed: not to capture.
                if self.capture_phase(player).len() > 1 {
                    self.phase = Phase::Capture;
                } else {
                    self.enter_line_processing();
                }
            }
            Move::Capture(_) | Move::Continue(_) => {
                if self.chain_phase(player).is_empty() {
                    self.enter_line_processing();
                } else {
                    self.phase = Phase::ChainCapture;
                }
            }
            Move::NoMovement
            | Move::SkipCapture
            | Move::RecoverLine { .. }
            | Move::RecoverSegment { .. }
            | Move::RecoverSlide { .. }
            | Move::RecoverStrike { .. }
            | Move::SkipRecovery => self.enter_line_processing(),
            Move::Line { .. } | Move::LineOption { .. } => {
                if self.line_decisions(player).is_empty() {
                    self.leave_line_processing();
                }
            }
            Move::NoLine => self.leave_line_processing(),
            Move::Region(_) | Move::EliminateForTerritory(_) | Move::EliminateForRecovery(_) => {
                if self.territory_decisions(player).is_empty() {
                    self.leave_territory_processing();
                }
            }
            Move::SkipTerritory | Move::NoTerritory => self.leave_territory_processing(),
            Move::ForcedElimination(_) => self.end_turn(),
        }
    }

    fn enter_line_processing(&mut self) {
        self.chain = None;
        self.must_move = None;
        self.phase = Phase::LineProcessing;
    }

    /// Whether the player has to eliminate a cap for having done nothing.
    /// Source: RR-CANON-R072, RR-CANON-R100.
    fn owes_forced_elimination(&self) -> bool {
        let mut moves = self.own_latest_moves(self.player);
        self.controls_a_stack(self.player) && !moves.any(Move::changes_the_board)
    }

    fn leave_line_processing(&mut self) {
        let no_territory = self.territory_decisions(self.player).is_empty();
        self.phase = if no_territory && self.owes_forced_elimination() {
            Phase::ForcedElimination
        } else {
            Phase::TerritoryProcessing
        };
    }

    fn leave_territory_processing(&mut self) {
        if self.owes_forced_elimination() {
            self.phase = Phase::ForcedElimination;
            return;
        }
        self.check_victory();
        if self.status == Status::Active {
            self.end_turn();
        }
    }

    /// Gives the turn to the next seat that has a ring anywhere. Source: RR-CANON-R201.
    fn end_turn(&mut self) {
        self.chain = None;
        self.must_move = None;
        self.phase = Phase::RingPlacement;
        self.turn += 1;
        let seats = self.players.len() as Seat;
        let others = (1..=seats).map(|step| (self.player - 1 + step) % seats + 1);
        let next = others.into_iter().find(|&seat| self.has_rings(seat));
        if let Some(next) = next {
            self.player = next;
            self.update_lps(next);
            self.check_lps_victory(next);
        }
    }

    /// Notes, at the start of a turn, whether its player has a real action.
    /// Source: RR-CANON-R172.
    fn update_lps(&mut self, player: Seat) {
        let in_play = |seat: Option<Seat>| seat.is_some_and(|seat| self.has_rings(seat));
        if !in_play(self.lps.first) {
            let keeps_count = in_play(self.lps.consecutive_player);
            if !keeps_count {
                self.lps.consecutive_player = None;
                self.lps.consecutive_rounds = 0;
            }
            self.lps.exclusive = None;
            self.start_lps_round(player);
        } else if self.lps.first == Some(player) && !self.lps.mask.is_empty() {
            let acted = |&seat: &Seat| self.lps.mask.get(&seat) == Some(&true);
            let actors: Vec<Seat> = self.seats().filter(|&seat| self.has_rings(seat)).filter(acted).collect();
            let exclusive = match actors[..] {
                [only] => Some(only),
                _ => None,
            };
            self.lps.consecutive_rounds = match exclusive {
                None => 0,
                Some(_) if exclusive == self.lps.consecutive_player => self.lps.consecutive_rounds + 1,
                Some(_) => 1,
            };
            self.lps.consecutive_player = exclusive;
            self.lps.exclusive = exclusive;
            self.start_lps_round(player);
        }
        let acts = self.has_real_action(player);
        self.lps.mask.insert(player, acts);
    }

    fn start_lps_round(&mut self, first: Seat) {
        self.lps.round += 1;
        self.lps.first = Some(first);
        self.lps.mask.clear();
    }

    fn check_lps_victory(&mut self, player: Seat) {
        if self.lps.consecutive_rounds >= self.lps.required
            && self.lps.consecutive_player == Some(player)
            && self.has_real_action(player)
            && self.seats().all(|seat| seat == player || !self.has_real_action(seat))
        {
            self.finish(player, Ending::LastPlayerStanding);
        }
    }
}
