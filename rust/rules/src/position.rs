//! The rules state of a game, its accessors, and the primitive changes that moves are made of.

use crate::{
    bits::CellSet,
    board::{Board, Table},
    cell::Cell,
    geometry::LinePos,
    history::{Chain, HistoryMarks, LpsState},
    options::RuleOptions,
    outcome::{EndReason, Outcome},
    phase::Phase,
    player::{ByPlayer, PlayerCount, PlayerId},
    stack::{RingPool, Stack},
    zobrist,
};

/// What a cell holds.
#[derive(Copy, Clone, Debug)]
pub enum CellContent {
    /// Nothing.
    Empty,
    /// A marker of the player.
    Marker(PlayerId),
    /// A stack.
    Stack(Stack),
    /// Collapsed territory of the player.
    Collapsed(PlayerId),
}

/// A legal game state on board `B`.
///
/// A plain value: copying it copies the whole state (at most 5 KB), and moves made on a copy leave the original
/// alone. Positions come from [`Position::initial`], from [`crate::Setup::into_position`], or from making legal moves.
#[derive(Copy, Clone, Debug)]
pub struct Position<B: Board> {
    pub(crate) stack_cells: B::Cells,
    pub(crate) marker_cells: B::Cells,
    pub(crate) collapsed_cells: B::Cells,
    pub(crate) owner_low: B::Cells,
    pub(crate) owner_high: B::Cells,
    /// Per straight line: bit set where a stack or a collapsed cell blocks, with sentinels at both ends.
    pub(crate) blocked: B::Lines,
    pub(crate) stacks: B::PerCell<Stack>,
    /// Place of each stack in the container order of upstream's stack map: lower came first.
    stamps: B::PerCell<u16>,
    pub(crate) rings: RingPool<B::Rings>,
    path: B::Path,
    board_key: u64,
    next_stamp: u16,
    pub(crate) players: PlayerCount,
    pub(crate) phase: Phase,
    pub(crate) to_move: PlayerId,
    /// In a finished game, phase and player before the last victory check moved them; the persisted zobrist hash
    /// has these.
    pub(crate) before_end: Option<(Phase, PlayerId)>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) must_move: Option<Cell>,
    pub(crate) chain: Option<Chain>,
    pub(crate) pending_line_elimination: bool,
    pub(crate) hand: ByPlayer<u16>,
    pub(crate) eliminated: ByPlayer<u16>,
    pub(crate) board_eliminated: ByPlayer<u16>,
    pub(crate) total_eliminated: u16,
    pub(crate) territory: ByPlayer<u16>,
    pub(crate) collapsed_count: ByPlayer<u16>,
    pub(crate) rings_on_board: ByPlayer<u16>,
    pub(crate) stacks_controlled: ByPlayer<u16>,
    pub(crate) lps: LpsState,
    pub(crate) history: HistoryMarks,
    /// Turns begun so far, counted from 1.
    pub(crate) turn: u32,
    /// Turn in which a player lost the last ring anywhere; 0 = never.
    pub(crate) eliminated_in_turn: ByPlayer<u32>,
    pub(crate) rules: RuleOptions,
}

impl<B: Board> Position<B> {
    /// The start of a game.
    pub fn initial(players: PlayerCount, rules: RuleOptions) -> Self {
        let mut hand = ByPlayer::default();
        for player in players.seats() {
            hand[player] = rules.rings_per_player;
        }
        Self { hand, ..Self::empty(players, rules) }
    }

    /// An empty board with empty hands, for [`crate::Setup`] to fill.
    pub(crate) fn empty(players: PlayerCount, rules: RuleOptions) -> Self {
        let mut blocked = B::Lines::filled(0);
        for line in 0..B::Lines::LEN {
            blocked[line] = B::geometry().empty_lines[line];
        }
        Self {
            stack_cells: B::Cells::EMPTY,
            marker_cells: B::Cells::EMPTY,
            collapsed_cells: B::Cells::EMPTY,
            owner_low: B::Cells::EMPTY,
            owner_high: B::Cells::EMPTY,
            blocked,
            stacks: Table::filled(Stack::NONE),
            stamps: Table::filled(0),
            rings: RingPool::new(),
            path: Table::filled(0),
            board_key: 0,
            next_stamp: 0,
            players,
            phase: Phase::RingPlacement,
            to_move: PlayerId::ALL[0],
            before_end: None,
            outcome: None,
            must_move: None,
            chain: None,
            pending_line_elimination: false,
            hand: ByPlayer::default(),
            eliminated: ByPlayer::default(),
            board_eliminated: ByPlayer::default(),
            total_eliminated: 0,
            territory: ByPlayer::default(),
            collapsed_count: ByPlayer::default(),
            rings_on_board: ByPlayer::default(),
            stacks_controlled: ByPlayer::default(),
            lps: LpsState::default(),
            history: HistoryMarks::default(),
            turn: 1,
            eliminated_in_turn: ByPlayer::default(),
            rules,
        }
    }

    /// Number of players.
    #[inline]
    pub fn players(&self) -> PlayerCount {
        self.players
    }

    /// Current phase.
    #[inline]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The player to move; after the end of the game, the winner.
    #[inline]
    pub fn to_move(&self) -> PlayerId {
        self.to_move
    }

    /// How the game ended, or none while it is in progress.
    #[inline]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Parameters of the game.
    #[inline]
    pub fn rules(&self) -> &RuleOptions {
        &self.rules
    }

    /// Recorded moves so far, bookkeeping included.
    #[inline]
    pub fn plies(&self) -> u32 {
        self.history.plies
    }

    /// Turns begun so far, from 1.
    #[inline]
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// Rings in the player's hand.
    #[inline]
    pub fn hand(&self, player: PlayerId) -> u16 {
        self.hand[player]
    }

    /// Rings of any colour that the player caused to be eliminated (the player's own counter).
    #[inline]
    pub fn eliminated(&self, player: PlayerId) -> u16 {
        self.eliminated[player]
    }

    /// The same as the board's counter per player; equal in every game from the start.
    #[inline]
    pub fn board_eliminated(&self, player: PlayerId) -> u16 {
        self.board_eliminated[player]
    }

    /// Eliminated rings of all players.
    #[inline]
    pub fn total_eliminated(&self) -> u16 {
        self.total_eliminated
    }

    /// The player's territory counter.
    #[inline]
    pub fn territory(&self, player: PlayerId) -> u16 {
        self.territory[player]
    }

    /// Collapsed cells that the player owns.
    #[inline]
    pub fn collapsed_count(&self, player: PlayerId) -> u16 {
        self.collapsed_count[player]
    }

    /// The player's rings in stacks, buried ones included.
    #[inline]
    pub fn rings_on_board(&self, player: PlayerId) -> u16 {
        self.rings_on_board[player]
    }

    /// Number of stacks that the player controls.
    #[inline]
    pub fn stacks_controlled(&self, player: PlayerId) -> u16 {
        self.stacks_controlled[player]
    }

    /// Turn in which the player lost the last ring anywhere (RR-CANON-R175), or none.
    pub fn eliminated_in_turn(&self, player: PlayerId) -> Option<u32> {
        (self.eliminated_in_turn[player] != 0).then_some(self.eliminated_in_turn[player])
    }

    /// The stack that must move this turn.
    #[inline]
    pub fn must_move(&self) -> Option<Cell> {
        self.must_move
    }

    /// The capture chain in progress.
    #[inline]
    pub fn chain(&self) -> Option<Chain> {
        self.chain
    }

    /// Whether a ring is due for a collapsed line.
    #[inline]
    pub fn pending_line_elimination(&self) -> bool {
        self.pending_line_elimination
    }

    /// Round tracking for last player standing.
    #[inline]
    pub fn lps(&self) -> &LpsState {
        &self.lps
    }

    /// Marks of the moves so far.
    #[inline]
    pub fn history(&self) -> &HistoryMarks {
        &self.history
    }

    /// Cells with a stack.
    #[inline]
    pub fn stack_cells(&self) -> B::Cells {
        self.stack_cells
    }

    /// Cells with a marker.
    #[inline]
    pub fn marker_cells(&self) -> B::Cells {
        self.marker_cells
    }

    /// Collapsed cells.
    #[inline]
    pub fn collapsed_cells(&self) -> B::Cells {
        self.collapsed_cells
    }

    #[inline]
    fn owned(&self, cells: B::Cells, player: PlayerId) -> B::Cells {
        let low = if player.index() & 1 != 0 { self.owner_low } else { !self.owner_low };
        let high = if player.index() & 2 != 0 { self.owner_high } else { !self.owner_high };
        cells & low & high
    }

    /// Cells of the stacks that the player controls.
    #[inline]
    pub fn stacks_of(&self, player: PlayerId) -> B::Cells {
        self.owned(self.stack_cells, player)
    }

    /// Cells of the player's markers.
    #[inline]
    pub fn markers_of(&self, player: PlayerId) -> B::Cells {
        self.owned(self.marker_cells, player)
    }

    /// Cells that collapsed for the player.
    #[inline]
    pub fn collapsed_of(&self, player: PlayerId) -> B::Cells {
        self.owned(self.collapsed_cells, player)
    }

    #[inline]
    pub(crate) fn owner(&self, cell: Cell) -> PlayerId {
        PlayerId::from_bits(u32::from(self.owner_low.contains(cell)) | u32::from(self.owner_high.contains(cell)) << 1)
    }

    /// The stack on `cell`, if there is one.
    #[inline]
    pub fn stack(&self, cell: Cell) -> Option<Stack> {
        self.stack_cells.contains(cell).then(|| self.stack_at(cell))
    }

    /// The stack on a cell that has one.
    #[inline]
    pub(crate) fn stack_at(&self, cell: Cell) -> Stack {
        self.stacks[B::geometry().dense(cell)]
    }

    /// What `cell` holds.
    pub fn content(&self, cell: Cell) -> CellContent {
        if self.stack_cells.contains(cell) {
            CellContent::Stack(self.stack_at(cell))
        } else if self.marker_cells.contains(cell) {
            CellContent::Marker(self.owner(cell))
        } else if self.collapsed_cells.contains(cell) {
            CellContent::Collapsed(self.owner(cell))
        } else {
            CellContent::Empty
        }
    }

    /// Owners of the rings on `cell`, bottom to top; empty without a stack.
    pub fn rings(&self, cell: Cell) -> Vec<PlayerId> {
        let mut rings: Vec<PlayerId> =
            self.stack(cell).map(|stack| self.rings.rings_down(stack).collect()).unwrap_or_default();
        rings.reverse();
        rings
    }

    /// Owners of the rings on `cell`, top to bottom, without allocating; nothing without a stack.
    #[inline]
    pub fn rings_down(&self, cell: Cell) -> impl Iterator<Item = PlayerId> + '_ {
        self.stack(cell).into_iter().flat_map(|stack| self.rings.rings_down(stack))
    }

    /// Cells with stacks in the container order that upstream's stack map has. Source: rules.md section 3.
    pub fn stacks_in_order(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = self.stack_cells.iter().collect();
        cells.sort_by_key(|&cell| self.stamp(cell));
        cells
    }

    #[inline]
    pub(crate) fn stamp(&self, cell: Cell) -> u16 {
        self.stamps[B::geometry().dense(cell)]
    }

    /// Whether the player has a ring in hand or anywhere on the board.
    #[inline]
    pub fn has_any_ring(&self, player: PlayerId) -> bool {
        self.hand[player] + self.rings_on_board[player] > 0
    }

    /// Cells that the current chain has jumped from, in order.
    pub fn chain_visited(&self) -> Vec<Cell> {
        let mut visited = Vec::new();
        self.for_each_chain_cell(|cell| visited.push(cell));
        visited
    }

    /// Calls `each` with the cells that the current chain has jumped from, in order.
    pub fn for_each_chain_cell(&self, mut each: impl FnMut(Cell)) {
        let Some(chain) = self.chain else {
            return;
        };
        let mut at = chain.start;
        for &byte in (0..usize::from(chain.segments)).map(|i| &self.path[i]) {
            each(at);
            let step = B::AXIS_STEPS[usize::from(byte & 3)];
            at = at.offset(if byte & 4 != 0 { -step } else { step }, u32::from(byte >> 3));
        }
    }

    /// Adds a segment to the chain; false if `to` is not on a straight line with `from`.
    pub(crate) fn extend_chain(&mut self, player: PlayerId, from: Cell, to: Cell) -> bool {
        let Some((axis, forward, distance)) = Self::straight(from, to) else {
            return false;
        };
        let mut chain = self.chain.unwrap_or(Chain { player, start: from, current: from, segments: 0 });
        if usize::from(chain.segments) >= B::Path::LEN {
            return false;
        }
        self.path[usize::from(chain.segments)] = axis as u8 | u8::from(!forward) << 2 | (distance as u8) << 3;
        chain.segments += 1;
        chain.current = to;
        self.chain = Some(chain);
        true
    }

    /// Axis, sense and distance of the straight line between two different cells.
    pub(crate) fn straight(from: Cell, to: Cell) -> Option<(usize, bool, u32)> {
        for axis in 0..B::AXIS_STEPS.len() {
            let (a, b) = (line_pos::<B>(from, axis), line_pos::<B>(to, axis));
            if a.line == b.line && a.pos != b.pos {
                return Some((axis, b.pos > a.pos, u32::from(a.pos.abs_diff(b.pos))));
            }
        }
        None
    }

    /// Hash of everything that later legal moves depend on, for transposition tables. Not the persisted hash:
    /// see [`Position::persisted_zobrist`].
    #[inline]
    pub fn key(&self) -> u64 {
        zobrist::position_key(self, self.board_key)
    }

    /// The same hash computed without the incrementally kept part.
    pub fn key_from_scratch(&self) -> u64 {
        let geometry = B::geometry();
        let mut board_key = 0;
        for cell in geometry.cells() {
            board_key ^= match self.content(cell) {
                CellContent::Empty => 0,
                CellContent::Marker(owner) => zobrist::marker_key(cell, owner),
                CellContent::Collapsed(owner) => zobrist::collapsed_key(cell, owner),
                CellContent::Stack(stack) => zobrist::stack_key(cell, self.rings.rings_down(stack)),
            };
        }
        zobrist::position_key(self, board_key)
    }

    #[inline]
    fn set_owner(&mut self, cell: Cell, owner: PlayerId) {
        self.owner_low.set(cell, owner.index() & 1 != 0);
        self.owner_high.set(cell, owner.index() & 2 != 0);
    }

    #[inline]
    fn toggle_blocked(&mut self, cell: Cell) {
        for axis in 0..B::AXIS_STEPS.len() {
            let at = line_pos::<B>(cell, axis);
            self.blocked[at.line as usize] ^= 1 << at.pos;
        }
    }

    /// Puts a marker on an empty cell.
    #[inline]
    pub(crate) fn put_marker(&mut self, cell: Cell, owner: PlayerId) {
        self.marker_cells.insert(cell);
        self.set_owner(cell, owner);
        self.board_key ^= zobrist::marker_key(cell, owner);
    }

    /// Removes the marker of a cell that has one.
    #[inline]
    pub(crate) fn take_marker(&mut self, cell: Cell) {
        self.board_key ^= zobrist::marker_key(cell, self.owner(cell));
        self.marker_cells.remove(cell);
    }

    /// Turns a marker over to `owner`, or collapses it if it is that player's own.
    #[inline]
    pub(crate) fn pass_over_marker(&mut self, cell: Cell, owner: PlayerId) -> bool {
        let own = self.owner(cell) == owner;
        self.take_marker(cell);
        if own {
            self.collapse(cell, owner);
        } else {
            self.put_marker(cell, owner);
        }
        own
    }

    /// Collapses a cell that holds neither stack nor marker. The territory counter is the caller's.
    #[inline]
    pub(crate) fn collapse(&mut self, cell: Cell, owner: PlayerId) {
        self.collapsed_cells.insert(cell);
        self.set_owner(cell, owner);
        self.toggle_blocked(cell);
        self.collapsed_count[owner] += 1;
        self.board_key ^= zobrist::collapsed_key(cell, owner);
    }

    /// Puts a stack, whose rings are in the pool, on a cell without one, at the end of the container order.
    #[inline]
    pub(crate) fn put_stack(&mut self, cell: Cell, stack: Stack) {
        if self.next_stamp == u16::MAX {
            self.renumber_stamps();
        }
        let dense = B::geometry().dense(cell);
        self.stamps[dense] = self.next_stamp;
        self.next_stamp += 1;
        self.stack_cells.insert(cell);
        self.toggle_blocked(cell);
        self.store_stack(cell, stack);
    }

    /// Takes the stack off a cell that has one; its rings stay in the pool.
    #[inline]
    pub(crate) fn take_stack(&mut self, cell: Cell) -> Stack {
        let stack = self.unstore_stack(cell);
        self.stack_cells.remove(cell);
        self.toggle_blocked(cell);
        stack
    }

    /// Changes a stack in place: it keeps its slot in the container order, or leaves the board if nothing is left.
    #[inline]
    pub(crate) fn update_stack(
        &mut self,
        cell: Cell,
        change: impl FnOnce(&mut RingPool<B::Rings>, Stack) -> Option<Stack>,
    ) {
        let before = self.unstore_stack(cell);
        match change(&mut self.rings, before) {
            Some(after) => self.store_stack(cell, after),
            None => {
                self.stack_cells.remove(cell);
                self.toggle_blocked(cell);
            }
        }
    }

    #[inline]
    fn store_stack(&mut self, cell: Cell, stack: Stack) {
        self.stacks[B::geometry().dense(cell)] = stack;
        self.set_owner(cell, stack.owner());
        self.stacks_controlled[stack.owner()] += 1;
        self.board_key ^= zobrist::stack_key(cell, self.rings.rings_down(stack));
    }

    #[inline]
    fn unstore_stack(&mut self, cell: Cell) -> Stack {
        let dense = B::geometry().dense(cell);
        let stack = self.stacks[dense];
        self.stacks_controlled[stack.owner()] -= 1;
        self.board_key ^= zobrist::stack_key(cell, self.rings.rings_down(stack));
        stack
    }

    fn renumber_stamps(&mut self) {
        let order = self.stacks_in_order();
        for (i, &cell) in order.iter().enumerate() {
            self.stamps[B::geometry().dense(cell)] = i as u16;
        }
        self.next_stamp = order.len() as u16;
    }

    /// Credits eliminated rings to `player`.
    #[inline]
    pub(crate) fn credit(&mut self, player: PlayerId, rings: u16) {
        self.eliminated[player] += rings;
        self.board_eliminated[player] += rings;
        self.total_eliminated += rings;
    }

    /// Ends the game.
    pub(crate) fn end(&mut self, winner: PlayerId, reason: EndReason) {
        self.outcome = Some(Outcome { winner, reason });
        self.to_move = winner;
        self.phase = Phase::GameOver;
    }
}

#[inline]
pub(crate) fn line_pos<B: Board>(cell: Cell, axis: usize) -> LinePos {
    B::geometry().line_pos[cell.index()][axis]
}
