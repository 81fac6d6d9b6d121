//! Replays stored games on the engine and compares every row with it.

use std::{collections::BTreeMap, fmt::Display};

use ringrift_rules::{AnyPosition, Move};
use serde_json::Value;

use super::{
    bare::{bare_move, strip_nulls},
    content::{ContentDigest, ContentHasher, without_noted},
    derive::{TurnCounter, inferred_reason, progress_json, quality, text_of},
    rows::{HistoryRow, HistorySide, MoveRow, MoveSource, SnapshotRow, StoredGame},
    timestamp::{duration_ms, parse_timestamp},
};
use crate::{
    json::{
        GameStatus, MoveJson, MoveJsonOptions, Nulls, ReadOptions, SeatEnvelope, StateDocument, move_from_json,
        move_to_json,
    },
    record::stack_order,
    verify::Difference,
};

/// A game with more differences than this is not looked at further.
const DIFFERENCES_MAX: usize = 100;

/// What came of one game.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Moves that were replayed.
    pub plies: usize,
    /// Snapshots and states of history rows that were compared.
    pub states: usize,
    /// The content of the game, if all its moves could be made.
    pub content: Option<ContentDigest>,
    /// What differs; `expected` is what the record says, `got` what the engine says.
    pub differences: Vec<Difference>,
}

/// Replays a game and compares moves, turns, phases, players, hashes, states, result and derived columns with what the
/// engine says. Read the game with [`Parts::All`](super::Parts::All).
pub fn verify_game(game: &StoredGame) -> Verified {
    let mut checker = Checker {
        game,
        ply: None,
        verified: Verified::default(),
        snapshots: game.snapshots.iter().map(|row| (row.number, row)).collect(),
        history: game.history.iter().map(|row| (row.number, row)).collect(),
    };
    if game.initial_json.is_none() {
        checker.differ("initial state", "none", "a game has one");
    }
    match game.start() {
        Ok(start) => checker.replay(&start),
        Err(error) => checker.differ("initial state", error, "a possible state"),
    }
    checker.verified
}

struct Checker<'a> {
    game: &'a StoredGame,
    ply: Option<usize>,
    verified: Verified,
    snapshots: BTreeMap<i64, &'a SnapshotRow>,
    history: BTreeMap<i64, &'a HistoryRow>,
}

/// Field name of the states that were written after their move was made.
const BEFORE: &str = "state before";

/// Whether a text is, byte for byte, what the engine writes for a move; then there is nothing to compare field by field.
fn is_text_of(text: &str, json: &Value, position: &AnyPosition, mv: Move, ply: usize) -> bool {
    let options = MoveJsonOptions {
        nulls: if text.contains(":null") { Nulls::Write } else { Nulls::Omit },
        timestamp: json["timestamp"].as_str().map(str::to_owned),
        think_time: json["thinkTime"].as_u64().unwrap_or(0),
        ..MoveJsonOptions::default()
    };
    let ours = MoveJson::new(position, mv, ply as u64 + 1, &options);
    serde_json::to_string(&ours).is_ok_and(|ours| ours == text)
}

/// Text of a value that may be missing.
fn shown<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "null".into(), |value| value.to_string())
}

impl Checker<'_> {
    fn differ(&mut self, field: &str, expected: impl Display, got: impl Display) {
        self.verified.differences.push(Difference {
            game: self.game.row.id.clone(),
            ply: self.ply,
            field: field.into(),
            expected: expected.to_string(),
            got: got.to_string(),
        });
    }

    fn compare<T: PartialEq + Display>(&mut self, field: &str, expected: T, got: T) {
        if expected != got {
            self.differ(field, expected, got);
        }
    }

    fn compare_optional<T: PartialEq + Display>(&mut self, field: &str, expected: Option<T>, got: Option<T>) {
        if expected != got {
            self.differ(field, shown(expected), shown(got));
        }
    }

    /// Compares times as times: Python and JSON spell UTC in different ways.
    fn compare_time(&mut self, field: &str, expected: Option<&str>, got: Option<&str>) {
        let time = |text: Option<&str>| text.map(|text| parse_timestamp(text).ok_or_else(|| text.to_owned()));
        if time(expected) != time(got) {
            self.differ(field, shown(expected), shown(got));
        }
    }

    fn replay(&mut self, start: &StateDocument) {
        self.compare_start(start);
        let mut position = start.position.clone();
        let mut turns = TurnCounter::new(position.to_move().number());
        let mut seats = start.envelope.seats.clone();
        let mut content = ContentHasher::new(self.game, start);
        for (ply, row) in self.game.moves.iter().enumerate() {
            self.ply = Some(ply);
            self.compare("move number", row.number, ply as i64);
            let json: Value = match serde_json::from_str(&row.json) {
                Ok(json) => json,
                Err(error) => return self.differ("move JSON", error, "JSON"),
            };
            let mv = match move_from_json(&position, &json) {
                Ok(mv) => mv,
                Err(error) => return self.differ("move", error, "a legal move"),
            };
            if !is_text_of(&row.json, &json, &position, mv, ply) {
                self.compare_fields(&json, move_to_json(&position, mv, ply as u64 + 1, &MoveJsonOptions::default()));
            }
            self.compare_move(row, &json, &position);
            let turn = turns.of_move(position.to_move().number());
            if let Some(expected) = row.turn {
                self.compare("turn", expected, turn as i64);
            }
            let history = self.history.remove(&(ply as i64));
            if let Some(history) = history {
                self.compare("player of the history row", history.player, position.to_move().number().into());
                self.compare_side("before", &history.before, &position, ply);
            }
            content.add(&position, mv);
            position.make_move(mv);
            if mv == Move::SwapSides {
                seats.swap(0, 1);
            }
            if let Some(history) = history {
                self.compare_side("after", &history.after, &position, ply + 1);
            }
            if let Some(snapshot) = self.snapshots.remove(&(ply as i64)) {
                self.compare_hash("snapshot hash", snapshot.hash.as_deref(), &position);
                self.compare_state("snapshot", &snapshot.json, &position, ply + 1);
            }
            self.verified.plies += 1;
            if self.verified.differences.len() > DIFFERENCES_MAX {
                return;
            }
        }
        self.ply = None;
        self.verified.content = Some(content.finish(&position));
        self.compare_end(&seats, &position, turns.total());
        let left: Vec<String> = self.snapshots.keys().chain(self.history.keys()).map(ToString::to_string).collect();
        if !left.is_empty() {
            self.differ("states", format!("after moves {}", left.join(", ")), "the game has no such moves");
        }
        let rows = self.game.history.len();
        if rows != 0 && rows != self.game.moves.len() {
            self.differ("history rows", rows, self.game.moves.len());
        }
    }

    fn compare_start(&mut self, start: &StateDocument) {
        let (row, position) = (&self.game.row, &start.position);
        self.compare("board", row.board.as_str(), position.board().name());
        self.compare("number of players", row.num_players, position.players().get() as i64);
        self.compare_optional("rng_seed", row.rng_seed, start.envelope.rng_seed);
        self.compare_time("created_at", Some(&row.created_at), Some(&start.envelope.created_at));
        if !start.moves.is_empty() {
            self.differ("initial state", format!("{} earlier moves", start.moves.len()), "no earlier moves");
        }
    }

    /// Compares the fields that the record and the engine both give a move.
    fn compare_fields(&mut self, json: &Value, ours: Value) {
        let number = json["moveNumber"].as_i64().or_else(|| json["move_number"].as_i64());
        let (mut expected, mut got) = (bare_move(json.clone()), bare_move(ours));
        for value in [&mut expected, &mut got] {
            if let Some(fields) = value.as_object_mut() {
                for name in ["type", "moveNumber"] {
                    fields.shift_remove(name);
                }
            }
        }
        // Files with target cells only say less than a move has.
        if self.game.move_source != MoveSource::Columns
            && let (Some(expected), Some(got)) = (expected.as_object(), got.as_object())
        {
            for (name, value) in expected {
                if let Some(own) = got.get(name).filter(|own| *own != value) {
                    self.differ(&format!("move field {name}"), value, own);
                }
            }
        }
        if let Some(number) = number {
            self.compare("moveNumber", number, self.ply.map_or(0, |ply| ply as i64 + 1));
        }
    }

    /// Compares the columns of a move.
    fn compare_move(&mut self, row: &MoveRow, json: &Value, position: &AnyPosition) {
        if let Some(player) = row.player {
            self.compare("player", player, position.to_move().number().into());
        }
        if let Some(phase) = &row.phase {
            self.compare("phase", phase.as_str(), position.phase().name());
        }
        if let Some(kind) = &row.kind {
            self.compare_optional("move type", Some(kind.as_str()), json["type"].as_str());
        }
        self.compare_notes(row);
        if self.game.move_source == MoveSource::Rows {
            self.compare_time("timestamp", row.timestamp.as_deref(), json["timestamp"].as_str());
            self.compare_optional("think time", row.think_time_ms, json["thinkTime"].as_i64());
        }
    }

    /// What searches left with a move can be read by trainers.
    fn compare_notes(&mut self, row: &MoveRow) {
        let is_share = |value: &Value| value.as_f64().is_some_and(|share| (0.0..=f64::MAX).contains(&share));
        if let Some(text) = &row.move_probs {
            let map = serde_json::from_str::<serde_json::Map<String, Value>>(text);
            if !map.is_ok_and(|map| map.values().all(is_share)) {
                self.differ("move_probs", text, "a JSON object of numbers from 0");
            }
        }
        if let Some(text) = row.search_stats.as_ref().filter(|text| serde_json::from_str::<Value>(text).is_err()) {
            self.differ("search_stats_json", text, "JSON");
        }
        if let Some(bytes) = &row.heuristic_features {
            let (floats, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() || !floats.iter().all(|&bytes| f32::from_le_bytes(bytes).is_finite()) {
                self.differ("heuristic_features", format!("{} bytes", bytes.len()), "finite little-endian float32");
            }
        }
    }

    fn compare_hash(&mut self, field: &str, expected: Option<&str>, position: &AnyPosition) {
        if let Some(expected) = expected {
            self.compare(field, expected, &position.state_hash());
        }
    }

    fn compare_side(&mut self, side: &str, row: &HistorySide, position: &AnyPosition, plies: usize) {
        let status = if position.outcome().is_some() { GameStatus::Completed } else { GameStatus::Active };
        self.compare(&format!("phase {side}"), row.phase.as_str(), position.phase().name());
        self.compare_optional(
            &format!("status {side}"),
            GameStatus::from_name(&row.status).map(GameStatus::name),
            Some(status.name()),
        );
        self.compare(&format!("progress {side}"), row.progress.as_str(), &progress_json(position));
        self.compare_hash(&format!("hash {side}"), row.hash.as_deref(), position);
        if let Some(json) = &row.json {
            self.compare_state(&format!("state {side}"), json, position, plies);
        }
    }

    /// Compares a stored state with the position, and its history, if it has one, with the moves.
    ///
    /// Upstream's states share two things with the states that are made from them: who has been noted in the present
    /// round of last player standing, and the capture chain. What a stored state says of the first may come from moves
    /// that were only tried; in a state that was written after its move was made, both are those of the next state.
    /// They are taken from the engine there.
    fn compare_state(&mut self, field: &str, json: &str, position: &AnyPosition, plies: usize) {
        self.verified.states += 1;
        let mut value: Value = match serde_json::from_str(json) {
            Ok(value) => value,
            Err(error) => return self.differ(field, error, "JSON"),
        };
        let chain = &mut value["chainCaptureState"];
        if field == BEFORE && chain.is_object() && position.chain().is_some() {
            *chain = StateDocument::new(position.clone()).to_value(Nulls::Write)["chainCaptureState"].take();
        }
        let zobrist = value["zobristHash"].as_u64();
        let document = match StateDocument::from_value(value, ReadOptions::default()) {
            Ok(document) => document,
            Err(error) => return self.differ(field, error, "a possible state"),
        };
        let (expected, got) = (without_noted(&document.position), without_noted(position));
        if let Some((expected, got)) = expected.lines().zip(got.lines()).find(|(a, b)| a != b) {
            self.differ(field, expected, got);
        } else {
            self.compare(field, expected.lines().count(), got.lines().count());
        }
        let (expected, got) = (document.position.rules(), position.rules());
        self.compare(&format!("{field}: options"), format!("{expected:?}"), format!("{got:?}"));
        self.compare(&format!("{field}: stack order"), stack_order(&document.position), stack_order(position));
        if let Some(zobrist) = zobrist {
            self.compare(&format!("{field}: zobrist"), zobrist, position.persisted_zobrist());
        }
        if document.moves.is_empty() {
            return;
        }
        self.compare(&format!("{field}: moves"), document.moves.len(), plies);
        for (i, (expected, row)) in document.moves.into_iter().zip(&self.game.moves).enumerate() {
            let (number, is_line_payment) = (expected["moveNumber"].as_u64(), expected["eliminationContext"] == "line");
            // Upstream's live states number line eliminations one lower than its database does.
            let numbered = number.is_none_or(|n| n == i as u64 + 1 || (is_line_payment && n == i as u64));
            let without_number = |mut json: Value| {
                strip_nulls(&mut json);
                if let Some(fields) = json.as_object_mut() {
                    fields.shift_remove("moveNumber");
                }
                json
            };
            let stored = serde_json::from_str(&row.json).map(without_number).ok();
            if !numbered || stored != Some(without_number(expected)) {
                self.differ(&format!("{field}: move {i}"), "another move", &row.json);
                return;
            }
        }
    }

    fn compare_end(&mut self, seats: &[SeatEnvelope], position: &AnyPosition, turns: u64) {
        let row = &self.game.row;
        self.compare("total_moves", row.total_moves, self.game.moves.len() as i64);
        self.compare("total_turns", row.total_turns, turns as i64);
        let outcome = position.outcome();
        let is_over = GameStatus::from_name(&row.status) == Some(GameStatus::Completed);
        if is_over != outcome.is_some() {
            self.differ("game_status", &row.status, if outcome.is_some() { "completed" } else { "not completed" });
        }
        self.compare_optional("winner", row.winner, outcome.map(|outcome| i64::from(outcome.winner.number())));
        let metadata = row.metadata().unwrap_or_default();
        if row.metadata_json.as_ref().is_some_and(|_| row.metadata().is_none()) {
            self.differ("metadata_json", shown(row.metadata_json.as_ref()), "a JSON object");
        }
        if let Some(reason) = row.termination_reason.as_deref() {
            if reason.starts_with("status:completed:") {
                let got = position.recorded_reason().map(|reason| reason.termination());
                self.compare_optional("termination_reason", Some(reason), got.as_deref());
            }
            if let Some(noted) = text_of(&metadata, "termination_reason") {
                self.compare("termination_reason", reason, noted);
            } else if !reason.starts_with("status:completed:") {
                self.compare_optional("termination_reason", Some(reason), inferred_reason(position));
            }
        }
        if row.termination_reason.is_none() {
            self.compare_optional("termination_reason", None, text_of(&metadata, "termination_reason"));
        }
        if let Some(completed_at) = &row.completed_at {
            let duration = duration_ms(&row.created_at, completed_at);
            if row.duration_ms.is_some() {
                self.compare_optional("duration_ms", row.duration_ms, duration);
            }
        }
        if let Some(last) = self.game.snapshots.last().filter(|last| last.number + 1 == row.total_moves)
            && let Ok(value) = serde_json::from_str::<Value>(&last.json)
        {
            self.compare_time("completed_at", row.completed_at.as_deref(), value["lastMoveAt"].as_str());
        }
        self.compare_metadata(&metadata, outcome.is_some());
        self.compare_players(seats, position, &metadata);
    }

    fn compare_metadata(&mut self, metadata: &serde_json::Map<String, Value>, has_winner: bool) {
        let row = &self.game.row;
        let source = text_of(metadata, "source");
        if let Some(expected) = row.source.as_deref().filter(|_| row.metadata_json.is_some()) {
            self.compare("source", expected, source.unwrap_or("unknown"));
        }
        for (field, column) in [
            ("engine_mode", &row.engine_mode),
            ("opponent_type", &row.opponent_type),
            ("opponent_model_id", &row.opponent_model_id),
        ] {
            if column.is_some() {
                self.compare_optional(field, column.as_deref(), text_of(metadata, field));
            }
        }
        let (score, category) = quality(self.game.moves.len(), has_winner, source);
        if row.quality_score.is_some_and(|stored| stored.to_bits() != score.to_bits()) {
            self.differ("quality_score", shown(row.quality_score), score);
        }
        if let Some(stored) = row.quality_category.as_deref() {
            self.compare("quality_category", stored, category);
        }
    }

    fn compare_players(
        &mut self,
        seats: &[SeatEnvelope],
        position: &AnyPosition,
        metadata: &serde_json::Map<String, Value>,
    ) {
        if self.game.players.is_empty() {
            return;
        }
        self.compare("seats", self.game.players.len(), seats.len());
        for ((player, row), seat) in position.players().seats().zip(&self.game.players).zip(seats) {
            let name = |field: &str| format!("player {player}: {field}");
            self.compare(&name("number"), row.number, player.number().into());
            let counts = [
                ("final_eliminated_rings", row.eliminated, position.eliminated(player)),
                ("final_territory_spaces", row.territory, position.territory(player)),
                ("final_rings_in_hand", row.hand, position.hand(player)),
            ];
            for (field, expected, got) in counts {
                if let Some(expected) = expected {
                    self.compare(&name(field), expected, got.into());
                }
            }
            self.compare(&name("player_type"), row.kind.as_str(), &seat.kind);
            if row.kind != "ai" || self.game.row.metadata_json.is_none() {
                continue;
            }
            let noted = |field: &str| metadata.get(&format!("player_{player}_{field}"));
            let engine = noted("ai_type").and_then(Value::as_str).unwrap_or("heuristic");
            self.compare_optional(&name("ai_type"), row.ai_type.as_deref(), Some(engine));
            let profile = noted("profile_id").and_then(Value::as_str);
            self.compare_optional(&name("ai_profile_id"), row.ai_profile_id.as_deref(), profile);
            // Upstream's self-play stores the number of the state, whatever the engine's was.
            let difficulty = noted("difficulty").and_then(Value::as_i64);
            if row.ai_difficulty != seat.ai_difficulty {
                self.compare_optional(&name("ai_difficulty"), row.ai_difficulty, difficulty);
            }
        }
    }
}
