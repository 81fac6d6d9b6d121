//! Upstream's encoders, equal to the last bit, their oddities included: its networks meet the same planes in play.
//!
//! Source: npz.md sections 4 and 5, neural-net.md section 1.

mod globals;
mod hex;
mod square;

use ringrift_rules::{AnyPosition, Board, BoardKind, BoardShape, Cell, CellSet as _, Position, with_position};

pub use globals::{FeatureVersion, GLOBALS, GlobalsOptions};

use crate::{
    error::{EncodeError, check_length, unknown},
    neighbours::NeighbourCounts,
};

/// One of upstream's encoders. All planes are `f32`, show the board as the player to move sees it (all other players
/// are "they"), and are neither turned nor mirrored.
///
/// # `square`, for square8 and square19
/// `frame: f32[14, side, side] in [0, 1], by the player to move`, indexed `[plane, x, y]`:
///
/// | plane | value |
/// |---|---|
/// | 0 / 1 | my / their stacks, by the top ring: min(height / 5, 1) |
/// | 2 / 3 | my / their markers: 1 |
/// | 4 / 5 | my / their collapsed cells: 1 |
/// | 6 / 7 | at my / their stacks: neighbours (of 8) on the board with neither stack nor collapse, / 8 |
/// | 8 / 9 | at my / their markers: min(neighbouring markers of the same owner / 4, 1) |
/// | 10, 11, 13 | 0 |
/// | 12 | 1 |
///
/// # `hex_v2` and `hex_v3`, for hex8 and hexagonal
/// `frame: f32[10 or 16, side, side] in [0, 1], by the player to move`, indexed `[plane, y + radius, x + radius]`: rows are
/// `y` here, unlike on square boards. Corners outside of the hexagon are 0.
///
/// | plane | value |
/// |---|---|
/// | 0 to 5 | as `square` |
/// | 6 / 7 | free neighbours / 6 |
/// | 8 / 9 | min(neighbouring markers of the same owner / 3, 1) |
/// | 10 / 11 | `hex_v3`, every cell: f = my, e = their stacks and markers on the neighbours; min(f / 3, 1) and min(e / 3, 1) if neither is 0 |
/// | 12 / 13 | `hex_v3`, every cell: min(sum of height / 5 over my / their neighbouring stacks / 6, 1) |
/// | 14 | `hex_v3`, every cell: 1 (meant for cells where a ring can be placed) |
/// | 15 | `hex_v3`, every cell: neighbours that have not collapsed / 6 |
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum UpstreamEncoder {
    /// 14 planes.
    Square,
    /// 10 planes.
    HexV2,
    /// 16 planes.
    HexV3,
}

impl UpstreamEncoder {
    /// All encoders.
    pub const ALL: [Self; 3] = [Self::Square, Self::HexV2, Self::HexV3];

    /// Spelling in manifests and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Square => "square",
            Self::HexV2 => "hex_v2",
            Self::HexV3 => "hex_v3",
        }
    }

    /// Planes of one frame.
    pub const fn planes(self) -> usize {
        match self {
            Self::Square => 14,
            Self::HexV2 => 10,
            Self::HexV3 => 16,
        }
    }

    /// Whether the encoder is made for the board.
    pub const fn serves(self, board: BoardKind) -> bool {
        match board.spec().shape {
            BoardShape::Square => matches!(self, Self::Square),
            BoardShape::Hex => matches!(self, Self::HexV2 | Self::HexV3),
        }
    }

    /// Elements of a frame: planes times side times side.
    pub const fn frame_len(self, board: BoardKind) -> usize {
        let side = board.spec().size as usize;
        self.planes() * side * side
    }

    const fn boards(self) -> &'static str {
        match self {
            Self::Square => "square8 and square19",
            Self::HexV2 | Self::HexV3 => "hex8 and hexagonal",
        }
    }

    /// Writes the planes of a position for its player to move. Every element is written; nothing is allocated.
    ///
    /// # Errors
    /// The encoder does not serve the board, or `frame` does not have [`UpstreamEncoder::frame_len`] elements.
    pub fn encode(self, position: &AnyPosition, frame: &mut [f32]) -> Result<(), EncodeError> {
        with_position!(position, position => self.encode_on(position, frame))
    }

    /// [`UpstreamEncoder::encode`] on a known board.
    ///
    /// # Errors
    /// As [`UpstreamEncoder::encode`].
    pub fn encode_on<B: Board>(self, position: &Position<B>, frame: &mut [f32]) -> Result<(), EncodeError> {
        self.check_board(B::KIND)?;
        check_length("a frame", self.frame_len(B::KIND), frame.len(), "UpstreamEncoder::frame_len has the length")?;
        frame.fill(0.0);
        match self {
            Self::Square => square::encode(position, frame),
            Self::HexV2 => hex::encode_v2(position, frame),
            Self::HexV3 => hex::encode_v3(position, frame),
        }
        Ok(())
    }

    /// Writes the 20 globals of a position for its player to move; see [`GlobalsOptions`] for their meaning.
    ///
    /// # Errors
    /// The encoder does not serve the board, or `globals` does not have [`GLOBALS`] elements.
    pub fn encode_globals(
        self,
        position: &AnyPosition,
        options: GlobalsOptions,
        globals: &mut [f32],
    ) -> Result<(), EncodeError> {
        with_position!(position, position => self.encode_globals_on(position, options, globals))
    }

    /// [`UpstreamEncoder::encode_globals`] on a known board.
    ///
    /// # Errors
    /// As [`UpstreamEncoder::encode_globals`].
    pub fn encode_globals_on<B: Board>(
        self,
        position: &Position<B>,
        options: GlobalsOptions,
        globals: &mut [f32],
    ) -> Result<(), EncodeError> {
        self.check_board(B::KIND)?;
        check_length("globals", GLOBALS, globals.len(), "there are 20 globals on every board")?;
        globals::encode(self, position, options, globals);
        Ok(())
    }

    fn check_board(self, board: BoardKind) -> Result<(), EncodeError> {
        if self.serves(board) {
            Ok(())
        } else {
            Err(EncodeError::WrongBoard { encoder: self.name(), board, serves: self.boards() })
        }
    }
}

impl std::fmt::Display for UpstreamEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for UpstreamEncoder {
    type Err = EncodeError;

    fn from_str(name: &str) -> Result<Self, EncodeError> {
        let found = Self::ALL.into_iter().find(|encoder| encoder.name() == name);
        found.ok_or_else(|| unknown("encoder", name, "square, hex_v2 and hex_v3"))
    }
}

/// The planes of a frame.
struct Planes<'a> {
    values: &'a mut [f32],
    side: usize,
}

impl<'a> Planes<'a> {
    fn new<B: Board>(values: &'a mut [f32]) -> Self {
        Self { values, side: B::SPEC.size as usize }
    }

    /// Place of a cell in a plane. The storage has rows of `y` on square boards and of `x` on hex boards; the tensors of
    /// both have it the other way round.
    #[inline]
    fn at<B: Board>(cell: Cell) -> usize {
        let (row, column) = (cell.index() / B::WIDTH as usize, cell.index() % B::WIDTH as usize);
        column * B::SPEC.size as usize + row
    }

    #[inline]
    fn set<B: Board>(&mut self, plane: usize, cell: Cell, value: f32) {
        self.values[plane * self.side * self.side + Self::at::<B>(cell)] = value;
    }
}

/// Planes 0 to 9, which all of upstream's encoders share.
fn encode_shared<B: Board>(position: &Position<B>, planes: &mut Planes<'_>) {
    let (neighbours, marker_scale) = match B::SPEC.shape {
        BoardShape::Square => (8.0, 4.0),
        BoardShape::Hex => (6.0, 3.0),
    };
    let me = position.to_move();
    let free = B::MASK & !(position.stack_cells() | position.collapsed_cells());
    let free = NeighbourCounts::of::<B>(free);
    for seat in position.players().seats() {
        let they = usize::from(seat != me);
        for cell in position.stacks_of(seat).iter() {
            let height = position.stack(cell).map_or(0, ringrift_rules::Stack::height);
            planes.set::<B>(they, cell, (f64::from(height) / 5.0).min(1.0) as f32);
            planes.set::<B>(6 + they, cell, (f64::from(free.at(cell)) / neighbours) as f32);
        }
        let markers = position.markers_of(seat);
        if !markers.is_empty() {
            let counts = NeighbourCounts::of::<B>(markers);
            for cell in markers.iter() {
                planes.set::<B>(2 + they, cell, 1.0);
                planes.set::<B>(8 + they, cell, (f64::from(counts.at(cell)) / marker_scale).min(1.0) as f32);
            }
        }
        for cell in position.collapsed_of(seat).iter() {
            planes.set::<B>(4 + they, cell, 1.0);
        }
    }
}
