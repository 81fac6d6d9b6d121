//! Neighbours of all cells at once: steps, and counts kept as bit planes.

use ringrift_rules::{Board, BoardShape, Cell, CellSet};

struct Steps<B>(std::marker::PhantomData<B>);

impl<B: Board> Steps<B> {
    /// Offsets of all neighbours; those of hex boards are the first six.
    const ALL: [i32; 8] = {
        let w = B::WIDTH;
        match B::SPEC.shape {
            // Rows are y, columns x: x outer, y inner.
            BoardShape::Square => [-1 - w, -1, w - 1, -w, w, 1 - w, 1, w + 1],
            // Rows are x, columns y: (+1,0) (-1,0) (0,+1) (0,-1) (+1,-1) (-1,+1).
            BoardShape::Hex => [w, -w, 1, -1, w - 1, 1 - w, 0, 0],
        }
    };
}

/// Padded offsets of the neighbours: eight on square boards, six on hex boards, in the order in which upstream's
/// encoders add them up (it matters for the last bit of sums of fractions).
#[inline]
pub(crate) fn steps<B: Board>() -> &'static [i32] {
    match B::SPEC.shape {
        BoardShape::Square => &Steps::<B>::ALL,
        BoardShape::Hex => &Steps::<B>::ALL[..6],
    }
}

/// For every cell the number of neighbours in a set, as the binary digits of the numbers.
#[derive(Copy, Clone)]
pub(crate) struct NeighbourCounts<S> {
    ones: S,
    twos: S,
    fours: S,
    eights: S,
}

impl<S: CellSet> NeighbourCounts<S> {
    /// Counts the neighbours that are in `cells`. Guard positions have counts too; nobody reads them.
    pub(crate) fn of<B: Board<Cells = S>>(cells: S) -> Self {
        let mut counts = Self { ones: S::EMPTY, twos: S::EMPTY, fours: S::EMPTY, eights: S::EMPTY };
        for &step in steps::<B>() {
            let mut carry = cells.shifted(step);
            for digit in [&mut counts.ones, &mut counts.twos, &mut counts.fours] {
                let both = *digit & carry;
                *digit ^= carry;
                carry = both;
            }
            counts.eights |= carry;
        }
        counts
    }

    /// The number of neighbours of `cell` that are in the set.
    #[inline]
    pub(crate) fn at(&self, cell: Cell) -> u8 {
        u8::from(self.ones.contains(cell))
            | u8::from(self.twos.contains(cell)) << 1
            | u8::from(self.fours.contains(cell)) << 2
            | u8::from(self.eights.contains(cell)) << 3
    }

    /// Cells with at least one neighbour in the set.
    pub(crate) fn any(&self) -> S {
        self.ones | self.twos | self.fours | self.eights
    }
}
