//! Capture segments. Source: RR-CANON-R101..R103, rules.md section 7.

use crate::{bits::CellSet, board::Board, cell::Cell, player::PlayerId, position::Position};

impl<B: Board> Position<B> {
    /// Every capture by a stack of this height and cap standing on `from`: calls `each(from, over, to)`.
    #[inline]
    pub(crate) fn for_each_capture(&self, from: Cell, height: u32, cap: u32, mut each: impl FnMut(Cell, Cell, Cell)) {
        self.for_each_ray(from, |ray| {
            let over = from.offset(ray.step, ray.distance);
            if self.stack_cells.contains(over) && self.stack_at(over).cap_height() <= cap {
                let first = height.saturating_sub(ray.distance).max(1);
                for beyond in first..ray.beyond() {
                    each(from, over, over.offset(ray.step, beyond));
                }
            }
        });
    }

    /// Whether a stack of this height and cap on `from` could capture anything.
    #[inline]
    pub(crate) fn can_capture_from(&self, from: Cell, height: u32, cap: u32) -> bool {
        self.any_ray(from, |ray| {
            let over = from.offset(ray.step, ray.distance);
            self.stack_cells.contains(over)
                && self.stack_at(over).cap_height() <= cap
                && height.saturating_sub(ray.distance).max(1) < ray.beyond()
        })
    }

    /// Captures by the stack on `from`, if `player` controls it.
    pub(crate) fn generate_captures_at(&self, from: Cell, player: PlayerId, each: impl FnMut(Cell, Cell, Cell)) {
        if let Some(stack) = self.stack(from).filter(|stack| stack.owner() == player) {
            self.for_each_capture(from, stack.height(), stack.cap_height(), each);
        }
    }

    /// Whether the stack on `from`, if `player` controls it, can capture.
    #[inline]
    pub(crate) fn can_capture_at(&self, from: Cell, player: PlayerId) -> bool {
        self.stack(from).is_some_and(|stack| {
            stack.owner() == player && self.can_capture_from(from, stack.height(), stack.cap_height())
        })
    }
}
