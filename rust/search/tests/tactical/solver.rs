//! Exhaustive solver: what a seat can force within so many of its turns, on the real rules and with no evaluation.
//!
//! It shares nothing with the engines but the rules. Results are kept by whole position, compared field by field, so that no
//! two positions are ever taken for one.

use std::collections::HashMap;

use ringrift_rules::{Board, EndReason, Move, MoveList, Outcome, Phase, PlayerId, Position};

/// What is to be forced.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Goal {
    /// The seat wins, whatever all others do; by this rule, if one is named.
    Win(Option<EndReason>),
    /// One of the others wins, whatever the seat does; the others act as one side.
    Loss,
}

/// The node budget was spent before the answer was known.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Spent;

/// Answers one question about one seat; what it learnt serves the next call.
pub struct Solver<B: Board> {
    seat: PlayerId,
    goal: Goal,
    /// By position and turns left, of positions at which a turn begins.
    known: HashMap<(Position<B>, u32), bool>,
    /// The move that decided last, by side, turns left and phase. Decides the order only.
    decisive: HashMap<(bool, u32, Phase), Move>,
    nodes: u64,
    nodes_max: u64,
}

impl<B: Board> Solver<B> {
    pub fn new(seat: PlayerId, goal: Goal, nodes_max: u64) -> Self {
        Self { seat, goal, known: HashMap::new(), decisive: HashMap::new(), nodes: 0, nodes_max }
    }

    /// Positions made so far.
    pub fn nodes(&self) -> u64 {
        self.nodes
    }

    /// Of every legal move, whether the goal is forced after it before the seat begins its turn number `turns + 1`; the turn in
    /// progress is number 1.
    pub fn judge_moves(&mut self, position: &Position<B>, turns: u32) -> Result<Vec<(Move, bool)>, Spent> {
        legal(position).into_iter().map(|mv| Ok((mv, self.holds_after(position, mv, turns)?))).collect()
    }

    /// The same for one move.
    pub fn holds_after(&mut self, position: &Position<B>, mv: Move, turns: u32) -> Result<bool, Spent> {
        debug_assert_eq!(position.to_move(), self.seat);
        self.after(position, mv, turns - 1)
    }

    fn is_reached(&self, outcome: Outcome) -> bool {
        match self.goal {
            Goal::Win(reason) => outcome.winner == self.seat && reason.is_none_or(|reason| reason == outcome.reason),
            Goal::Loss => outcome.winner != self.seat,
        }
    }

    /// Whether the goal is forced after a move; `left` is the number of turns that the seat may still begin.
    fn after(&mut self, position: &Position<B>, mv: Move, left: u32) -> Result<bool, Spent> {
        if self.nodes == self.nodes_max {
            return Err(Spent);
        }
        self.nodes += 1;
        let mut child = *position;
        child.make_unlisted_move(mv);
        if let Some(outcome) = child.outcome() {
            return Ok(self.is_reached(outcome));
        }
        let has_begun = child.turn() != position.turn();
        if !(has_begun && child.to_move() == self.seat) {
            return self.holds(&child, left, has_begun);
        }
        match left.checked_sub(1) {
            Some(left) => self.holds(&child, left, has_begun),
            None => Ok(false),
        }
    }

    fn holds(&mut self, position: &Position<B>, left: u32, has_begun: bool) -> Result<bool, Spent> {
        if has_begun && let Some(&known) = self.known.get(&(*position, left)) {
            return Ok(known);
        }
        let is_seat = position.to_move() == self.seat;
        // Who wants the goal needs one move that forces it; the other side needs one that does not.
        let wanted = is_seat == matches!(self.goal, Goal::Win(_));
        let mut moves = legal(position);
        let slot = (is_seat, left, position.phase());
        if let Some(last) = self.decisive.get(&slot)
            && let Some(index) = moves.iter().position(|mv| mv == last)
        {
            moves[..=index].rotate_right(1);
        }
        let mut value = !wanted;
        for &mv in &moves {
            if self.after(position, mv, left)? == wanted {
                value = wanted;
                if moves.len() > 1 {
                    self.decisive.insert(slot, mv);
                }
                break;
            }
        }
        if has_begun {
            self.known.insert((*position, left), value);
        }
        Ok(value)
    }
}

/// Legal moves.
pub fn legal<B: Board>(position: &Position<B>) -> MoveList {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    moves
}
