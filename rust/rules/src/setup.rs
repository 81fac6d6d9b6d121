//! Unvalidated states, and the validation that turns them into positions.

use crate::{
    any::AnyPosition,
    bits::CellSet,
    board::{Board, BoardKind, Hex8, Hexagonal, Square8, Square19, Table},
    cell::{Cell, Coord},
    history::{Chain, HistoryMarks, LastMove, LpsState},
    moves::{MoveKind, MoveList},
    options::RuleOptions,
    outcome::{EndReason, Outcome},
    phase::Phase,
    player::{ByPlayer, PlayerCount, PlayerId},
    position::Position,
    violation::{SetupError, Violation},
};

/// Largest value of a counter that [`Setup`] accepts.
const COUNTER_MAX: u64 = 9_999;

/// Largest number of plies, turns and rounds that [`Setup`] accepts: high enough for any game, and low enough that
/// counting on never overflows.
const COUNT_MAX: u32 = 1_000_000_000;

/// What a [`Setup`] must fulfil.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Strictness {
    /// Play can go on: no player has more rings on the board than the rules ever allow (RR-CANON-R081), and an
    /// unfinished game has a legal move.
    #[default]
    Playable,
    /// A position can hold it, which is enough to look at it and evaluate it. Rings are limited to the supply of a
    /// four-player game, whoever owns them, and there may be no legal move. Test states for evaluations are like that.
    Storable,
}

/// A state that may be anything. Players are numbers from 1 as files write them; coordinates may be off the board.
///
/// [`Setup::into_position`] reports everything that is wrong at once, or makes a [`Position`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// The board.
    pub board: BoardKind,
    /// Number of players.
    pub players: PlayerCount,
    /// Parameters of the game.
    pub rules: RuleOptions,
    /// Stacks in container order.
    pub stacks: Vec<SetupStack>,
    /// Markers and their owners.
    pub markers: Vec<(Coord, u64)>,
    /// Collapsed cells and their owners.
    pub collapsed: Vec<(Coord, u64)>,
    /// Rings in hand, by seat.
    pub hand: Vec<u64>,
    /// Rings that each player caused to be eliminated, by seat.
    pub eliminated: Vec<u64>,
    /// The board's counter of the same, by seat.
    pub board_eliminated: Vec<u64>,
    /// Eliminated rings of all players.
    pub total_eliminated: u64,
    /// Territory counters, by seat.
    pub territory: Vec<u64>,
    /// Current phase.
    pub phase: Phase,
    /// Player to move.
    pub to_move: u64,
    /// The winner of a finished game.
    pub winner: Option<u64>,
    /// How the game ended, if the source says so.
    pub end_reason: Option<EndReason>,
    /// Phase and player that the last move of a finished game led to before its victory was noticed; the persisted
    /// zobrist hash has these.
    pub ended_from: Option<(Phase, u64)>,
    /// The stack that must move.
    pub must_move: Option<Coord>,
    /// Whether a ring is due for a line.
    pub pending_line_elimination: bool,
    /// A capture chain: its player, the cells jumped from, and the cell that the stack stands on.
    pub chain: Option<(u64, Vec<Coord>, Coord)>,
    /// Round tracking.
    pub lps: LpsState,
    /// Marks of the moves so far.
    pub history: HistoryMarks,
    /// Turns begun so far, from 1.
    pub turn: u32,
    /// Turn of permanent elimination by seat, 0 = never.
    pub eliminated_in_turn: Vec<u32>,
}

/// A stack of a [`Setup`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupStack {
    /// Where it stands.
    pub cell: Coord,
    /// Owners of its rings, bottom to top.
    pub rings: Vec<u64>,
}

impl Setup {
    /// The start of a game.
    pub fn initial(board: BoardKind, players: PlayerCount, rules: RuleOptions) -> Self {
        let zeros = vec![0; players.get()];
        Self {
            board,
            players,
            rules,
            stacks: Vec::new(),
            markers: Vec::new(),
            collapsed: Vec::new(),
            hand: vec![u64::from(rules.rings_per_player); players.get()],
            eliminated: zeros.clone(),
            board_eliminated: zeros.clone(),
            total_eliminated: 0,
            territory: zeros,
            phase: Phase::RingPlacement,
            to_move: 1,
            winner: None,
            end_reason: None,
            ended_from: None,
            must_move: None,
            pending_line_elimination: false,
            chain: None,
            lps: LpsState::default(),
            history: HistoryMarks::default(),
            turn: 1,
            eliminated_in_turn: vec![0; players.get()],
        }
    }

    /// Validates the state.
    ///
    /// # Errors
    /// All violated rules.
    pub fn into_position(self) -> Result<AnyPosition, SetupError> {
        self.into_position_if(Strictness::Playable)
    }

    /// Validates the state as strictly as the caller wishes.
    ///
    /// # Errors
    /// All violated rules.
    pub fn into_position_if(self, strictness: Strictness) -> Result<AnyPosition, SetupError> {
        match self.board {
            BoardKind::Square8 => self.build::<Square8>(strictness).map(Board::into_any),
            BoardKind::Square19 => self.build::<Square19>(strictness).map(Board::into_any),
            BoardKind::Hex8 => self.build::<Hex8>(strictness).map(Board::into_any),
            BoardKind::Hexagonal => self.build::<Hexagonal>(strictness).map(Board::into_any),
        }
    }

    fn build<B: Board>(self, strictness: Strictness) -> Result<Position<B>, SetupError> {
        let mut builder = Builder::<B> { position: Position::empty(self.players, self.rules), violations: Vec::new() };
        builder.counters(&self);
        builder.stacks(&self, strictness);
        builder.flat_cells(&self);
        builder.turn_state(&self);
        if strictness == Strictness::Playable && builder.violations.is_empty() {
            builder.playable();
        }
        if builder.violations.is_empty() {
            Ok(builder.position)
        } else {
            Err(SetupError { violations: builder.violations })
        }
    }
}

struct Builder<B: Board> {
    position: Position<B>,
    violations: Vec<Violation>,
}

impl<B: Board> Builder<B> {
    fn player(&mut self, what: impl Into<String>, number: u64) -> Option<PlayerId> {
        let players = self.position.players.get();
        let found = PlayerId::try_from_number(number).filter(|player| player.index() < players);
        if found.is_none() {
            self.violations.push(Violation::NoSuchPlayer { what: what.into(), number, players });
        }
        found
    }

    fn cell(&mut self, what: &'static str, at: Coord) -> Option<Cell> {
        let cell = B::geometry().cell(at);
        if cell.is_none() {
            self.violations.push(Violation::OffBoard { what, at, board: B::KIND });
        }
        cell
    }

    fn counter(&mut self, what: impl FnOnce() -> String, value: u64) -> u16 {
        if value > COUNTER_MAX {
            self.violations.push(Violation::CounterTooLarge { what: what(), value, most: COUNTER_MAX });
        }
        value.min(COUNTER_MAX) as u16
    }

    fn by_seat(&mut self, what: &'static str, values: &[u64]) -> ByPlayer<u16> {
        let players = self.position.players;
        if values.len() != players.get() {
            self.violations.push(Violation::WrongSeatCount { what, found: values.len(), players: players.get() });
        }
        let mut out = ByPlayer::default();
        for (player, &value) in players.seats().zip(values) {
            out[player] = self.counter(|| format!("{what} of player {player}"), value);
        }
        out
    }

    fn counters(&mut self, setup: &Setup) {
        self.position.hand = self.by_seat("rings in hand", &setup.hand);
        self.position.eliminated = self.by_seat("eliminated rings", &setup.eliminated);
        self.position.board_eliminated = self.by_seat("the board's eliminated rings", &setup.board_eliminated);
        self.position.territory = self.by_seat("territory", &setup.territory);
        self.position.total_eliminated = self.counter(|| "total eliminated rings".into(), setup.total_eliminated);
        for (what, value) in [
            ("turn", setup.turn),
            ("number of plies", setup.history.plies),
            ("LPS round", setup.lps.round),
            ("number of exclusive LPS rounds", setup.lps.streak_rounds),
        ] {
            if value > COUNT_MAX {
                let (what, most) = (what.into(), u64::from(COUNT_MAX));
                self.violations.push(Violation::CounterTooLarge { what, value: value.into(), most });
            }
        }
        let seats = setup.players.get();
        if setup.eliminated_in_turn.len() == seats {
            for (player, &turn) in setup.players.seats().zip(&setup.eliminated_in_turn) {
                self.position.eliminated_in_turn[player] = turn;
            }
        } else {
            let found = setup.eliminated_in_turn.len();
            let what = "turns of elimination";
            self.violations.push(Violation::WrongSeatCount { what, found, players: seats });
        }
        for (what, value) in [
            ("the ring-elimination threshold", setup.rules.victory_threshold),
            ("the territory threshold", setup.rules.territory_threshold),
            ("the territory minimum", setup.rules.territory_minimum.unwrap_or(1)),
            ("the number of LPS rounds", setup.rules.lps_rounds),
        ] {
            if value == 0 {
                self.violations.push(Violation::ZeroThreshold { what });
            }
        }
    }

    fn stacks(&mut self, setup: &Setup, strictness: Strictness) {
        let most = u64::from(B::SPEC.rings_per_player);
        let room = B::Rings::LEN as u64;
        let mut rings_on_board = [0; 4];
        for stack in &setup.stacks {
            let cell = self.cell("stack", stack.cell).filter(|&cell| self.is_free(cell, "stack"));
            if stack.rings.is_empty() {
                self.violations.push(Violation::EmptyStack { cell: format!("{},{}", stack.cell.x, stack.cell.y) });
            }
            let what = format!("ring in the stack at {},{}", stack.cell.x, stack.cell.y);
            let rings: Vec<PlayerId> = stack.rings.iter().filter_map(|&ring| self.player(what.clone(), ring)).collect();
            for ring in &rings {
                rings_on_board[ring.index()] += 1;
            }
            // Rings beyond what the board allows are only counted: the pool has no room for them.
            let fits = match strictness {
                Strictness::Playable => rings_on_board.iter().all(|&count| count <= most),
                Strictness::Storable => rings_on_board.iter().sum::<u64>() <= room,
            };
            if let (Some(cell), true, Some((&first, others))) = (cell, fits, rings.split_first()) {
                let mut built = self.position.rings.create(first);
                self.position.rings_on_board[first] += 1;
                for &ring in others {
                    built = self.position.rings.push_top(built, ring);
                    self.position.rings_on_board[ring] += 1;
                }
                self.position.put_stack(cell, built);
            }
        }
        // Rings that can still be placed need room too; placement stops at the rule's limit.
        let all = setup.players.seats().fold(0, |sum: u64, player| {
            let rings: u64 = rings_on_board[player.index()];
            let hand = setup.hand.get(player.index()).copied().unwrap_or_default();
            sum + rings.max(rings.saturating_add(hand).min(most))
        });
        match strictness {
            Strictness::Playable => {
                for player in setup.players.seats() {
                    let rings = rings_on_board[player.index()];
                    if rings > most {
                        let most = B::SPEC.rings_per_player;
                        self.violations.push(Violation::TooManyRings { player, rings, board: B::KIND, most });
                    }
                }
            }
            Strictness::Storable if all > room => {
                self.violations.push(Violation::TooManyRingsInAll { rings: all, board: B::KIND, most: room });
            }
            Strictness::Storable => {}
        }
    }

    fn flat_cells(&mut self, setup: &Setup) {
        for &(at, owner) in &setup.markers {
            let cell = self.cell("marker", at).filter(|&cell| self.is_free(cell, "marker"));
            let owner = self.player("marker", owner);
            if let (Some(cell), Some(owner)) = (cell, owner) {
                self.position.put_marker(cell, owner);
            }
        }
        for &(at, owner) in &setup.collapsed {
            let cell = self.cell("collapsed cell", at).filter(|&cell| self.is_free(cell, "collapse"));
            let owner = self.player("collapsed cell", owner);
            if let (Some(cell), Some(owner)) = (cell, owner) {
                self.position.collapse(cell, owner);
            }
        }
    }

    fn is_free(&mut self, cell: Cell, second: &'static str) -> bool {
        let first = if self.position.stack_cells.contains(cell) {
            "stack"
        } else if self.position.marker_cells.contains(cell) {
            "marker"
        } else if self.position.collapsed_cells.contains(cell) {
            "collapse"
        } else {
            return true;
        };
        let cell = B::geometry().key(cell);
        self.violations.push(Violation::CellTwice { cell, first, second });
        false
    }

    fn turn_state(&mut self, setup: &Setup) {
        let to_move = self.player("player to move", setup.to_move);
        self.position.to_move = to_move.unwrap_or(PlayerId::ALL[0]);
        self.position.phase = setup.phase;
        self.position.turn = setup.turn.max(1);
        self.position.must_move = setup.must_move.and_then(|at| self.cell("the stack that must move", at));
        self.position.pending_line_elimination = setup.pending_line_elimination;
        let winner = setup.winner.and_then(|number| self.player("winner", number));
        if (setup.phase == Phase::GameOver) != setup.winner.is_some() {
            self.violations.push(Violation::UnfinishedEnd { phase: setup.phase, has_winner: setup.winner.is_some() });
        }
        self.position.outcome = winner.map(|winner| Outcome {
            winner,
            reason: setup.end_reason.unwrap_or_else(|| self.position.infer_reason(winner)),
        });
        self.position.before_end =
            setup.ended_from.and_then(|(phase, number)| Some((phase, self.player("player before the end", number)?)));
        if let Some((player, visited, current)) = &setup.chain {
            self.chain(*player, visited, *current);
        }
        self.lps(setup);
        self.history(setup);
    }

    fn chain(&mut self, player: u64, visited: &[Coord], current: Coord) {
        let player = self.player("capture chain", player);
        let path: Vec<Option<Cell>> =
            visited.iter().chain([&current]).map(|&at| self.cell("capture chain", at)).collect();
        let Some(player) = player else { return };
        if let [Some(only)] = path[..] {
            self.position.chain = Some(Chain { player, start: only, current: only, segments: 0 });
            return;
        }
        for step in path.windows(2) {
            let [Some(from), Some(to)] = *step else {
                return;
            };
            if from == to || !self.position.extend_chain(player, from, to) {
                self.violations.push(Violation::BrokenChain {
                    reason: "is too long, or jumps between cells that are not on one straight line",
                });
                return;
            }
        }
    }

    fn lps(&mut self, setup: &Setup) {
        let lps = setup.lps;
        for (what, player) in [
            ("first player of the LPS round", lps.first),
            ("exclusive player of the last LPS round", lps.exclusive),
            ("player of the LPS streak", lps.streak_player),
        ] {
            if let Some(player) = player {
                self.player(what, u64::from(player.number()));
            }
        }
        if u32::from(lps.noted | lps.able) >> setup.players.get() != 0 {
            let number = u64::from(8 - (lps.noted | lps.able).leading_zeros());
            self.player("LPS actor mask", number);
        }
        self.position.lps = lps;
    }

    fn history(&mut self, setup: &Setup) {
        let history = setup.history;
        if u32::from(history.moved) >> setup.players.get() != 0 {
            self.player("move history", u64::from(8 - history.moved.leading_zeros()));
        }
        if let Some(LastMove { player, .. }) = history.last {
            self.player("last move", u64::from(player.number()));
        }
        self.position.history = history;
    }

    /// What an unfinished position needs so that play can go on.
    fn playable(&mut self) {
        let position = &self.position;
        let (phase, player) = (position.phase, position.to_move);
        if phase == Phase::GameOver {
            return;
        }
        let stacks = position.stacks_controlled[player];
        if position.pending_line_elimination && (phase != Phase::LineProcessing || stacks == 0) {
            self.violations.push(Violation::PendingElimination { phase, stacks });
        }
        if phase == Phase::ChainCapture && position.chain.is_none() {
            self.violations.push(Violation::BrokenChain { reason: "is missing in phase chain_capture" });
        }
        let mut moves = MoveList::new();
        position.legal_moves(&mut moves);
        if moves.is_empty() {
            self.violations.push(Violation::NoLegalMove { phase, player });
        }
    }
}

impl<B: Board> Position<B> {
    /// The state as plain data.
    pub fn to_setup(&self) -> Setup {
        let geometry = B::geometry();
        let number = |player: PlayerId| u64::from(player.number());
        let seats =
            |values: &ByPlayer<u16>| values.of(self.players).iter().map(|&value| u64::from(value)).collect::<Vec<_>>();
        let owned = |cells: &dyn Fn(PlayerId) -> B::Cells| {
            let mut out = Vec::new();
            for &index in &geometry.key_order[..geometry.cell_count()] {
                let cell = Cell::from_index(index);
                for player in self.players.seats() {
                    if cells(player).contains(cell) {
                        out.push((geometry.coord(cell), number(player)));
                    }
                }
            }
            out
        };
        Setup {
            board: B::KIND,
            players: self.players,
            rules: self.rules,
            stacks: self
                .stacks_in_order()
                .into_iter()
                .map(|cell| SetupStack {
                    cell: geometry.coord(cell),
                    rings: self.rings(cell).into_iter().map(number).collect(),
                })
                .collect(),
            markers: owned(&|player| self.markers_of(player)),
            collapsed: owned(&|player| self.collapsed_of(player)),
            hand: seats(&self.hand),
            eliminated: seats(&self.eliminated),
            board_eliminated: seats(&self.board_eliminated),
            total_eliminated: u64::from(self.total_eliminated),
            territory: seats(&self.territory),
            phase: self.phase,
            to_move: number(self.to_move),
            winner: self.outcome.map(|outcome| number(outcome.winner)),
            end_reason: self.outcome.map(|outcome| outcome.reason),
            ended_from: self.before_end.map(|(phase, player)| (phase, number(player))),
            must_move: self.must_move.map(|cell| geometry.coord(cell)),
            pending_line_elimination: self.pending_line_elimination,
            chain: self.chain.map(|chain| {
                let visited = self.chain_visited();
                (
                    number(chain.player),
                    visited.into_iter().map(|cell| geometry.coord(cell)).collect(),
                    geometry.coord(chain.current),
                )
            }),
            lps: self.lps,
            history: self.history,
            turn: self.turn,
            eliminated_in_turn: self.eliminated_in_turn.of(self.players).to_vec(),
        }
    }
}

impl HistoryMarks {
    /// The marks of a list of moves, oldest first.
    pub fn of_moves(moves: impl IntoIterator<Item = (PlayerId, MoveKind, Option<Cell>)>) -> Self {
        let mut marks = Self::default();
        for (player, kind, landing) in moves {
            marks.record(player, kind, landing);
        }
        marks
    }
}
