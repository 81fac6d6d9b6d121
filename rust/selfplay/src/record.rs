//! Turns a played game into its records: the JSONL line and the game for the replay database.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ringrift_replay::{
    EncodedGame, FieldNames, MoveJson, MoveJsonOptions, NewGame, Nulls, RecordForm, RecordedMove, SeatRecord,
    Snapshots, StateDocument, StoreError, format_timestamp, game_id, python_json, soak_state,
};
use ringrift_rules::{AnyPosition, Move, MoveList, PlayerId};
use serde_json::{Map, Value, json};

use crate::engines::EngineSpec;
use crate::game::{GameTimes, PlayedMoves, Stop, Violation};
use crate::notes::notes;
use crate::seats::seat_specs;
use crate::settings::GameSettings;

/// Source of the games, as upstream's soak names itself.
const SOURCE: &str = "soak_test";

/// What a run says of each of its games.
#[derive(Clone, Debug)]
pub(crate) struct RunNames {
    /// Name of the run.
    pub run_id: String,
    /// Further metadata of every game.
    pub metadata: Map<String, Value>,
}

/// A game that is over, with everything that records and summaries need.
#[derive(Clone, Debug)]
pub struct GameRecord {
    /// Index in the run.
    pub index: u64,
    /// Decisions of the seats, bookkeeping left out, minus one where the last one ended the game. Source: selfplay.md
    /// section 6.
    pub length: u32,
    /// Decisions of the seats.
    pub host_decisions: u32,
    /// Moves, bookkeeping included.
    pub plies: u32,
    /// `completed` or `active`.
    pub status: &'static str,
    /// Number of the winner.
    pub winner: Option<u8>,
    /// How the game stopped.
    pub termination_reason: String,
    /// Whether the game is of no use: cut off, or not stored.
    pub skipped: bool,
    /// Kinds of violations and their numbers.
    pub violations: BTreeMap<&'static str, u64>,
    /// Swaps of sides.
    pub swaps: u32,
    /// Whether the game is in the database.
    pub db_recorded: bool,
    /// Name in the database.
    pub db_game_id: Option<String>,
    /// Why it is not there, if it should be.
    pub db_record_error: Option<String>,
    pub(crate) violation_samples: Vec<Value>,
    pub(crate) victory_type: String,
    pub(crate) tiebreaker: Option<&'static str>,
    pub(crate) moves_json: String,
    pub(crate) initial_json: String,
    pub(crate) times: GameTimes,
    pub(crate) failure: Option<Value>,
    /// Who played, seat by seat.
    pub(crate) seats: Value,
}

impl GameRecord {
    /// Whether the game shows a fault of the engine or of the recording. Source: selfplay.md section 9.
    pub fn is_anomaly(&self) -> bool {
        const FAULTS: [&str; 7] = [
            "unknown",
            "no_legal_moves_for_current_player",
            "illegal_moves_in_forced_elimination",
            "no_ai_for_current_player",
            "ai_returned_no_move",
            "ai_move_not_forced_elimination",
            "recorded_player_mismatch",
        ];
        let reason = self.termination_reason.as_str();
        self.db_record_error.is_some()
            || FAULTS.contains(&reason)
            || reason.starts_with("ai_selected_illegal_move:")
            || reason.strip_prefix("status:").is_some_and(|status| !status.starts_with("completed"))
    }

    /// Whether the rules ended the game.
    pub fn is_completed(&self) -> bool {
        self.status == "completed"
    }

    /// The line of the JSONL file, with its end, as Python's `json.dumps` writes it. Source: selfplay.md section 8.1.
    pub(crate) fn line(&self, settings: &GameSettings, names: &RunNames) -> String {
        let head = json!({
            "index": self.index,
            "num_players": settings.players.get(),
            "board_type": settings.board.name(),
            "engine_mode": settings.mode.name(),
            "seed": settings.seed_of(self.index),
            "length": self.length,
            "status": self.status,
            "winner": self.winner,
            "termination_reason": self.termination_reason,
            "skipped": self.skipped,
            "invariant_violations_by_type": self.violations,
            "swap_sides_moves": self.swaps,
            "used_pie_rule": self.swaps > 0,
            "victory_type": self.victory_type,
            "stalemate_tiebreaker": self.tiebreaker,
        });
        let tail = json!({
            "failure_debug": null,
            "source": "run_self_play_soak.py",
            "db_recorded": self.db_recorded,
            "db_game_id": self.db_game_id,
            "db_record_error": self.db_record_error,
            "host_decisions": self.host_decisions,
            "run_id": names.run_id,
            "seats": self.seats,
        });
        let (head, tail) = (python_json(&head), python_json(&tail));
        let mut line =
            String::with_capacity(head.len() + tail.len() + self.moves_json.len() + self.initial_json.len() + 40);
        line.push_str(head.trim_end_matches('}'));
        let _ = write!(line, ", \"moves\": {}, \"initial_state\": {}, ", self.moves_json, self.initial_json);
        line.push_str(tail.strip_prefix('{').unwrap_or(&tail));
        line.push('\n');
        line
    }
}

/// Violations that count, with their names in the rules. Source: selfplay.md section 8.5.
pub(crate) fn invariant_of(kind: &str) -> Option<&'static str> {
    match kind {
        "S_INVARIANT_DECREASED" => Some("INV-S-MONOTONIC"),
        "TOTAL_RINGS_ELIMINATED_DECREASED" => Some("INV-ELIMINATION-MONOTONIC"),
        "ACTIVE_NO_MOVES" => Some("INV-ACTIVE-NO-MOVES"),
        _ => None,
    }
}

/// A game with its record, and with its rows for the database if it is to be stored.
#[derive(Debug)]
pub(crate) struct Finished {
    pub record: GameRecord,
    pub stored: Option<Result<EncodedGame, StoreError>>,
    /// Sampled positions, one line each.
    pub samples: Vec<String>,
}

/// Makes the records of games.
#[derive(Debug)]
pub(crate) struct RecordMaker<'a> {
    pub settings: &'a GameSettings,
    pub names: &'a RunNames,
    /// The form of the database, if there is one.
    pub form: Option<RecordForm>,
    /// Whether games go to a JSONL file.
    pub has_log: bool,
    /// Position at the start of every game.
    pub start: AnyPosition,
}

impl RecordMaker<'_> {
    /// The records of a game.
    pub fn finish(&self, index: u64, played: &PlayedMoves) -> Finished {
        let settings = self.settings;
        let seats = seat_records(settings, index);
        let mut document = StateDocument::new(self.start.clone());
        document.envelope.rng_seed = Some(settings.seed_of(index));
        document.envelope.created_at = format_timestamp(played.started_at);
        document.envelope.last_move_at.clone_from(&document.envelope.created_at);
        for (envelope, seat) in document.envelope.seats.iter_mut().zip(&seats) {
            envelope.ai_difficulty = seat.difficulty.map(i64::from);
        }
        let initial_json = if self.has_log { python_json(&soak_state(&document)) } else { String::new() };
        let (moves_json, end, samples) = self.replay(played, &document);
        let reason = end.recorded_reason();
        let termination_reason = match (&played.stop, reason) {
            (Stop::Completed, Some(reason)) => reason.termination(),
            (Stop::Completed, None) => "unknown".into(),
            (Stop::MoveLimit, _) => "env_done_flag".into(),
            (Stop::NoMoves, _) => "no_legal_moves_for_current_player".into(),
            (Stop::IllegalChoice(kind), _) => format!("ai_selected_illegal_move:{}", kind.name()),
            (Stop::NoChoice, _) => "ai_returned_no_move".into(),
        };
        let is_completed = played.stop == Stop::Completed;
        let (victory_type, tiebreaker) = match reason {
            Some(reason) => (reason.victory_type, reason.tiebreaker),
            None if played.moves.len() >= settings.moves_max as usize => ("timeout", None),
            None => ("stalemate", Some("unknown")),
        };
        let skipped = !is_completed && played.stop != Stop::NoMoves;
        let mut violations = BTreeMap::new();
        for violation in &played.violations {
            *violations.entry(violation.kind).or_default() += 1;
        }
        let status = if is_completed { "completed" } else { "active" };
        let mut record = GameRecord {
            index,
            length: match played.stop {
                Stop::Completed | Stop::MoveLimit => played.decisions.saturating_sub(1),
                _ => played.decisions,
            },
            host_decisions: played.decisions,
            plies: played.moves.len() as u32,
            status,
            winner: end.outcome().map(|outcome| outcome.winner.number()),
            termination_reason,
            skipped,
            violations,
            swaps: played.swaps,
            db_recorded: false,
            db_game_id: None,
            db_record_error: None,
            violation_samples: played.violations.iter().map(|found| self.sample(index, found, status)).collect(),
            victory_type: victory_type.into(),
            tiebreaker,
            moves_json,
            initial_json,
            times: played.times,
            failure: None,
            seats: seats_json(settings, &seats),
        };
        if skipped {
            record.failure = Some(failure(&record, &end, played));
        }
        let stored =
            self.form.filter(|_| is_completed).map(|form| self.encode(&mut record, played, document, &seats, form));
        Finished { record, stored, samples }
    }

    fn sample(&self, index: u64, found: &Violation, status: &str) -> Value {
        let mut out = json!({
            "type": found.kind,
            "invariant_id": invariant_of(found.kind),
            "game_index": index,
            "move_index": found.ply,
            "board_type": self.settings.board.name(),
            "game_status": status,
            "current_player": found.player.number(),
            "current_phase": found.phase.name(),
        });
        if let Some([before, after]) = found.around {
            out["before"] = before.to_json();
            out["after"] = after.to_json();
        }
        out
    }

    /// The moves as JSON if there is a log, the position after them, and the sampled positions.
    fn replay(&self, played: &PlayedMoves, start: &StateDocument) -> (String, AnyPosition, Vec<String>) {
        let mut samples = Vec::new();
        let mut sampled = (!played.samples.is_empty()).then(|| start.clone());
        let mut position = self.start.clone();
        let mut out = String::new();
        if self.has_log {
            out.reserve(played.moves.len() * 900 + 2);
        }
        for (ply, (&mv, &made_at)) in played.moves.iter().zip(&played.made_at).enumerate() {
            let options = || MoveJsonOptions {
                nulls: Nulls::Write,
                timestamp: Some(format_timestamp(made_at)),
                ..MoveJsonOptions::default()
            };
            if self.has_log {
                out.push_str(if ply > 0 { ", " } else { "[" });
                let options = MoveJsonOptions { names: FieldNames::Snake, ..options() };
                out.push_str(&python_json(&MoveJson::new(&position, mv, ply as u64 + 1, &options)));
            }
            position.make_move(mv);
            if let Some(document) = &mut sampled {
                document.play(mv, &options()).expect("a played move is legal");
                if played.samples.contains(&(ply + 1)) {
                    samples.push(soak_state(document).to_string());
                }
            }
        }
        out.push_str(if out.is_empty() { "[]" } else { "]" });
        (out, position, samples)
    }

    fn encode(
        &self,
        record: &mut GameRecord,
        played: &PlayedMoves,
        document: StateDocument,
        seats: &[SeatRecord],
        form: RecordForm,
    ) -> Result<EncodedGame, StoreError> {
        let names = self.names;
        let mut metadata = names.metadata.clone();
        let mut set = |name: &str, value: Value| metadata.insert(name.into(), value);
        set("source", SOURCE.into());
        set("engine_mode", self.settings.mode.name().into());
        set("difficulty_band", self.settings.band.name().into());
        set("termination_reason", record.termination_reason.as_str().into());
        set("rng_seed", self.settings.seed_of(record.index).into());
        set("invariant_violations_by_type", json!(record.violations));
        set("swap_sides_moves", record.swaps.into());
        set("used_pie_rule", (record.swaps > 0).into());
        set("run_id", names.run_id.as_str().into());
        set("game_index", record.index.into());
        set("host_decisions", record.host_decisions.into());
        for (player, seat) in self.settings.players.seats().zip(seats) {
            seat.note(player, &mut metadata);
        }
        // The lean form leaves out what says nothing: moves of these engines take no time.
        let is_full = form.snapshots != Snapshots::First;
        let mut moves: Vec<RecordedMove> = (played.moves.iter().zip(&played.made_at))
            .map(|(&mv, &at)| RecordedMove {
                timestamp: is_full.then(|| format_timestamp(at)),
                ..RecordedMove::from(mv)
            })
            .collect();
        if !played.searches.is_empty() {
            let is_timed = self.settings.budget().time_max().is_some();
            let (mut position, mut ply) = (self.start.clone(), 0);
            for (at, found) in &played.searches {
                while ply < *at {
                    position.make_move(played.moves[ply]);
                    ply += 1;
                }
                let has_network = seats[position.to_move().index()].model_sha256.is_some();
                let evaluation = if has_network { "nnue" } else { "heuristic" };
                moves[*at].notes = Some(Box::new(notes(&position, found, evaluation, is_timed)));
            }
        }
        let id = game_id(&names.run_id, record.index);
        record.db_game_id = Some(id.clone());
        let mut game = NewGame::new(id, document, moves, metadata);
        game.completed_at = played.made_at.last().map(|&at| format_timestamp(at));
        game.encode(form)
    }
}

/// What records say of the seats of game `index`.
fn seat_records(settings: &GameSettings, index: u64) -> Vec<SeatRecord> {
    seat_specs(settings, index).iter().map(EngineSpec::record).collect()
}

fn seats_json(settings: &GameSettings, seats: &[SeatRecord]) -> Value {
    let of = |(player, seat): (PlayerId, &SeatRecord)| {
        let mut noted = Map::new();
        seat.note(player, &mut noted);
        let prefix = format!("player_{player}_");
        let mut fields = Map::new();
        fields.insert("player".into(), player.number().into());
        fields.extend(
            noted
                .into_iter()
                .map(|(name, value)| (name.strip_prefix(&prefix).map_or(name.clone(), str::to_owned), value)),
        );
        Value::Object(fields)
    };
    settings.players.seats().zip(seats).map(of).collect()
}

/// The file that tells of a skipped game. Source: selfplay.md section 8.7; the moves are in the JSONL.
fn failure(record: &GameRecord, end: &AnyPosition, played: &PlayedMoves) -> Value {
    let mut legal = MoveList::new();
    end.legal_moves(&mut legal);
    let player = end.to_move().number();
    let surface: Vec<Value> =
        legal.iter().map(|mv: &Move| json!({"type": mv.kind().name(), "player": player})).collect();
    json!({
        "game_index": record.index,
        "termination_reason": record.termination_reason,
        "state": soak_state(&StateDocument::new(end.clone())),
        "last_move": played.moves.last().map(|mv| mv.kind().name()),
        "phase_requirement": null,
        "legal_moves": surface,
    })
}
