//! The planes of hex boards.

use std::sync::OnceLock;

use ringrift_rules::{Board, CellSet as _, Position, Stack, Table as _};

use super::{Planes, encode_shared};
use crate::neighbours::{NeighbourCounts, steps};

pub(super) fn encode_v2<B: Board>(position: &Position<B>, frame: &mut [f32]) {
    encode_shared(position, &mut Planes::new::<B>(frame));
}

pub(super) fn encode_v3<B: Board>(position: &Position<B>, frame: &mut [f32]) {
    let mut planes = Planes::new::<B>(frame);
    encode_shared(position, &mut planes);
    let me = position.to_move();
    let (my_stacks, my_markers) = (position.stacks_of(me), position.markers_of(me));
    let their_stacks = position.stack_cells().without(my_stacks);
    let mine = NeighbourCounts::of::<B>(my_stacks | my_markers);
    let theirs = NeighbourCounts::of::<B>(their_stacks | position.marker_cells().without(my_markers));
    for cell in (mine.any() & theirs.any() & B::MASK).iter() {
        planes.set::<B>(10, cell, (f64::from(mine.at(cell)) / 3.0).min(1.0) as f32);
        planes.set::<B>(11, cell, (f64::from(theirs.at(cell)) / 3.0).min(1.0) as f32);
    }
    for (plane, stacks) in [(12, my_stacks), (13, their_stacks)] {
        set_neighbouring_heights(position, stacks, plane, &mut planes);
    }
    let collapsed = NeighbourCounts::of::<B>(position.collapsed_cells());
    planes.values[14 * planes.side * planes.side..].copy_from_slice(still_planes::<B>());
    let degree = NeighbourCounts::of::<B>(B::MASK);
    for cell in (collapsed.any() & B::MASK).iter() {
        let open = degree.at(cell) - collapsed.at(cell);
        planes.set::<B>(15, cell, (f64::from(open) / 6.0) as f32);
    }
}

/// Planes 14 and 15 of a board on which nothing has collapsed.
fn still_planes<B: Board>() -> &'static [f32] {
    static PLANES: [OnceLock<Vec<f32>>; 4] = [const { OnceLock::new() }; 4];
    PLANES[B::KIND as usize].get_or_init(|| {
        let mut planes = vec![0.0; 2 * usize::from(B::SPEC.size).pow(2)];
        let mut still = Planes::new::<B>(&mut planes);
        let degree = NeighbourCounts::of::<B>(B::MASK);
        for cell in B::MASK.iter() {
            still.set::<B>(0, cell, 1.0);
            still.set::<B>(1, cell, (f64::from(degree.at(cell)) / 6.0) as f32);
        }
        planes
    })
}

/// Sets the plane to the sum of height / 5 over the neighbours in `stacks`, added up in upstream's order for each cell, / 6.
fn set_neighbouring_heights<B: Board>(position: &Position<B>, stacks: B::Cells, plane: usize, planes: &mut Planes<'_>) {
    let mut sums = B::PerCell::<f64>::filled(0.0);
    let mut near = B::Cells::EMPTY;
    for &step in steps::<B>() {
        for cell in stacks.iter() {
            // The cell whose neighbour in this direction is the stack.
            let target = cell.offset(-step, 1);
            if B::MASK.contains(target) {
                near.insert(target);
                let height = position.stack(cell).map_or(0, Stack::height);
                sums[B::geometry().dense(target)] += f64::from(height) / 5.0;
            }
        }
    }
    for cell in near.iter() {
        planes.set::<B>(plane, cell, (sums[B::geometry().dense(cell)] / 6.0).min(1.0) as f32);
    }
}
