//! The four boards: names, constants, and the sealed trait that positions are generic over.

use std::ops::{Index, IndexMut};

use crate::{
    bits::{Bits, CellSet},
    geometry::Geometry,
    player::PlayerCount,
};

pub(crate) const MAX_AXES: usize = 4;
pub(crate) const MAX_CELLS: usize = 469;
pub(crate) const MAX_PADDED: usize = 650;
pub(crate) const MAX_WORDS: usize = 11;
pub(crate) const MAX_LINES: usize = 112;

/// Board names, in their canonical spelling (see [`BoardKind::name`]).
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BoardKind {
    /// 8x8 squares.
    Square8,
    /// 19x19 squares.
    Square19,
    /// Hexagon of radius 4, 61 cells.
    Hex8,
    /// Hexagon of radius 12, 469 cells.
    Hexagonal,
}

/// Square or hexagonal grid.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum BoardShape {
    /// 8 movement directions, 4 territory neighbours.
    Square,
    /// 6 directions for everything.
    Hex,
}

impl BoardShape {
    /// Directions of lines as coordinate steps, in upstream's order; movement uses them both ways.
    pub const fn axes(self) -> &'static [(i32, i32)] {
        match self {
            Self::Square => &[(1, 0), (1, 1), (0, 1), (1, -1)],
            Self::Hex => &[(1, 0), (1, -1), (0, -1)],
        }
    }
}

/// Constants of a board. Source: rules.md sections 1 and 2 (RR-CANON-R020, R060..R062, R120).
#[derive(Copy, Clone, Debug)]
pub struct BoardSpec {
    /// Grid shape.
    pub shape: BoardShape,
    /// Side length of square boards; diameter (`2 * radius + 1`) of hex boards.
    pub size: u8,
    /// Number of cells.
    pub cells: u16,
    /// Number of straight lines over all axes.
    pub lines: u8,
    /// Rings that each player starts with, and the cap on own rings on the board.
    pub rings_per_player: u16,
    /// Markers in a row that make a line, by [`PlayerCount::table_index`].
    pub line_length: [u8; 3],
    /// Recorded moves after which the training environment stops a game, by [`PlayerCount::table_index`].
    pub move_limit: [u32; 3],
    /// Whether border markers of a processed region spread over neighbouring markers.
    pub border_growth: bool,
}

impl BoardKind {
    /// All boards.
    pub const ALL: [Self; 4] = [Self::Square8, Self::Square19, Self::Hex8, Self::Hexagonal];

    /// Canonical spelling in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Square8 => "square8",
            Self::Square19 => "square19",
            Self::Hex8 => "hex8",
            Self::Hexagonal => "hexagonal",
        }
    }

    /// Constants of the board.
    pub const fn spec(self) -> BoardSpec {
        match self {
            Self::Square8 => BoardSpec {
                shape: BoardShape::Square,
                size: 8,
                cells: 64,
                lines: 46,
                rings_per_player: 18,
                line_length: [4, 3, 3],
                move_limit: [600, 900, 1400],
                border_growth: true,
            },
            Self::Square19 => BoardSpec {
                shape: BoardShape::Square,
                size: 19,
                cells: 361,
                lines: 112,
                rings_per_player: 72,
                line_length: [4, 4, 4],
                move_limit: [2400, 3000, 3600],
                border_growth: true,
            },
            Self::Hex8 => BoardSpec {
                shape: BoardShape::Hex,
                size: 9,
                cells: 61,
                lines: 27,
                rings_per_player: 18,
                line_length: [4, 3, 3],
                move_limit: [600, 900, 1400],
                border_growth: true,
            },
            Self::Hexagonal => BoardSpec {
                shape: BoardShape::Hex,
                size: 25,
                cells: 469,
                lines: 75,
                rings_per_player: 96,
                line_length: [4, 4, 4],
                move_limit: [3600, 4200, 4800],
                border_growth: false,
            },
        }
    }

    /// Tables of the board.
    pub fn geometry(self) -> &'static Geometry {
        match self {
            Self::Square8 => Square8::geometry(),
            Self::Square19 => Square19::geometry(),
            Self::Hex8 => Hex8::geometry(),
            Self::Hexagonal => Hexagonal::geometry(),
        }
    }
}

impl BoardSpec {
    /// Markers in a row that make a line with so many players.
    #[inline]
    pub const fn line_length(&self, players: PlayerCount) -> u32 {
        self.line_length[players.table_index()] as u32
    }

    /// Recorded moves, bookkeeping included, after which the training environment ends a game without a winner.
    pub const fn move_limit(&self, players: PlayerCount) -> u32 {
        self.move_limit[players.table_index()]
    }
}

impl std::fmt::Display for BoardKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A board name that the rules do not know.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown board {0:?}\nhint: the boards are square8, square19, hex8 and hexagonal (also written hex)")]
pub struct UnknownBoard(pub String);

impl std::str::FromStr for BoardKind {
    type Err = UnknownBoard;

    fn from_str(name: &str) -> Result<Self, UnknownBoard> {
        match name {
            "square8" => Ok(Self::Square8),
            "square19" => Ok(Self::Square19),
            "hex8" => Ok(Self::Hex8),
            "hexagonal" | "hex" => Ok(Self::Hexagonal),
            _ => Err(UnknownBoard(name.chars().take(40).collect())),
        }
    }
}

/// Fixed-size storage indexed by a small number.
pub trait Table<T>: Copy + Index<usize, Output = T> + IndexMut<usize> + Send + Sync + 'static {
    /// Number of entries.
    const LEN: usize;

    /// A table that holds `value` everywhere.
    fn filled(value: T) -> Self;
}

impl<T: Copy + Send + Sync + 'static, const N: usize> Table<T> for [T; N] {
    const LEN: usize = N;

    #[inline]
    fn filled(value: T) -> Self {
        [value; N]
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A board as a type: widths and constants that the compiler knows. Sealed; see [`crate::AnyPosition`] for code that
/// learns the board at run time.
pub trait Board: sealed::Sealed + Copy + Eq + std::fmt::Debug + std::hash::Hash + Send + Sync + 'static {
    /// Which board.
    const KIND: BoardKind;
    /// Its constants.
    const SPEC: BoardSpec = Self::KIND.spec();
    /// Padded row width: row length plus one guard column.
    const WIDTH: i32 = Self::SPEC.size as i32 + 1;
    /// Padded offsets of the line axes, one step forward.
    const AXIS_STEPS: &'static [i32];
    /// Cells of the board.
    const MASK: Self::Cells;
    /// A set of cells.
    type Cells: CellSet;
    /// One value per cell, by dense index.
    type PerCell<T: Copy + Send + Sync + 'static>: Table<T>;
    /// One word per straight line.
    type Lines: Table<u32>;
    /// One node per ring in the game.
    type Rings: Table<u16> + Eq;
    /// One byte per segment of a capture chain.
    type Path: Table<u8>;

    /// Static tables.
    fn geometry() -> &'static Geometry;
    /// Puts a position of this board into the run-time enum.
    fn into_any(position: crate::Position<Self>) -> crate::AnyPosition;
}

const fn square_steps(width: i32) -> [i32; 4] {
    [1, width + 1, width, 1 - width]
}

const fn hex_steps(width: i32) -> [i32; 3] {
    [width, width - 1, -1]
}

macro_rules! board {
    ($(#[$doc:meta])* $name:ident, $words:literal, $cells:literal, $lines:literal, $rings:literal, $steps:expr) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
        pub struct $name;

        impl sealed::Sealed for $name {}

        impl Board for $name {
            const KIND: BoardKind = BoardKind::$name;
            const AXIS_STEPS: &'static [i32] = &$steps;
            const MASK: Bits<$words> = Bits::from_words(&GEOMETRY[BoardKind::$name as usize].mask);
            type Cells = Bits<$words>;
            type PerCell<T: Copy + Send + Sync + 'static> = [T; $cells];
            type Lines = [u32; $lines];
            type Rings = [u16; $rings];
            type Path = [u8; $rings];

            #[inline]
            fn geometry() -> &'static Geometry {
                &GEOMETRY[BoardKind::$name as usize]
            }

            fn into_any(position: crate::Position<Self>) -> crate::AnyPosition {
                crate::AnyPosition::$name(position)
            }
        }

        const _: () = {
            let spec = BoardKind::$name.spec();
            assert!(spec.cells == $cells && spec.lines == $lines);
            assert!(4 * spec.rings_per_player == $rings);
            assert!(spec.size as usize * (spec.size as usize + 1) <= 64 * $words);
            assert!(std::mem::size_of::<crate::Position<$name>>() <= 5 * 1024);
        };
    };
}

static GEOMETRY: [Geometry; 4] = [
    Geometry::new(BoardKind::Square8),
    Geometry::new(BoardKind::Square19),
    Geometry::new(BoardKind::Hex8),
    Geometry::new(BoardKind::Hexagonal),
];

board!(
    /// 8x8 squares.
    Square8, 2, 64, 46, 72, square_steps(9)
);
board!(
    /// 19x19 squares.
    Square19, 6, 361, 112, 288, square_steps(20)
);
board!(
    /// Hexagon of radius 4.
    Hex8, 2, 61, 27, 72, hex_steps(10)
);
board!(
    /// Hexagon of radius 12.
    Hexagonal, 11, 469, 75, 384, hex_steps(26)
);
