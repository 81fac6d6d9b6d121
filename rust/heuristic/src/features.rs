//! Counts that the components are computed from: whole-board set operations, and one pass over the stacks.

use ringrift_rules::{Board, BoardShape, CellSet, PlayerId, Table};

use crate::{
    facts::Facts,
    tables::{SIZE_MAX, Tables},
};

/// A position, split up by seat. `N` is the number of players.
pub(crate) struct View<'p, B: Board, P, const N: usize> {
    position: &'p P,
    stacks: [B::Cells; N],
    all: B::Cells,
    /// Cells with neither a stack nor a collapsed space; markers do not matter.
    pub free: B::Cells,
}

/// Stacks of a seat.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Material {
    pub stacks: u32,
    pub caps: u32,
    /// Rings up to the fifth of each stack.
    pub low_rings: u32,
    /// Rings beyond the fifth of each stack.
    pub high_rings: u32,
    /// Stacks in the centre.
    pub centre: u32,
}

/// What stacks can do on the neighbouring cells.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Contacts<const N: usize> {
    /// Pairs of a seat's stack and a free neighbouring cell.
    pub steps: [u32; N],
    /// Pairs of a seat's stack and a neighbouring stack of anybody else with a cap that is not higher.
    pub captures: [u32; N],
    /// Those of the other seats' captures that take from `me`.
    pub captures_of_me: u32,
    /// Stacks of a seat that can step or capture.
    pub mobile: [u32; N],
    /// Sum of the cap differences to neighbouring stacks of others, seen from `me`.
    pub cap_lead: i32,
}

/// Rows of a seat's markers; a pair counts once here, and in both directions in the formulas.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rows {
    pub twos: u32,
    pub threes: u32,
    pub fours: u32,
    pub gaps: u32,
}

impl<'p, B: Board, P: Facts<B>, const N: usize> View<'p, B, P, N> {
    #[inline]
    pub(crate) fn new(position: &'p P) -> Self {
        let all = position.stack_cells();
        Self {
            position,
            stacks: std::array::from_fn(|seat| position.stacks_of(PlayerId::ALL[seat])),
            all,
            free: B::MASK.without(all | position.collapsed_cells()),
        }
    }

    #[inline]
    pub(crate) fn material(&self, tables: &Tables<B>) -> [Material; N] {
        std::array::from_fn(|seat| {
            let cells = self.stacks[seat];
            let mut material = Material { centre: (cells & tables.centre).count(), ..Material::default() };
            for cell in cells.iter() {
                let stack = self.position.pillar(cell);
                material.stacks += 1;
                material.caps += stack.cap;
                material.low_rings += stack.height.min(5);
                material.high_rings += stack.height.saturating_sub(5);
            }
            material
        })
    }

    #[inline]
    pub(crate) fn contacts(&self, me: PlayerId) -> Contacts<N> {
        let mut contacts = Contacts { steps: [0; N], captures: [0; N], captures_of_me: 0, mobile: [0; N], cap_lead: 0 };
        let mut mobile = B::Cells::EMPTY;
        for &step in B::AXIS_STEPS {
            let (after, before) = (self.free.shifted(step), self.free.shifted(-step));
            mobile |= after | before;
            let mut touching = B::Cells::EMPTY;
            for seat in 0..N {
                let own = self.stacks[seat];
                contacts.steps[seat] += (own & after).count() + (own & before).count();
                touching |= own & self.all.without(own).shifted(step);
            }
            for cell in touching.iter() {
                let neighbour = cell.offset(-step, 1);
                let (a, b) = (self.position.pillar(cell), self.position.pillar(neighbour));
                for (cell, taker, taken) in [(cell, a, b), (neighbour, b, a)] {
                    let lead = taker.cap as i32 - taken.cap as i32;
                    if lead >= 0 {
                        mobile.insert(cell);
                        contacts.captures[taker.owner.index() % N] += 1;
                        contacts.captures_of_me += u32::from(taken.owner == me);
                    }
                    if taker.owner == me {
                        contacts.cap_lead += lead;
                    }
                }
            }
        }
        for seat in 0..N {
            contacts.mobile[seat] = (self.stacks[seat] & mobile).count();
        }
        contacts
    }

    /// Sums of the cap differences to the visible stacks of others, seen from `me`: where the others' are higher, and
    /// where `me` has the higher one. Everything but stacks is transparent, so the visible pairs are the neighbours in
    /// the order of the stacks on each straight line; cells ascend along all of them.
    #[inline]
    pub(crate) fn lines_of_sight(&self, me: PlayerId) -> (i32, i32) {
        const MINE: i32 = 1 << 16;
        const THEIRS: i32 = 2 << 16;
        let geometry = B::geometry();
        let mut last = B::Lines::filled(0);
        let (mut behind, mut ahead) = (0, 0);
        for cell in self.all.iter() {
            let stack = self.position.pillar(cell);
            let cap = stack.cap as i32;
            let (sign, entry) = if stack.owner == me { (1, cap + MINE) } else { (-1, cap + THEIRS) };
            for axis in 0..B::AXIS_STEPS.len() {
                let place = &mut last[geometry.line(cell, axis)];
                let other = std::mem::replace(place, entry as u32) as i32;
                // One of each kind, and not an empty place: the tags add up to 3.
                let opposed = i32::from((other + entry) >> 16 == 3);
                let lead = sign * (cap - (other & 0xffff)) * opposed;
                ahead += lead.max(0);
                behind += (-lead).max(0);
            }
        }
        (behind, ahead)
    }

    /// Rows and gaps of one seat's markers.
    #[inline]
    pub(crate) fn rows(&self, markers: B::Cells) -> Rows {
        let between = self.free.without(markers);
        let mut rows = Rows::default();
        for &step in B::AXIS_STEPS {
            let shifted = markers.shifted(step);
            let twos = markers & shifted;
            let threes = twos & twos.shifted(step);
            let fours = threes & threes.shifted(step);
            let gaps = markers & (shifted & between).shifted(step);
            rows.twos += twos.count();
            rows.threes += threes.count();
            rows.fours += fours.count();
            rows.gaps += gaps.count();
        }
        rows
    }

    /// Loss of the seat's markers that are within a distance of 2 of a foreign stack: 3 less the distance, which is
    /// that of city blocks on square boards and twice the number of steps on hex boards.
    #[inline]
    pub(crate) fn exposure(&self, seat: usize, markers: B::Cells) -> u32 {
        let foreign = self.all.without(self.stacks[seat]);
        match B::SPEC.shape {
            BoardShape::Square => {
                let spread = |cells: B::Cells| {
                    let (row, column) = (1, B::WIDTH);
                    cells.shifted(row) | cells.shifted(-row) | cells.shifted(column) | cells.shifted(-column)
                };
                let near = spread(foreign) & B::MASK;
                2 * (markers & near).count() + (markers & spread(near).without(near)).count()
            }
            BoardShape::Hex => {
                let mut near = B::Cells::EMPTY;
                for &step in B::AXIS_STEPS {
                    near |= foreign.shifted(step) | foreign.shifted(-step);
                }
                (markers & near).count()
            }
        }
    }

    /// Whether a marker of `markers` could slide to, or strike, a neighbouring cell.
    #[inline]
    pub(crate) fn can_slide(&self, markers: B::Cells) -> bool {
        let open = B::MASK.without(self.position.marker_cells() | self.position.collapsed_cells());
        B::AXIS_STEPS.iter().any(|&step| open.intersects(markers.shifted(step) | markers.shifted(-step)))
    }
}

/// Sum of the distances of all pairs of `markers`: every boundary between two rows, columns or diagonals separates as
/// many pairs as there are markers on one side times those on the other.
#[inline]
pub(crate) fn pair_distances<B: Board>(tables: &Tables<B>, markers: B::Cells, count: u32) -> u32 {
    let size = usize::from(B::SPEC.size);
    let mut counts = [[0u32; SIZE_MAX]; 3];
    for cell in markers.iter() {
        for (counts, &place) in counts.iter_mut().zip(&tables.places[cell.index()]) {
            counts[usize::from(place) % SIZE_MAX] += 1;
        }
    }
    let axes = match B::SPEC.shape {
        BoardShape::Square => 2,
        BoardShape::Hex => 3,
    };
    let mut sum = 0;
    for counts in &counts[..axes] {
        let mut below = 0;
        for more in &counts[..size - 1] {
            below += more;
            sum += below * (count - below);
        }
    }
    sum
}
