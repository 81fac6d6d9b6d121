//! A playout allocates nothing once its list of moves has grown.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use ringrift_rules::{Board, Hex8, Hexagonal, MoveList, PlayerCount, Position, RuleOptions, Square8, Square19};
use ringrift_selfplay::{GameRng, playout};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer comes from `alloc` above, that is, from the system allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn plies_and_allocations<B: Board>(moves: &mut MoveList) -> (u32, u64) {
    let mut plies = 0;
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for game in 0..3 {
        let rules = RuleOptions::standard(B::KIND, PlayerCount::Three);
        let mut position = Position::<B>::initial(PlayerCount::Three, rules);
        plies += playout(&mut position, &mut GameRng::new(9, game, GameRng::HOST), 10_000, moves).plies;
    }
    (plies, ALLOCATIONS.load(Ordering::Relaxed) - before)
}

#[test]
fn no_allocation_in_a_playout() {
    let mut moves = MoveList::with_capacity(8_192);
    for (plies, allocations) in [
        plies_and_allocations::<Square8>(&mut moves),
        plies_and_allocations::<Hex8>(&mut moves),
        plies_and_allocations::<Square19>(&mut moves),
        plies_and_allocations::<Hexagonal>(&mut moves),
    ] {
        assert!(plies > 200, "{plies} plies");
        // Debug builds list the legal moves once more for each move made, to check it, and so allocate.
        let most = if cfg!(debug_assertions) { u64::from(plies) * 12 } else { 0 };
        assert!(allocations <= most, "{allocations} allocations in {plies} plies");
    }
}
