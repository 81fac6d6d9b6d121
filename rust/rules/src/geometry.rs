//! Static per-board tables: padded index, coordinates, lines, text order.

use crate::{
    board::{BoardKind, BoardShape, MAX_AXES, MAX_CELLS, MAX_LINES, MAX_PADDED, MAX_WORDS},
    cell::{Cell, Coord},
};

/// Where a cell lies on one of the straight lines through it.
///
/// Positions on a line count from 1, so that bit 0 and the bits beyond the last cell of a line word can be set as
/// blocked sentinels.
#[derive(Copy, Clone, Debug)]
pub(crate) struct LinePos {
    pub line: u8,
    pub pos: u8,
}

/// Tables of one board. Obtained from [`crate::Board::geometry`].
#[derive(Debug)]
pub struct Geometry {
    kind: BoardKind,
    shape: BoardShape,
    size: i32,
    cells: usize,
    width: i32,
    pub(crate) mask: [u64; MAX_WORDS],
    pub(crate) line_pos: [[LinePos; MAX_AXES]; MAX_PADDED],
    pub(crate) empty_lines: [u32; MAX_LINES],
    dense: [u16; MAX_PADDED],
    padded: [u16; MAX_CELLS],
    /// Cells sorted by their position key followed by a colon, as fingerprints list them.
    pub(crate) colon_order: [u16; MAX_CELLS],
    /// Cells sorted by their position key.
    pub(crate) key_order: [u16; MAX_CELLS],
}

const NO_CELL: u16 = u16::MAX;

impl Geometry {
    pub(crate) const fn new(kind: BoardKind) -> Self {
        let spec = kind.spec();
        let size = spec.size as i32;
        let width = size + 1;
        let mut geometry = Self {
            kind,
            shape: spec.shape,
            size,
            cells: spec.cells as usize,
            width,
            mask: [0; MAX_WORDS],
            line_pos: [[LinePos { line: 0, pos: 0 }; MAX_AXES]; MAX_PADDED],
            empty_lines: [0; MAX_LINES],
            dense: [NO_CELL; MAX_PADDED],
            padded: [0; MAX_CELLS],
            colon_order: [0; MAX_CELLS],
            key_order: [0; MAX_CELLS],
        };
        geometry.number_cells();
        geometry.number_lines();
        geometry.colon_order = geometry.sorted_by_key(b':');
        geometry.key_order = geometry.sorted_by_key(0);
        geometry
    }

    const fn radius(&self) -> i32 {
        match self.shape {
            BoardShape::Square => 0,
            BoardShape::Hex => (self.size - 1) / 2,
        }
    }

    const fn on_board(&self, coord: Coord) -> bool {
        match self.shape {
            BoardShape::Square => 0 <= coord.x && coord.x < self.size && 0 <= coord.y && coord.y < self.size,
            BoardShape::Hex => {
                let r = self.radius();
                -r <= coord.x && coord.x <= r && -r <= coord.y && coord.y <= r && -r <= coord.z() && coord.z() <= r
            }
        }
    }

    const fn padded_index(&self, coord: Coord) -> usize {
        let index = match self.shape {
            BoardShape::Square => coord.y * self.width + coord.x,
            BoardShape::Hex => (coord.x + self.radius()) * self.width + coord.y + self.radius(),
        };
        index as usize
    }

    const fn number_cells(&mut self) {
        let mut count = 0;
        let mut index = 0;
        while index < (self.width * self.size) as usize {
            let coord = self.coord_of(index);
            if index as i32 % self.width < self.size && self.on_board(coord) {
                self.mask[index / 64] |= 1 << (index % 64);
                self.dense[index] = count;
                self.padded[count as usize] = index as u16;
                count += 1;
            }
            index += 1;
        }
        assert!(count as usize == self.cells, "the cell count of the board is wrong");
    }

    const fn number_lines(&mut self) {
        let axes = self.shape.axes();
        let mut next_line = 0;
        let mut axis = 0;
        while axis < axes.len() {
            let (dx, dy) = axes[axis];
            let mut i = 0;
            while i < self.cells {
                let first = self.coord_of(self.padded[i] as usize);
                let before = Coord { x: first.x - dx, y: first.y - dy };
                if !self.on_board(before) {
                    let mut at = first;
                    let mut pos = 1;
                    while self.on_board(at) {
                        self.line_pos[self.padded_index(at)][axis] = LinePos { line: next_line as u8, pos };
                        at = Coord { x: at.x + dx, y: at.y + dy };
                        pos += 1;
                    }
                    self.empty_lines[next_line] = 1 | u32::MAX << pos;
                    next_line += 1;
                }
                i += 1;
            }
            axis += 1;
        }
        assert!(next_line == self.kind.spec().lines as usize, "the line count of the board is wrong");
    }

    const fn sorted_by_key(&self, end: u8) -> [u16; MAX_CELLS] {
        let mut order = self.padded;
        let mut keys = [[0u8; 12]; MAX_CELLS];
        let mut i = 0;
        while i < self.cells {
            keys[i] = self.key_bytes(self.coord_of(self.padded[i] as usize), end);
            i += 1;
        }
        // Shell sort: the tables are made by the compiler, where sorting functions are not available.
        let mut gap = 1;
        while gap < self.cells / 3 {
            gap = gap * 3 + 1;
        }
        while gap > 0 {
            let mut i = gap;
            while i < self.cells {
                let (cell, key) = (order[i], keys[i]);
                let mut j = i;
                while j >= gap && less(&key, &keys[j - gap]) {
                    order[j] = order[j - gap];
                    keys[j] = keys[j - gap];
                    j -= gap;
                }
                order[j] = cell;
                keys[j] = key;
                i += 1;
            }
            gap /= 3;
        }
        order
    }

    const fn key_bytes(&self, coord: Coord, end: u8) -> [u8; 12] {
        let mut out = [0; 12];
        let mut len = push_number(&mut out, 0, coord.x);
        out[len] = b',';
        len = push_number(&mut out, len + 1, coord.y);
        if let BoardShape::Hex = self.shape {
            out[len] = b',';
            len = push_number(&mut out, len + 1, coord.z());
        }
        if end != 0 {
            out[len] = end;
        }
        out
    }

    const fn coord_of(&self, index: usize) -> Coord {
        let (row, column) = (index as i32 / self.width, index as i32 % self.width);
        match self.shape {
            BoardShape::Square => Coord { x: column, y: row },
            BoardShape::Hex => Coord { x: row - self.radius(), y: column - self.radius() },
        }
    }

    /// The board that the tables describe.
    pub const fn kind(&self) -> BoardKind {
        self.kind
    }

    /// Number of cells.
    pub const fn cell_count(&self) -> usize {
        self.cells
    }

    /// The cell at `coord`, if it is on the board.
    pub const fn cell(&self, coord: Coord) -> Option<Cell> {
        if coord.x.unsigned_abs() <= 64 && coord.y.unsigned_abs() <= 64 && self.on_board(coord) {
            Some(Cell::from_index(self.padded_index(coord) as u16))
        } else {
            None
        }
    }

    /// Coordinates of `cell`.
    pub const fn coord(&self, cell: Cell) -> Coord {
        self.coord_of(cell.index())
    }

    /// Dense index `0..cell_count` of `cell`: rows by `y` on square boards, by `x` on hex boards, ascending.
    #[inline]
    pub const fn dense(&self, cell: Cell) -> usize {
        self.dense[cell.index()] as usize
    }

    /// Which of the board's straight lines runs through `cell` along an axis (an index into
    /// [`crate::Board::AXIS_STEPS`]); lines are numbered over all axes, `0..lines`.
    #[inline]
    pub const fn line(&self, cell: Cell, axis: usize) -> usize {
        self.line_pos[cell.index()][axis].line as usize
    }

    /// The cell of a dense index, if it is below `cell_count`.
    pub const fn cell_at_dense(&self, dense: usize) -> Option<Cell> {
        if dense < self.cells { Some(Cell::from_index(self.padded[dense])) } else { None }
    }

    /// All cells by dense index.
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = Cell> + ExactSizeIterator + Clone {
        self.padded[..self.cells].iter().map(|&index| Cell::from_index(index))
    }

    /// Position key of `cell` as files write it: `x,y` or `x,y,z`.
    pub fn key(&self, cell: Cell) -> String {
        let mut out = String::new();
        self.write_key(cell, &mut out);
        out
    }

    /// Appends the position key of `cell`.
    pub fn write_key(&self, cell: Cell, out: &mut String) {
        let bytes = self.key_bytes(self.coord(cell), 0);
        out.extend(bytes.iter().take_while(|&&b| b != 0).map(|&b| char::from(b)));
    }

    /// Reads a position key, `x,y` or `x,y,z` with `x+y+z = 0`.
    pub fn parse_key(&self, text: &str) -> Option<Cell> {
        let mut parts = text.split(',').map(parse_small);
        let coord = Coord { x: parts.next()??, y: parts.next()?? };
        match (self.shape, parts.next()) {
            (BoardShape::Square, None) => {}
            (BoardShape::Hex, Some(z)) if z? == coord.z() => {}
            _ => return None,
        }
        if parts.next().is_some() { None } else { self.cell(coord) }
    }
}

/// A small decimal integer in its one canonical spelling.
fn parse_small(text: &str) -> Option<i32> {
    let value: i32 = text.parse().ok()?;
    (value.unsigned_abs() <= 64 && value.to_string() == text).then_some(value)
}

const fn less(a: &[u8; 12], b: &[u8; 12]) -> bool {
    let mut i = 0;
    while i < 12 {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    false
}

const fn push_number(out: &mut [u8; 12], mut at: usize, value: i32) -> usize {
    if value < 0 {
        out[at] = b'-';
        at += 1;
    }
    let value = value.unsigned_abs();
    if value >= 10 {
        out[at] = b'0' + (value / 10) as u8;
        at += 1;
    }
    out[at] = b'0' + (value % 10) as u8;
    at + 1
}

#[cfg(test)]
mod tests {
    use crate::board::BoardKind;

    #[test]
    fn keys_round_trip_and_sort_bytewise() {
        for kind in BoardKind::ALL {
            let geometry = kind.geometry();
            for cell in geometry.cells() {
                assert_eq!(geometry.parse_key(&geometry.key(cell)), Some(cell));
            }
            for (order, end) in [(&geometry.colon_order, ":"), (&geometry.key_order, "")] {
                let keys: Vec<String> = order[..geometry.cell_count()]
                    .iter()
                    .map(|&i| geometry.key(crate::Cell::from_index(i)) + end)
                    .collect();
                assert!(keys.is_sorted(), "{kind}");
            }
        }
    }

    #[test]
    fn keys_off_the_board_or_misspelt_are_refused() {
        let square = BoardKind::Square8.geometry();
        for text in ["8,0", "-1,0", "0", "0,0,0", "00,0", "+1,0", "1, 0", "", ",", "99999999999,0"] {
            assert_eq!(square.parse_key(text), None, "{text}");
        }
        let hex = BoardKind::Hex8.geometry();
        for text in ["0,0", "1,0,0", "5,-5,0", "4,1,-5", "0,0,0,0"] {
            assert_eq!(hex.parse_key(text), None, "{text}");
        }
    }
}
