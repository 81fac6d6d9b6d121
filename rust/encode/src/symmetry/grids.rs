//! Where cells lie in the planes of the encoders.

use ringrift_rules::{BoardShape, Coord, Geometry};

use super::Symmetry;

/// How planes lay out the board.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum PlaneGrid {
    /// Planes of [`crate::UpstreamEncoder`].
    Upstream,
    /// Planes of [`crate::Rr1Layout`].
    Rr1,
}

impl PlaneGrid {
    /// Element of a plane that holds the cell at `at`.
    pub(super) fn offset(self, geometry: &Geometry, at: Coord) -> u16 {
        let side = i32::from(geometry.kind().spec().size);
        let (row, column) = match geometry.kind().spec().shape {
            BoardShape::Square => (at.y, at.x),
            BoardShape::Hex => (at.x + side / 2, at.y + side / 2),
        };
        let offset = match self {
            Self::Rr1 => row * side + column,
            Self::Upstream => column * side + row,
        };
        offset as u16
    }

    /// For each cell, its element in a plane and the element it goes to.
    pub(super) fn moves(self, symmetry: Symmetry) -> Vec<(u16, u16)> {
        let geometry = symmetry.board().geometry();
        let at = geometry.cells().map(|cell| geometry.coord(cell));
        at.map(|at| (self.offset(geometry, at), self.offset(geometry, symmetry.coord(at)))).collect()
    }
}
