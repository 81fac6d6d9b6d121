//! The engine against the naive second one, and against path counts that the second one made.
//!
//! `RINGRIFT_TEST_PLIES` sets the plies per configuration that both engines play side by side, `RINGRIFT_TEST_NODES` the
//! largest path count that the engine repeats.

use std::path::{Path, PathBuf};

use ringrift_replay::{canonical_text, parse_canonical};
use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};
use serde_json::Value;

use crate::naive::{self, BoardName, Rules, State};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn name(board: BoardKind) -> BoardName {
    match board {
        BoardKind::Square8 => BoardName::Square8,
        BoardKind::Square19 => BoardName::Square19,
        BoardKind::Hex8 => BoardName::Hex8,
        BoardKind::Hexagonal => BoardName::Hexagonal,
    }
}

fn configurations() -> impl Iterator<Item = (BoardKind, PlayerCount)> {
    BoardKind::ALL.into_iter().flat_map(|board| PlayerCount::ALL.map(|players| (board, players)))
}

/// Legal moves as sorted text.
fn legal(position: &AnyPosition) -> Vec<String> {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    let mut texts: Vec<String> = moves.iter().map(|&mv| position.format_move(mv)).collect();
    texts.sort_unstable();
    texts
}

/// Stack keys in container order.
fn stack_order(position: &AnyPosition) -> String {
    let geometry = position.geometry();
    let stacks = position.to_setup().stacks;
    let keys: Vec<String> =
        stacks.iter().map(|stack| geometry.key(geometry.cell(stack.cell).expect("on the board"))).collect();
    keys.join(" ")
}

/// Plays one random game on both engines and compares them after every ply; returns the number of plies.
fn play_side_by_side(board: BoardKind, players: PlayerCount, rings: Option<u16>, seed: u64, limit: u64) -> u64 {
    let seats = players.get() as u8;
    let mut rules = RuleOptions::standard(board, players);
    let mut slow_rules = Rules::standard(name(board), seats);
    if let Some(rings) = rings {
        rules = rules.with_rings_per_player(rings, players);
        slow_rules = Rules::with_rings(name(board), seats, rings.into());
    }
    rules.swap_rule = players == PlayerCount::Two;
    slow_rules.swap_rule = rules.swap_rule;
    let mut fast = AnyPosition::initial(board, players, rules);
    let mut slow = State::initial_with(name(board), seats, slow_rules);
    let mut state = seed;
    let mut plies = 0;
    loop {
        let texts = legal(&fast);
        assert_eq!(texts, slow.legal(), "{board}, seed {seed}, ply {plies}: {fast}");
        if texts.is_empty() || plies >= limit {
            break;
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = &texts[(state >> 33) as usize % texts.len()];
        fast.make_move(fast.parse_move(chosen).expect("a listed move parses"));
        slow.apply(chosen).expect("a listed move applies");
        plies += 1;
        assert_eq!(canonical_text(&fast), slow.canonical_text(), "{board}, seed {seed}, ply {plies}");
        assert_eq!(fast.state_hash(), slow.fingerprint_hash(), "{board}, seed {seed}, ply {plies}");
        assert_eq!(stack_order(&fast), slow.stack_order(), "{board}, seed {seed}, ply {plies}");
    }
    let ranks = fast.ranks().map(|ranks| ranks.of(players).iter().map(|&rank| u32::from(rank)).collect::<Vec<_>>());
    assert_eq!(ranks, slow.ranks(), "{board}, seed {seed}: ranks");
    plies
}

#[test]
fn both_engines_play_the_same_games() {
    let wanted = setting("RINGRIFT_TEST_PLIES", 600);
    for (board, players) in configurations() {
        let (mut plies, mut seed) = (0, 1);
        while plies < wanted {
            let rings = [Some(3), None, Some(5), Some(9)][seed as usize % 4];
            plies += play_side_by_side(board, players, rings, seed, wanted);
            seed += 1;
        }
    }
}

#[test]
fn path_counts_from_the_start_agree_with_the_tables() {
    let most = setting("RINGRIFT_TEST_NODES", 200_000);
    for (board, players) in configurations() {
        let path = data(&format!("perft/{board}_{}p.perft", players.get()));
        let text = std::fs::read_to_string(&path).expect("the table is there");
        let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let mut rows = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (depth, nodes) = line.split_once(' ').expect("two numbers");
            let (depth, nodes): (u32, u64) = (depth.parse().expect("a depth"), nodes.parse().expect("a count"));
            if nodes <= most {
                assert_eq!(position.perft(depth), nodes, "{board} {}p, depth {depth}", players.get());
                rows += 1;
            }
        }
        assert!(rows >= 2, "{} has too few rows", path.display());
    }
}

/// A row of the table of rare positions: its name, state, container order, parameters, and counts by depth.
struct RarePosition {
    id: String,
    state: String,
    order: String,
    rules: RuleOptions,
    counts: Vec<u64>,
}

fn rare_positions() -> Vec<RarePosition> {
    let text = std::fs::read_to_string(data("perft/positions.jsonl")).expect("the table is there");
    let text_of = |value: &Value| value.as_str().expect("a text").to_owned();
    let number = |value: &Value| value.as_u64().expect("a number");
    let rows = text.lines().skip(1).map(|line| {
        let row: Value = serde_json::from_str(line).expect("a row");
        let rules = &row["rules"];
        RarePosition {
            id: text_of(&row["id"]),
            state: text_of(&row["state"]),
            order: text_of(&row["order"]),
            rules: RuleOptions {
                rings_per_player: number(&rules["rings_per_player"]) as u16,
                victory_threshold: number(&rules["victory_threshold"]) as u16,
                territory_threshold: number(&rules["territory_threshold"]) as u16,
                territory_minimum: rules["territory_minimum"].as_u64().map(|minimum| minimum as u16),
                lps_rounds: 3,
                swap_rule: rules["swap_rule"].as_bool().expect("a flag"),
            },
            counts: row["perft"].as_array().expect("a list").iter().map(number).collect(),
        }
    });
    rows.collect()
}

impl RarePosition {
    fn position(&self) -> AnyPosition {
        let setup = parse_canonical(&self.state, Some(&self.order), self.rules).expect("a canonical state");
        setup.into_position().expect("a possible state")
    }

    fn naive(&self) -> State {
        let rules = Rules {
            rings_per_player: self.rules.rings_per_player.into(),
            lps_rounds: self.rules.lps_rounds.into(),
            swap_rule: self.rules.swap_rule,
            victory_threshold: self.rules.victory_threshold.into(),
            territory_threshold: self.rules.territory_threshold.into(),
            territory_minimum: self.rules.territory_minimum.map(Into::into),
        };
        State::from_canonical(&self.state, Some(&self.order), &rules).expect("a canonical state")
    }
}

#[test]
fn path_counts_of_rare_positions_agree_with_the_tables() {
    let most = setting("RINGRIFT_TEST_NODES", 200_000);
    let rows = rare_positions();
    assert!(rows.len() >= 12, "only {} positions", rows.len());
    for row in rows {
        let position = row.position();
        for (depth, &nodes) in (1..).zip(&row.counts).filter(|(_, nodes)| **nodes <= most) {
            assert_eq!(position.perft(depth), nodes, "{}, depth {depth}", row.id);
        }
    }
}

#[test]
fn naive_engine_still_makes_the_small_counts_of_the_tables() {
    for (board, players) in configurations() {
        let state = State::initial(name(board), players.get() as u8);
        let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let depth = if board.spec().cells < 100 { 2 } else { 1 };
        assert_eq!(naive::perft(&state, depth), position.perft(depth));
        let mut counted = Vec::new();
        position.divide(depth, &|| false, |mv, nodes| counted.push((position.format_move(mv), nodes)));
        counted.sort_unstable();
        assert_eq!(naive::divide(&state, depth), counted);
    }
    for row in rare_positions() {
        let state = row.naive();
        for (depth, &nodes) in (1..).zip(&row.counts).filter(|(_, nodes)| **nodes <= 1_000) {
            assert_eq!(naive::perft(&state, depth), nodes, "{}, depth {depth}", row.id);
        }
    }
}
