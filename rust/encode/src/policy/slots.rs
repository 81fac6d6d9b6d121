//! What the layouts share: cells and steps in a square grid, and the plan of the square layouts.

use ringrift_rules::{Board, BoardShape, Cell, CellSet as _, Move, Position};

/// Cells of a board in a square grid of `side` cells a row.
#[derive(Copy, Clone)]
pub(super) struct Grid {
    pub side: u32,
}

impl Grid {
    /// Grid coordinates: `x`, `y` on square boards, with the radius added on hex boards.
    #[inline]
    fn xy<B: Board>(cell: Cell) -> (u32, u32) {
        let (row, column) = (cell.index() as u32 / B::WIDTH as u32, cell.index() as u32 % B::WIDTH as u32);
        match B::SPEC.shape {
            BoardShape::Square => (column, row),
            BoardShape::Hex => (row, column),
        }
    }

    /// Number of the cell, `y * side + x`, if the grid has it.
    #[inline]
    pub(super) fn cell<B: Board>(self, cell: Cell) -> Option<u32> {
        let (x, y) = Self::xy::<B>(cell);
        (x < self.side && y < self.side).then_some(y * self.side + x)
    }

    /// Index of a placement.
    #[inline]
    pub(super) fn placement<B: Board>(self, to: Cell, count: u8) -> Option<u32> {
        let count = u32::from(count).checked_sub(1).filter(|&count| count < 3)?;
        Some(self.cell::<B>(to)? * 3 + count)
    }

    /// Index of a movement in its block; `directions` numbers as many directions as `count` by the signs of their steps.
    #[inline]
    pub(super) fn movement<B: Board>(
        self,
        from: Cell,
        to: Cell,
        count: u32,
        directions: impl Fn((i32, i32)) -> Option<u32>,
    ) -> Option<u32> {
        self.cell::<B>(to)?;
        let ((x, y), (to_x, to_y)) = (Self::xy::<B>(from), Self::xy::<B>(to));
        let (dx, dy) = (to_x as i32 - x as i32, to_y as i32 - y as i32);
        let steps = dx.unsigned_abs().max(dy.unsigned_abs()).checked_sub(1)?;
        Some((self.cell::<B>(from)? * count + directions((dx.signum(), dy.signum()))?) * (self.side - 1) + steps)
    }
}

/// Number of a direction in the order of the square layouts: rows of `dy`, then `dx`, without the centre.
#[inline]
const fn square_direction((dx, dy): (i32, i32)) -> u32 {
    let place = (dy + 1) * 3 + dx + 1;
    (if place > 4 { place - 1 } else { place }) as u32
}

/// The layout of square boards on a grid of any side.
#[derive(Copy, Clone)]
pub(super) struct SquarePlan {
    grid: Grid,
    movements: u32,
    lines: u32,
    eliminations: u32,
    /// `skip_placement`, then `swap_sides` and `skip_recovery`.
    skips: u32,
    pub line_options: u32,
    territory: u32,
    /// The first index after all these.
    pub end: u32,
}

impl SquarePlan {
    pub(super) const fn new(side: u32) -> Self {
        let cells = side * side;
        let movements = 3 * cells;
        let lines = movements + cells * 8 * (side - 1);
        let eliminations = lines + 4 * cells;
        let skips = eliminations + cells;
        let line_options = skips + 3;
        let territory = line_options + 4;
        Self {
            grid: Grid { side },
            movements,
            lines,
            eliminations,
            skips,
            line_options,
            territory,
            end: territory + 32 * cells,
        }
    }

    /// The index of a move; none for the kinds that come after [`SquarePlan::end`] and for cells outside of the grid.
    #[inline]
    pub(super) fn slot<B: Board>(&self, position: &Position<B>, mv: Move) -> Option<u32> {
        let cell = |cell: Cell| self.grid.cell::<B>(cell);
        match mv {
            Move::PlaceRing { to, count } => self.grid.placement::<B>(to, count),
            Move::MoveStack { from, to }
            | Move::OvertakingCapture { from, to, .. }
            | Move::ContinueCaptureSegment { from, to, .. }
            | Move::RecoverySlide { from, to, .. } => {
                let direction = |signs| Some(square_direction(signs));
                Some(self.movements + self.grid.movement::<B>(from, to, 8, direction)?)
            }
            Move::ProcessLine { line } => Some(self.lines + 4 * cell(line.first())?),
            Move::EliminateRingsFromStack { from, .. } => Some(self.eliminations + cell(from)?),
            Move::SkipPlacement => Some(self.skips),
            Move::SwapSides => Some(self.skips + 1),
            Move::SkipRecovery => Some(self.skips + 2),
            Move::ChooseLineOption { .. } => Some(self.line_options),
            Move::ChooseTerritoryOption { region } => {
                if !B::MASK.contains(region.start()) {
                    return None;
                }
                let cells = position.region_cells(region);
                let lowest = cells.iter().min_by_key(|&at| {
                    let (x, y) = Grid::xy::<B>(at);
                    (y, x)
                })?;
                let lowest = cell(lowest)?;
                let size = (cells.count() - 1).min(7);
                Some(self.territory + 32 * lowest + 4 * size + position.to_move().index() as u32)
            }
            Move::NoPlacementAction
            | Move::NoMovementAction
            | Move::SkipCapture
            | Move::NoLineAction
            | Move::NoTerritoryAction
            | Move::SkipTerritoryProcessing
            | Move::ForcedElimination { .. } => None,
        }
    }
}
