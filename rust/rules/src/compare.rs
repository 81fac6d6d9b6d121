//! What differs between two positions, cell by cell: for evaluators that keep what they know of similar positions.

use crate::{bits::CellSet, board::Board, cell::Cell, player::PlayerId, position::Position};

/// What a cell holds, as numbers: for code that cannot afford to branch on [`crate::CellContent`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct CellSummary {
    kind: u32,
    owner: u32,
    stack: u32,
}

impl CellSummary {
    /// 0 for an empty cell, 1 for a marker, 2 for collapsed territory, 3 for a stack.
    #[inline]
    pub const fn kind(self) -> u32 {
        self.kind
    }

    /// The owner of what the cell holds, or who controls its stack; the first seat for an empty cell.
    #[inline]
    pub const fn owner(self) -> PlayerId {
        PlayerId::from_bits(self.owner)
    }

    /// Number of rings; 0 without a stack.
    #[inline]
    pub const fn height(self) -> u32 {
        self.stack >> 9 & 0x1ff
    }

    /// Number of rings of the top ring's owner from the top down; 0 without a stack.
    #[inline]
    pub const fn cap_height(self) -> u32 {
        self.stack >> 18 & 0x1ff
    }
}

impl<B: Board> Position<B> {
    /// What a cell holds, but for the rings under its cap.
    #[inline]
    pub fn summary(&self, cell: Cell) -> CellSummary {
        let stack = u32::from(self.stack_cells.contains(cell));
        let kind = u32::from(self.marker_cells.contains(cell))
            + 2 * u32::from(self.collapsed_cells.contains(cell))
            + 3 * stack;
        let owner = u32::from(self.owner_low.contains(cell)) + 2 * u32::from(self.owner_high.contains(cell));
        CellSummary {
            kind,
            owner: owner * u32::from(kind != 0),
            stack: self.stacks[B::geometry().dense(cell)].word() * stack,
        }
    }

    /// Number of cells that hold a stack, a marker, or collapsed territory.
    #[inline]
    pub fn occupied(&self) -> u32 {
        (self.stack_cells | self.marker_cells | self.collapsed_cells).count()
    }

    /// Number of cells that hold another kind of thing than in `other`: a cheap measure of how far two positions are apart.
    #[inline]
    pub fn distance(&self, other: &Self) -> u32 {
        self.other_kinds(other).count()
    }

    #[inline]
    fn other_kinds(&self, other: &Self) -> B::Cells {
        (self.stack_cells ^ other.stack_cells)
            | (self.marker_cells ^ other.marker_cells)
            | (self.collapsed_cells ^ other.collapsed_cells)
    }

    /// Cells that do not hold the same as in `other`. A few that do may be among them: stacks are told apart by how they are
    /// kept.
    #[inline]
    pub fn changed_cells(&self, other: &Self) -> B::Cells {
        let occupied = self.stack_cells | self.marker_cells | self.collapsed_cells;
        let owners = (self.owner_low ^ other.owner_low) | (self.owner_high ^ other.owner_high);
        let mut changed = self.other_kinds(other) | (owners & occupied);
        let dense = |cell: Cell| B::geometry().dense(cell);
        let same = self.stack_cells.without(changed);
        changed |= same.filtered(|cell| self.stacks[dense(cell)].word() != other.stacks[dense(cell)].word());
        // Without a ring that was put, taken or moved within a stack, equal summaries are of equal stacks.
        if self.rings != other.rings {
            changed |= same.without(changed).filtered(|cell| {
                let stack = self.stacks[dense(cell)];
                stack.cap_height() != stack.height()
                    && !self.rings.rings_down(stack).eq(other.rings.rings_down(other.stacks[dense(cell)]))
            });
        }
        changed
    }
}
