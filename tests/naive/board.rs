//! Boards: names, cells, directions, and the numbers that depend on the board.

use std::fmt;
use std::str::FromStr;

/// One of the four boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardName {
    /// 8 x 8 squares.
    Square8,
    /// 19 x 19 squares.
    Square19,
    /// Hexagon of radius 4, 61 cells.
    Hex8,
    /// Hexagon of radius 12, 469 cells.
    Hexagonal,
}

/// Coordinates of a cell, or the difference of two cells. Hex boards leave out `z = -x - y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub x: i8,
    pub y: i8,
}

/// Step from a cell to a neighbour.
pub type Direction = Cell;

const fn cell(x: i8, y: i8) -> Cell {
    Cell { x, y }
}

/// The eight offsets around a cell of the (x, y) grid.
const MOORE: [Direction; 8] =
    [cell(-1, -1), cell(-1, 0), cell(-1, 1), cell(0, -1), cell(0, 1), cell(1, -1), cell(1, 0), cell(1, 1)];
const SQUARE_SIDES: [Direction; 4] = [cell(-1, 0), cell(0, -1), cell(0, 1), cell(1, 0)];
const SQUARE_LINES: [Direction; 4] = [cell(1, 0), cell(1, 1), cell(0, 1), cell(1, -1)];
const HEX_SIDES: [Direction; 6] = [cell(1, 0), cell(0, 1), cell(-1, 1), cell(-1, 0), cell(0, -1), cell(1, -1)];
const HEX_LINES: [Direction; 3] = [cell(1, 0), cell(1, -1), cell(0, -1)];

impl Cell {
    /// The cell `distance` steps away in `direction`.
    pub fn step(self, direction: Direction, distance: i8) -> Self {
        Self { x: self.x + direction.x * distance, y: self.y + direction.y * distance }
    }

    /// The unit step that leads from here towards `other` along a ray.
    pub fn direction_to(self, other: Self) -> Direction {
        Self { x: (other.x - self.x).signum(), y: (other.y - self.y).signum() }
    }

    /// The opposite direction.
    pub fn reversed(self) -> Self {
        Self { x: -self.x, y: -self.y }
    }
}

impl BoardName {
    /// All boards, small ones first.
    pub const ALL: [Self; 4] = [Self::Square8, Self::Hex8, Self::Square19, Self::Hexagonal];

    fn is_square(self) -> bool {
        matches!(self, Self::Square8 | Self::Square19)
    }

    /// Square boards: cells per side. Hex boards: radius.
    fn extent(self) -> i8 {
        match self {
            Self::Square8 => 8,
            Self::Square19 => 19,
            Self::Hex8 => 4,
            Self::Hexagonal => 12,
        }
    }

    /// Whether the cell is on the board.
    pub fn contains(self, cell: Cell) -> bool {
        let extent = self.extent();
        if self.is_square() {
            (0..extent).contains(&cell.x) && (0..extent).contains(&cell.y)
        } else {
            cell.x.abs() <= extent && cell.y.abs() <= extent && (cell.x + cell.y).abs() <= extent
        }
    }

    /// Every cell of the board.
    pub fn cells(self) -> Vec<Cell> {
        let extent = self.extent();
        let range = if self.is_square() { 0..=extent - 1 } else { -extent..=extent };
        let mut cells = Vec::new();
        for x in range.clone() {
            for y in range.clone() {
                if self.contains(cell(x, y)) {
                    cells.push(cell(x, y));
                }
            }
        }
        cells
    }

    /// Directions of movement, capture and recovery.
    pub fn directions(self) -> &'static [Direction] {
        if self.is_square() { &MOORE } else { &HEX_SIDES }
    }

    /// Directions of lines, one of each opposite pair. Their order and sign decide which end of a
    /// line comes first.
    pub fn line_directions(self) -> &'static [Direction] {
        if self.is_square() { &SQUARE_LINES } else { &HEX_LINES }
    }

    /// Adjacency of territory: no diagonals on square boards.
    pub fn territory_directions(self) -> &'static [Direction] {
        if self.is_square() { &SQUARE_SIDES } else { &HEX_SIDES }
    }

    /// Offsets by which the markers around a region spread. Hex8 uses the square grid's offsets.
    pub fn border_growth_directions(self) -> &'static [Direction] {
        if self == Self::Hexagonal { &[] } else { &MOORE }
    }

    /// Rings per player, also the cap on own rings on the board.
    pub fn standard_rings(self) -> u32 {
        match self {
            Self::Square8 | Self::Hex8 => 18,
            Self::Square19 => 72,
            Self::Hexagonal => 96,
        }
    }

    /// Number of markers in a line that can be scored. Source: RR-CANON-R120.
    pub fn line_length(self, players: u8) -> usize {
        match self {
            Self::Square8 | Self::Hex8 if players > 2 => 3,
            _ => 4,
        }
    }

    /// Name of a cell in text: `x,y`, or `x,y,z` on hex boards.
    pub fn key(self, cell: Cell) -> String {
        if self.is_square() {
            format!("{},{}", cell.x, cell.y)
        } else {
            format!("{},{},{}", cell.x, cell.y, -cell.x - cell.y)
        }
    }

    /// Reads the name of a cell.
    pub fn parse_key(self, key: &str) -> Result<Cell, String> {
        let mut numbers = key.split(',').map(str::parse::<i8>);
        if let (Some(Ok(x)), Some(Ok(y))) = (numbers.next(), numbers.next())
            && self.contains(cell(x, y))
            && self.key(cell(x, y)) == key
        {
            return Ok(cell(x, y));
        }
        Err(format!("{key} is not a cell of {self}"))
    }
}

impl fmt::Display for BoardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Square8 => "square8",
            Self::Square19 => "square19",
            Self::Hex8 => "hex8",
            Self::Hexagonal => "hexagonal",
        })
    }
}

impl FromStr for BoardName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|board| board.to_string() == name).ok_or_else(|| format!("unknown board {name}"))
    }
}
