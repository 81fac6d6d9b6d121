//! What the cells hold and where they lie: the part that all drawings share.

use ringrift_rules::{AnyPosition, BoardKind, BoardShape, Cell, CellContent, Coord, Geometry, PlayerId, with_position};

/// A cell with its place in the picture.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Site {
    pub cell: Cell,
    pub place: Place,
}

/// A place in the picture: rows from the top, and half cells from the left.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub row: i32,
    pub half_column: i32,
}

/// What a cell shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    Empty,
    Marker(PlayerId),
    Stack(Pile),
    Collapsed(PlayerId),
}

/// A stack with its rings from the bottom to the top.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pile {
    pub owner: PlayerId,
    pub height: u32,
    pub cap: u32,
    pub rings: Vec<PlayerId>,
}

/// Which coordinate a label gives.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Axis {
    X,
    Y,
    Z,
}

/// A coordinate beside the board, one step beyond the end of the cells that share it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct EdgeLabel {
    pub axis: Axis,
    pub value: i32,
    pub place: Place,
}

/// Layout of a board.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Grid {
    pub geometry: &'static Geometry,
    pub shape: BoardShape,
    /// Rows; also the cells in the longest row.
    pub size: i32,
}

impl Grid {
    pub fn new(board: BoardKind) -> Self {
        let spec = board.spec();
        Self { geometry: board.geometry(), shape: spec.shape, size: i32::from(spec.size) }
    }

    /// Hex boards have one row per `x`, downwards, with `y` to the right; square boards one row per `y`.
    pub fn place(&self, at: Coord) -> Place {
        let radius = self.radius();
        match self.shape {
            BoardShape::Square => Place { row: at.y, half_column: 2 * at.x },
            BoardShape::Hex => Place { row: at.x + radius, half_column: 2 * (at.y + radius) + at.x },
        }
    }

    pub fn radius(&self) -> i32 {
        (self.size - 1) / 2
    }

    pub fn site(&self, cell: Cell) -> Site {
        Site { cell, place: self.place(self.geometry.coord(cell)) }
    }

    /// All cells, row by row.
    pub fn sites(&self) -> impl Iterator<Item = Site> {
        let grid = *self;
        grid.geometry.cells().map(move |cell| grid.site(cell))
    }

    pub fn labels(&self) -> Vec<EdgeLabel> {
        let mut labels = Vec::new();
        let mut label = |axis, value, at| labels.push(EdgeLabel { axis, value, place: self.place(at) });
        match self.shape {
            BoardShape::Square => {
                for i in 0..self.size {
                    label(Axis::X, i, Coord { x: i, y: -1 });
                    label(Axis::Y, i, Coord { x: -1, y: i });
                }
            }
            BoardShape::Hex => {
                let radius = self.radius();
                for i in -radius..=radius {
                    // Cells of one `x` begin at the left edges, of one `y` end at the lower right ones, of one `z`
                    // at the upper right ones.
                    label(Axis::X, i, Coord { x: i, y: (-radius).max(-i - radius) - 1 });
                    label(Axis::Y, i, Coord { x: radius.min(radius - i) + 1, y: i });
                    let x = (-radius).max(-i - radius) - 1;
                    label(Axis::Z, i, Coord { x, y: -i - x });
                }
            }
        }
        labels
    }
}

/// What `cell` holds.
pub(crate) fn piece(position: &AnyPosition, cell: Cell) -> Piece {
    with_position!(position, position => match position.content(cell) {
        CellContent::Empty => Piece::Empty,
        CellContent::Marker(owner) => Piece::Marker(owner),
        CellContent::Collapsed(owner) => Piece::Collapsed(owner),
        CellContent::Stack(stack) => Piece::Stack(Pile {
            owner: stack.owner(),
            height: stack.height(),
            cap: stack.cap_height(),
            rings: position.rings(cell),
        }),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ringrift_rules::BoardKind;

    use super::Grid;

    #[test]
    fn every_cell_and_label_has_its_own_place() {
        for board in BoardKind::ALL {
            let grid = Grid::new(board);
            let mut seen = HashSet::new();
            for site in grid.sites() {
                assert!((0..grid.size).contains(&site.place.row), "{board}");
                assert!((0..2 * grid.size).contains(&site.place.half_column), "{board}");
                assert!(seen.insert((site.place.row, site.place.half_column)), "{board}");
            }
            for label in grid.labels() {
                assert!(seen.insert((label.place.row, label.place.half_column)), "{board} {label:?}");
            }
        }
    }
}
