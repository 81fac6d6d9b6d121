//! Cell sets of a board that features are counted with.

use ringrift_rules::{Board, BoardKind, BoardShape, CellSet, Coord};

/// What the features need to know of a board; made once per evaluator.
#[derive(Clone, Debug)]
pub(crate) struct Tables<B: Board> {
    /// The cells that count as the centre.
    pub centre: B::Cells,
    /// For every coordinate (x, y, and z on hex boards) and every value but the last: the cells up to that value.
    pub cuts: Box<[B::Cells]>,
}

impl<B: Board> Tables<B> {
    pub(crate) fn new() -> Self {
        let geometry = B::geometry();
        let coordinates = |coord: Coord| [coord.x, coord.y, coord.z()];
        let select = |test: &dyn Fn(Coord) -> bool| {
            let mut cells = B::Cells::EMPTY;
            geometry.cells().filter(|&cell| test(geometry.coord(cell))).for_each(|cell| cells.insert(cell));
            cells
        };
        let size = i32::from(B::SPEC.size);
        let (axes, first) = match B::SPEC.shape {
            BoardShape::Square => (2, 0),
            BoardShape::Hex => (3, -(size - 1) / 2),
        };
        let cuts = (0..axes)
            .flat_map(|axis| (first..first + size - 1).map(move |last| (axis, last)))
            .map(|(axis, last)| select(&|coord| coordinates(coord)[axis] <= last))
            .collect();
        Self { centre: select(&|coord| is_centre(B::KIND, coord)), cuts }
    }
}

/// Source: heuristic.md, "Geometry used by the evaluator".
fn is_centre(board: BoardKind, coord: Coord) -> bool {
    let within = |low: i32, high: i32| [coord.x, coord.y].iter().all(|value| (low..=high).contains(value));
    let distance = coord.x.abs().max(coord.y.abs()).max(coord.z().abs());
    match board {
        BoardKind::Square8 => within(3, 4),
        BoardKind::Square19 => within(8, 10),
        BoardKind::Hex8 => distance <= 1,
        BoardKind::Hexagonal => distance <= 2,
    }
}

#[cfg(test)]
mod tests {
    use ringrift_rules::{Hex8, Hexagonal, Square8, Square19};

    use super::*;

    #[test]
    fn centres_have_their_sizes() {
        assert_eq!(Tables::<Square8>::new().centre.count(), 4);
        assert_eq!(Tables::<Square19>::new().centre.count(), 9);
        assert_eq!(Tables::<Hex8>::new().centre.count(), 7);
        assert_eq!(Tables::<Hexagonal>::new().centre.count(), 19);
    }

    #[test]
    fn cuts_grow_one_row_at_a_time() {
        let tables = Tables::<Square8>::new();
        let counts: Vec<u32> = tables.cuts.iter().map(CellSet::count).collect();
        assert_eq!(counts, [8, 16, 24, 32, 40, 48, 56, 8, 16, 24, 32, 40, 48, 56]);
        assert_eq!(Tables::<Hexagonal>::new().cuts.len(), 72);
    }
}
