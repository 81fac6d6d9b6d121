//! A board cell and board coordinates.

/// One cell of a board, as an index into the board's padded grid (one guard column per row).
///
/// A cell has a meaning only together with the board that made it: see [`crate::Geometry`] for the
/// conversions to coordinates and to the dense index `0..cells`.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cell(u16);

impl Cell {
    /// Wraps a padded index. Only geometry and bit sets make cells.
    #[inline]
    pub(crate) const fn from_index(index: u16) -> Self {
        Self(index)
    }

    /// The padded index, usable as a bit number of the board's bit sets.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The cell `distance` steps of padded offset `step` (see [`crate::Board::AXIS_STEPS`]) away. The caller knows that
    /// it is on the board: anything else gives an index that names no cell.
    #[inline]
    #[must_use]
    pub const fn offset(self, step: i32, distance: u32) -> Self {
        Self((self.0 as i32).wrapping_add(step.wrapping_mul(distance as i32)) as u16)
    }
}

/// Board coordinates as they appear in files: `x,y` on square boards, cube coordinates `x,y,z` with
/// `z = -x-y` on hex boards.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Coord {
    /// Column on square boards, first cube coordinate on hex boards.
    pub x: i32,
    /// Row on square boards, second cube coordinate on hex boards.
    pub y: i32,
}

impl Coord {
    /// Third cube coordinate; meaningless on square boards.
    pub const fn z(self) -> i32 {
        -self.x - self.y
    }
}
