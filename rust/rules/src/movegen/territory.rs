//! Disconnected regions. Source: RR-CANON-R140..R145, rules.md section 9.2 and 9.3.
//!
//! Regions are found by flooding whole rows at a time: a row is one word, a run of free cells in it fills with a
//! handful of instructions, and sweeping down and up over the rows settles after two or three rounds.

use std::ops::ControlFlow;

use crate::{
    bits::CellSet,
    board::{Board, BoardShape},
    cell::Cell,
    moves::{EliminationContext, Move, MoveList, RegionBorder, RegionId},
    player::PlayerId,
    position::Position,
};

const MAX_ROWS: usize = 25;

/// One word per board row.
type Rows = [u32; MAX_ROWS];

/// The runs of `free` that contain a bit of `seed`.
#[inline]
fn fill_row<B: Board>(seed: u32, free: u32) -> u32 {
    // Upwards an addition carries through each run that holds a seed; downwards, doubling steps.
    let mut filled = (free ^ free.wrapping_add(seed) | seed) & free;
    let mut open = free;
    let mut reach = 1;
    while reach < u32::from(B::SPEC.size) {
        filled |= open & filled >> reach;
        open &= open >> reach;
        reach *= 2;
    }
    filled
}

/// Neighbours in the next row of the cells of a row.
#[inline]
fn to_next_row<B: Board>(row: u32) -> u32 {
    match B::SPEC.shape {
        BoardShape::Square => row,
        BoardShape::Hex => row | row >> 1,
    }
}

/// Neighbours in the previous row of the cells of a row.
#[inline]
fn to_previous_row<B: Board>(row: u32) -> u32 {
    match B::SPEC.shape {
        BoardShape::Square => row,
        BoardShape::Hex => row | row << 1,
    }
}

/// The connected part of `free` that contains `seed` in row `start`.
fn flood<B: Board>(free: &Rows, start: usize, seed: u32) -> Rows {
    let rows = B::SPEC.size as usize;
    let mut filled = [0; MAX_ROWS];
    filled[start] = fill_row::<B>(seed, free[start]);
    let mut from = start;
    loop {
        let mut changed = false;
        for row in from + 1..rows {
            let reached = (to_next_row::<B>(filled[row - 1]) | filled[row]) & free[row];
            if reached != filled[row] {
                filled[row] = fill_row::<B>(reached, free[row]);
                changed = true;
            }
        }
        for row in (0..rows - 1).rev() {
            let reached = (to_previous_row::<B>(filled[row + 1]) | filled[row]) & free[row];
            if reached != filled[row] {
                filled[row] = fill_row::<B>(reached, free[row]);
                changed = true;
            }
        }
        if !changed {
            return filled;
        }
        from = 0;
    }
}

fn rows_of<B: Board>(cells: B::Cells) -> Rows {
    let mut rows = [0; MAX_ROWS];
    for (row, word) in rows[..B::SPEC.size as usize].iter_mut().enumerate() {
        *word = cells.extract(row as u32 * B::WIDTH as u32, u32::from(B::SPEC.size));
    }
    rows
}

fn cells_of<B: Board>(rows: &Rows) -> B::Cells {
    let mut cells = B::Cells::EMPTY;
    for (row, word) in rows[..B::SPEC.size as usize].iter().enumerate() {
        cells.deposit(row as u32 * B::WIDTH as u32, *word);
    }
    cells
}

/// Territory neighbours of the cells, which may include some of them.
#[inline]
fn neighbours<B: Board>(cells: B::Cells) -> B::Cells {
    let near = |step: i32| cells.shifted(step) | cells.shifted(-step);
    let around = match B::SPEC.shape {
        BoardShape::Square => near(1) | near(B::WIDTH),
        BoardShape::Hex => near(1) | near(B::WIDTH) | near(B::WIDTH - 1),
    };
    around & B::MASK
}

impl<B: Board> Position<B> {
    /// Cells that a flood with this border may enter.
    fn open_cells(&self, border: RegionBorder) -> B::Cells {
        let walls = match border {
            RegionBorder::Markers(colour) => self.markers_of(colour),
            RegionBorder::None => self.marker_cells,
        };
        B::MASK.without(self.collapsed_cells | walls)
    }

    /// All cells of a region.
    pub fn region_cells(&self, region: RegionId) -> B::Cells {
        let rows = rows_of::<B>(self.open_cells(region.border));
        let (row, column) = (region.start.index() / B::WIDTH as usize, region.start.index() % B::WIDTH as usize);
        cells_of::<B>(&flood::<B>(&rows, row, 1 << column))
    }

    /// Calls `each` with every distinct region that `payers` may pay for, until it breaks.
    ///
    /// A region without marker border touches no marker, so whenever there are markers a colour pass finds it too,
    /// and that pass is skipped.
    fn for_each_region(
        &self,
        payers: B::Cells,
        mut each: impl FnMut(RegionId, B::Cells) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if payers.is_empty() {
            return ControlFlow::Continue(());
        }
        if self.marker_cells.is_empty() {
            if self.collapsed_cells.is_empty() {
                return ControlFlow::Continue(());
            }
            return self.for_each_region_within(RegionBorder::None, payers, &mut each);
        }
        for colour in self.players.seats() {
            if !self.markers_of(colour).is_empty() {
                self.for_each_region_within(RegionBorder::Markers(colour), payers, &mut each)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn for_each_region_within(
        &self,
        border: RegionBorder,
        payers: B::Cells,
        each: &mut impl FnMut(RegionId, B::Cells) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rest = rows_of::<B>(self.open_cells(border));
        let mut whole = true;
        while let Some(start) = rest.iter().position(|&row| row != 0) {
            let lowest = rest[start] & rest[start].wrapping_neg();
            let part = flood::<B>(&rest, start, lowest);
            if whole && part == rest {
                // Connected: no payer is outside.
                return ControlFlow::Continue(());
            }
            whole = false;
            for (row, filled) in rest.iter_mut().zip(&part) {
                *row &= !filled;
            }
            let cells = cells_of::<B>(&part);
            if payers.without(cells).is_empty()
                || !self.lacks_an_active_colour(cells, border)
                || self.is_found_before(cells, border)
            {
                continue;
            }
            let index = start as u32 * B::WIDTH as u32 + lowest.trailing_zeros();
            each(RegionId { start: Cell::from_index(index as u16), border }, cells)?;
        }
        ControlFlow::Continue(())
    }

    /// Whether the controllers of the stacks inside are a proper subset of the colours with rings on the board, and,
    /// without marker border, exactly one colour.
    fn lacks_an_active_colour(&self, cells: B::Cells, border: RegionBorder) -> bool {
        let (mut inside, mut missing) = (0, false);
        for player in self.players.seats() {
            if self.stacks_controlled[player] > 0 && self.stacks_of(player).intersects(cells) {
                inside += 1;
            } else {
                missing |= self.rings_on_board[player] > 0;
            }
        }
        missing && (border != RegionBorder::None || inside == 1)
    }

    /// Whether the same cells are a region of an earlier colour.
    fn is_found_before(&self, cells: B::Cells, border: RegionBorder) -> bool {
        let RegionBorder::Markers(colour) = border else {
            return false;
        };
        let around = neighbours::<B>(cells).without(cells | self.collapsed_cells);
        self.players.seats().take_while(|&earlier| earlier < colour).any(|earlier| {
            let markers = self.markers_of(earlier);
            !markers.is_empty() && !markers.intersects(cells) && around.without(markers).is_empty()
        })
    }

    /// Border markers that collapse with a region. Source: rules.md section 9.4.
    pub(crate) fn border_markers(&self, region: B::Cells) -> B::Cells {
        let outside = self.marker_cells.without(region);
        let mut border = neighbours::<B>(region) & outside;
        if B::SPEC.border_growth {
            loop {
                let row = border | border.shifted(1) | border.shifted(-1);
                let grown = border | (row | row.shifted(B::WIDTH) | row.shifted(-B::WIDTH)) & outside;
                if grown == border {
                    break;
                }
                border = grown;
            }
        }
        border
    }

    /// How the player pays for regions this turn.
    pub(crate) fn payment_context(&self, player: PlayerId) -> EliminationContext {
        if self.history.run_of(player, self.history.run_recovered) {
            EliminationContext::Recovery
        } else {
            EliminationContext::Territory
        }
    }

    /// Stacks that could pay for a region.
    pub(crate) fn region_payers(&self, player: PlayerId) -> B::Cells {
        match self.payment_context(player) {
            EliminationContext::Recovery => self.buried_stacks(player),
            _ => self.stacks_of(player),
        }
    }

    /// Whether the player has a region to process.
    pub(crate) fn has_region(&self, player: PlayerId) -> bool {
        self.for_each_region(self.region_payers(player), |_, _| ControlFlow::Break(())).is_break()
    }

    /// `choose_territory_option` moves and `skip_territory_processing`; nothing without a region.
    pub(crate) fn generate_territory_decisions(&self, player: PlayerId, list: &mut MoveList) {
        let _ = self.for_each_region(self.region_payers(player), |region, _| {
            list.push(Move::ChooseTerritoryOption { region });
            ControlFlow::Continue(())
        });
        if !list.is_empty() {
            list.push(Move::SkipTerritoryProcessing);
        }
    }
}
