//! Which moves to look at first.

use ringrift_rules::{Move, MoveKind};

/// One padded cell index of any board.
const CELLS: usize = 1024;
const GROUPS: usize = 4;

/// Bound of history scores.
const HISTORY_MAX: i32 = 1 << 14;

/// How often moves like this one refuted a position, by side, kind and cell. Source: Schaeffer 1989 (history heuristic), with
/// the ageing of later programs.
#[derive(Clone, Debug)]
pub(crate) struct History {
    landing: Box<[i32]>,
    origin: Box<[i32]>,
}

fn group(kind: MoveKind) -> usize {
    match kind {
        MoveKind::PlaceRing => 0,
        MoveKind::MoveStack => 1,
        MoveKind::OvertakingCapture | MoveKind::ContinueCaptureSegment => 2,
        _ => 3,
    }
}

/// Place of a cell in the table of a side and a group of kinds.
fn place(side: usize, group: usize, cell: usize) -> usize {
    (side * GROUPS + group) * CELLS + cell % CELLS
}

impl History {
    pub fn new() -> Self {
        let empty = || vec![0; 2 * GROUPS * CELLS].into();
        Self { landing: empty(), origin: empty() }
    }

    pub fn clear(&mut self) {
        self.landing.fill(0);
        self.origin.fill(0);
    }

    /// Halves all scores: what earlier searches learnt is worth less in the next one.
    pub fn fade(&mut self) {
        self.landing.iter_mut().chain(&mut self.origin).for_each(|score| *score /= 2);
    }

    /// Score of a move, within about twice [`HISTORY_MAX`] of 0.
    #[inline]
    pub fn score(&self, side: usize, mv: Move) -> i32 {
        let group = group(mv.kind());
        let landing = mv.landing().map_or(0, |cell| self.landing[place(side, group, cell.index())]);
        let origin = mv.origin().map_or(0, |cell| self.origin[place(side, group, cell.index())]);
        landing + origin
    }

    /// Notes that the move refuted a position, or (`gain` below 0) that it did not.
    #[inline]
    pub fn note(&mut self, side: usize, mv: Move, gain: i32) {
        let group = group(mv.kind());
        let add = |score: &mut i32| *score += gain - *score * gain.abs() / HISTORY_MAX;
        if let Some(cell) = mv.landing() {
            add(&mut self.landing[place(side, group, cell.index())]);
        }
        if let Some(cell) = mv.origin() {
            add(&mut self.origin[place(side, group, cell.index())]);
        }
    }
}

/// How much better than its siblings a placement used to be right after it was made, by side, cell and number of rings, in
/// hundredths of a point. Where there are many placements, only the most promising ones are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Gains {
    gains: Box<[i32]>,
    /// Whether a side's placements have all been looked at once.
    pub is_known: [bool; 2],
}

impl Gains {
    pub fn new() -> Self {
        Self { gains: vec![0; 2 * 4 * CELLS].into(), is_known: [false; 2] }
    }

    pub fn clear(&mut self) {
        self.gains.fill(0);
        self.is_known = [false; 2];
    }

    fn place(side: usize, mv: Move) -> Option<usize> {
        let Move::PlaceRing { to, count } = mv else { return None };
        Some((side * 4 + usize::from(count % 4)) * CELLS + to.index() % CELLS)
    }

    /// Expected gain of a move; 0 if it is no placement.
    #[inline]
    pub fn score(&self, side: usize, mv: Move) -> i32 {
        Self::place(side, mv).map_or(0, |place| self.gains[place])
    }

    /// Notes by how much the value after a move was above the mean of its siblings.
    #[inline]
    pub fn note(&mut self, side: usize, mv: Move, gain: i32) {
        if let Some(place) = Self::place(side, mv) {
            let known = &mut self.gains[place];
            *known += (gain.clamp(-100_000, 100_000) - *known) / 4;
        }
    }
}

/// Bonus of a kind, in hundredths of a point: what changes rings and territory for good comes first.
/// Source of the order: search.md section 2.
#[inline]
pub(crate) const fn kind_bonus(kind: MoveKind) -> i32 {
    match kind {
        MoveKind::ChooseTerritoryOption => 1_000_000,
        MoveKind::ProcessLine | MoveKind::ChooseLineOption => 500_000,
        MoveKind::ContinueCaptureSegment => 200_000,
        MoveKind::OvertakingCapture => 100_000,
        MoveKind::RecoverySlide => 80_000,
        _ => 0,
    }
}

/// Whether a move may be searched less deep than the first ones: placements and plain movements, of which there are many.
/// Captures, lines, territory, payments and recoveries decide too much for that.
#[inline]
pub(crate) const fn is_reducible(kind: MoveKind) -> bool {
    matches!(kind, MoveKind::PlaceRing | MoveKind::MoveStack | MoveKind::SkipPlacement | MoveKind::SkipCapture)
}

#[cfg(test)]
mod tests {
    use ringrift_rules::{Board as _, Square8};

    use super::*;

    #[test]
    fn history_is_bounded_and_fades() {
        let mut history = History::new();
        let mut cells = Square8::geometry().cells();
        let mv = Move::MoveStack { from: cells.next().unwrap(), to: cells.next().unwrap() };
        for _ in 0..10_000 {
            history.note(1, mv, 900);
        }
        let high = history.score(1, mv);
        assert!((HISTORY_MAX..=2 * HISTORY_MAX).contains(&high), "{high}");
        assert_eq!(history.score(0, mv), 0);
        history.fade();
        assert!((high / 2 - history.score(1, mv)).abs() <= 2);
        for _ in 0..10_000 {
            history.note(1, mv, -900);
        }
        assert!((-2 * HISTORY_MAX..=-HISTORY_MAX).contains(&history.score(1, mv)));
        history.clear();
        assert_eq!(history.score(1, mv), 0);
    }
}
