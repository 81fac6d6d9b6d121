//! How engines choose, with evaluators whose scores are known.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::num::NonZeroUsize;

use ringrift_eval::{Choice, Decision, Engine, Evaluator, GameRng};
use ringrift_rules::{
    AnyPosition, BoardKind, Move, MoveList, PlayerCount, PlayerId, Position, RuleOptions, Square8, with_position,
};
use ringrift_search::{Greedy, GreedyOptions, RandomEngine};

/// Scores a position by the rings that the seat has on the board; from the second seat's side all is worth less.
#[derive(Clone)]
struct Rings;

impl<B: ringrift_rules::Board> Evaluator<B> for Rings {
    fn describe(&self) -> String {
        "rings".into()
    }

    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64 {
        f64::from(position.rings_on_board(seat)) - 100.0 * seat.index() as f64
    }
}

fn start(swap_rule: bool) -> Position<Square8> {
    let players = PlayerCount::Two;
    let rules = RuleOptions { swap_rule, ..RuleOptions::standard(BoardKind::Square8, players) };
    Position::initial(players, rules)
}

fn decide(engine: &mut impl Engine<Square8>, position: &Position<Square8>, rng: &mut GameRng) -> Decision {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    engine.choose(position, &moves, rng).unwrap()
}

#[test]
fn greedy_takes_the_best_and_draws_among_equals() {
    let (position, mut rng) = (start(false), GameRng::new(1, 0, 0));
    let mut engine = Greedy::new(Rings, GreedyOptions::default());
    let mut seen = std::collections::HashSet::new();
    for _ in 0..2000 {
        let decision = decide(&mut engine, &position, &mut rng);
        assert!(matches!(decision.mv, Move::PlaceRing { count: 3, .. }), "{decision:?}");
        assert_eq!(
            (decision.choice, decision.score, decision.evaluations),
            (Choice::Best, Some(3.0), 192),
            "64 cells, one to three rings"
        );
        seen.insert(decision.mv);
    }
    assert_eq!(seen.len(), 64, "every cell is as good as any other");
}

#[test]
fn randomness_is_the_share_of_random_moves() {
    let (position, mut rng) = (start(false), GameRng::new(2, 0, 0));
    let mut engine = Greedy::new(Rings, GreedyOptions { randomness: 0.15, ..GreedyOptions::default() });
    let random = (0..4000).filter(|_| decide(&mut engine, &position, &mut rng).choice == Choice::Random).count();
    assert!((500..700).contains(&random), "{random} of 4000");
}

#[test]
fn sample_bounds_the_evaluations_and_holds_distinct_moves() {
    let (position, mut rng) = (start(false), GameRng::new(3, 0, 0));
    let all = GreedyOptions { sample: NonZeroUsize::new(500), ..GreedyOptions::default() };
    assert_eq!(decide(&mut Greedy::new(Rings, all), &position, &mut rng).evaluations, 192);
    // All but one of the moves: distinct ones must then hold a placement of three rings.
    let most = GreedyOptions { sample: NonZeroUsize::new(191), ..GreedyOptions::default() };
    let few = GreedyOptions { sample: NonZeroUsize::new(2), ..GreedyOptions::default() };
    for _ in 0..50 {
        let decision = decide(&mut Greedy::new(Rings, most), &position, &mut rng);
        assert_eq!((decision.evaluations, decision.score), (191, Some(3.0)));
        assert_eq!(decide(&mut Greedy::new(Rings, few), &position, &mut rng).evaluations, 2);
    }
}

#[test]
fn only_move_is_played_without_a_look() {
    let (position, mut rng) = (start(false), GameRng::new(4, 0, 0));
    let mut untouched = rng.clone();
    let mut engine = Greedy::new(Rings, GreedyOptions { randomness: 1.0, ..GreedyOptions::default() });
    let only = [Move::NoPlacementAction];
    for decision in [engine.choose(&position, &only, &mut rng), RandomEngine.choose(&position, &only, &mut rng)] {
        assert_eq!(decision, Some(Decision::unscored(only[0], Choice::Forced)));
    }
    assert_eq!(engine.choose(&position, &[], &mut rng), None);
    assert_eq!(rng.below(1 << 30), untouched.below(1 << 30), "nothing was drawn");
}

/// A swap is judged from the seat that the player swaps to.
#[test]
fn swap_is_scored_from_the_other_seat() {
    let (mut position, mut rng) = (start(true), GameRng::new(5, 0, 0));
    let mut moves = MoveList::new();
    while position.to_move() == PlayerId::ALL[0] {
        position.legal_moves(&mut moves);
        position.make_move(moves[0]);
    }
    position.legal_moves(&mut moves);
    assert!(moves.contains(&Move::SwapSides));
    let decision = decide(&mut Greedy::new(Rings, GreedyOptions::default()), &position, &mut rng);
    assert_eq!(decision.mv, Move::SwapSides, "the first seat is worth 100 more");

    let noisy = GreedyOptions { swap_temperature: 1000.0, ..GreedyOptions::default() };
    let mut engine = Greedy::new(Rings, noisy);
    let swaps = (0..200).filter(|_| decide(&mut engine, &position, &mut rng).mv == Move::SwapSides).count();
    assert!((60..160).contains(&swaps), "{swaps} of 200");
}

fn game(board: BoardKind, players: PlayerCount, seed: u64, make: impl Fn() -> Greedy<Rings>) -> (Vec<Move>, u64) {
    let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    with_position!(start, start => {
        let mut position = start;
        let mut engine = make();
        let mut streams: Vec<GameRng> = (0..4).map(|seat| GameRng::new(seed, 9, seat)).collect();
        let (mut moves, mut made) = (MoveList::new(), Vec::new());
        loop {
            position.legal_moves(&mut moves);
            let rng = &mut streams[position.to_move().index()];
            let Some(decision) = engine.choose(&position, &moves, rng) else { return (made, position.key()) };
            assert!(moves.contains(&decision.mv));
            made.push(decision.mv);
            position.make_move(decision.mv);
        }
    })
}

#[test]
fn games_depend_on_the_seed_alone() {
    let make = || Greedy::new(Rings, GreedyOptions { randomness: 0.3, ..GreedyOptions::default() });
    for players in PlayerCount::ALL {
        let played = game(BoardKind::Hex8, players, 1, make);
        assert_eq!(played, game(BoardKind::Hex8, players, 1, make));
        assert_ne!(played, game(BoardKind::Hex8, players, 2, make));
    }
}

#[test]
fn random_engine_plays_every_move() {
    let (position, mut rng) = (start(false), GameRng::new(6, 0, 0));
    let seen: std::collections::HashSet<Move> =
        (0..4000).map(|_| decide(&mut RandomEngine, &position, &mut rng).mv).collect();
    assert_eq!(seen.len(), 192);
}

#[test]
fn descriptions_name_settings_and_evaluator() {
    let options = GreedyOptions { randomness: 0.15, sample: NonZeroUsize::new(40), swap_temperature: 0.5 };
    let text = Engine::<Square8>::describe(&Greedy::new(Rings, options));
    assert_eq!(text, "greedy(randomness=0.15, sample=40, swap_temperature=0.5, rings)");
    assert_eq!(Engine::<Square8>::describe(&RandomEngine), "random");
}
