//! The planes of square boards.

use ringrift_rules::{Board, Position};

use super::{Planes, encode_shared};

/// Planes that nothing is written to: 10, 11 and 13. Plane 12 is 1 everywhere.
const ONES: usize = 12;

pub(super) fn encode<B: Board>(position: &Position<B>, frame: &mut [f32]) {
    let mut planes = Planes::new::<B>(frame);
    encode_shared(position, &mut planes);
    let plane = planes.side * planes.side;
    planes.values[ONES * plane..][..plane].fill(1.0);
}
