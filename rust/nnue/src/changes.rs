//! Which features change from one position to another.
//!
//! A change is an event that says nothing of seats: a cell and what comes or goes there. What feature that is seen from a
//! seat is looked up where its row is added ([`Offsets`]).

use ringrift_rules::{Board, Cell, CellSet as _, Position};

use crate::architecture::SEATS;
use crate::codes::{CLASSES, COUNTS, CellCode, GlobalCode, LPS, PHASES};
use crate::features::FeatureSet;

/// A feature that comes or goes: the first feature of its cell (0 for those after the cells) in the lower half, and what it
/// is, an index of [`Offsets`], in the upper one.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Event(u32);

impl Event {
    #[inline]
    const fn new(base: usize, what: usize) -> Self {
        Self(base as u32 | (what as u32) << 16)
    }

    /// The event of a feature that is the same from every seat.
    const fn plain(feature: u16) -> Self {
        Self::new(feature as usize, PLAIN)
    }

    #[inline]
    pub const fn base(self) -> u16 {
        self.0 as u16
    }

    #[inline]
    pub const fn what(self) -> usize {
        (self.0 >> 16) as usize
    }
}

/// Offset 0. Otherwise the indices below 256 are kinds, seats and caps (see [`CellCode::main`]), of which 0 is none.
const PLAIN: usize = 0;
const BURIED_AT: usize = 256;
const NEXT_AT: usize = BURIED_AT + 2 * SEATS;
const MUST_MOVE_AT: usize = NEXT_AT + SEATS;
const CHAIN_AT: usize = MUST_MOVE_AT + 1;
const COUNTS_AT: usize = CHAIN_AT + 1;
const LPS_AT: usize = COUNTS_AT + CLASSES * COUNTS * SEATS;
const TURN_AT: usize = LPS_AT + LPS * SEATS;
const DUE_AT: usize = TURN_AT + PHASES * SEATS;
const OFFSETS: usize = DUE_AT + 1;

/// Per seat, what to add to the first feature of a cell for each kind of event.
#[derive(Clone, Debug)]
pub(crate) struct Offsets([[u16; OFFSETS]; SEATS]);

impl Offsets {
    pub fn new(features: FeatureSet) -> Self {
        let n = features.players().get();
        let mut offsets = [[0; OFFSETS]; SEATS];
        for (perspective, table) in offsets[..n].iter_mut().enumerate() {
            let mut put = |what: usize, offset: usize| table[what] = offset as u16;
            // Codes of seats that the game does not have never occur.
            for main in (0..256).filter(|main| (main >> 2 & 3) < n as u32) {
                put(main as usize, features.main_feature(main, perspective).unwrap_or(0));
            }
            for seat in 0..n {
                for level in 1..=2 {
                    let offset = features.buried_feature(seat, level, perspective);
                    put(BURIED_AT + 2 * seat + level as usize - 1, offset);
                }
                put(NEXT_AT + seat, features.next_feature(seat, perspective));
                for count in 0..COUNTS {
                    let (at, classes) = features.count_at(count);
                    let first = at + classes * features.relative(seat, perspective);
                    for class in 0..classes {
                        put(COUNTS_AT + CLASSES * (SEATS * count + seat) + class, first + class);
                    }
                }
                for class in 0..LPS {
                    let index = LPS * seat + class;
                    put(LPS_AT + index, features.lps_feature(index as u8 + 1, perspective));
                }
                for phase in 0..PHASES {
                    let index = PHASES * seat + phase;
                    put(TURN_AT + index, features.turn_feature(index as u8, perspective));
                }
            }
            put(MUST_MOVE_AT, features.must_move_at());
            put(CHAIN_AT, features.chain_at());
            put(DUE_AT, features.due_at());
        }
        Self(offsets)
    }

    /// The feature of an event, seen from a seat.
    #[inline]
    pub fn feature(&self, event: Event, seat: usize) -> usize {
        usize::from(event.base() + self.0[seat][event.what()])
    }
}

/// Events in a list of fixed size.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    items: Box<[Event]>,
    len: usize,
}

impl Events {
    fn new(most: usize) -> Self {
        Self { items: vec![Event::default(); most].into(), len: 0 }
    }

    #[inline]
    pub fn all(&self) -> &[Event] {
        &self.items[..self.len]
    }

    /// Adds an event if there is one. It is written in any case: a branch would be guessed wrong too often.
    #[inline]
    fn push_if(&mut self, is_event: bool, event: Event) {
        self.items[self.len] = event;
        self.len += usize::from(is_event);
    }
}

/// Finds what changes, and keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    features: FeatureSet,
    removed: Events,
    added: Events,
}

impl Change {
    pub fn new(features: FeatureSet) -> Self {
        // One more than there can be, for events that are written and do not count.
        let events = Events::new(features.active_max() + 1);
        Self { features, removed: events.clone(), added: events }
    }

    /// A change of features that are the same from every seat.
    pub fn plain(features: FeatureSet, removed: &[u16], added: &[u16]) -> Self {
        let mut change = Self::new(features);
        for (features, events) in [(removed, &mut change.removed), (added, &mut change.added)] {
            for &feature in features {
                events.push_if(true, Event::plain(feature));
            }
        }
        change
    }

    #[inline]
    pub fn removed(&self) -> &[Event] {
        self.removed.all()
    }

    #[inline]
    pub fn added(&self) -> &[Event] {
        self.added.all()
    }

    /// Whether nothing changes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.removed.len + self.added.len == 0
    }

    /// All features of a position begin.
    pub fn start<B: Board>(&mut self, position: &Position<B>, globals: &GlobalCode) {
        (self.removed.len, self.added.len) = (0, 0);
        let n = self.features.players().get();
        let occupied = position.stack_cells() | position.marker_cells() | position.collapsed_cells();
        for cell in occupied.iter() {
            let code = CellCode::of(position, cell, n);
            self.cell(B::geometry().dense(cell), CellCode::EMPTY, code);
        }
        self.special::<B>(None, position.must_move(), MUST_MOVE_AT);
        self.special::<B>(None, position.chain().map(|chain| chain.current), CHAIN_AT);
        for seat in 0..n {
            for count in (0..COUNTS).map(|count| SEATS * count + seat) {
                self.added.push_if(true, count_event(count, globals.counts[count]));
            }
        }
        self.added.push_if(globals.lps > 0, lps_event(globals.lps));
        self.added.push_if(true, turn_event(globals.turn));
        self.added.push_if(globals.due, Event::new(0, DUE_AT));
    }

    /// What changes from one position to another.
    #[inline]
    pub fn between<B: Board>(&mut self, before: (&Position<B>, &GlobalCode), after: (&Position<B>, &GlobalCode)) {
        (self.removed.len, self.added.len) = (0, 0);
        let n = self.features.players().get();
        for cell in after.0.changed_cells(before.0).iter() {
            let (old, new) = (CellCode::of(before.0, cell, n), CellCode::of(after.0, cell, n));
            self.cell(B::geometry().dense(cell), old, new);
        }
        self.special::<B>(before.0.must_move(), after.0.must_move(), MUST_MOVE_AT);
        let current = |position: &Position<B>| position.chain().map(|chain| chain.current);
        self.special::<B>(current(before.0), current(after.0), CHAIN_AT);
        self.globals(before.1, after.1);
    }

    /// What changes in a cell.
    #[inline]
    fn cell(&mut self, dense: usize, old: CellCode, new: CellCode) {
        let base = dense * self.features.per_cell();
        let differ = old.main() != new.main();
        self.removed.push_if(differ & (old.main() != 0), Event::new(base, old.main() as usize));
        self.added.push_if(differ & (new.main() != 0), Event::new(base, new.main() as usize));
        if old.0 >> 8 != new.0 >> 8 {
            self.buried(base, old, new);
        }
    }

    fn buried(&mut self, base: usize, old: CellCode, new: CellCode) {
        for seat in 0..self.features.players().get() {
            let (was, is) = (old.buried_of(seat) as usize, new.buried_of(seat) as usize);
            let at = BURIED_AT + 2 * seat;
            self.removed.push_if(was != is && was > 0, Event::new(base, at + was.max(1) - 1));
            self.added.push_if(was != is && is > 0, Event::new(base, at + is.max(1) - 1));
        }
        let (was, is) = (old.next() as usize, new.next() as usize);
        self.removed.push_if(was != is && was > 0, Event::new(base, NEXT_AT + was.max(1) - 1));
        self.added.push_if(was != is && is > 0, Event::new(base, NEXT_AT + is.max(1) - 1));
    }

    /// A feature that one cell of the board has, or none.
    #[inline]
    fn special<B: Board>(&mut self, before: Option<Cell>, after: Option<Cell>, what: usize) {
        let event = |cell: Option<Cell>| {
            let dense = cell.map_or(0, |cell| B::geometry().dense(cell));
            Event::new(dense * self.features.per_cell(), what)
        };
        let (old, new) = (event(before), event(after));
        let differ = before != after;
        self.removed.push_if(differ & before.is_some(), old);
        self.added.push_if(differ & after.is_some(), new);
    }

    #[inline]
    fn globals(&mut self, old: &GlobalCode, new: &GlobalCode) {
        let mut differ = u128::from_le_bytes(old.counts) ^ u128::from_le_bytes(new.counts);
        while differ != 0 {
            let count = differ.trailing_zeros() as usize / 8;
            differ &= !(0xff << (8 * count));
            self.removed.push_if(true, count_event(count, old.counts[count]));
            self.added.push_if(true, count_event(count, new.counts[count]));
        }
        self.removed.push_if(old.turn != new.turn, turn_event(old.turn));
        self.added.push_if(old.turn != new.turn, turn_event(new.turn));
        if old.lps != new.lps {
            self.removed.push_if(old.lps > 0, lps_event(old.lps));
            self.added.push_if(new.lps > 0, lps_event(new.lps));
        }
        self.removed.push_if(old.due && !new.due, Event::new(0, DUE_AT));
        self.added.push_if(new.due && !old.due, Event::new(0, DUE_AT));
    }
}

/// The class of one of [`GlobalCode::counts`].
#[inline]
const fn count_event(count: usize, class: u8) -> Event {
    Event::new(0, COUNTS_AT + CLASSES * count + class as usize)
}

#[inline]
const fn turn_event(turn: u8) -> Event {
    Event::new(0, TURN_AT + turn as usize)
}

/// The event of a streak; something without meaning for none.
#[inline]
const fn lps_event(lps: u8) -> Event {
    Event::new(0, LPS_AT + lps.saturating_sub(1) as usize)
}

#[cfg(test)]
mod tests {
    use ringrift_rules::{BoardKind, PlayerCount};

    use super::*;

    #[test]
    fn events_lead_to_every_feature_once_from_every_seat() {
        for players in PlayerCount::ALL {
            let features = FeatureSet::new(BoardKind::Square8, players);
            let offsets = Offsets::new(features);
            for seat in 0..players.get() {
                let mut table: Vec<u16> = offsets.0[seat].iter().copied().filter(|&offset| offset > 0).collect();
                table.sort_unstable();
                // Feature 0 of a cell is its own marker, whose offset is that of a code that does not occur.
                let cell = 1..features.per_cell() as u16;
                let rest = features.hand_at() as u16..features.len() as u16;
                table.dedup();
                assert_eq!(table, cell.chain(rest).collect::<Vec<u16>>(), "{players:?}");
            }
        }
    }
}
