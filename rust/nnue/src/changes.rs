//! Which features change from one position to another.

use ringrift_rules::{Board, Cell, CellSet as _, Position};

use crate::architecture::SEATS;
use crate::codes::{CellCode, GlobalCode, HAND, LPS, PROGRESS, STACKS_CLASSES};
use crate::features::{FeatureSet, PHASES};

/// Features seen from one seat that end and begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub removed: Vec<u16>,
    pub added: Vec<u16>,
}

/// Finds what changes; keeps its lists, so that nothing is allocated after the first positions.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    features: FeatureSet,
    /// Per seat, the feature within its cell of each kind, seat and cap.
    main: [[u8; 256]; SEATS],
    of: [Change; SEATS],
}

impl Changes {
    pub fn new(features: FeatureSet) -> Self {
        let mut main = [[0; 256]; SEATS];
        for seat in features.players().seats() {
            for (code, entry) in main[seat.index()].iter_mut().enumerate() {
                // Codes of seats that the game does not have never occur.
                if (code >> 2 & 3) < features.players().get() {
                    *entry = features.main_feature(code as u32, seat.index()).unwrap_or(0) as u8;
                }
            }
        }
        Self { features, main, of: Default::default() }
    }

    /// The change seen from each seat.
    #[inline]
    pub fn of(&self) -> &[Change] {
        &self.of[..self.features.players().get()]
    }

    /// Whether nothing changes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.of[0].removed.is_empty() && self.of[0].added.is_empty()
    }

    #[inline]
    fn clear(&mut self) {
        for change in &mut self.of {
            change.removed.clear();
            change.added.clear();
        }
    }

    /// All features of a position begin.
    pub fn start<B: Board>(&mut self, position: &Position<B>, globals: &GlobalCode) {
        self.clear();
        let n = self.features.players().get();
        let occupied = position.stack_cells() | position.marker_cells() | position.collapsed_cells();
        for cell in occupied.iter() {
            let code = CellCode::of(position, cell, n);
            self.cell(B::geometry().dense(cell), CellCode::EMPTY, code);
        }
        self.special::<B>(None, position.must_move(), self.features.must_move_at());
        self.special::<B>(None, position.chain().map(|chain| chain.current), self.features.chain_at());
        let features = self.features;
        for (seat, change) in self.of[..n].iter_mut().enumerate() {
            features.for_each_global(globals, seat, |index| change.added.push(index as u16));
        }
    }

    /// What changes from one position to another.
    #[inline]
    pub fn between<B: Board>(&mut self, before: (&Position<B>, &GlobalCode), after: (&Position<B>, &GlobalCode)) {
        self.clear();
        let n = self.features.players().get();
        for cell in after.0.changed_cells(before.0).iter() {
            let (old, new) = (CellCode::of(before.0, cell, n), CellCode::of(after.0, cell, n));
            if old != new {
                self.cell(B::geometry().dense(cell), old, new);
            }
        }
        self.special::<B>(before.0.must_move(), after.0.must_move(), self.features.must_move_at());
        let current = |position: &Position<B>| position.chain().map(|chain| chain.current);
        self.special::<B>(current(before.0), current(after.0), self.features.chain_at());
        self.globals(before.1, after.1);
    }

    /// The codes of a cell differ.
    #[inline]
    fn cell(&mut self, dense: usize, old: CellCode, new: CellCode) {
        let base = dense * self.features.per_cell();
        if old.main() != new.main() {
            let n = self.features.players().get();
            for (main, change) in self.main[..n].iter().zip(&mut self.of) {
                if old.main() != 0 {
                    change.removed.push((base + usize::from(main[old.main() as usize])) as u16);
                }
                if new.main() != 0 {
                    change.added.push((base + usize::from(main[new.main() as usize])) as u16);
                }
            }
        }
        if old.0 >> 8 != new.0 >> 8 {
            self.buried(base, old, new);
        }
    }

    fn buried(&mut self, base: usize, old: CellCode, new: CellCode) {
        let features = self.features;
        let n = features.players().get();
        for (perspective, change) in self.of[..n].iter_mut().enumerate() {
            for seat in 0..n {
                let (was, is) = (old.buried_of(seat), new.buried_of(seat));
                if was == is {
                    continue;
                }
                if was > 0 {
                    change.removed.push((base + features.buried_feature(seat, was, perspective)) as u16);
                }
                if is > 0 {
                    change.added.push((base + features.buried_feature(seat, is, perspective)) as u16);
                }
            }
            if old.next() != new.next() {
                let next = |code: CellCode| features.next_feature(code.next() as usize - 1, perspective);
                if old.next() > 0 {
                    change.removed.push((base + next(old)) as u16);
                }
                if new.next() > 0 {
                    change.added.push((base + next(new)) as u16);
                }
            }
        }
    }

    /// A feature that one cell of the board has, or none, and that looks the same from every seat.
    #[inline]
    fn special<B: Board>(&mut self, before: Option<Cell>, after: Option<Cell>, k: usize) {
        if before == after {
            return;
        }
        let index = |cell: Cell| (B::geometry().dense(cell) * self.features.per_cell() + k) as u16;
        let (before, after) = (before.map(index), after.map(index));
        for change in &mut self.of[..self.features.players().get()] {
            change.removed.extend(before);
            change.added.extend(after);
        }
    }

    #[inline]
    fn globals(&mut self, old: &GlobalCode, new: &GlobalCode) {
        if old == new {
            return;
        }
        let features = self.features;
        for seat in features.players().seats() {
            let seat = seat.index();
            self.class(features.hand_at(), HAND, seat, old.hands[seat], new.hands[seat]);
            self.class(features.eliminated_at(), PROGRESS, seat, old.eliminated[seat], new.eliminated[seat]);
            self.class(features.territory_at(), PROGRESS, seat, old.territory[seat], new.territory[seat]);
            self.class(features.stacks_at(), STACKS_CLASSES, seat, old.stacks[seat], new.stacks[seat]);
        }
        if old.turn != new.turn {
            for (perspective, change) in self.of[..features.players().get()].iter_mut().enumerate() {
                let index = |turn: u8| {
                    let (seat, phase) = (usize::from(turn) / PHASES, usize::from(turn) % PHASES);
                    (features.turn_at() + PHASES * features.relative(seat, perspective) + phase) as u16
                };
                change.removed.push(index(old.turn));
                change.added.push(index(new.turn));
            }
        }
        if old.lps != new.lps {
            for (perspective, change) in self.of[..features.players().get()].iter_mut().enumerate() {
                let index = |lps: u8| {
                    let (seat, class) = (usize::from(lps - 1) / LPS, usize::from(lps - 1) % LPS);
                    (features.lps_at() + LPS * features.relative(seat, perspective) + class) as u16
                };
                if old.lps > 0 {
                    change.removed.push(index(old.lps));
                }
                if new.lps > 0 {
                    change.added.push(index(new.lps));
                }
            }
        }
        if old.due != new.due {
            for change in &mut self.of[..features.players().get()] {
                let list = if new.due { &mut change.added } else { &mut change.removed };
                list.push(features.due_at() as u16);
            }
        }
    }

    /// A count of a seat may change its class.
    #[inline]
    fn class(&mut self, at: usize, classes: usize, seat: usize, old: u8, new: u8) {
        if old == new {
            return;
        }
        let features = self.features;
        for (perspective, change) in self.of[..features.players().get()].iter_mut().enumerate() {
            let base = at + classes * features.relative(seat, perspective);
            change.removed.push((base + usize::from(old)) as u16);
            change.added.push((base + usize::from(new)) as u16);
        }
    }
}
