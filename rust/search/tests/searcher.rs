//! The engine that plays with a search, with a search whose answers are known.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use ringrift_eval::{Choice, Decision, Engine, GameRng, Values};
use ringrift_rules::{BoardKind, Move, MoveList, PlayerCount, Position, RuleOptions, Square8};
use ringrift_search::{Ended, Limits, RootLine, Search, SearchEngine, SearchResult, Stop};

/// Chooses the last move, and counts how often it was asked.
#[derive(Debug)]
struct Last {
    asked: u32,
}

impl Search<Square8> for Last {
    fn describe(&self) -> String {
        "last".into()
    }

    fn search(
        &mut self,
        position: &Position<Square8>,
        legal: &[Move],
        _: &Limits,
        _: &Stop,
        _: &mut GameRng,
    ) -> Option<SearchResult> {
        self.asked += 1;
        let values = Values::even(position.players());
        let line = |&mv: &Move| RootLine {
            mv,
            visits: 1,
            values,
            is_exact: true,
            pv: vec![mv],
            policy: 1.0 / legal.len() as f64,
        };
        Some(SearchResult {
            best: *legal.last()?,
            score: 4.5,
            values,
            lines: legal.iter().map(line).collect(),
            nodes: 7,
            evaluations: 3,
            depth: 1,
            elapsed: Duration::ZERO,
            ended: Ended::Depth,
        })
    }

    fn forget(&mut self) {
        self.asked = 0;
    }
}

fn start() -> (Position<Square8>, MoveList) {
    let players = PlayerCount::Two;
    let position = Position::initial(players, RuleOptions::standard(BoardKind::Square8, players));
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    (position, moves)
}

fn engine(randomness: f64) -> SearchEngine<Last> {
    SearchEngine::new(Last { asked: 0 }, Limits::nodes(100).unwrap(), randomness).unwrap()
}

#[test]
fn decision_carries_the_search() {
    let ((position, legal), mut rng) = (start(), GameRng::new(1, 0, 0));
    let mut engine = engine(0.0);
    let decision = engine.choose(&position, &legal, &mut rng).unwrap();
    assert_eq!((decision.choice, decision.score, decision.evaluations), (Choice::Best, Some(4.5), 3));
    let found = decision.search.unwrap();
    assert_eq!((found.best, found.lines.len()), (decision.mv, legal.len()));
    assert_eq!(found.best_line().unwrap().mv, decision.mv);
    assert_eq!(rng.below(1 << 30), GameRng::new(1, 0, 0).below(1 << 30), "nothing was drawn");
    Engine::<Square8>::forget(&mut engine);
    assert_eq!(engine.search().asked, 0);
}

#[test]
fn single_move_needs_no_search() {
    let ((position, _), mut rng) = (start(), GameRng::new(2, 0, 0));
    let mut engine = engine(1.0);
    let only = [Move::NoPlacementAction];
    let forced = Some(Decision::unscored(only[0], Choice::Forced));
    assert_eq!(engine.choose(&position, &only, &mut rng), forced);
    assert_eq!(engine.choose(&position, &[], &mut rng), None);
    assert_eq!(engine.search().asked, 0);
    assert_eq!(rng.below(1 << 30), GameRng::new(2, 0, 0).below(1 << 30), "nothing was drawn");
}

#[test]
fn randomness_is_drawn_before_the_search() {
    let ((position, legal), mut rng) = (start(), GameRng::new(3, 0, 0));
    let mut engine = engine(0.25);
    let random = (0..4000)
        .filter(|_| {
            let decision = engine.choose(&position, &legal, &mut rng).unwrap();
            assert_eq!(decision.search.is_none(), decision.choice == Choice::Random);
            decision.choice == Choice::Random
        })
        .count();
    assert!((900..1100).contains(&random), "{random} of 4000");
    assert_eq!(engine.search().asked as usize, 4000 - random);
}

#[test]
fn settings_are_checked_and_described() {
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = SearchEngine::new(Last { asked: 0 }, Limits::nodes(1).unwrap(), bad).unwrap_err();
        assert!(error.to_string().contains("hint: randomness is a probability"), "{error}");
    }
    let text = Engine::<Square8>::describe(&engine(0.08));
    assert_eq!(text, "last with nodes=100, randomness=0.08");
}
