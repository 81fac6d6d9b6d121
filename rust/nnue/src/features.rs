//! The features of a position, seen from each seat: which there are, their indices, and which of them are active.

use ringrift_encode::Symmetry;
use ringrift_rules::{Board, BoardKind, Phase, PlayerCount, PlayerId, Position};
use sha2::{Digest as _, Sha256};

use crate::codes::{
    BURIED, COUNTS, CellCode, GlobalCode, HAND, HANDS, LPS, PHASES, PROGRESS, STACK, STACKS, STACKS_CLASSES,
};

/// Version of the meaning of features; a change of it changes every hash.
const VERSION: u32 = 1;

/// Output buckets.
pub(crate) const BUCKETS: usize = 4;

/// The features of one board and number of players.
///
/// A position is described once from every seat, by the same indices: seat `s` seen from seat `p` of `n` is number
/// `(s - p) mod n`, so that 0 is the own seat. A feature is active or not. With `n` seats a cell (by its dense index) has,
/// in this order:
///
/// | features | count |
/// |---|---|
/// | marker of seat r | n |
/// | collapsed for seat r | n |
/// | stack of seat r, by cap height 1, 2, 3, 4, 5+ and, within that, rings under the cap 0, 1, 2+ | 15 n |
/// | rings of seat r under the cap: 1, 2+ | 2 n |
/// | more than two seats: the ring right under the cap is of seat r | n |
/// | the stack that must move | 1 |
/// | the stack of a capture chain in progress | 1 |
///
/// and after the cells follow, seats ascending within each line:
///
/// | features | count |
/// |---|---|
/// | rings in hand: 0 to 7, 8, 10, 12, 15, 18, 24, 36, 54 and more | 16 n |
/// | eliminated rings, in sixteenths of the victory threshold, at most 15 | 16 n |
/// | collapsed cells, in sixteenths of those that win, at most 15 | 16 n |
/// | stacks controlled: 0, 1, 2, 3, 4, 6, 9 and more | 7 n |
/// | rounds of a streak towards last player standing: 1, 2+ | 2 n |
/// | to move, by phase | 8 n |
/// | a ring is due for a line | 1 |
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct FeatureSet {
    board: BoardKind,
    players: PlayerCount,
}

impl FeatureSet {
    /// The features of a board and a number of players.
    pub const fn new(board: BoardKind, players: PlayerCount) -> Self {
        Self { board, players }
    }

    /// The board.
    pub const fn board(self) -> BoardKind {
        self.board
    }

    /// The number of players.
    pub const fn players(self) -> PlayerCount {
        self.players
    }

    const fn seats(self) -> usize {
        self.players.get()
    }

    const fn cells(self) -> usize {
        self.board.spec().cells as usize
    }

    pub(crate) const fn collapsed_at(self) -> usize {
        self.seats()
    }

    pub(crate) const fn stack_at(self) -> usize {
        2 * self.seats()
    }

    pub(crate) const fn buried_at(self) -> usize {
        self.stack_at() + STACK * self.seats()
    }

    pub(crate) const fn next_at(self) -> usize {
        self.buried_at() + BURIED * self.seats()
    }

    pub(crate) const fn must_move_at(self) -> usize {
        self.next_at() + if self.seats() > 2 { self.seats() } else { 0 }
    }

    pub(crate) const fn chain_at(self) -> usize {
        self.must_move_at() + 1
    }

    /// Features of one cell.
    pub const fn per_cell(self) -> usize {
        self.chain_at() + 1
    }

    pub(crate) const fn hand_at(self) -> usize {
        self.cells() * self.per_cell()
    }

    pub(crate) const fn eliminated_at(self) -> usize {
        self.hand_at() + HAND * self.seats()
    }

    pub(crate) const fn territory_at(self) -> usize {
        self.eliminated_at() + PROGRESS * self.seats()
    }

    pub(crate) const fn stacks_at(self) -> usize {
        self.territory_at() + PROGRESS * self.seats()
    }

    pub(crate) const fn lps_at(self) -> usize {
        self.stacks_at() + STACKS_CLASSES * self.seats()
    }

    pub(crate) const fn turn_at(self) -> usize {
        self.lps_at() + LPS * self.seats()
    }

    pub(crate) const fn due_at(self) -> usize {
        self.turn_at() + PHASES * self.seats()
    }

    /// First feature of a kind of counts (see [`GlobalCode`]), and number of its classes.
    pub(crate) const fn count_at(self, count: usize) -> (usize, usize) {
        match count {
            GlobalCode::HAND => (self.hand_at(), HAND),
            GlobalCode::ELIMINATED => (self.eliminated_at(), PROGRESS),
            GlobalCode::TERRITORY => (self.territory_at(), PROGRESS),
            _ => (self.stacks_at(), STACKS_CLASSES),
        }
    }

    /// Number of features; indices are below it.
    pub const fn len(self) -> usize {
        self.due_at() + 1
    }

    /// Never: there are always features.
    pub const fn is_empty(self) -> bool {
        false
    }

    /// A bound on the number of features that are active at once.
    pub const fn active_max(self) -> usize {
        let per_stack = 1 + self.seats() + if self.seats() > 2 { 1 } else { 0 };
        // Must move, chain, rounds, turn, ring due; four counts per seat.
        self.cells() * per_stack + 5 + 4 * self.seats()
    }

    /// Number of output buckets.
    pub const fn bucket_count(self) -> usize {
        BUCKETS
    }

    /// What the features mean, in words; what [`FeatureSet::hash`] is the hash of.
    pub fn definition(self) -> String {
        let phases = Phase::ALL.map(Phase::name).join(",");
        format!(
            "ringrift features {VERSION} {} {} seats: by cell: marker {n}; collapsed {n}; stack {n} x cap 1,2,3,4,5+ x under 0,1,2+; \
             buried {n} x 1,2+; next {}; must move; chain. hand {n} x {HANDS:?}; eliminated {n} x {PROGRESS}ths; \
             collapsed {n} x {PROGRESS}ths; stacks {n} x {STACKS:?}; streak {n} x 1,2+; turn {n} x {phases}; due. \
             bucket: quarters of rings in hand, {BUCKETS}",
            self.board.name(),
            self.seats(),
            if self.seats() > 2 { self.seats() } else { 0 },
            n = self.seats(),
        )
    }

    /// Tells sets of features apart: the first eight bytes, lowest first, of the SHA-256 of [`FeatureSet::definition`].
    pub fn hash(self) -> u64 {
        let digest = Sha256::digest(self.definition());
        digest[..8].iter().rev().fold(0, |hash, &byte| hash << 8 | u64::from(byte))
    }

    /// Whether a position is on the board and has the players of these features.
    #[inline]
    pub fn fits<B: Board>(self, position: &Position<B>) -> bool {
        B::KIND == self.board && position.players() == self.players
    }

    /// The active features seen from a seat, ascending; none for a position of another board or number of players, or a seat
    /// that the game does not have.
    pub fn active<B: Board>(self, position: &Position<B>, seat: PlayerId, active: &mut Vec<u16>) {
        active.clear();
        if !self.fits(position) || seat.index() >= self.seats() {
            return;
        }
        let geometry = B::geometry();
        let must_move = position.must_move();
        let chain = position.chain().map(|chain| chain.current);
        let mut put = |index: usize| active.push(index as u16);
        for (dense, cell) in geometry.cells().enumerate() {
            let base = dense * self.per_cell();
            let code = CellCode::of(position, cell, self.seats());
            self.for_each_of_cell(code, seat.index(), |k| put(base + k));
            if must_move == Some(cell) {
                put(base + self.must_move_at());
            }
            if chain == Some(cell) {
                put(base + self.chain_at());
            }
        }
        self.for_each_global(&GlobalCode::of(position), seat.index(), put);
    }

    /// Which of the heads of a network serves a position: quarters of the rings that are still in hand.
    #[inline]
    pub fn bucket<B: Board>(self, position: &Position<B>) -> usize {
        let hands: u32 = position.players().seats().map(|seat| u32::from(position.hand(seat))).sum();
        let all = position.players().get() as u32 * u32::from(position.rules().rings_per_player);
        (BUCKETS as u32 * hands / all.max(1)).min(BUCKETS as u32 - 1) as usize
    }

    /// For each feature, its index after a turn or mirroring of the board; a symmetry of another board changes nothing.
    pub fn permutation(self, symmetry: Symmetry) -> Vec<u16> {
        let mut table: Vec<u16> = (0..self.len() as u16).collect();
        if symmetry.board() == self.board {
            let geometry = self.board.geometry();
            for (dense, cell) in geometry.cells().enumerate() {
                let image = geometry.dense(symmetry.cell(cell));
                for k in 0..self.per_cell() {
                    table[dense * self.per_cell() + k] = (image * self.per_cell() + k) as u16;
                }
            }
        }
        table
    }

    /// For each feature as seat 0 sees it, its index as another seat sees it: what [`FeatureSet::active`] gives for a seat is
    /// what it gives for seat 0, through this table, in another order. A seat that the game does not have sees what seat 0 sees.
    pub fn seen_from(self, seat: PlayerId) -> Vec<u16> {
        let mut table: Vec<u16> = (0..self.len() as u16).collect();
        if seat.index() >= self.seats() {
            return table;
        }
        let mut turn = |at: usize, each: usize| {
            for of in 0..self.seats() {
                for k in 0..each {
                    table[at + each * of + k] = (at + each * self.relative(of, seat.index()) + k) as u16;
                }
            }
        };
        for cell in (0..self.cells()).map(|dense| dense * self.per_cell()) {
            for (at, each) in [(0, 1), (self.collapsed_at(), 1), (self.stack_at(), STACK), (self.buried_at(), BURIED)] {
                turn(cell + at, each);
            }
            if self.seats() > 2 {
                turn(cell + self.next_at(), 1);
            }
        }
        for (at, each) in [
            (self.hand_at(), HAND),
            (self.eliminated_at(), PROGRESS),
            (self.territory_at(), PROGRESS),
            (self.stacks_at(), STACKS_CLASSES),
            (self.lps_at(), LPS),
            (self.turn_at(), PHASES),
        ] {
            turn(at, each);
        }
        table
    }

    /// A seat as another one sees it.
    #[inline]
    pub(crate) const fn relative(self, seat: usize, perspective: usize) -> usize {
        if seat >= perspective { seat - perspective } else { seat + self.seats() - perspective }
    }

    /// The feature within its cell of kind, seat and cap (see [`CellCode::main`]); none of an empty cell.
    #[inline]
    pub(crate) const fn main_feature(self, main: u32, perspective: usize) -> Option<usize> {
        let seat = self.relative((main >> 2 & 3) as usize, perspective);
        match main & 3 {
            0 => None,
            CellCode::MARKER => Some(seat),
            CellCode::COLLAPSED => Some(self.collapsed_at() + seat),
            _ => Some(self.stack_at() + STACK * seat + (main >> 4) as usize),
        }
    }

    /// The feature within its cell of a seat's rings under the cap, `level` being 1 or 2.
    #[inline]
    pub(crate) const fn buried_feature(self, seat: usize, level: u32, perspective: usize) -> usize {
        self.buried_at() + BURIED * self.relative(seat, perspective) + level as usize - 1
    }

    /// The feature within its cell of the seat of the ring right under the cap.
    #[inline]
    pub(crate) const fn next_feature(self, seat: usize, perspective: usize) -> usize {
        self.next_at() + self.relative(seat, perspective)
    }

    /// The feature of a streak, which is not 0; see [`GlobalCode`].
    #[inline]
    pub(crate) const fn lps_feature(self, lps: u8, perspective: usize) -> usize {
        let (seat, class) = ((lps as usize - 1) / LPS, (lps as usize - 1) % LPS);
        self.lps_at() + LPS * self.relative(seat, perspective) + class
    }

    /// The feature of mover and phase; see [`GlobalCode`].
    #[inline]
    pub(crate) const fn turn_feature(self, turn: u8, perspective: usize) -> usize {
        let (seat, phase) = (turn as usize / PHASES, turn as usize % PHASES);
        self.turn_at() + PHASES * self.relative(seat, perspective) + phase
    }

    /// Calls `each` with the features within a cell that its code makes active, ascending.
    #[inline]
    pub(crate) fn for_each_of_cell(self, code: CellCode, perspective: usize, mut each: impl FnMut(usize)) {
        let Some(main) = self.main_feature(code.main(), perspective) else {
            return;
        };
        each(main);
        if code.0 >> 8 == 0 {
            return;
        }
        for relative in 0..self.seats() {
            let seat = (relative + perspective) % self.seats();
            let level = code.buried_of(seat);
            if level > 0 {
                each(self.buried_feature(seat, level, perspective));
            }
        }
        if code.next() > 0 {
            each(self.next_feature(code.next() as usize - 1, perspective));
        }
    }

    /// Calls `each` with the features after the cells that are active, ascending.
    pub(crate) fn for_each_global(self, code: &GlobalCode, perspective: usize, mut each: impl FnMut(usize)) {
        for count in 0..COUNTS {
            let (at, classes) = self.count_at(count);
            let of_seat = code.of_seats(count);
            for relative in 0..self.seats() {
                let seat = (relative + perspective) % self.seats();
                each(at + classes * relative + usize::from(of_seat[seat]));
            }
        }
        if code.lps > 0 {
            each(self.lps_feature(code.lps, perspective));
        }
        each(self.turn_feature(code.turn, perspective));
        if code.due {
            each(self.due_at());
        }
    }
}
