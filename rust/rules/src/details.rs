//! What a move means in its position, spelt out for files: cells of lines, segments and regions, stacks that pay.

use crate::{
    any::AnyPosition,
    bits::CellSet,
    board::Board,
    cell::Cell,
    history::{Chain, HistoryMarks, LpsState},
    moves::{LineSpan, LineWindow, RecoveryMode, RegionId},
    player::{ByPlayer, PlayerId},
    position::{CellContent, Position},
    with_position,
};

impl<B: Board> Position<B> {
    /// `count` cells of a line from `start` on, in axis order.
    fn span_cells(line: LineSpan, start: u32, count: u32) -> Vec<Cell> {
        let step = B::AXIS_STEPS[line.axis()];
        (start..start + count).map(|i| line.first.offset(step, i)).collect()
    }

    /// Cells of a line of this position, in axis order. Source: rules.md section 9.1.
    pub fn line_cells(&self, line: LineSpan) -> Vec<Cell> {
        Self::span_cells(line, 0, line.len())
    }

    /// Cells that a decision on a line collapses, in axis order.
    pub fn window_cells(&self, line: LineSpan, window: LineWindow) -> Vec<Cell> {
        match window.start() {
            Some(start) => Self::span_cells(line, start, self.line_length()),
            None => self.line_cells(line),
        }
    }

    /// Cells that a recovery slide of the player to move names as collapsing, in axis order; none unless it completes
    /// a line. Source: rules.md section 8.
    pub fn recovery_cells(&self, from: Cell, to: Cell, mode: RecoveryMode) -> Vec<Cell> {
        let Some(line) = self.recovery_line(self.to_move, from, to) else { return Vec::new() };
        match mode {
            RecoveryMode::LineAll => self.line_cells(line),
            RecoveryMode::LineSegment => Self::span_cells(line, 0, self.line_length()),
            RecoveryMode::Fallback | RecoveryMode::StackStrike => Vec::new(),
        }
    }

    /// Cells of a region, by dense index.
    pub fn region_cell_list(&self, region: RegionId) -> Vec<Cell> {
        self.region_cells(region).iter().collect()
    }

    /// Per seat, the player's rings in stacks that another player controls.
    pub fn buried_rings(&self) -> ByPlayer<u16> {
        let mut buried = ByPlayer::default();
        for cell in self.stack_cells.iter() {
            let stack = self.stack_at(cell);
            if stack.height() == stack.cap_height() {
                continue;
            }
            for ring in self.rings.rings_down(stack).skip(stack.cap_height() as usize) {
                buried[ring] += u16::from(ring != stack.owner());
            }
        }
        buried
    }

    /// The first stack in container order that the player controls.
    pub fn first_stack_of(&self, player: PlayerId) -> Option<Cell> {
        self.stacks_of(player).iter().min_by_key(|&cell| self.stamp(cell))
    }
}

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident(&self $(, $arg:ident: $type:ty)*) -> $out:ty;)*) => {
        impl AnyPosition {
            $($(#[$doc])*
            pub fn $name(&self $(, $arg: $type)*) -> $out {
                with_position!(self, position => position.$name($($arg),*))
            })*
        }
    };
}

delegate! {
    /// See [`Position::content`].
    content(&self, cell: Cell) -> CellContent;
    /// See [`Position::rings`].
    rings(&self, cell: Cell) -> Vec<PlayerId>;
    /// See [`Position::stacks_in_order`].
    stacks_in_order(&self) -> Vec<Cell>;
    /// See [`Position::must_move`].
    must_move(&self) -> Option<Cell>;
    /// See [`Position::chain`].
    chain(&self) -> Option<Chain>;
    /// See [`Position::chain_visited`].
    chain_visited(&self) -> Vec<Cell>;
    /// See [`Position::lps`].
    lps(&self) -> &LpsState;
    /// See [`Position::history`].
    history(&self) -> &HistoryMarks;
    /// See [`Position::pending_line_elimination`].
    pending_line_elimination(&self) -> bool;
    /// See [`Position::has_any_ring`].
    has_any_ring(&self, player: PlayerId) -> bool;
    /// See [`Position::has_real_action`].
    has_real_action(&self, player: PlayerId) -> bool;
    /// See [`Position::line_cells`].
    line_cells(&self, line: LineSpan) -> Vec<Cell>;
    /// See [`Position::window_cells`].
    window_cells(&self, line: LineSpan, window: LineWindow) -> Vec<Cell>;
    /// See [`Position::recovery_cells`].
    recovery_cells(&self, from: Cell, to: Cell, mode: RecoveryMode) -> Vec<Cell>;
    /// See [`Position::recovery_payer`].
    recovery_payer(&self, player: PlayerId) -> Option<Cell>;
    /// See [`Position::region_cell_list`].
    region_cell_list(&self, region: RegionId) -> Vec<Cell>;
    /// See [`Position::first_stack_of`].
    first_stack_of(&self, player: PlayerId) -> Option<Cell>;
}
