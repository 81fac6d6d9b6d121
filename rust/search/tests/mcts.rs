//! Monte-Carlo tree search: what it finds, what it counts, and that it repeats.
#![allow(clippy::unwrap_used, reason = "tests")]

mod forced;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use forced::{forced_wins, game, keeps_win, legal, light};
use proptest::prelude::*;
use ringrift_eval::{GameRng, Scale, SearchResult, Values};
use ringrift_heuristic::Heuristic;
use ringrift_rules::{Board, Hex8, Hexagonal, Move, PlayerCount, Position, Square8, Square19};
use ringrift_search::mcts::{
    Candidate, EvaluatorLeaves, Gumbel, Leaf, Leaves, Mcts, MctsOptions, Priors, Puct, RootNoise, Selection,
    Temperature, Widening, leaf_scale,
};
use ringrift_search::{Ended, Limits, Search, Stop};

type Light<B> = Mcts<B, EvaluatorLeaves<Heuristic<B>>>;

fn mcts<B: Board>(options: MctsOptions) -> Light<B> {
    let leaves = EvaluatorLeaves::new(light(), leaf_scale(), Priors::Light).unwrap();
    Mcts::new(&leaves, leaf_scale(), options).unwrap()
}

fn search<B: Board>(search: &mut impl Search<B>, position: &Position<B>, nodes: u64) -> SearchResult {
    let limits = Limits::nodes(nodes).unwrap();
    search.search(position, &legal(position), &limits, &Stop::new(), &mut GameRng::new(7, 0, 0)).unwrap()
}

fn gumbel() -> MctsOptions {
    MctsOptions::gumbel(Gumbel::default())
}

/// What holds of every result.
fn check<B: Board>(position: &Position<B>, found: &SearchResult) {
    let moves = legal(position);
    assert!(moves.contains(&found.best));
    assert!(found.lines.iter().map(|line| line.mv).eq(moves.iter().copied()), "the lines are the legal moves");
    let policy: f64 = found.lines.iter().map(|line| line.policy).sum();
    assert!((policy - 1.0).abs() < 1e-6, "{policy}");
    for line in &found.lines {
        let sum: f64 = line.values.of(position.players()).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6 && line.policy >= 0.0, "{line:?}");
        assert_eq!(line.is_exact, line.visits > 0);
        let mut at = *position;
        for &mv in &line.pv {
            at.play(mv).unwrap();
        }
        assert_eq!(line.pv[0], line.mv);
    }
    let best = found.best_line().unwrap();
    assert!(found.nodes == 0 || best.visits > 0);
}

fn visits(found: &SearchResult) -> u64 {
    found.lines.iter().map(|line| line.visits).sum()
}

#[test]
fn visits_add_up_and_lines_are_playable() {
    fn on<B: Board>(players: PlayerCount, nodes: u64) {
        let positions = game::<B>(players, 3);
        for (index, position) in positions.iter().enumerate().step_by(positions.len() / 6 + 1) {
            for options in [MctsOptions::default(), gumbel()] {
                let found = search(&mut mcts(options), position, nodes);
                check(position, &found);
                assert_eq!(visits(&found), found.nodes, "position {index}");
                assert!(found.ended == Ended::Solved || (found.nodes, found.ended) == (nodes, Ended::Nodes));
            }
        }
    }
    for players in PlayerCount::ALL {
        on::<Square8>(players, 300);
        on::<Hex8>(players, 200);
    }
    on::<Square19>(PlayerCount::Two, 60);
    on::<Hexagonal>(PlayerCount::Three, 60);
}

fn finds_wins<B: Board>(players: PlayerCount, turns: u32, count: usize, nodes: u64, least: usize) {
    let positions = forced_wins::<B>(players, turns, count, 20_000);
    assert_eq!(positions.len(), count);
    for options in [MctsOptions::default(), gumbel()] {
        let mut solved = 0;
        for position in &positions {
            let found = search(&mut mcts(options.clone()), position, nodes);
            // A proven win that takes longer counts as well.
            let proven = found.ended == Ended::Solved && found.score > 0.0;
            solved += usize::from(proven || keeps_win(position, found.best, turns));
            if proven {
                assert!(found.values[position.to_move()] > 0.98, "{found:?}");
            }
        }
        assert!(solved >= least, "{solved} of {count}: {options}");
    }
}

#[test]
fn wins_of_one_turn_are_found() {
    finds_wins::<Square8>(PlayerCount::Two, 1, 12, 6000, 10);
    finds_wins::<Hex8>(PlayerCount::Three, 1, 8, 6000, 8);
}

#[test]
fn wins_of_two_turns_are_found() {
    finds_wins::<Square8>(PlayerCount::Two, 2, 6, 6000, 5);
    finds_wins::<Square8>(PlayerCount::Three, 2, 4, 6000, 4);
}

/// A number that depends on all of a result that repeats.
fn digest(found: &SearchResult, sum: u64) -> u64 {
    let mut mix = sum;
    let mut add = |value: u64| mix = (mix.rotate_left(13) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    add(found.lines.iter().position(|line| line.mv == found.best).unwrap() as u64);
    add(found.nodes);
    add(found.score.to_bits());
    for line in &found.lines {
        add(line.visits);
        add(line.policy.to_bits());
        add(line.pv.len() as u64);
    }
    mix
}

#[test]
fn equal_seeds_and_budgets_repeat_on_any_machine() {
    fn of<B: Board>(players: PlayerCount, options: &MctsOptions) -> u64 {
        let positions = game::<B>(players, 5);
        let mut engine = mcts(options.clone());
        positions.iter().step_by(9).take(6).fold(0, |sum, at| digest(&search(&mut engine, at, 250), sum))
    }
    let noisy = MctsOptions::self_play(Square8::KIND);
    let drawn = MctsOptions::gumbel(Gumbel { noise: true, ..Gumbel::default() });
    let digests = [MctsOptions::default(), noisy, drawn].map(|options| {
        let digest = of::<Square8>(PlayerCount::Two, &options);
        assert_eq!(digest, of::<Square8>(PlayerCount::Two, &options));
        digest ^ of::<Hex8>(PlayerCount::Four, &options).rotate_left(1)
    });
    // A change here means that the searches choose other moves: say so in the commit.
    assert_eq!(digests, [10_036_822_400_085_909_740, 7_507_977_186_184_060_308, 12_196_547_375_360_118_753]);
}

#[test]
fn stop_ends_the_search_at_once() {
    let position = game::<Square8>(PlayerCount::Two, 1)[8];
    let stop = Stop::new();
    stop.stop();
    let limits = Limits::nodes(1_000_000).unwrap();
    let mut rng = GameRng::new(1, 0, 0);
    let found = mcts(MctsOptions::default()).search(&position, &legal(&position), &limits, &stop, &mut rng).unwrap();
    assert_eq!((found.nodes, found.ended), (0, Ended::Stopped));
    check(&position, &found);

    stop.clear();
    for options in [MctsOptions::default(), MctsOptions { threads: 3, ..MctsOptions::default() }, gumbel()] {
        stop.clear();
        let mut engine = mcts::<Square8>(options);
        let stopper = stop.clone();
        let began = Instant::now();
        let found = std::thread::scope(|scope| {
            scope.spawn(move || {
                while began.elapsed() < Duration::from_millis(30) {
                    std::thread::yield_now();
                }
                stopper.stop();
            });
            let limits = Limits::nodes(u64::MAX).unwrap();
            engine.search(&position, &legal(&position), &limits, &stop, &mut rng).unwrap()
        });
        assert_eq!(found.ended, Ended::Stopped);
        assert_eq!(visits(&found), found.nodes);
    }
}

#[test]
fn time_ends_the_search() {
    let position = game::<Square8>(PlayerCount::Two, 1)[8];
    let limits = Limits::time(Duration::from_millis(50)).unwrap();
    let mut rng = GameRng::new(1, 0, 0);
    for options in [MctsOptions::default(), gumbel()] {
        let found = mcts(options).search(&position, &legal(&position), &limits, &Stop::new(), &mut rng).unwrap();
        assert_eq!(found.ended, Ended::Time);
        assert!(found.elapsed >= Duration::from_millis(50) && found.nodes > 0);
    }
}

#[test]
fn depth_and_memory_end_the_search() {
    let position = game::<Square8>(PlayerCount::Two, 1)[8];
    let mut rng = GameRng::new(1, 0, 0);
    let limits = Limits::depth(4).unwrap();
    let mut engine = mcts(MctsOptions::default());
    let found = engine.search(&position, &legal(&position), &limits, &Stop::new(), &mut rng).unwrap();
    assert_eq!((found.depth, found.ended), (4, Ended::Depth));

    let mut engine = mcts(MctsOptions { memory_mib: 1, ..MctsOptions::default() });
    let found = search(&mut engine, &position, 1_000_000);
    assert_eq!(found.ended, Ended::Memory);
    let bytes = engine.tree_bytes();
    assert!((1 << 20..(1 << 20) + (1 << 17)).contains(&bytes), "{bytes}");
}

#[test]
fn single_move_needs_no_simulation() {
    // The first position of a game with one legal move.
    let mut position = game::<Square8>(PlayerCount::Two, 2)[0];
    let mut rng = GameRng::new(2, 0, 0);
    while legal(&position).len() != 1 {
        let moves = legal(&position);
        position.make_move(moves[rng.below(moves.len())]);
    }
    let found = search(&mut mcts(MctsOptions::default()), &position, 100);
    assert_eq!((found.nodes, found.ended, found.lines.len()), (0, Ended::Solved, 1));
    check(&position, &found);
}

#[test]
fn noise_comes_only_when_asked_for() {
    let position = game::<Square8>(PlayerCount::Two, 4)[6];
    let draws = |options: &MctsOptions, seed: u64| {
        let mut rng = GameRng::new(seed, 0, 0);
        let limits = Limits::nodes(200).unwrap();
        let mut engine = mcts(options.clone());
        let found = engine.search(&position, &legal(&position), &limits, &Stop::new(), &mut rng).unwrap();
        (digest(&found, 0), rng.below(1 << 30) == GameRng::new(seed, 0, 0).below(1 << 30))
    };
    for options in [MctsOptions::default(), gumbel()] {
        let (first, untouched) = draws(&options, 1);
        assert!(untouched, "{options} draws nothing");
        assert_eq!(first, draws(&options, 2).0, "{options}");
    }
    let noise = Some(RootNoise { alpha: 0.3, fraction: 0.25 });
    let noisy = MctsOptions { selection: Selection::Puct(Puct { noise, ..Puct::default() }), ..MctsOptions::default() };
    let drawn = MctsOptions::gumbel(Gumbel { noise: true, ..Gumbel::default() });
    for options in [noisy, drawn] {
        assert_ne!(draws(&options, 1).0, draws(&options, 2).0, "{options}");
    }
}

#[test]
fn noise_leaves_the_tree_when_the_search_is_over() {
    let position = game::<Square8>(PlayerCount::Two, 4)[6];
    let noise = Some(RootNoise { alpha: 0.3, fraction: 1.0 });
    let options =
        MctsOptions { selection: Selection::Puct(Puct { noise, ..Puct::default() }), ..MctsOptions::default() };
    let priors = |engine: &mut Light<Square8>| {
        // Stopped at once, the policy is that of the priors, which have noise; then without visits again.
        let (stop, limits) = (Stop::new(), Limits::nodes(1).unwrap());
        stop.stop();
        let found = engine.search(&position, &legal(&position), &limits, &stop, &mut GameRng::new(3, 0, 0)).unwrap();
        found.lines.iter().map(|line| (line.policy * 1e9) as u64).collect::<Vec<_>>()
    };
    let mut engine = mcts(options);
    let first = priors(&mut engine);
    assert_eq!(first, priors(&mut engine), "the second noise is not mixed with the first one");
}

#[test]
fn temperature_draws_by_visits() {
    let position = game::<Square8>(PlayerCount::Two, 4)[6];
    let hot = Temperature { opening: 1.0, plies: 10_000, later: 0.0 };
    let mut engine = mcts(MctsOptions { temperature: Some(hot), reuse: false, ..MctsOptions::default() });
    let mut chosen = std::collections::HashSet::new();
    let mut rng = GameRng::new(5, 0, 0);
    for _ in 0..20 {
        let limits = Limits::nodes(100).unwrap();
        let found = engine.search(&position, &legal(&position), &limits, &Stop::new(), &mut rng).unwrap();
        assert!(found.best_line().unwrap().visits > 0);
        chosen.insert(found.best);
    }
    assert!(chosen.len() > 3, "{chosen:?}");
    let cold = Temperature { opening: 1.0, plies: 0, later: 0.0 };
    let mut engine = mcts(MctsOptions { temperature: Some(cold), ..MctsOptions::default() });
    let found = search(&mut engine, &position, 100);
    assert_eq!(found.best_line().unwrap().visits, found.lines.iter().map(|line| line.visits).max().unwrap());
}

#[test]
fn tree_is_kept_below_the_moves_that_were_played() {
    for players in [PlayerCount::Two, PlayerCount::Three] {
        let position = game::<Square8>(players, 6)[10];
        let mut engine = mcts(MctsOptions::default());
        let first = search(&mut engine, &position, 2000);
        let line = first.best_line().unwrap();
        let mut next = position;
        let mut moves = line.pv.iter();
        // To the next choice.
        next.make_move(*moves.next().unwrap());
        while legal(&next).len() == 1 {
            next.make_move(*moves.next().unwrap());
        }
        let second = search(&mut engine, &next, 1);
        // All visits of the move went to that node, but the first one, which valued it.
        assert_eq!(visits(&second), line.visits - 1 + 1);
        check(&next, &second);
        let mut fresh = mcts(MctsOptions { reuse: false, ..MctsOptions::default() });
        search(&mut fresh, &position, 500);
        assert_eq!(visits(&search(&mut fresh, &next, 5)), 5);
        engine.forget();
        assert_eq!(visits(&search(&mut engine, &next, 5)), 5);
    }
}

#[test]
fn reuse_finds_nothing_in_another_game() {
    let mut engine = mcts(MctsOptions::default());
    search(&mut engine, &game::<Square8>(PlayerCount::Two, 6)[10], 500);
    let other = game::<Square8>(PlayerCount::Two, 7)[10];
    let found = search(&mut engine, &other, 50);
    assert_eq!(visits(&found), 50);
    let again = search(&mut engine, &other, 50);
    assert_eq!((again.nodes, visits(&again)), (50, 100), "the same position goes on");
}

#[test]
fn gumbel_spends_its_budget_by_halving() {
    let position = game::<Square8>(PlayerCount::Two, 8)[7];
    assert!(legal(&position).len() >= 16);
    let found = search(&mut mcts(gumbel()), &position, 800);
    let mut counts: Vec<u64> = found.lines.iter().map(|line| line.visits).filter(|&n| n > 0).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    // By hand: 4 phases of 200: 16 x 12, 8 x 25, 4 x 50, 2 x 100, and 8 over, which go on with the last two.
    let expected = [191, 191, 87, 87, 37, 37, 37, 37, 12, 12, 12, 12, 12, 12, 12, 12];
    assert_eq!(counts.len(), 16);
    assert_eq!(counts.iter().sum::<u64>(), 800);
    assert!(counts.iter().zip(expected).all(|(&count, expected)| count.abs_diff(expected) <= 1), "{counts:?}");
    for considered in [1, 2, 5, 16] {
        for nodes in [1, 3, 40] {
            let options = MctsOptions::gumbel(Gumbel { considered, ..Gumbel::default() });
            let found = search(&mut mcts(options), &position, nodes);
            assert_eq!(visits(&found), nodes);
            assert!(found.lines.iter().filter(|line| line.visits > 0).count() <= considered as usize);
        }
    }
}

#[test]
fn improved_policy_prefers_better_moves() {
    let position = game::<Square8>(PlayerCount::Two, 8)[7];
    let found = search(&mut mcts(gumbel()), &position, 400);
    let seat = position.to_move();
    let policy = |mv: Move| found.lines.iter().find(|line| line.mv == mv).unwrap().policy;
    let mut visited: Vec<_> = found.lines.iter().filter(|line| line.visits > 0).collect();
    visited.sort_by(|a, b| b.values[seat].total_cmp(&a.values[seat]));
    assert!(policy(visited[0].mv) > policy(visited[visited.len() - 1].mv));
    assert!(found.lines.iter().all(|line| line.policy > 0.0), "every legal move keeps a part");
}

#[test]
fn widening_limits_the_moves_that_are_open() {
    let position = game::<Square19>(PlayerCount::Two, 8)[4];
    assert!(legal(&position).len() > 100);
    let widening = Some(Widening { first: 4, factor: 0.5 });
    let found = search(&mut mcts(MctsOptions { widening, ..MctsOptions::default() }), &position, 400);
    assert!(found.lines.iter().filter(|line| line.visits > 0).count() <= 10);
    // Many visits and a strong exploration open more moves than are stored at first.
    let selection = Selection::Puct(Puct { exploration: 50.0, ..Puct::default() });
    let mut engine = mcts(MctsOptions { selection, ..MctsOptions::default() });
    let position = game::<Hex8>(PlayerCount::Two, 8)[1];
    let found = search(&mut engine, &position, 20_000);
    check(&position, &found);
    assert_eq!(visits(&found), 20_000);
}

/// A stand-in for a network: values and priors of many leaves at once.
#[derive(Clone)]
struct Net {
    inner: EvaluatorLeaves<Heuristic<Square8>>,
    batch: usize,
    largest: usize,
}

impl Leaves<Square8> for Net {
    fn describe(&self) -> String {
        "net".into()
    }

    fn batch(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.batch).unwrap()
    }

    fn gives_priors(&self) -> bool {
        true
    }

    fn value(&mut self, leaves: &mut [Leaf<Square8>]) {
        assert!(leaves.len() <= self.batch);
        self.largest = self.largest.max(leaves.len());
        self.inner.value(leaves);
        for leaf in leaves {
            assert_eq!(leaf.moves, legal(&leaf.position));
            assert!(leaf.moves.len() > 1);
            leaf.priors.clear();
            leaf.priors.extend((0..leaf.moves.len()).map(|index| 1.0 / (index + 1) as f32));
        }
    }

    fn rank(&mut self, _: &Position<Square8>, _: &[Move], _: usize, _: &mut Vec<Candidate>) {
        unreachable!("the values come with priors");
    }

    fn evaluations(&self) -> u64 {
        Leaves::<Square8>::evaluations(&self.inner)
    }
}

#[test]
fn batches_of_leaves_spend_the_same_budget() {
    let inner = EvaluatorLeaves::new(light(), Scale::HEURISTIC, Priors::Light).unwrap();
    let positions = game::<Square8>(PlayerCount::Two, 9);
    for batch in [1, 8, 64] {
        for options in [MctsOptions::default(), gumbel()] {
            let net = Net { inner: inner.clone(), batch, largest: 0 };
            let mut engine = Mcts::new(&net, Scale::HEURISTIC, options).unwrap();
            for position in positions.iter().step_by(15) {
                let found = search(&mut engine, position, 300);
                check(position, &found);
                assert!(found.ended == Ended::Solved || found.nodes == 300);
            }
        }
    }
}

#[test]
fn threads_share_one_tree() {
    let position = game::<Square8>(PlayerCount::Two, 9)[12];
    for selection in [MctsOptions::default().selection, gumbel().selection] {
        let mut engine = mcts(MctsOptions { threads: 3, selection, ..MctsOptions::default() });
        let found = search(&mut engine, &position, 3000);
        check(&position, &found);
        assert_eq!((found.nodes, visits(&found)), (3000, 3000));
    }
}

#[test]
fn settings_are_checked_and_described() {
    let leaves = EvaluatorLeaves::new(light::<Square8>(), Scale::HEURISTIC, Priors::Light).unwrap();
    let puct = |puct: Puct| MctsOptions { selection: Selection::Puct(puct), ..MctsOptions::default() };
    let noise =
        |alpha: f64, fraction: f64| puct(Puct { noise: Some(RootNoise { alpha, fraction }), ..Puct::default() });
    let bad = [
        puct(Puct { exploration: -0.1, ..Puct::default() }),
        puct(Puct { exploration: f64::NAN, ..Puct::default() }),
        puct(Puct { fpu_reduction: f64::INFINITY, ..Puct::default() }),
        noise(0.0, 0.25),
        noise(0.3, 1.5),
        MctsOptions::gumbel(Gumbel { considered: 0, ..Gumbel::default() }),
        MctsOptions::gumbel(Gumbel { value_scale: 0.0, ..Gumbel::default() }),
        MctsOptions::gumbel(Gumbel { visit_offset: -1.0, ..Gumbel::default() }),
        MctsOptions::gumbel(Gumbel { planned: 0, ..Gumbel::default() }),
        MctsOptions {
            temperature: Some(Temperature { opening: -1.0, plies: 1, later: 0.0 }),
            ..MctsOptions::default()
        },
        MctsOptions { widening: Some(Widening { first: 0, factor: 2.0 }), ..MctsOptions::default() },
        MctsOptions { widening: Some(Widening { first: 8, factor: 0.0 }), ..MctsOptions::default() },
        MctsOptions { virtual_loss: -1.0, ..MctsOptions::default() },
        MctsOptions { threads: 0, ..MctsOptions::default() },
        MctsOptions { threads: 257, ..MctsOptions::default() },
        MctsOptions { memory_mib: 0, ..MctsOptions::default() },
    ];
    for options in bad {
        let error = Mcts::<Square8, _>::new(&leaves, Scale::HEURISTIC, options).err().unwrap().to_string();
        assert!(error.contains("\nhint: "), "{error}");
    }
    let error = EvaluatorLeaves::new(light::<Square8>(), Scale::HEURISTIC, Priors::OnePly(0.0)).err().unwrap();
    assert!(error.to_string().contains("hint: prior temperature is"), "{error}");
    let text = mcts::<Square8>(MctsOptions::self_play(Square8::KIND)).describe();
    for part in ["mcts(puct(exploration=", "noise=0.25*dirichlet(0.3)", "priors=light", "heuristic(profile="] {
        assert!(text.contains(part), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_settings_spend_the_budget(
        seed in 0..50u64,
        at in 0.0..1.0f64,
        nodes in 1..200u64,
        exploration in 0.0..3.0f64,
        fpu_reduction in 0.0..1.0f64,
        seats in 0..3usize,
        widening in proptest::option::of((1..20u32, 0.1..4.0f64)),
    ) {
        let positions = game::<Square8>(PlayerCount::ALL[seats], seed);
        let position = positions[(positions.len() as f64 * at) as usize];
        let options = MctsOptions {
            selection: Selection::Puct(Puct { exploration, fpu_reduction, noise: None }),
            widening: widening.map(|(first, factor)| Widening { first, factor }),
            ..MctsOptions::default()
        };
        let found = search(&mut mcts(options), &position, nodes);
        check(&position, &found);
        prop_assert!(found.ended == Ended::Solved || found.nodes == nodes);
        prop_assert_eq!(visits(&found), found.nodes);
        let root: Values = found.values;
        prop_assert!((root.of(position.players()).iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
