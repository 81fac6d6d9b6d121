//! Turns a game into the rows of its tables, by replaying it. Source: replay-db.md sections 2, 4, 5 and 6.
//!
//! This is the costly part of storing, and needs no database: it runs on the threads that play.

use ringrift_rules::{AnyPosition, Move, MoveList, PlayerId};
use serde_json::Value;

use super::{
    derive::{TurnCounter, inferred_reason, progress_json, quality, text_of},
    error::StoreError,
    game::{History, MoveNotes, NewGame, RecordForm, Snapshots},
    packed::pack,
    python_json::{python_json, python_json_sorted},
    schema::MOVES_MIN,
    timestamp::{duration_ms, iso_column, parse_timestamp},
};
use crate::json::{MoveJson, MoveJsonOptions, Nulls, StateDocument};

/// A game as rows, checked: every move is legal where it is made.
#[derive(Clone, PartialEq, Debug)]
pub struct EncodedGame {
    pub(crate) id: String,
    pub(crate) board: &'static str,
    pub(crate) players: Vec<PlayerColumns>,
    pub(crate) rng_seed: Option<i64>,
    pub(crate) created_at: String,
    pub(crate) completed_at: String,
    pub(crate) status: &'static str,
    pub(crate) winner: Option<u8>,
    pub(crate) reason: Option<String>,
    pub(crate) turns: u64,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) source: String,
    pub(crate) metadata_json: String,
    pub(crate) quality: (f64, &'static str),
    pub(crate) engine_mode: Option<String>,
    pub(crate) opponent_type: Option<String>,
    pub(crate) opponent_model_id: Option<String>,
    pub(crate) initial_json: String,
    pub(crate) moves: Vec<MoveColumns>,
    pub(crate) snapshots: Vec<SnapshotColumns>,
    pub(crate) history: Vec<HistoryColumns>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct PlayerColumns {
    pub(crate) number: u8,
    pub(crate) kind: String,
    pub(crate) ai_type: Option<String>,
    pub(crate) difficulty: Option<i64>,
    pub(crate) profile_id: Option<String>,
    pub(crate) eliminated: u16,
    pub(crate) territory: u16,
    pub(crate) hand: u16,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct MoveColumns {
    pub(crate) turn: u64,
    pub(crate) player: u8,
    pub(crate) phase: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) json: String,
    pub(crate) timestamp: Option<String>,
    pub(crate) think_time_ms: u64,
    pub(crate) notes: Option<Box<NoteColumns>>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NoteColumns {
    pub(crate) notes: MoveNotes,
    pub(crate) move_probs: Option<String>,
    pub(crate) search_stats: Option<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SnapshotColumns {
    pub(crate) number: usize,
    pub(crate) json: String,
    pub(crate) hash: String,
}

/// What a history row says of one side of a move.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Side {
    pub(crate) phase: &'static str,
    pub(crate) status: &'static str,
    pub(crate) progress: String,
    pub(crate) hash: String,
    pub(crate) json: String,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct HistoryColumns {
    pub(crate) player: u8,
    pub(crate) before: Side,
    pub(crate) after: Side,
    pub(crate) compressed: bool,
}

impl EncodedGame {
    /// Name of the game.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Number of moves.
    pub fn plies(&self) -> usize {
        self.moves.len()
    }

    /// The same game under a name.
    pub(crate) fn renamed(&self, name: &str) -> Self {
        Self { id: name.to_owned(), ..self.clone() }
    }

    /// Bytes of the long fields, for the size of a batch.
    pub(crate) fn bytes(&self) -> usize {
        let moves: usize = self.moves.iter().map(|row| row.json.len() + 120).sum();
        let states: usize = self.snapshots.iter().map(|row| row.json.len()).sum();
        let history: usize = self.history.iter().map(|row| row.before.json.len() + row.after.json.len()).sum();
        moves + states + history + self.initial_json.len() + self.metadata_json.len()
    }
}

impl NewGame {
    /// Replays the game and writes its rows.
    ///
    /// # Errors
    /// [`StoreError::Unstorable`] for an illegal move, fewer than five moves, an empty name or an unreadable time.
    pub fn encode(&self, form: RecordForm) -> Result<EncodedGame, StoreError> {
        self.check()?;
        let nulls = if form.omits_nulls() { Nulls::Omit } else { Nulls::Write };
        let start = StateDocument { moves: Vec::new(), ..self.start.clone() };
        let mut encoder = Encoder {
            game: self,
            form,
            nulls,
            turns: TurnCounter::new(start.position.to_move().number()),
            moves: Vec::with_capacity(self.moves.len()),
            snapshots: Vec::new(),
            history: Vec::new(),
        };
        let end = if form.omits_nulls() { encoder.replay_lean(&start)? } else { encoder.replay_states(&start)? };
        let Encoder { turns, moves, snapshots, history, .. } = encoder;
        let outcome = end.position.outcome();
        let text = |key: &str| text_of(&self.metadata, key).map(str::to_owned);
        let created_at = start.envelope.created_at.as_str();
        let completed_at = end.envelope.last_move_at.as_str();
        let reason = text("termination_reason");
        Ok(EncodedGame {
            id: self.id.clone(),
            board: start.position.board().name(),
            players: self.players(&end),
            rng_seed: start.envelope.rng_seed,
            created_at: iso_column(created_at),
            completed_at: iso_column(completed_at),
            status: end.status().name(),
            winner: outcome.map(|outcome| outcome.winner.number()),
            reason: reason.or_else(|| inferred_reason(&end.position).map(str::to_owned)),
            turns: turns.total(),
            duration_ms: duration_ms(created_at, completed_at),
            source: self.source().unwrap_or("unknown").to_owned(),
            metadata_json: python_json_sorted(&Value::Object(self.metadata.clone())),
            quality: quality(moves.len(), outcome.is_some(), self.source()),
            engine_mode: text("engine_mode"),
            opponent_type: text("opponent_type"),
            opponent_model_id: text("opponent_model_id"),
            initial_json: start.to_json(nulls),
            moves,
            snapshots,
            history,
        })
    }

    fn check(&self) -> Result<(), StoreError> {
        let refuse = |what: String, hint| Err(StoreError::unstorable(&self.id, what, hint));
        if self.id.is_empty() || self.id.contains('\0') {
            return refuse("it has no usable name".into(), "give each game a name of its own");
        }
        if self.moves.len() < MOVES_MIN {
            let what = format!("it has {} moves, and databases take games of {MOVES_MIN} or more", self.moves.len());
            return refuse(what, "games that end so early are of no use for training");
        }
        let envelope = &self.start.envelope;
        let times = [Some(&envelope.created_at), Some(&envelope.last_move_at), self.completed_at.as_ref()];
        let of_moves = self.moves.iter().map(|mv| mv.timestamp.as_ref());
        match times.into_iter().chain(of_moves).flatten().find(|text| parse_timestamp(text).is_none()) {
            Some(text) => refuse(format!("{text:?} is no time"), "times are written as 2026-01-31T12:00:00.000001"),
            None => Ok(()),
        }
    }

    fn players(&self, end: &StateDocument) -> Vec<PlayerColumns> {
        let position = &end.position;
        let seats = position.players().seats().zip(&end.envelope.seats);
        seats
            .map(|(player, seat)| {
                let of_metadata = |name: &str| self.metadata.get(&format!("player_{player}_{name}"));
                let is_program = seat.kind == "ai";
                let text = |name: &str| of_metadata(name).and_then(Value::as_str).map(str::to_owned);
                PlayerColumns {
                    number: player.number(),
                    kind: seat.kind.clone(),
                    ai_type: is_program.then(|| text("ai_type").unwrap_or_else(|| "heuristic".into())),
                    // The state's number moves with the seat when sides are swapped; the engine does not.
                    difficulty: of_metadata("difficulty")
                        .and_then(Value::as_i64)
                        .or(seat.ai_difficulty)
                        .filter(|_| is_program),
                    profile_id: text("profile_id").filter(|_| is_program),
                    eliminated: position.eliminated(player),
                    territory: position.territory(player),
                    hand: position.hand(player),
                }
            })
            .collect()
    }
}

struct Encoder<'a> {
    game: &'a NewGame,
    form: RecordForm,
    nulls: Nulls,
    turns: TurnCounter,
    moves: Vec<MoveColumns>,
    snapshots: Vec<SnapshotColumns>,
    history: Vec<HistoryColumns>,
}

impl Encoder<'_> {
    fn options(&self, ply: usize) -> MoveJsonOptions {
        let mv = &self.game.moves[ply];
        MoveJsonOptions {
            nulls: self.nulls,
            timestamp: mv.timestamp.clone(),
            think_time: mv.think_time_ms,
            ..MoveJsonOptions::default()
        }
    }

    fn illegal(&self, ply: usize, error: &ringrift_rules::IllegalMove) -> StoreError {
        StoreError::unstorable(&self.game.id, format!("ply {ply}: {error}"), "the record and the rules disagree")
    }

    fn note_move(&mut self, ply: usize, before: (PlayerId, &'static str), json: String) {
        let mv = &self.game.moves[ply];
        let (player, phase) = before;
        let notes = mv.notes.as_deref().map(|notes| {
            Box::new(NoteColumns {
                move_probs: notes.move_probs.as_ref().map(python_json),
                search_stats: notes.search_stats.as_ref().map(python_json),
                notes: notes.clone(),
            })
        });
        self.moves.push(MoveColumns {
            turn: self.turns.of_move(player.number()),
            player: player.number(),
            phase,
            kind: mv.mv.kind().name(),
            json,
            timestamp: mv.timestamp.as_deref().map(iso_column),
            think_time_ms: mv.think_time_ms,
            notes,
        });
    }

    /// The last state with the end of the game as its time.
    fn end(&self, mut end: StateDocument) -> StateDocument {
        if let Some(time) = &self.game.completed_at {
            end.envelope.last_move_at.clone_from(time);
        }
        end
    }

    /// Moves, and the state after the first of them.
    fn replay_lean(&mut self, start: &StateDocument) -> Result<StateDocument, StoreError> {
        let mut document = start.clone();
        let mut position = start.position.clone();
        let mut legal = MoveList::new();
        for (ply, recorded) in self.game.moves.iter().enumerate() {
            let options = self.options(ply);
            let before = (position.to_move(), position.phase().name());
            position.legal_moves(&mut legal);
            if !legal.contains(&recorded.mv) {
                // Asked again for its words.
                position.play(recorded.mv).map_err(|error| self.illegal(ply, &error))?;
            }
            let json = MoveJson::new(&position, recorded.mv, number(&position), &options);
            let json = serde_json::to_string(&json).expect("a move can be written to memory");
            self.note_move(ply, before, json);
            position.make_move(recorded.mv);
            if ply == 0 {
                document.play(recorded.mv, &options).map_err(|error| self.illegal(ply, &error))?;
                document.moves.clear();
                self.snapshots.push(SnapshotColumns {
                    number: 0,
                    json: document.to_json(self.nulls),
                    hash: position.state_hash(),
                });
            } else if recorded.mv == Move::SwapSides {
                document.envelope.seats.swap(0, 1);
            }
        }
        if let Some(time) = self.game.moves.iter().rev().find_map(|mv| mv.timestamp.clone()) {
            document.envelope.last_move_at = time;
        }
        document.position = position;
        Ok(self.end(document))
    }

    /// Moves, snapshots with the moves so far, and history rows.
    fn replay_states(&mut self, start: &StateDocument) -> Result<StateDocument, StoreError> {
        let mut document = start.clone();
        // The moves so far as the text that goes into the states.
        let mut so_far = String::new();
        let has_history = self.form.history != History::None;
        let mut before = has_history.then(|| self.side(&document, &so_far));
        let last = self.game.moves.len() - 1;
        for (ply, recorded) in self.game.moves.iter().enumerate() {
            let mover = (document.position.to_move(), document.position.phase().name());
            document.play(recorded.mv, &self.options(ply)).map_err(|error| self.illegal(ply, &error))?;
            if ply == last {
                document = self.end(document);
            }
            let json = document.moves.pop().map(|json| json.to_string()).unwrap_or_default();
            if !so_far.is_empty() {
                so_far.push(',');
            }
            so_far.push_str(&json);
            self.note_move(ply, mover, json);
            if let Some(side) = before.take() {
                let after = self.side(&document, &so_far);
                before = Some(after.clone());
                let compressed = self.form.history == History::Compressed;
                self.history.push(HistoryColumns { player: mover.0.number(), before: side, after, compressed });
            }
            let due = match self.form.snapshots {
                Snapshots::First => ply == 0,
                Snapshots::Every(0) => ply == last,
                Snapshots::Every(every) => (ply + 1) % every == 0 || ply == last,
            };
            if due {
                let json = state_text(&document, self.nulls, &so_far);
                self.snapshots.push(SnapshotColumns { number: ply, json, hash: document.position.state_hash() });
            }
        }
        Ok(document)
    }

    fn side(&self, document: &StateDocument, so_far: &str) -> Side {
        let json = state_text(document, self.nulls, so_far);
        Side {
            phase: document.position.phase().name(),
            status: document.status().name(),
            progress: progress_json(&document.position),
            hash: document.position.state_hash(),
            json: if self.form.history == History::Compressed { pack(&json) } else { json },
        }
    }
}

fn number(position: &AnyPosition) -> u64 {
    u64::from(position.plies()) + 1
}

/// The text of a state without moves, with the text of its moves put in: writing each move once per game and not once
/// per state keeps full records linear in their output.
fn state_text(document: &StateDocument, nulls: Nulls, moves: &str) -> String {
    const EMPTY: &str = "\"moveHistory\":[]";
    let text = document.to_json(nulls);
    match text.find(EMPTY) {
        Some(at) => {
            let (head, tail) = text.split_at(at + EMPTY.len() - 1);
            [head, moves, tail].concat()
        }
        None => text,
    }
}
