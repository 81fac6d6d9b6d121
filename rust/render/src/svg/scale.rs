//! Where things lie in a picture.

use ringrift_rules::{BoardKind, BoardShape, Cell};

use crate::board::{Axis, EdgeLabel, Grid, Place};

use super::{SvgOptions, sheet::num};

/// Sizes and places of the board in pixels of the natural size.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Scale {
    pub grid: Grid,
    /// Distance of neighbouring cells of a row.
    pub pitch: f64,
    /// Distance of rows.
    row_height: f64,
    /// Centre of the place at row 0, half column 0.
    origin: (f64, f64),
    /// Size of the part with the board.
    pub size: (f64, f64),
}

/// A point in pixels.
pub(crate) type Point = (f64, f64);

impl Scale {
    pub fn new(board: BoardKind, options: &SvgOptions) -> Self {
        let grid = Grid::new(board);
        let pitch = match board {
            BoardKind::Square8 => 58.0,
            BoardKind::Hex8 => 60.0,
            BoardKind::Square19 => 35.0,
            BoardKind::Hexagonal => 33.0,
        };
        let margin = if options.coordinates { 26.0 } else { 12.0 };
        let top = if options.caption.is_some() { 34.0 } else { 0.0 };
        let length = f64::from(grid.size);
        let (row_height, cell_height, margin) = match grid.shape {
            BoardShape::Square => (pitch, pitch, margin),
            // The coordinates of hex boards stand where the next cells would.
            BoardShape::Hex => (pitch * 3_f64.sqrt() / 2.0, pitch * 2.0 / 3_f64.sqrt(), margin - 6.0),
        };
        let size = (length * pitch + 2.0 * margin, (length - 1.0) * row_height + cell_height + 2.0 * margin + top);
        let origin = (margin + pitch / 2.0, margin + top + cell_height / 2.0);
        Self { grid, pitch, row_height, origin, size }
    }

    /// Centre of a cell.
    pub fn centre(&self, place: Place) -> Point {
        (
            self.origin.0 + f64::from(place.half_column) * self.pitch / 2.0,
            self.origin.1 + f64::from(place.row) * self.row_height,
        )
    }

    pub fn centre_of(&self, cell: Cell) -> Option<Point> {
        let site = self.grid.sites().find(|site| site.cell == cell)?;
        Some(self.centre(site.place))
    }

    /// Path of a cell's outline, with the cell made smaller by `inset` on every side.
    pub fn outline(&self, (x, y): Point, inset: f64) -> String {
        let half = self.pitch / 2.0 - inset;
        match self.grid.shape {
            BoardShape::Square => {
                let side = num(2.0 * half);
                format!("M{} {}h{side}v{side}h-{side}z", num(x - half), num(y - half))
            }
            BoardShape::Hex => {
                let (quarter, edge) = (num(half / 3_f64.sqrt()), num(half * 2.0 / 3_f64.sqrt()));
                let half_text = num(half);
                format!(
                    "M{} {}l{half_text} {quarter}v{edge}l-{half_text} {quarter}l-{half_text}-{quarter}v-{edge}z",
                    num(x),
                    num(y - half * 2.0 / 3_f64.sqrt())
                )
            }
        }
    }

    /// Centre of a coordinate.
    pub fn label_centre(&self, label: &EdgeLabel) -> Point {
        let (x, y) = self.centre(label.place);
        let closer = self.pitch / 2.0 - 12.0;
        match (self.grid.shape, label.axis) {
            (BoardShape::Square, Axis::X) => (x, y + closer),
            (BoardShape::Square, _) | (BoardShape::Hex, Axis::X) => (x + closer, y),
            // Towards the board along the line of cells that the label names.
            (BoardShape::Hex, Axis::Y) => (x - closer / 2.0, y - closer * 0.87),
            (BoardShape::Hex, Axis::Z) => (x - closer / 2.0, y + closer * 0.87),
        }
    }
}
