//! The order in which upstream lists the cells of a region. Source: rules.md section 9.2 and appendix A.
//!
//! Upstream fills a set of cell numbers in the order in which a depth-first walk visits them, and lists the set in its
//! iteration order. The rules never look at that order, but records carry it, and its first cell is the `to` of the
//! move.

use ringrift_rules::{BoardShape, Cell, Coord, Geometry};

/// The cells of a region in upstream's order; `region` is one connected part of the board.
pub(crate) fn spaces_in_order(geometry: &Geometry, region: &[Cell]) -> Vec<Cell> {
    let mut set = CellNumberSet::new();
    for cell in walk(geometry, region) {
        set.add(geometry.dense(cell));
    }
    set.iter().filter_map(|dense| geometry.cell_at_dense(dense)).collect()
}

/// Depth-first from the first cell in index order; neighbours are marked when they are pushed.
fn walk(geometry: &Geometry, region: &[Cell]) -> Vec<Cell> {
    const SQUARE: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];
    const HEX: [(i32, i32); 6] = [(1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1), (0, 1)];
    let steps: &[(i32, i32)] = match geometry.kind().spec().shape {
        BoardShape::Square => &SQUARE,
        BoardShape::Hex => &HEX,
    };
    let mut open = vec![false; geometry.cell_count()];
    for &cell in region {
        open[geometry.dense(cell)] = true;
    }
    let mut visited = Vec::with_capacity(region.len());
    let mut stack = Vec::new();
    if let Some(start) = open.iter().position(|&open| open) {
        open[start] = false;
        stack.extend(geometry.cell_at_dense(start));
    }
    while let Some(cell) = stack.pop() {
        visited.push(cell);
        let at = geometry.coord(cell);
        for &(dx, dy) in steps {
            let next = geometry.cell(Coord { x: at.x + dx, y: at.y + dy });
            if let Some(next) = next
                && std::mem::take(&mut open[geometry.dense(next)])
            {
                stack.push(next);
            }
        }
    }
    visited
}

/// The hash set of small numbers that `CPython` 3.11 builds: linear probes, then perturbed jumps.
struct CellNumberSet {
    slots: Vec<Option<usize>>,
    fill: usize,
}

impl CellNumberSet {
    const LINEAR_PROBES: usize = 9;

    fn new() -> Self {
        Self { slots: vec![None; 8], fill: 0 }
    }

    fn add(&mut self, value: usize) {
        if !Self::place(&mut self.slots, value) {
            return;
        }
        self.fill += 1;
        if self.fill * 5 >= (self.slots.len() - 1) * 3 {
            let mut len = 8;
            while len <= self.fill * 4 {
                len *= 2;
            }
            let mut slots = vec![None; len];
            for value in self.iter() {
                Self::place(&mut slots, value);
            }
            self.slots = slots;
        }
    }

    /// Puts a value into the first free slot of its probe sequence; false if it is there already.
    fn place(slots: &mut [Option<usize>], value: usize) -> bool {
        let mask = slots.len() - 1;
        let (mut at, mut perturb) = (value & mask, value);
        loop {
            let probes = if at + Self::LINEAR_PROBES <= mask { Self::LINEAR_PROBES } else { 0 };
            for slot in &mut slots[at..=at + probes] {
                match slot {
                    None => {
                        *slot = Some(value);
                        return true;
                    }
                    Some(other) if *other == value => return false,
                    Some(_) => {}
                }
            }
            perturb >>= 5;
            at = (at * 5 + 1 + perturb) & mask;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected orders are those of `CPython` 3.11: `s = set()`, `s.add(v)` for each v, `list(s)`.
    #[test]
    fn set_order_is_that_of_cpython() {
        let order = |values: &[usize]| {
            let mut set = CellNumberSet::new();
            for &value in values {
                set.add(value);
            }
            set.iter().collect::<Vec<_>>()
        };
        assert_eq!(order(&[8, 0, 16]), [8, 0, 16]);
        assert_eq!(order(&[63, 55, 47, 39]), [47, 39, 55, 63]);
        assert_eq!(order(&[63, 55, 47, 39, 31]), [39, 47, 55, 63, 31]);
        assert_eq!(order(&[400, 368, 336, 304, 272, 240]), [400, 272, 304, 336, 368, 240]);
        assert_eq!(
            order(&[100, 228, 356, 36, 164, 292, 420, 4, 132, 260, 388]),
            [388, 356, 164, 100, 228, 36, 292, 420, 4, 132, 260]
        );
    }
}
