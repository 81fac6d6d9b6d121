//! The planes of hex boards.

use ringrift_rules::{Board, Cell, CellSet as _, Position};

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
        for cell in (NeighbourCounts::of::<B>(stacks).any() & B::MASK).iter() {
            planes.set::<B>(plane, cell, (neighbouring_height(position, stacks, cell) / 6.0).min(1.0) as f32);
        }
    }
    let open = NeighbourCounts::of::<B>(B::MASK.without(position.collapsed_cells()));
    for cell in B::MASK.iter() {
        planes.set::<B>(14, cell, 1.0);
        planes.set::<B>(15, cell, (f64::from(open.at(cell)) / 6.0) as f32);
    }
}

/// Sum of height / 5 over the neighbours in `stacks`, added up in upstream's order.
fn neighbouring_height<B: Board>(position: &Position<B>, stacks: B::Cells, cell: Cell) -> f64 {
    let mut sum = 0.0;
    for &step in steps::<B>() {
        let near = cell.offset(step, 1);
        if stacks.contains(near)
            && let Some(stack) = position.stack(near)
        {
            sum += f64::from(stack.height()) / 5.0;
        }
    }
    sum
}
