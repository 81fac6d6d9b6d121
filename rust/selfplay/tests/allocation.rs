//! A playout allocates nothing once its list of moves has grown, the heuristic evaluation never, and a search only for its
//! answer once one like it has been made.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ringrift_eval::Evaluator;
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{Board, Hex8, Hexagonal, MoveList, PlayerCount, Position, RuleOptions, Square8, Square19};
use ringrift_search::Stop;
use ringrift_selfplay::{EngineSpec, GameRng, playout};

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

fn plies_and_allocations<B: Board>(moves: &mut MoveList) -> (u32, u64) {
    let mut plies = 0;
    let before = ALLOCATIONS.get();
    for game in 0..3 {
        let rules = RuleOptions::standard(B::KIND, PlayerCount::Three);
        let mut position = Position::<B>::initial(PlayerCount::Three, rules);
        plies += playout(&mut position, &mut GameRng::new(9, game, GameRng::HOST), 10_000, moves).plies;
    }
    (plies, ALLOCATIONS.get() - before)
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

/// Evaluations of the positions of a random game, and the allocations in them.
fn evaluations_and_allocations<B: Board>(mode: EvalMode) -> (u32, u64) {
    let options = HeuristicOptions { mode, ..HeuristicOptions::default() };
    let mut heuristic = Heuristic::<B>::new(Weights::default(), options);
    let rules = RuleOptions::standard(B::KIND, PlayerCount::Three);
    let mut position = Position::<B>::initial(PlayerCount::Three, rules);
    let (mut moves, mut rng) = (MoveList::new(), GameRng::new(9, 0, GameRng::HOST));
    let (mut evaluations, mut allocations) = (0, 0);
    loop {
        let before = ALLOCATIONS.get();
        for seat in position.players().seats() {
            std::hint::black_box(heuristic.score(&position, seat));
            evaluations += 1;
        }
        allocations += ALLOCATIONS.get() - before;
        position.legal_moves(&mut moves);
        if moves.is_empty() {
            return (evaluations, allocations);
        }
        position.make_move(moves[rng.below(moves.len())]);
    }
}

#[test]
fn no_allocation_in_an_evaluation() {
    for mode in [EvalMode::Full, EvalMode::Light] {
        for (evaluations, allocations) in [
            evaluations_and_allocations::<Square8>(mode),
            evaluations_and_allocations::<Hex8>(mode),
            evaluations_and_allocations::<Square19>(mode),
            evaluations_and_allocations::<Hexagonal>(mode),
        ] {
            assert!(evaluations > 200, "{evaluations} evaluations");
            assert_eq!(allocations, 0, "in {evaluations} evaluations");
        }
    }
}

/// Nodes of a search, and its allocations when one like it has been made before.
fn nodes_and_allocations(text: &str) -> (u64, u64) {
    let players = PlayerCount::Three;
    let spec = EngineSpec::parse(text, Square8::KIND, players).unwrap();
    let mut search = spec.search::<Square8>(&mut GameRng::new(1, 0, 0)).unwrap().unwrap();
    let mut position = Position::<Square8>::initial(players, RuleOptions::standard(Square8::KIND, players));
    let (mut moves, mut rng) = (MoveList::new(), GameRng::new(9, 1, 0));
    position.legal_moves(&mut moves);
    while position.plies() < 40 || moves.len() < 20 {
        position.make_move(moves[rng.below(moves.len())]);
        position.legal_moves(&mut moves);
    }
    let mut run = || {
        search.forget();
        let before = ALLOCATIONS.get();
        let found = search.search(&position, &moves, &spec.limits.unwrap(), &Stop::new(), &mut GameRng::new(1, 0, 0));
        (found.unwrap().nodes, ALLOCATIONS.get() - before)
    };
    run();
    run()
}

#[test]
fn no_allocation_per_node_of_a_search() {
    // The answer has two lists per legal move; descent makes a list for every node that it opens.
    for (text, most, debug_max) in [
        ("minimax:nodes=20000", 1_000, 40),
        ("brs:nodes=20000", 1_000, 40),
        ("maxn:nodes=20000", 1_000, 40),
        ("mcts:nodes=4000", 1_000, 600),
        ("gumbel_mcts:nodes=4000", 1_000, 600),
        ("descent:nodes=20000", 5_000, 40),
    ] {
        let (nodes, allocations) = nodes_and_allocations(text);
        assert!(nodes >= 4000, "{text}: {nodes} nodes");
        // Debug builds list the legal moves once more for each move made.
        let most = if cfg!(debug_assertions) { nodes * debug_max } else { most };
        assert!(allocations <= most, "{text}: {allocations} allocations in {nodes} nodes");
    }
}
