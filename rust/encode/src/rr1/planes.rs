//! The planes of a position as sets of cells, and their packed form.

use ringrift_rules::{Board, CellSet, Phase, PlayerId, Position};

use super::layout::{CAP_STEPS, DEPTHS, DIGITS, EARLIER_HEIGHTS, HEIGHT_STEPS, NOW, Rr1Layout};

/// Planes of a position with four players.
const MOST: usize = 4 * (DEPTHS + 5) + (HEIGHT_STEPS + CAP_STEPS) as usize - 2 + 2 * DIGITS + NOW.len();

/// Calls `each` with the number and the cells of every current plane.
pub(super) fn current<B: Board>(position: &Position<B>, mut each: impl FnMut(usize, B::Cells)) {
    let players = position.players().get();
    let me = position.to_move();
    let seat = |relative: usize| PlayerId::ALL[(me.index() + relative) % players];
    let mut planes = [B::Cells::EMPTY; MOST];
    let (rings, deep) = (players, players * (1 + DEPTHS));
    let (markers, heights) = (deep + 2 * players, deep + 4 * players);
    let caps = heights + HEIGHT_STEPS as usize - 1 + DIGITS;
    let now = caps + CAP_STEPS as usize - 1 + DIGITS;
    for s in 0..players {
        planes[s] = position.stacks_of(seat(s));
        planes[markers + s] = position.markers_of(seat(s));
        planes[markers + players + s] = position.collapsed_of(seat(s));
    }
    for cell in position.stack_cells().iter() {
        let Some(stack) = position.stack(cell) else { continue };
        if stack.height() == 1 {
            continue;
        }
        number(&mut planes[heights..caps], HEIGHT_STEPS, stack.height(), |plane| plane.insert(cell));
        number(&mut planes[caps..now], CAP_STEPS, stack.cap_height(), |plane| plane.insert(cell));
        let mut below = [0; 4];
        for (depth, owner) in position.rings_down(cell).enumerate().skip(1) {
            let s = (owner.index() + players - me.index()) % players;
            if depth <= DEPTHS {
                planes[rings + (depth - 1) * players + s].insert(cell);
            } else {
                below[s] += 1;
            }
        }
        if stack.height() as usize > DEPTHS + 1 {
            for s in 0..players {
                planes[deep + s].set(cell, below[s] > 0);
                planes[deep + players + s].set(cell, below[s] > 2);
            }
        }
    }
    planes[now] = B::MASK;
    mark_turn(position, &mut planes[now + 1..]);
    for (number, &cells) in planes[..Rr1Layout::current_planes(position.players())].iter().enumerate() {
        each(number, cells);
    }
}

/// Calls `mark` with the planes that tell a number from 1 on: one per step up to `steps`, then digits of the rest.
#[inline]
fn number<S>(planes: &mut [S], steps: u32, value: u32, mut mark: impl FnMut(&mut S)) {
    for plane in &mut planes[..value.min(steps) as usize - 1] {
        mark(plane);
    }
    let rest = value.saturating_sub(steps).min((1 << DIGITS) - 1);
    if rest > 0 {
        for (digit, plane) in planes[steps as usize - 1..].iter_mut().enumerate() {
            if rest >> digit & 1 != 0 {
                mark(plane);
            }
        }
    }
}

/// The planes of [`NOW`] after the first.
fn mark_turn<B: Board>(position: &Position<B>, planes: &mut [B::Cells]) {
    let me = position.to_move();
    let last = position.history().last;
    let capturing = match position.phase() {
        Phase::Capture => last.and_then(|last| last.landing),
        Phase::ChainCapture => position.chain().map(|chain| chain.current),
        _ => None,
    };
    let payer = if position.stacks_controlled(me) == 0 { position.recovery_payer(me) } else { None };
    let cells =
        [position.must_move(), capturing, None, last.and_then(|last| last.landing), position.first_stack_of(me), payer];
    for (plane, cell) in planes.iter_mut().zip(cells) {
        if let Some(cell) = cell {
            plane.insert(cell);
        }
    }
    position.for_each_chain_cell(|cell| planes[2].insert(cell));
}

/// Calls `each` with the cells of every plane of an earlier position, seats counted as the game does: control, markers,
/// collapsed cells of each, then heights.
pub(super) fn earlier<B: Board>(position: &Position<B>, mut each: impl FnMut(usize, B::Cells)) {
    let players = position.players();
    for (s, seat) in players.seats().enumerate() {
        each(s, position.stacks_of(seat));
        each(players.get() + s, position.markers_of(seat));
        each(2 * players.get() + s, position.collapsed_of(seat));
    }
    let mut heights = [B::Cells::EMPTY; EARLIER_HEIGHTS.len()];
    for cell in position.stack_cells().iter() {
        let height = position.stack(cell).map_or(0, ringrift_rules::Stack::height);
        for (plane, least) in heights.iter_mut().zip(EARLIER_HEIGHTS) {
            if height >= least {
                plane.insert(cell);
            }
        }
    }
    for (i, cells) in heights.into_iter().enumerate() {
        each(3 * players.get() + i, cells);
    }
}

/// Writes a set of cells as the bits of a packed plane.
#[inline]
pub(super) fn pack<B: Board>(cells: B::Cells, plane: &mut [u8]) {
    let (side, width) = (u32::from(B::SPEC.size), B::WIDTH as u32);
    if cells.is_empty() {
        plane.fill(0);
        return;
    }
    if side == 8 {
        for (row, byte) in plane.iter_mut().enumerate() {
            *byte = cells.extract(row as u32 * width, side) as u8;
        }
        return;
    }
    let (mut bits, mut held, mut at) = (0u64, 0, 0);
    for row in 0..side {
        bits |= u64::from(cells.extract(row * width, side)) << held;
        held += side;
        if held >= 32 {
            plane[at..at + 4].copy_from_slice(&(bits as u32).to_le_bytes());
            at += 4;
            bits >>= 32;
            held -= 32;
        }
    }
    for byte in &mut plane[at..] {
        *byte = bits as u8;
        bits >>= 8;
    }
}

/// Writes a set of cells as ones and zeros.
#[inline]
pub(super) fn unpack<B: Board>(cells: B::Cells, plane: &mut [f32]) {
    plane.fill(0.0);
    let (side, width) = (B::SPEC.size as usize, B::WIDTH as usize);
    for cell in cells.iter() {
        plane[cell.index() / width * side + cell.index() % width] = 1.0;
    }
}
