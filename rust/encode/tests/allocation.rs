//! Encoding allocates nothing, nor does numbering moves, once the tables are made.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ringrift_encode::{
    GLOBALS, GlobalsOptions, History, HistoryMode, PlaneGrid, PolicyLayout, Rr1Encoder, Rr1Layout, Rr1Policy, Symmetry,
    UpstreamEncoder,
};
use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};

struct Counting;

thread_local! {
    /// Allocations of this thread: tests may run side by side.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
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

/// Plays a game of first and middle moves and encodes every position; the number of allocations while encoding.
fn allocations(board: BoardKind, players: PlayerCount) -> u64 {
    let mut position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let layout = Rr1Layout::new(board, players, 2);
    let mut rr1 = Rr1Encoder::new(layout);
    let mut packed = vec![0; layout.packed_len()];
    let mut turned_packed = packed.clone();
    let (mut planes, mut globals) = (vec![0.0; layout.planes_len()], vec![0.0; layout.globals()]);
    let encoders = UpstreamEncoder::ALL.into_iter().filter(|encoder| encoder.serves(board));
    let mut upstream: Vec<(UpstreamEncoder, History)> =
        encoders.map(|encoder| (encoder, History::new(encoder.frame_len(board), 3, HistoryMode::Recorded))).collect();
    let mut rows: Vec<Vec<f32>> = upstream.iter().map(|(_, history)| vec![0.0; history.row_len()]).collect();
    let mut turned: Vec<Vec<f32>> = rows.clone();
    let symmetry = Symmetry::all(board).last().unwrap();
    let policy = Rr1Policy::of(board);
    let mut legal = MoveList::new();
    let mut count = 0;
    for ply in 0..400 {
        position.legal_moves(&mut legal);
        if legal.is_empty() {
            break;
        }
        let before = ALLOCATIONS.get();
        rr1.encode_packed(&position, &mut packed, &mut globals).unwrap();
        rr1.encode(&position, &mut planes, &mut globals).unwrap();
        rr1.remember(&position).unwrap();
        symmetry.packed(&packed, &mut turned_packed).unwrap();
        for (((encoder, history), row), turned) in upstream.iter_mut().zip(&mut rows).zip(&mut turned) {
            history.push(|frame| encoder.encode(&position, frame)).unwrap();
            history.write(row).unwrap();
            encoder.encode_globals(&position, GlobalsOptions::default(), &mut globals[..GLOBALS]).unwrap();
            symmetry.planes(PlaneGrid::Upstream, row, turned).unwrap();
        }
        for &mv in &legal {
            let index = policy.index(&position, mv).unwrap();
            std::hint::black_box(symmetry.rr1_actions()[index.get() as usize]);
            for layout in PolicyLayout::ALL {
                std::hint::black_box(layout.index(&position, mv).and_then(|index| symmetry.action(layout, index)));
            }
        }
        if ply > 0 {
            // The first round makes the tables.
            count += ALLOCATIONS.get() - before;
        }
        position.make_move(legal[if ply % 3 == 0 { legal.len() / 2 } else { 0 }]);
    }
    count
}

#[test]
fn nothing_is_allocated() {
    for board in BoardKind::ALL {
        for players in PlayerCount::ALL {
            assert_eq!(allocations(board, players), 0, "{board} {players:?}");
        }
    }
}
