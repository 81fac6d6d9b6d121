//! What features are read from: cells and counts of a position by seat, as small numbers that are cheap to compare.

use ringrift_rules::{Board, Cell, Phase, Position};

use crate::architecture::SEATS;

/// Classes of cap heights: 1, 2, 3, 4, 5 and more.
pub(crate) const CAPS: usize = 5;
/// Classes of rings under the cap: 0, 1, 2 and more.
pub(crate) const UNDER: usize = 3;
/// Features of one colour's caps.
pub(crate) const STACK: usize = CAPS * UNDER;
/// Features of one colour's buried rings: 1, 2 and more.
pub(crate) const BURIED: usize = 2;
/// Classes of hands; see [`HANDS`].
pub(crate) const HAND: usize = 16;
/// Classes of progress towards a threshold: sixteenths.
pub(crate) const PROGRESS: usize = 16;
/// Classes of stacks controlled; see [`STACKS`].
pub(crate) const STACKS_CLASSES: usize = 7;
/// Kinds of counts of a seat.
pub(crate) const COUNTS: usize = 4;
/// Classes of a count at most.
pub(crate) const CLASSES: usize = 16;
/// Number of phases.
pub(crate) const PHASES: usize = Phase::ALL.len();
/// Classes of rounds towards last player standing: 1, 2 and more.
pub(crate) const LPS: usize = 2;

/// Least number of rings of each class of hands.
pub(crate) const HANDS: [u16; HAND] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 24, 36, 54];
/// Least number of stacks of each class.
pub(crate) const STACKS: [u16; STACKS_CLASSES] = [0, 1, 2, 3, 4, 6, 9];

const HAND_OF: [u8; 55] = classes(&HANDS);
const STACKS_OF: [u8; 10] = classes(&STACKS);

/// Class of each number from the least numbers of the classes.
const fn classes<const N: usize, const M: usize>(least: &[u16; M]) -> [u8; N] {
    let mut table = [0; N];
    let mut number = 0;
    while number < N {
        let mut class = 0;
        while class + 1 < M && least[class + 1] as usize <= number {
            class += 1;
        }
        table[number] = class as u8;
        number += 1;
    }
    table
}

/// What a cell holds, as far as features tell.
///
/// Lowest byte: kind in 2 bits, seat in 2, cap and rings under it in 4. Then 2 bits per seat for its rings under the cap
/// (0, 1, 2 and more), and 3 bits for the seat of the ring right under the cap, from 1 on (games of more than two seats).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct CellCode(pub u32);

impl CellCode {
    pub const EMPTY: Self = Self(0);
    pub const MARKER: u32 = 1;
    pub const COLLAPSED: u32 = 2;

    /// The code of a cell of a position with `players` seats.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a tenth of the time of an evaluation, as a call")]
    pub fn of<B: Board>(position: &Position<B>, cell: Cell, players: usize) -> Self {
        let summary = position.summary(cell);
        let (height, cap) = (summary.height(), summary.cap_height());
        let under = height - cap;
        // 0 without a stack.
        let detail = (cap.clamp(1, CAPS as u32) - 1) * UNDER as u32 + under.min(UNDER as u32 - 1);
        let mut code = summary.kind() | (summary.owner().index() as u32) << 2 | detail << 4;
        if under > 0 {
            code |= Self::buried(position, cell, cap as usize, players);
        }
        Self(code)
    }

    /// The bits of the rings under the cap.
    fn buried<B: Board>(position: &Position<B>, cell: Cell, cap: usize, players: usize) -> u32 {
        let (mut once, mut twice, mut next) = (0_u32, 0_u32, 0);
        for ring in position.rings_down(cell).skip(cap) {
            let bit = 1 << (2 * ring.index());
            if next == 0 {
                next = ring.index() as u32 + 1;
            }
            twice |= once & bit;
            once |= bit;
        }
        // 1 or 2 in each seat's two bits.
        let levels = once & !twice | twice << 1;
        levels << 8 | if players > 2 { next << 16 } else { 0 }
    }

    /// Kind, seat, and cap of the cell, in one byte.
    #[inline]
    pub const fn main(self) -> u32 {
        self.0 & 0xff
    }

    /// Rings of a seat under the cap: 0, 1, or 2 for more.
    #[inline]
    pub const fn buried_of(self, seat: usize) -> u32 {
        self.0 >> (8 + 2 * seat) & 3
    }

    /// Seat of the ring right under the cap, from 1 on; 0 without one, and in games of two.
    #[inline]
    pub const fn next(self) -> u32 {
        self.0 >> 16 & 7
    }
}

/// Counts of the seats and the state of the turn, as classes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct GlobalCode {
    /// Classes, each below 16, of the four seats in turn: hands, eliminated rings, territory, stacks.
    pub counts: [u8; COUNTS * SEATS],
    /// 0, or 1 + [`LPS`] * seat + class.
    pub lps: u8,
    /// [`PHASES`] * seat + phase.
    pub turn: u8,
    /// Whether a ring is due for a line.
    pub due: bool,
}

impl GlobalCode {
    pub const HAND: usize = 0;
    pub const ELIMINATED: usize = 1;
    pub const TERRITORY: usize = 2;
    pub const STACKS: usize = 3;

    #[inline]
    pub fn of<B: Board>(position: &Position<B>) -> Self {
        let mut code = Self::default();
        let rules = position.rules();
        for (index, seat) in position.players().seats().enumerate() {
            let mut put = |count: usize, class: u8| code.counts[SEATS * count + index] = class;
            put(Self::HAND, HAND_OF[usize::from(position.hand(seat)).min(HAND_OF.len() - 1)]);
            put(Self::ELIMINATED, progress(position.eliminated(seat), rules.victory_threshold));
            put(Self::TERRITORY, progress(position.collapsed_count(seat), rules.territory_needed()));
            put(Self::STACKS, STACKS_OF[usize::from(position.stacks_controlled(seat)).min(STACKS_OF.len() - 1)]);
        }
        let lps = position.lps();
        if let (Some(seat), 1..) = (lps.streak_player, lps.streak_rounds) {
            code.lps = 1 + (LPS * seat.index()) as u8 + u8::from(lps.streak_rounds > 1);
        }
        code.turn = (position.to_move().index() * PHASES + position.phase() as usize) as u8;
        code.due = position.pending_line_elimination();
        code
    }

    /// The counts of one kind, by seat.
    pub fn of_seats(&self, count: usize) -> &[u8] {
        &self.counts[SEATS * count..SEATS * (count + 1)]
    }
}

/// Sixteenths of the way to a threshold, at most 15.
#[inline]
fn progress(count: u16, threshold: u16) -> u8 {
    if count == 0 {
        return 0;
    }
    (16 * u32::from(count) / u32::from(threshold.max(1))).min(PROGRESS as u32 - 1) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_begin_where_their_tables_say() {
        for (count, class) in
            [(0, 0), (7, 7), (8, 8), (9, 8), (10, 9), (17, 11), (18, 12), (35, 13), (53, 14), (54, 15)]
        {
            assert_eq!(HAND_OF[count], class, "{count} rings in hand");
        }
        assert_eq!(STACKS_OF, [0, 1, 2, 3, 4, 4, 5, 5, 5, 6]);
        assert_eq!(usize::from(*HANDS.last().unwrap()), HAND_OF.len() - 1);
        assert_eq!(usize::from(*STACKS.last().unwrap()), STACKS_OF.len() - 1);
    }

    #[test]
    fn progress_is_counted_in_sixteenths() {
        assert_eq!([0, 1, 2, 17, 18, 40].map(|count| progress(count, 18)), [0, 0, 1, 15, 15, 15]);
        assert_eq!(progress(3, 0), 15, "a threshold of 0 is reached");
    }
}
