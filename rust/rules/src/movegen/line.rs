//! Lines of markers. Source: RR-CANON-R120..R123, rules.md section 9.1.

use crate::{
    bits::CellSet,
    board::Board,
    moves::{LineSpan, LineWindow, Move, MoveList},
    player::PlayerId,
    position::Position,
};

impl<B: Board> Position<B> {
    /// Markers in a row that make a line in this game.
    #[inline]
    pub(crate) fn line_length(&self) -> u32 {
        B::SPEC.line_length(self.players)
    }

    /// Cells of `markers` where at least a line's length of them begins, along one axis.
    #[inline]
    fn run_starts(&self, markers: B::Cells, step: i32) -> B::Cells {
        let mut runs = markers;
        for _ in 1..self.line_length() {
            runs &= runs.shifted(-step);
        }
        runs
    }

    /// Whether the player has a line.
    #[inline]
    pub(crate) fn has_line(&self, player: PlayerId) -> bool {
        let markers = self.markers_of(player);
        markers.count() >= self.line_length()
            && B::AXIS_STEPS.iter().any(|&step| !self.run_starts(markers, step).is_empty())
    }

    /// Every line of the player.
    #[inline]
    pub(crate) fn for_each_line(&self, player: PlayerId, mut each: impl FnMut(LineSpan)) {
        let markers = self.markers_of(player);
        if markers.count() < self.line_length() {
            return;
        }
        for (axis, &step) in B::AXIS_STEPS.iter().enumerate() {
            let starts = self.run_starts(markers, step).without(markers.shifted(step));
            for first in starts.iter() {
                let mut len = self.line_length();
                while markers.contains(first.offset(step, len)) {
                    len += 1;
                }
                each(LineSpan { first, axis: axis as u8, len: len as u8 });
            }
        }
    }

    /// `process_line` and `choose_line_option` moves.
    pub(crate) fn generate_line_decisions(&self, player: PlayerId, list: &mut MoveList) {
        let required = self.line_length();
        self.for_each_line(player, |line| {
            list.push(Move::ProcessLine { line });
            list.push(Move::ChooseLineOption { line, window: LineWindow::ALL });
            if line.len() > required {
                for start in 0..=line.len() - required {
                    let window = LineWindow::starting_at(start);
                    list.push(Move::ChooseLineOption { line, window });
                }
            }
        });
    }
}
