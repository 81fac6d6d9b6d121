//! Cell sets of a board that features are counted with.

use ringrift_rules::{Board, BoardKind, BoardShape, Cell, CellSet, Coord};

/// What the features need to know of a board; made once per evaluator.
#[derive(Clone, Debug)]
pub(crate) struct Tables<B: Board> {
    /// The cells that count as the centre.
    pub centre: B::Cells,
    /// Coordinates of the cells, counted from 0, by padded index; the third one matters on hex boards only.
    pub places: Box<[[u8; 3]]>,
}

/// No coordinate of any board reaches this.
pub(crate) const SIZE_MAX: usize = 32;

impl<B: Board> Tables<B> {
    pub(crate) fn new() -> Self {
        let geometry = B::geometry();
        let select = |test: &dyn Fn(Coord) -> bool| {
            let mut cells = B::Cells::EMPTY;
            geometry.cells().filter(|&cell| test(geometry.coord(cell))).for_each(|cell| cells.insert(cell));
            cells
        };
        let first = match B::SPEC.shape {
            BoardShape::Square => 0,
            BoardShape::Hex => -i32::from(B::SPEC.size / 2),
        };
        let mut places = vec![[0; 3]; geometry.cells().map(Cell::index).max().map_or(0, |last| last + 1)];
        for cell in geometry.cells() {
            let Coord { x, y } = geometry.coord(cell);
            places[cell.index()] = [x, y, -x - y].map(|value| (value - first) as u8 % SIZE_MAX as u8);
        }
        Self { centre: select(&|coord| is_centre(B::KIND, coord)), places: places.into() }
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
    fn places_count_from_the_corner() {
        let last = |places: &[[u8; 3]]| places.last().copied();
        assert_eq!(last(&Tables::<Square19>::new().places).map(|place| (place[0], place[1])), Some((18, 18)));
        let hexagonal = Tables::<Hexagonal>::new().places;
        for axis in 0..3 {
            assert_eq!(hexagonal.iter().map(|place| place[axis]).max(), Some(24));
        }
    }
}
