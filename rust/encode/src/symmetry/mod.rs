//! Turning and mirroring boards: cells, positions, planes and policy indices.

mod actions;
mod grids;
mod tables;

use ringrift_rules::{AnyPosition, BoardKind, BoardShape, Cell, Coord, Setup, Strictness};

pub use grids::PlaneGrid;

use crate::{
    error::{EncodeError, check_length},
    policy::{ActionIndex, PolicyLayout},
};
use tables::Tables;

/// A way to lay a board onto itself: 8 for square boards, 12 for hex boards.
///
/// Numbers below half of that are turns, by that many quarters (x, y) -> (side - 1 - y, x) or sixths
/// (x, y) -> (x + y, -x). The others mirror first, (x, y) -> (side - 1 - x, y) or (y, x), and then turn.
///
/// What a symmetry does to a position, it does to its planes, for all encoders: encoding the image gives the image of the
/// planes; globals stay. Legal moves go with it too, with one exception: a recovery slide that completes several lines
/// takes the first one by axis, so that its free option can be legal on one side only. The rules also look at axes when
/// such a slide is made, when a part of a line collapses in a recovery, and when the border of a region spreads on hex8 (to
/// neighbours by x and y, as on square boards): positions after these moves can differ.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Symmetry {
    board: BoardKind,
    number: u8,
}

impl Symmetry {
    /// Turns of the board.
    const fn turns(board: BoardKind) -> u8 {
        match board.spec().shape {
            BoardShape::Square => 4,
            BoardShape::Hex => 6,
        }
    }

    /// Number of symmetries of a board.
    pub const fn count(board: BoardKind) -> u8 {
        2 * Self::turns(board)
    }

    /// The symmetry of a number below [`Symmetry::count`].
    pub const fn new(board: BoardKind, number: u8) -> Option<Self> {
        if number < Self::count(board) { Some(Self { board, number }) } else { None }
    }

    /// All symmetries of a board, by number.
    pub fn all(board: BoardKind) -> impl ExactSizeIterator<Item = Self> + Clone {
        (0..Self::count(board)).map(move |number| Self { board, number })
    }

    /// The one that changes nothing; its number is 0.
    pub const fn identity(board: BoardKind) -> Self {
        Self { board, number: 0 }
    }

    /// The board.
    pub const fn board(self) -> BoardKind {
        self.board
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.number
    }

    const fn parts(self) -> (bool, u8) {
        (self.number >= Self::turns(self.board), self.number % Self::turns(self.board))
    }

    const fn of_parts(board: BoardKind, mirrored: bool, turned: u8) -> Self {
        let turns = Self::turns(board);
        Self { board, number: if mirrored { turns + turned % turns } else { turned % turns } }
    }

    /// The symmetry that undoes this one.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self.parts() {
            (false, turned) => Self::of_parts(self.board, false, Self::turns(self.board) - turned),
            (true, _) => self,
        }
    }

    /// This symmetry, and then another one of the same board; none if its board is another.
    pub fn then(self, other: Self) -> Option<Self> {
        let ((mirrored, turned), (other_mirrored, other_turned)) = (self.parts(), other.parts());
        let turns = Self::turns(self.board);
        let turned = if other_mirrored { other_turned + turns - turned } else { other_turned + turned };
        (self.board == other.board).then_some(Self::of_parts(self.board, mirrored != other_mirrored, turned))
    }

    /// Where coordinates go.
    pub const fn coord(self, at: Coord) -> Coord {
        let (mirrored, turned) = self.parts();
        let last = self.board.spec().size as i32 - 1;
        let Coord { mut x, mut y } = at;
        let square = matches!(self.board.spec().shape, BoardShape::Square);
        if mirrored {
            (x, y) = if square { (last - x, y) } else { (y, x) };
        }
        let mut turn = 0;
        while turn < turned {
            (x, y) = if square { (last - y, x) } else { (x + y, -x) };
            turn += 1;
        }
        Coord { x, y }
    }

    /// Where a cell of the board goes.
    ///
    /// # Panics
    /// The cell is one of another board, and not of this one.
    pub fn cell(self, cell: Cell) -> Cell {
        self.image(cell).expect("the cell is on the symmetry's board")
    }

    fn image(self, cell: Cell) -> Option<Cell> {
        self.tables().images.get(self.board.geometry().dense(cell)).copied()
    }

    fn tables(self) -> &'static Tables {
        Tables::of(self)
    }

    /// The turned or mirrored state. Stacks keep their place in the container order.
    ///
    /// # Errors
    /// The state is on another board.
    pub fn setup(self, setup: &Setup) -> Result<Setup, EncodeError> {
        self.check_board("the state", setup.board)?;
        let mut image = setup.clone();
        let turn = |at: &mut Coord| *at = self.coord(*at);
        image.stacks.iter_mut().for_each(|stack| turn(&mut stack.cell));
        image.markers.iter_mut().chain(&mut image.collapsed).for_each(|(at, _)| turn(at));
        image.must_move.iter_mut().for_each(turn);
        if let Some((_, visited, current)) = &mut image.chain {
            visited.iter_mut().for_each(turn);
            turn(current);
        }
        if let Some(last) = &mut image.history.last {
            last.landing = last.landing.and_then(|cell| self.image(cell));
        }
        Ok(image)
    }

    /// The turned or mirrored position.
    ///
    /// # Errors
    /// The position is on another board.
    pub fn position(self, position: &AnyPosition) -> Result<AnyPosition, EncodeError> {
        let image = self.setup(&position.to_setup())?;
        Ok(image.into_position_if(Strictness::Storable).expect("the image of a position is a position"))
    }

    /// Turns or mirrors planes of the board, any number of them. The corners of hex boards become 0.
    ///
    /// # Errors
    /// The lengths differ, or are not a multiple of the elements of a plane.
    pub fn planes(self, grid: PlaneGrid, source: &[f32], target: &mut [f32]) -> Result<(), EncodeError> {
        let len = usize::from(self.board.spec().size).pow(2);
        check_length("planes", source.len(), target.len(), "both buffers hold the same planes")?;
        check_length("planes", source.len() / len * len, source.len(), "whole planes of side * side elements")?;
        let moves = self.tables().grid(self, grid);
        for (source, target) in source.chunks_exact(len).zip(target.chunks_exact_mut(len)) {
            target.fill(0.0);
            for &(from, to) in moves {
                target[usize::from(to)] = source[usize::from(from)];
            }
        }
        Ok(())
    }

    /// Turns or mirrors packed planes of `rr1`, any number of them.
    ///
    /// # Errors
    /// The lengths differ, or are not a multiple of the bytes of a plane.
    pub fn packed(self, source: &[u8], target: &mut [u8]) -> Result<(), EncodeError> {
        let len = usize::from(self.board.spec().size).pow(2).div_ceil(8);
        check_length("packed planes", source.len(), target.len(), "both buffers hold the same planes")?;
        check_length(
            "packed planes",
            source.len() / len * len,
            source.len(),
            "whole planes; see Rr1Layout::plane_bytes",
        )?;
        let moves = self.tables().grid(self, PlaneGrid::Rr1);
        for (source, target) in source.chunks_exact(len).zip(target.chunks_exact_mut(len)) {
            target.fill(0);
            if source.iter().all(|&byte| byte == 0) {
                continue;
            }
            for &(from, to) in moves {
                target[usize::from(to / 8)] |= (source[usize::from(from / 8)] >> (from % 8) & 1) << (to % 8);
            }
        }
        Ok(())
    }

    /// For each index of `rr1`, the index of the move on the image.
    ///
    /// That of a region becomes the index of another of its cells, as a rule: [`crate::Rr1Policy::move_at`] finds the move
    /// of the image for it, whose own index [`crate::Rr1Policy::index`] tells.
    pub fn rr1_actions(self) -> &'static [u32] {
        self.tables().rr1_actions(self)
    }

    /// The index of the move on the image, in one of upstream's layouts. None where the index does not say enough: lines
    /// are numbered by their first cell without direction, regions by the lowest cell; and where the layout has no index
    /// for the image, or no move for the index. The identity keeps every index.
    pub fn action(self, layout: PolicyLayout, index: ActionIndex) -> Option<ActionIndex> {
        if self.number == 0 {
            return (index.get() < layout.size(self.board)).then_some(index);
        }
        let mapped = *self.tables().actions(self, layout).get(index.get() as usize)?;
        (mapped != actions::NONE).then_some(ActionIndex::new(mapped))
    }

    fn check_board(self, what: &'static str, got: BoardKind) -> Result<(), EncodeError> {
        if got == self.board { Ok(()) } else { Err(EncodeError::OtherBoard { what, expected: self.board, got }) }
    }
}
