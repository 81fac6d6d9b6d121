//! Replays recorded games on the engine and lists every difference.

use std::collections::BTreeMap;

use ringrift_rules::{AnyPosition, BoardKind, Move, MoveList, PlayerCount, PlayerId, RuleOptions};
use serde::Serialize;

use crate::{
    canonical::{canonical_digest, canonical_text, parse_canonical},
    json::{MoveJsonOptions, move_from_json, move_to_json},
    record::stack_order,
    trace::{Trace, TracePly},
};

/// One difference between a record and the engine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Name of the game.
    pub game: String,
    /// Ply from 0, or none for facts of the whole game.
    pub ply: Option<usize>,
    /// What differs.
    pub field: String,
    /// What the record says.
    pub expected: String,
    /// What the engine says.
    pub got: String,
}

struct Checker<'a> {
    trace: &'a Trace,
    ply: Option<usize>,
    differences: Vec<Difference>,
}

impl Checker<'_> {
    #[allow(clippy::needless_pass_by_value, reason = "called with numbers, texts and errors made on the spot")]
    fn differ(&mut self, field: &str, expected: impl ToString, got: impl ToString) {
        self.differences.push(Difference {
            game: self.trace.id.clone(),
            ply: self.ply,
            field: field.into(),
            expected: expected.to_string(),
            got: got.to_string(),
        });
    }

    fn compare(&mut self, field: &str, expected: &str, got: &str) {
        if expected != got {
            self.differ(field, expected, got);
        }
    }

    /// Compares texts of many lines by their first different line.
    fn compare_text(&mut self, field: &str, expected: &str, got: &str) {
        if expected == got {
            return;
        }
        let mut pairs = expected.lines().zip(got.lines());
        match pairs.find(|(a, b)| a != b) {
            Some((a, b)) => self.differ(field, a, b),
            None => self.differ(
                field,
                format!("{} lines", expected.lines().count()),
                format!("{} lines", got.lines().count()),
            ),
        }
    }
}

/// Replays one recorded game; the list is empty if the engine agrees with everything that the record says.
pub fn verify_trace(trace: &Trace) -> Vec<Difference> {
    let mut checker = Checker { trace, ply: None, differences: Vec::new() };
    match start_of_trace(trace) {
        Ok(position) => replay(&mut checker, position),
        Err(message) => checker.differ("initial state", "a possible state", message),
    }
    checker.differences
}

/// The position that a recorded game starts from.
///
/// # Errors
/// What is wrong with the board, the player count, or the state, as text.
pub fn start_of_trace(trace: &Trace) -> Result<AnyPosition, String> {
    let board: BoardKind = trace.board.parse().map_err(|e: ringrift_rules::UnknownBoard| e.to_string())?;
    let players = PlayerCount::try_from(trace.players).map_err(|e| e.to_string())?;
    let rules = RuleOptions {
        rings_per_player: trace.rules.rings_per_player,
        victory_threshold: trace.rules.victory_threshold,
        territory_threshold: trace.rules.territory_victory_threshold,
        territory_minimum: trace.rules.territory_victory_minimum,
        lps_rounds: trace.rules.lps_rounds_required,
        swap_rule: trace.rules.swap_rule_enabled,
    };
    let setup =
        parse_canonical(&trace.initial.state, trace.initial.order.as_deref(), rules).map_err(|e| e.to_string())?;
    if (setup.board, setup.players) != (board, players) {
        return Err(format!("the state is of {} with {} players", setup.board, setup.players.get()));
    }
    setup.into_position().map_err(|e| e.to_string())
}

fn replay(checker: &mut Checker<'_>, mut position: AnyPosition) {
    let trace = checker.trace;
    checker.compare("hash", &trace.initial.hash, &position.state_hash());
    checker.compare("digest", &trace.initial.digest, &canonical_digest(&canonical_text(&position)));
    let mut list = MoveList::new();
    for (i, ply) in trace.plies.iter().enumerate() {
        checker.ply = Some(i);
        checker.compare("phase", &ply.phase, position.phase().name());
        checker.compare("player", &ply.player.to_string(), &position.to_move().to_string());
        position.legal_moves(&mut list);
        let mut legal: Vec<(String, Move)> = list.iter().map(|&mv| (position.format_move(mv), mv)).collect();
        legal.sort_unstable();
        compare_legal(checker, ply, &legal);
        let Some(&(_, mv)) = legal.iter().find(|(text, _)| *text == ply.chosen) else {
            checker.differ("chosen move", &ply.chosen, "not legal");
            return;
        };
        compare_json(checker, ply, &position, mv);
        position.make_move(mv);
        if let Some(hash) = &ply.hash {
            checker.compare("hash", hash, &position.state_hash());
        }
        let text = canonical_text(&position);
        if let Some(state) = &ply.state {
            checker.compare_text("state", state, &text);
        }
        if let Some(digest) = &ply.digest {
            let got = canonical_digest(&text);
            if *digest != got {
                checker.differ("digest", digest, format!("{got} of\n{text}"));
            }
        }
        if let Some(order) = &ply.order {
            checker.compare("stack order", order, &stack_order(&position));
        }
        if let Some(zobrist) = &ply.zobrist {
            checker.compare("zobrist", zobrist, &format!("{:016x}", position.persisted_zobrist()));
        }
        if let Err(fault) = position.check_validity() {
            checker.differ("invariants", "kept", fault);
        }
        if checker.differences.len() > 100 {
            return;
        }
    }
    checker.ply = None;
    compare_result(checker, &position);
}

/// Compares the JSON of the chosen move with the record's, and reads both back.
fn compare_json(checker: &mut Checker<'_>, ply: &TracePly, position: &AnyPosition, mv: Move) {
    let number = u64::from(position.plies()) + 1;
    let mut got = move_to_json(position, mv, number, &MoveJsonOptions::default());
    compare_parsed(checker, position, mv, &got);
    let Some(expected) = &ply.upstream else { return };
    compare_parsed(checker, position, mv, expected);
    // Records leave out what cannot be reproduced.
    if let Some(fields) = got.as_object_mut() {
        for name in ["id", "timestamp", "thinkTime", "moveNumber"] {
            fields.shift_remove(name);
        }
    }
    if got != *expected {
        checker.differ("move JSON", expected, got);
    }
}

fn compare_parsed(checker: &mut Checker<'_>, position: &AnyPosition, mv: Move, json: &serde_json::Value) {
    match move_from_json(position, json) {
        Ok(parsed) if parsed == mv => {}
        Ok(parsed) => {
            checker.differ("move of the JSON", position.format_move(mv), position.format_move(parsed));
        }
        Err(error) => checker.differ("move of the JSON", position.format_move(mv), error),
    }
}

fn compare_legal(checker: &mut Checker<'_>, ply: &TracePly, legal: &[(String, Move)]) {
    if let Some(count) = ply.legal_count
        && count != legal.len()
    {
        checker.differ("number of legal moves", count, legal.len());
    }
    if legal.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        checker.differ("legal moves", "distinct", "a move twice");
    }
    if let Some(expected) = &ply.legal {
        let got: Vec<&str> = legal.iter().map(|(text, _)| text.as_str()).collect();
        let missing: Vec<&str> = expected.iter().map(String::as_str).filter(|text| !got.contains(text)).collect();
        let extra: Vec<&str> = got.iter().copied().filter(|text| !expected.iter().any(|other| other == text)).collect();
        if !missing.is_empty() || !extra.is_empty() {
            checker.differ("legal moves", format!("also {}", missing.join(" ")), format!("also {}", extra.join(" ")));
        }
    }
    if let Some(expected) = &ply.legal_hash {
        let texts: Vec<&str> = legal.iter().map(|(text, _)| text.as_str()).collect();
        checker.compare("hash of legal moves", expected, &canonical_digest(&texts.join("\n")));
    }
}

fn compare_result(checker: &mut Checker<'_>, position: &AnyPosition) {
    let result = &checker.trace.result;
    let outcome = position.outcome();
    let status = if outcome.is_some() { "completed" } else { "active" };
    checker.compare("status", &result.status, status);
    let winner = |player: Option<u64>| player.map_or("none".into(), |player| player.to_string());
    let got = outcome.map(|outcome| u64::from(outcome.winner.number()));
    checker.compare("winner", &winner(result.winner), &winner(got));
    if result.plies != checker.trace.plies.len() {
        checker.differ("plies", result.plies, checker.trace.plies.len());
    }
    for (field, expected, got) in [
        ("eliminated rings", &result.eliminated, &AnyPosition::eliminated as &dyn Fn(&_, PlayerId) -> u16),
        ("territory", &result.territory, &AnyPosition::territory),
        ("collapsed cells", &result.collapsed, &AnyPosition::collapsed_count),
    ] {
        let got: BTreeMap<String, u64> =
            position.players().seats().map(|player| (player.to_string(), u64::from(got(position, player)))).collect();
        // Records leave out players without an entry.
        let same = got.iter().all(|(player, value)| expected.get(player).unwrap_or(&0) == value);
        if !same {
            checker.differ(field, format!("{expected:?}"), format!("{got:?}"));
        }
    }
    if let Some(reason) = position.recorded_reason() {
        if let Some(expected) = &result.env_reason {
            checker.compare("environment reason", expected, reason.environment);
        }
        if let Some((expected, rung)) = &result.victory_type {
            checker.compare("victory type", expected, reason.victory_type);
            checker.compare("tiebreaker", rung.as_deref().unwrap_or("-"), reason.tiebreaker.unwrap_or("-"));
        }
        if let Some(expected) = &result.soak_reason {
            checker.compare("self-play reason", expected, &reason.termination());
        }
    }
}
