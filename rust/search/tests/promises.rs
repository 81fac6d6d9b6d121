//! What every search promises: budgets, stops, repeatable moves, sound results.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use ringrift_eval::{GameRng, WIN};
use ringrift_heuristic::EvalMode;
use ringrift_rules::{Board, Hex8, Hexagonal, Move, MoveList, PlayerCount, Position, RuleOptions, Square8, Square19};
use ringrift_search::{
    AlphaBeta, AlphaBetaOptions, Ended, Limits, MaxN, MaxNOptions, Opponents, Search, SearchResult, Stop,
};
use support::{heuristic, random_position};

/// One search of each kind.
fn searches<B: Board>() -> Vec<Box<dyn Search<B>>> {
    let alpha_beta = |options| AlphaBeta::new(heuristic::<B>(EvalMode::Full), options).unwrap();
    let plain = AlphaBetaOptions { quiescence: false, reductions: false, ..AlphaBetaOptions::default() };
    vec![
        Box::new(alpha_beta(AlphaBetaOptions::default())),
        Box::new(alpha_beta(AlphaBetaOptions { opponents: Opponents::BestReply, ..AlphaBetaOptions::default() })),
        Box::new(alpha_beta(plain)),
        Box::new(MaxN::new(heuristic::<B>(EvalMode::Full), MaxNOptions::default()).unwrap()),
    ]
}

/// Searches with three threads.
fn threaded_searches<B: Board>() -> Vec<Box<dyn Search<B>>> {
    let alpha_beta = |opponents| AlphaBetaOptions { opponents, threads: 3, ..AlphaBetaOptions::default() };
    vec![
        Box::new(AlphaBeta::new(heuristic::<B>(EvalMode::Full), alpha_beta(Opponents::Paranoid)).unwrap()),
        Box::new(AlphaBeta::new(heuristic::<B>(EvalMode::Full), alpha_beta(Opponents::BestReply)).unwrap()),
        Box::new(
            MaxN::new(heuristic::<B>(EvalMode::Full), MaxNOptions { threads: 3, ..MaxNOptions::default() }).unwrap(),
        ),
    ]
}

fn run<B: Board>(search: &mut dyn Search<B>, position: &Position<B>, limits: &Limits, stop: &Stop) -> SearchResult {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    search.search(position, &moves, limits, stop, &mut GameRng::new(5, 0, 0)).unwrap()
}

fn is_sound<B: Board>(position: &Position<B>, result: &SearchResult) {
    let (mut moves, players) = (MoveList::new(), position.players());
    position.legal_moves(&mut moves);
    assert_eq!(result.lines.iter().map(|line| line.mv).collect::<Vec<Move>>(), moves);
    assert!((result.lines.iter().map(|line| line.policy).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(result.lines.iter().map(|line| line.visits).sum::<u64>() <= result.nodes);
    assert!(result.best_line().unwrap().policy > 0.5);
    assert!(result.score.is_finite() && result.score.abs() <= WIN);
    for values in result.lines.iter().map(|line| &line.values).chain([&result.values]) {
        assert!(values.of(players).iter().all(|share| (0.0..=1.0).contains(share)), "{values:?}");
        assert!((values.of(players).iter().sum::<f64>() - 1.0).abs() < 1e-6, "{values:?}");
    }
    for line in &result.lines {
        assert_eq!(line.pv.first(), Some(&line.mv));
        let mut after = *position;
        for &mv in &line.pv {
            after.play(mv).unwrap();
        }
    }
}

fn budgets_are_kept<B: Board>(players: PlayerCount) {
    let mut rng = GameRng::new(11, 0, 0);
    for mut search in searches::<B>() {
        let most = if B::SPEC.cells > 100 { 3000 } else { 10_000 };
        for nodes in [1, 2, 50, 1000, 1024, most] {
            let position = random_position::<B>(players, &mut rng);
            let result = run(&mut *search, &position, &Limits::nodes(nodes).unwrap(), &Stop::new());
            is_sound(&position, &result);
            assert!(result.nodes <= nodes, "{} of {nodes} nodes", result.nodes);
            assert!(result.nodes == nodes || result.ended != Ended::Nodes, "{} of {nodes} nodes", result.nodes);
        }
    }
}

#[test]
fn node_budgets_are_exact_and_results_sound() {
    for players in PlayerCount::ALL {
        budgets_are_kept::<Square8>(players);
        budgets_are_kept::<Hex8>(players);
    }
    budgets_are_kept::<Square19>(PlayerCount::Two);
    budgets_are_kept::<Hexagonal>(PlayerCount::Three);
}

#[test]
fn threads_never_make_more_nodes_than_the_budget() {
    let mut rng = GameRng::new(16, 0, 0);
    for players in PlayerCount::ALL {
        for mut search in threaded_searches::<Square8>() {
            for nodes in [1, 2, 50, 1000, 20_000] {
                let position = random_position::<Square8>(players, &mut rng);
                let result = run(&mut *search, &position, &Limits::nodes(nodes).unwrap(), &Stop::new());
                is_sound(&position, &result);
                // What a thread has taken when another one ends the search is not made up for.
                let is_spent = result.nodes >= nodes / 2 || result.ended != Ended::Nodes;
                assert!(result.nodes <= nodes && is_spent, "{} of {nodes} nodes", result.nodes);
                // A loss may be known by the shared table just before the budget ends; then more nodes find it, too.
                if result.score <= -WIN + 1000.0 && result.ended != Ended::Solved {
                    let limits = Limits::nodes(20 * nodes).unwrap();
                    let longer = run(&mut *search, &position, &limits, &Stop::new());
                    let is_lost = longer.score <= -WIN + 1000.0 && longer.ended == Ended::Solved;
                    assert!(is_lost, "{} after {nodes} nodes, {} after more", result.score, longer.score);
                }
            }
        }
    }
}

/// A change of the digest means that the searches choose other moves: say so in the commit.
#[test]
fn equal_seeds_choose_equal_moves_on_every_machine() {
    let digest = || {
        let mut sum = 0_u64;
        let mut rng = GameRng::new(12, 0, 0);
        for players in PlayerCount::ALL {
            for mut search in searches::<Square8>() {
                for _ in 0..6 {
                    let position = random_position::<Square8>(players, &mut rng);
                    let result = run(&mut *search, &position, &Limits::nodes(1500).unwrap(), &Stop::new());
                    let place = result.lines.iter().position(|line| line.mv == result.best).unwrap() as u64;
                    sum = sum.rotate_left(9) ^ place ^ result.nodes << 20 ^ result.score.to_bits();
                }
            }
        }
        sum
    };
    let first = digest();
    assert_eq!(first, digest());
    assert_eq!(first, 18_042_031_488_675_907_989);
}

#[test]
fn forgetting_makes_a_new_search_of_it() {
    let mut rng = GameRng::new(13, 0, 0);
    let limits = Limits::nodes(6000).unwrap();
    for players in PlayerCount::ALL {
        let positions: Vec<_> = (0..4).map(|_| random_position::<Hex8>(players, &mut rng)).collect();
        for mut search in searches::<Hex8>() {
            let mut all = || {
                search.forget();
                let mut untimed = |position| SearchResult {
                    elapsed: Duration::ZERO,
                    ..run(&mut *search, position, &limits, &Stop::new())
                };
                positions.iter().map(&mut untimed).collect::<Vec<_>>()
            };
            assert_eq!(all(), all());
        }
    }
}

#[test]
fn stopped_searches_answer_at_once() {
    let players = PlayerCount::Three;
    let position = Position::<Hexagonal>::initial(players, RuleOptions::standard(Hexagonal::KIND, players));
    let limits = Limits::depth(60).unwrap();
    for mut search in searches::<Hexagonal>().into_iter().chain(threaded_searches()) {
        let stop = Stop::new();
        stop.stop();
        let result = run(&mut *search, &position, &limits, &stop);
        assert_eq!((result.nodes, result.ended), (0, Ended::Stopped));
        is_sound(&position, &result);
        stop.clear();
        let began = Instant::now();
        let result = std::thread::scope(|scope| {
            let searching = scope.spawn(|| run(&mut *search, &position, &limits, &stop));
            while began.elapsed() < Duration::from_millis(30) {
                std::thread::yield_now();
            }
            stop.stop();
            searching.join().unwrap()
        });
        assert_eq!(result.ended, Ended::Stopped);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

/// The bound is wide, as tests share their machine; `rrpipe bench --part search` measures the overrun.
#[test]
fn time_ends_a_search() {
    let time = Duration::from_millis(60);
    let mut rng = GameRng::new(14, 0, 0);
    let limits = Limits::time(time).unwrap();
    for mut search in searches::<Square19>().into_iter().chain(threaded_searches()) {
        let position = random_position::<Square19>(PlayerCount::Two, &mut rng);
        let result = run(&mut *search, &position, &limits, &Stop::new());
        is_sound(&position, &result);
        let kept = result.elapsed >= time && result.elapsed < Duration::from_secs(2);
        assert!(kept || result.ended != Ended::Time, "{:?}", result.elapsed);
    }
}

/// Reductions and quiescence lose no win that one decision makes, and find no win that is none.
#[test]
fn wins_at_hand_are_taken() {
    let mut rng = GameRng::new(15, 0, 0);
    let mut moves = MoveList::new();
    let (mut found, mut looked) = (0, 0);
    while found < 40 {
        let players = PlayerCount::ALL[looked % 3];
        looked += 1;
        let position = random_position::<Square8>(players, &mut rng);
        position.legal_moves(&mut moves);
        let wins = |&mv: &Move| {
            let mut child = position;
            child.make_move(mv);
            child.outcome().is_some_and(|outcome| outcome.winner == position.to_move())
        };
        if !moves.iter().any(wins) {
            continue;
        }
        found += 1;
        for mut search in searches::<Square8>().into_iter().chain(threaded_searches()) {
            let result = run(&mut *search, &position, &Limits::nodes(5000).unwrap(), &Stop::new());
            assert!(wins(&result.best), "{}", Square8::into_any(position));
            assert_eq!(result.ended, Ended::Solved);
        }
    }
}

#[test]
fn settings_are_checked_and_described() {
    let table = |table_bits| {
        AlphaBeta::new(heuristic::<Square8>(EvalMode::Full), AlphaBetaOptions { table_bits, ..Default::default() })
    };
    for bits in [0, 1, 33] {
        let error = table(bits).unwrap_err().to_string();
        assert_eq!(error, format!("table_bits {bits}\nhint: table_bits is 2 to 32"));
    }
    let options = MaxNOptions { table_bits: 31, ..MaxNOptions::default() };
    assert!(MaxN::new(heuristic::<Square8>(EvalMode::Full), options).is_err());
    for threads in [0, 257] {
        let options = AlphaBetaOptions { threads, ..AlphaBetaOptions::default() };
        let error = AlphaBeta::new(heuristic::<Square8>(EvalMode::Full), options).unwrap_err().to_string();
        assert_eq!(error, format!("threads {threads}\nhint: threads is a number of threads, 1 to 256"));
        let options = MaxNOptions { threads, ..MaxNOptions::default() };
        assert!(MaxN::new(heuristic::<Square8>(EvalMode::Full), options).is_err());
    }
    assert!(threaded_searches::<Square8>().iter().all(|search| search.describe().contains(", threads=3, ")));
    let texts: Vec<String> = searches::<Square8>().iter().map(Search::describe).collect();
    assert!(texts[0].starts_with("alphabeta(opponents=paranoid, tempo="), "{}", texts[0]);
    assert!(texts[1].starts_with("alphabeta(opponents=best-reply, tempo="), "{}", texts[1]);
    assert!(texts[2].contains("quiescence=off, reductions=off"), "{}", texts[2]);
    assert!(texts[3].starts_with("maxn(table_bits=15, scale=") && texts[3].contains("heuristic("), "{}", texts[3]);
}
