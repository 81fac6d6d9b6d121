//! The recursion: value of a position within a window.
//!
//! A node is a position with a choice. Values are hundredths of a point for the side to move, and the side is read from the
//! position: a turn is several plies of one seat, after which the sign stays.

use ringrift_eval::{Evaluator, relative_centi};
use ringrift_rules::{Board, Move, MoveList, Phase, PlayerId, Position};

use super::order::{Gains, History, is_reducible, kind_bonus};
use super::table::{Bound, Entry, Table};
use super::{AlphaBetaOptions, Opponents};
use crate::limits::Meter;

/// Value of a win at the root; wins in `n` plies are worth `n` less.
pub(crate) const WON: i32 = 10_000_000;

/// Values beyond this are wins and losses within the search.
pub(crate) const DECIDED: i32 = 9_500_000;

/// Greater than every value.
pub(crate) const INFINITY: i32 = 20_000_000;

/// Most nodes on a path; deeper ones are evaluated as they stand.
pub(crate) const PLY_MAX: usize = 200;

/// Who may reply in the round since the root seat last moved (best-reply search).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reply {
    /// Nobody has replied yet.
    Free,
    /// This seat replies, the others play what looks best at once.
    By(PlayerId),
}

/// Per ply: lists that are filled again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    moves: MoveList,
    /// Score and index of the moves still to search.
    order: Vec<(i32, u16)>,
    /// Expected moves from the node on, forced ones included.
    pub pv: Vec<Move>,
    killers: [Option<Move>; 2],
}

impl Frame {
    /// Forgets what earlier searches left behind.
    pub fn forget(&mut self) {
        self.killers = [None; 2];
    }
}

/// One thread's search.
pub(crate) struct Worker<'s, B: Board, E> {
    pub evaluator: &'s mut E,
    pub options: &'s AlphaBetaOptions,
    pub table: &'s Table,
    pub frames: &'s mut Vec<Frame>,
    pub history: &'s mut History,
    pub gains: &'s mut Gains,
    pub meter: Meter,
    pub evaluations: u64,
    /// The seat whose side is the first one; all other seats are the second.
    pub root: PlayerId,
    pub root_plies: u32,
    /// What it is worth to begin a turn, in hundredths.
    pub tempo: i32,
    /// Margins in hundredths: see [`super::Margins`].
    pub reverse_futility: [i32; 2],
    pub futility: i32,
    /// Crossed into the keys of positions whose values hold for this root seat only.
    pub salt: u64,
    pub board: std::marker::PhantomData<B>,
}

impl<B: Board, E: Evaluator<B>> Worker<'_, B, E> {
    /// 0 for the root seat, 1 for everybody else.
    #[inline]
    pub fn side(&self, seat: PlayerId) -> usize {
        usize::from(seat != self.root)
    }

    /// Whether the search has to end; values that come back then mean nothing.
    #[inline]
    pub const fn is_over(&self) -> bool {
        self.meter.ended().is_some()
    }

    /// Value of a finished game for a side.
    #[inline]
    fn result(&self, position: &Position<B>, winner: PlayerId, side: usize) -> i32 {
        let value = WON - (position.plies() - self.root_plies) as i32;
        if self.side(winner) == side { value } else { -value }
    }

    /// Static value for a side.
    #[inline]
    pub fn evaluate(&mut self, position: &Position<B>, side: usize) -> i32 {
        let scores = self.evaluator.scores(position);
        self.evaluations += position.players().get() as u64;
        let mut value = relative_centi(&scores, position.players(), self.root);
        if position.phase() == Phase::RingPlacement {
            value += if self.side(position.to_move()) == 0 { self.tempo } else { -self.tempo };
        }
        if side == 0 { value } else { -value }
    }

    /// Static value of a position, or its result, for a side.
    #[inline]
    pub fn value_now(&mut self, position: &Position<B>, side: usize) -> i32 {
        match position.outcome() {
            Some(outcome) => self.result(position, outcome.winner, side),
            None => self.evaluate(position, side),
        }
    }

    /// Makes a move on a copy, and values what follows for `side`, whose turn it was. Counts one node.
    pub fn child(
        &mut self,
        position: &Position<B>,
        mv: Move,
        side: usize,
        (depth, ply, reply): (i32, usize, Reply),
        (alpha, beta): (i32, i32),
    ) -> i32 {
        self.frames[ply].pv.clear();
        if !self.meter.take() {
            return 0;
        }
        let mut child = *position;
        child.make_move(mv);
        if let Some(outcome) = child.outcome() {
            return self.result(&child, outcome.winner, side);
        }
        if self.side(child.to_move()) == side {
            self.node(&mut child, (depth, ply, reply), (alpha, beta))
        } else {
            -self.node(&mut child, (depth, ply, reply), (-beta, -alpha))
        }
    }

    /// Value of an unfinished position for the side to move.
    fn node(
        &mut self,
        position: &mut Position<B>,
        (depth, ply, mut reply): (i32, usize, Reply),
        (alpha, beta): (i32, i32),
    ) -> i32 {
        let side = self.side(position.to_move());
        if depth <= 0 && !self.options.quiescence || ply + 1 >= PLY_MAX {
            return self.evaluate(position, side);
        }
        // Moves without a choice cost no depth. They may hand the turn over.
        let mut mover = side;
        loop {
            if depth <= 0 && position.phase() == Phase::RingPlacement {
                return self.evaluate(position, side);
            }
            if mover == 0 {
                reply = Reply::Free;
            }
            position.legal_moves(&mut self.frames[ply].moves);
            let only = match self.frames[ply].moves[..] {
                [only] => Some(only),
                _ if mover == 0 => None,
                _ => {
                    if reply == Reply::Free && self.is_best_reply() && self.is_last_before_root(position) {
                        reply = Reply::By(position.to_move());
                    }
                    match reply {
                        Reply::By(seat) if self.is_best_reply() && seat != position.to_move() => {
                            self.pick_at_once(position, ply)
                        }
                        _ => None,
                    }
                }
            };
            let Some(only) = only else { break };
            if !self.meter.take() {
                return 0;
            }
            self.frames[ply].pv.push(only);
            position.make_move(only);
            if let Some(outcome) = position.outcome() {
                return self.result(position, outcome.winner, side);
            }
            mover = self.side(position.to_move());
        }
        if mover == side {
            self.decide(position, (depth, ply, reply), (alpha, beta))
        } else {
            -self.decide(position, (depth, ply, reply), (-beta, -alpha))
        }
    }

    fn is_best_reply(&self) -> bool {
        self.options.opponents == Opponents::BestReply
    }

    /// Whether no other opponent with a ring moves before the root seat does.
    fn is_last_before_root(&self, position: &Position<B>) -> bool {
        let seats = position.players().get();
        let mut seat = position.to_move();
        loop {
            seat = PlayerId::ALL[(seat.index() + 1) % seats];
            if seat == self.root {
                return true;
            }
            if position.has_any_ring(seat) {
                return false;
            }
        }
    }

    /// The move of the frame's list after which the mover's own relative score is best; none if the search ends.
    fn pick_at_once(&mut self, position: &Position<B>, ply: usize) -> Option<Move> {
        let (players, seat) = (position.players(), position.to_move());
        let mut best = None;
        for i in 0..self.frames[ply].moves.len() {
            let mv = self.frames[ply].moves[i];
            if !self.meter.take() {
                return Some(mv);
            }
            let mut child = *position;
            child.make_move(mv);
            let value = match child.outcome() {
                Some(outcome) if outcome.winner == seat => WON,
                Some(_) => -WON,
                None => {
                    self.evaluations += players.get() as u64;
                    relative_centi(&self.evaluator.scores(&child), players, seat)
                }
            };
            if best.is_none_or(|(most, _)| value > most) {
                best = Some((value, mv));
            }
        }
        best.map(|(_, mv)| mv)
    }

    fn key(&self, position: &Position<B>, reply: Reply) -> u64 {
        let mut key = position.key() ^ self.salt;
        if let Reply::By(seat) = reply
            && self.is_best_reply()
        {
            key ^= 0xa24b_aed4_963e_e407_u64.wrapping_mul(seat.index() as u64 + 1);
        }
        if needs_order(position) { key ^ position.order_key().rotate_left(17) } else { key }
    }

    /// Value of a position with a choice, whose moves are in the frame.
    fn decide(
        &mut self,
        position: &Position<B>,
        (depth, ply, reply): (i32, usize, Reply),
        (mut alpha, beta): (i32, i32),
    ) -> i32 {
        let side = self.side(position.to_move());
        let is_pv = beta - alpha > 1;
        let plies = (position.plies() - self.root_plies) as i32;
        let key = self.key(position, reply);
        let mut first = None;
        if let Some(entry) = self.table.probe(key) {
            first = entry.best.filter(|&best| usize::from(best) < self.frames[ply].moves.len());
            let value = from_table(entry.value, plies);
            let cuts = match entry.bound {
                Bound::Exact => true,
                Bound::Lower => value >= beta,
                Bound::Upper => value <= alpha,
            };
            // Positions can be reached after different numbers of decisions: what was searched deeper serves, too, but is not what
            // plain minimax finds.
            let searched = i32::from(entry.depth);
            let serves = if self.options.reductions { searched >= depth } else { searched == depth.max(0) };
            if cuts && !is_pv && serves {
                return value;
            }
        }
        let phase = position.phase();
        if self.options.reductions
            && !is_pv
            && phase == Phase::RingPlacement
            && (1..=self.reverse_futility.len() as i32).contains(&depth)
            && beta.abs() < DECIDED
        {
            let value = self.evaluate(position, side);
            if value - self.reverse_futility[depth as usize - 1] >= beta {
                return value;
            }
        }
        let forced = self.frames[ply].pv.len();
        let moves = std::mem::take(&mut self.frames[ply].moves);
        let mut order = std::mem::take(&mut self.frames[ply].order);
        let (mut best, mut best_move, floor) = (-INFINITY, None, alpha);
        let mut count = 0;
        let mut child_reply = reply;
        if self.is_best_reply() && side == 1 && reply == Reply::Free {
            // The seat may leave the reply to one of the next, and play what looks best at once.
            self.frames[ply].moves.clone_from(&moves);
            if let Some(mv) = self.pick_at_once(position, ply) {
                best = self.child(position, mv, side, (depth, ply + 1, reply), (alpha, beta));
                if best > alpha && !self.is_over() {
                    alpha = best;
                    self.keep_pv(ply, forced, mv);
                }
                count = 1;
            }
            child_reply = Reply::By(position.to_move());
        }
        let reply = child_reply;
        let (mut is_ordered, mut promising, mut next) = (false, 0, 0);
        loop {
            if self.is_over() || best >= beta {
                break;
            }
            let (score, index) = if let Some(index) = first.take() {
                (INFINITY, index)
            } else {
                if !is_ordered {
                    is_ordered = true;
                    promising = self.order_moves(position, side, &moves, &mut order, best_move, (depth, ply));
                }
                if next >= promising && best > -DECIDED {
                    break;
                }
                let Some(&entry) = order.get(next) else { break };
                next += 1;
                entry
            };
            let mv = moves[usize::from(index)];
            let (less, is_quiet) = if self.options.reductions && count > 0 && is_reducible(mv.kind()) {
                if depth == 1
                    && phase == Phase::RingPlacement
                    && self.options.quiescence
                    && best > -DECIDED
                    && score < INFINITY
                    && score + self.futility <= alpha
                {
                    // Ordered by static values: none of the rest will do.
                    best = best.max(score + self.futility);
                    break;
                }
                (reduction(depth, count), true)
            } else {
                (0, false)
            };
            let depth = depth - 1;
            let value = if count == 0 {
                self.child(position, mv, side, (depth, ply + 1, reply), (alpha, beta))
            } else {
                let null = (alpha, alpha + 1);
                let mut value = self.child(position, mv, side, (depth - less, ply + 1, reply), null);
                if value > alpha && less > 0 {
                    value = self.child(position, mv, side, (depth, ply + 1, reply), null);
                }
                if value > alpha && value < beta {
                    value = self.child(position, mv, side, (depth, ply + 1, reply), (alpha, beta));
                }
                value
            };
            if self.is_over() {
                break;
            }
            count += 1;
            if value > best {
                best = value;
                best_move = Some(index);
                if value > alpha {
                    alpha = value;
                    self.keep_pv(ply, forced, mv);
                    if value >= beta {
                        self.note_refutation(side, &moves, mv, (depth, ply), is_quiet || count == 1, &order[..next]);
                        break;
                    }
                }
            }
        }
        self.frames[ply].moves = moves;
        self.frames[ply].order = order;
        if !self.is_over() {
            let bound = match best {
                _ if best >= beta => Bound::Lower,
                _ if best > floor => Bound::Exact,
                _ => Bound::Upper,
            };
            let depth = depth.max(0) as u8;
            self.table.store(key, Entry { value: to_table(best, plies), depth, bound, best: best_move });
        }
        best
    }

    /// Scores the moves but the one at `done`, and sorts them: best first, equal ones as generated. Returns how many of them
    /// are promising; the rest need not be searched.
    fn order_moves(
        &mut self,
        position: &Position<B>,
        side: usize,
        moves: &[Move],
        order: &mut Vec<(i32, u16)>,
        done: Option<u16>,
        (depth, ply): (i32, usize),
    ) -> usize {
        order.clear();
        let looks = match position.phase() {
            Phase::RingPlacement => depth >= 1 && self.options.quiescence || depth >= 2,
            Phase::Movement => depth >= 2,
            _ => false,
        };
        let best_first = |&(score, index): &(i32, u16)| (std::cmp::Reverse(score), index);
        let killers = self.frames[ply].killers;
        let indices = (0..moves.len() as u16).filter(|&index| done != Some(index));
        if !looks {
            order.extend(indices.map(|index| {
                let mv = moves[usize::from(index)];
                let score = if killers.contains(&Some(mv)) {
                    50_000
                } else {
                    kind_bonus(mv.kind()) + self.history.score(side, mv)
                };
                (score, index)
            }));
            order.sort_unstable_by_key(best_first);
            return order.len();
        }
        order.extend(indices.map(|index| (self.gains.score(side, moves[usize::from(index)]), index)));
        let mut promising = order.len();
        let is_placing = position.phase() == Phase::RingPlacement;
        let most = self.options.margins.promising;
        if is_placing && self.options.reductions && promising > most && self.gains.is_known[side] {
            order.select_nth_unstable_by_key(most, best_first);
            promising = most;
        }
        let mut sum = 0;
        for entry in &mut order[..promising] {
            if !self.meter.take() {
                return 0;
            }
            let mut child = *position;
            child.make_move(moves[usize::from(entry.1)]);
            entry.0 = self.value_now(&child, side);
            sum += i64::from(entry.0);
        }
        if is_placing {
            let mean = (sum / promising.max(1) as i64) as i32;
            for &(value, index) in &order[..promising] {
                self.gains.note(side, moves[usize::from(index)], value - mean);
            }
            self.gains.is_known[side] |= promising == order.len();
        }
        order[..promising].sort_unstable_by_key(best_first);
        promising
    }

    /// The move raised alpha: what follows it in the child's frame follows it here.
    fn keep_pv(&mut self, ply: usize, forced: usize, mv: Move) {
        let (upper, lower) = self.frames.split_at_mut(ply + 1);
        let pv = &mut upper[ply].pv;
        pv.truncate(forced);
        pv.push(mv);
        pv.extend_from_slice(&lower[0].pv);
    }

    fn note_refutation(
        &mut self,
        side: usize,
        moves: &[Move],
        mv: Move,
        (depth, ply): (i32, usize),
        is_quiet: bool,
        tried: &[(i32, u16)],
    ) {
        if !is_quiet || kind_bonus(mv.kind()) > 0 {
            return;
        }
        let killers = &mut self.frames[ply].killers;
        if killers[0] != Some(mv) {
            killers[1] = killers[0].replace(mv);
        }
        let gain = (32 * (depth + 2) * (depth + 2)).min(1200);
        self.history.note(side, mv, gain);
        for &(_, index) in tried {
            let other = moves[usize::from(index)];
            if other != mv {
                self.history.note(side, other, -gain / 2);
            }
        }
    }
}

/// How many decisions less deep a late move is searched.
#[inline]
fn reduction(depth: i32, count: usize) -> i32 {
    if depth < 2 || count < 3 {
        return 0;
    }
    let late = i32::from(count >= 6) + i32::from(count >= 20);
    (1 + late * depth / 4).min(depth - 1)
}

/// Whether the container order of the stacks, which the position's key lacks, may matter soon: a seat is down to its last
/// stack and may have to recover, or a cap has to be given up. Earlier than that, positions that differ in nothing else
/// share their values.
fn needs_order<B: Board>(position: &Position<B>) -> bool {
    let last = position.history().last.map(|last| last.kind);
    position.phase() == Phase::ForcedElimination
        || last == Some(ringrift_rules::MoveKind::SkipPlacement)
        || position.players().seats().any(|seat| {
            position.stacks_controlled(seat) <= 1
                && u32::from(position.rings_on_board(seat)) > u32::from(position.stacks_controlled(seat))
        })
}

/// Results are stored as seen from the position, so that they hold at any distance from the root.
const fn to_table(value: i32, plies: i32) -> i32 {
    if value > DECIDED {
        value + plies
    } else if value < -DECIDED {
        value - plies
    } else {
        value
    }
}

const fn from_table(value: i32, plies: i32) -> i32 {
    if value > DECIDED {
        value - plies
    } else if value < -DECIDED {
        value + plies
    } else {
        value
    }
}
