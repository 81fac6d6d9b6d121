//! A game to be stored, and the form in which to store it.

use ringrift_rules::{Move, PlayerId};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::derive::text_of;
use crate::json::StateDocument;

/// The environment variable by which upstream's snapshots are asked for.
pub const SNAPSHOT_INTERVAL_VARIABLE: &str = "RINGRIFT_SNAPSHOT_INTERVAL";

/// Which snapshots a game gets.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Snapshots {
    /// The state after the first move, with an empty history: as much as every reader needs, and small.
    First,
    /// Upstream's: after every so many moves (0 = never) and at the end, each with the moves so far.
    Every(usize),
}

/// Whether every move gets a row with both states around it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum History {
    /// No such rows.
    None,
    /// As plain JSON.
    Plain,
    /// As base64 of gzip of JSON.
    Compressed,
}

/// In which form a game is stored. Every form loads in upstream's readers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct RecordForm {
    /// Which snapshots.
    pub snapshots: Snapshots,
    /// History rows.
    pub history: History,
}

impl RecordForm {
    /// The default: small.
    pub const LEAN: Self = Self { snapshots: Snapshots::First, history: History::None };
    /// Upstream's lean form.
    pub const UPSTREAM_LEAN: Self = Self { snapshots: Snapshots::Every(20), history: History::None };
    /// Upstream's full form, which `--no-lean-db` asks for.
    pub const FULL: Self = Self { snapshots: Snapshots::Every(20), history: History::Plain };

    /// The form that `--no-lean-db` and the value of [`SNAPSHOT_INTERVAL_VARIABLE`] ask for.
    ///
    /// # Errors
    /// The value, if it is no number.
    pub fn from_request(full: bool, interval: Option<&str>) -> Result<Self, String> {
        let mut form = if full { Self::FULL } else { Self::LEAN };
        if let Some(text) = interval.map(str::trim).filter(|text| !text.is_empty()) {
            let every = text.parse().map_err(|_| {
                format!(
                    "{SNAPSHOT_INTERVAL_VARIABLE}={text} is no number of moves\nhint: 20 stores a state every 20 moves, 0 only the last"
                )
            })?;
            form.snapshots = Snapshots::Every(every);
        }
        Ok(form)
    }

    /// Whether fields without value are left out of the JSON.
    pub(crate) fn omits_nulls(self) -> bool {
        self.snapshots == Snapshots::First && self.history == History::None
    }
}

/// What is known of a move beyond the move itself. Source: replay-db.md section 2, `game_moves`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MoveNotes {
    /// Search's policy: move key to probability.
    pub move_probs: Option<Value>,
    /// Search statistics.
    pub search_stats: Option<Value>,
    /// Heuristic features, as little-endian float32.
    pub heuristic_features: Option<Vec<u8>>,
    /// Evaluation by the engine that moved.
    pub engine_eval: Option<f64>,
    /// Kind of that evaluation.
    pub engine_eval_type: Option<String>,
    /// Depth of its search.
    pub engine_depth: Option<i64>,
    /// Nodes of its search.
    pub engine_nodes: Option<i64>,
    /// Time of its search, in milliseconds.
    pub engine_time_ms: Option<i64>,
}

/// A move that was made.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordedMove {
    /// The move.
    pub mv: Move,
    /// When, as ISO 8601 text; left out if none.
    pub timestamp: Option<String>,
    /// Time spent on it, in milliseconds.
    pub think_time_ms: u64,
    /// What else is known of it.
    pub notes: Option<Box<MoveNotes>>,
}

impl From<Move> for RecordedMove {
    fn from(mv: Move) -> Self {
        Self { mv, timestamp: None, think_time_ms: 0, notes: None }
    }
}

/// Who played a seat: names engine, model and budget. Goes to the metadata as `player_N_…` entries.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SeatRecord {
    /// Engine: `random`, `heuristic`, `mcts`, ...
    pub ai_type: String,
    /// Difficulty from 1 to 10.
    pub difficulty: Option<u8>,
    /// Profile of upstream's ladder.
    pub profile_id: Option<String>,
    /// Name of the network.
    pub nn_model_id: Option<String>,
    /// SHA-256 of the network or weight file.
    pub model_sha256: Option<String>,
    /// Time or nodes per move.
    pub budget: Option<String>,
    /// Further settings by name, such as `randomness`.
    pub settings: Map<String, Value>,
}

impl SeatRecord {
    /// Adds the entries of a seat to the metadata of a game.
    pub fn note(&self, player: PlayerId, metadata: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| {
            metadata.insert(format!("player_{player}_{name}"), value);
        };
        set("ai_type", self.ai_type.as_str().into());
        let texts = [
            ("profile_id", &self.profile_id),
            ("nn_model_id", &self.nn_model_id),
            ("model_sha256", &self.model_sha256),
            ("budget", &self.budget),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                set(name, text.as_str().into());
            }
        }
        if let Some(difficulty) = self.difficulty {
            set("difficulty", difficulty.into());
        }
        for (name, value) in &self.settings {
            set(name, value.clone());
        }
    }
}

/// A game to be stored.
#[derive(Clone, PartialEq, Debug)]
pub struct NewGame {
    /// Its name, unique in the database: see [`game_id`].
    pub id: String,
    /// State before the first move. Its envelope carries seed, seats and time of the start.
    pub start: StateDocument,
    /// The moves, bookkeeping included.
    pub moves: Vec<RecordedMove>,
    /// What else there is to say. Of meaning are `source`, `engine_mode`, `termination_reason`, `opponent_type`,
    /// `opponent_model_id`, `rng_seed`, and `player_N_ai_type`, `player_N_difficulty`, `player_N_profile_id`.
    pub metadata: Map<String, Value>,
    /// End of the game, as ISO 8601 text; none takes the time of the last move, or of the start.
    pub completed_at: Option<String>,
}

impl NewGame {
    /// A game of these moves, with what the metadata say of its seed and seats written into the start.
    pub fn new(id: String, mut start: StateDocument, moves: Vec<RecordedMove>, metadata: Map<String, Value>) -> Self {
        let envelope = &mut start.envelope;
        if envelope.rng_seed.is_none() {
            envelope.rng_seed = metadata.get("rng_seed").and_then(Value::as_i64);
        }
        for (i, seat) in (1..).zip(&mut envelope.seats) {
            if let Some(difficulty) = metadata.get(&format!("player_{i}_difficulty")).and_then(Value::as_i64) {
                seat.ai_difficulty = Some(difficulty);
            }
        }
        Self { id, start, moves, metadata, completed_at: None }
    }

    pub(crate) fn source(&self) -> Option<&str> {
        text_of(&self.metadata, "source")
    }
}

/// The name of game `index` of a run: nine letters and digits that stand for the run, and the index in base 36.
///
/// A thousand runs meet in these 46 bits of their hash with a chance of 1 : 10^8, and the store would notice. The names
/// are short, since each move has them five times, and those of one run sort as its games do, so that the indexes of a
/// database grow at their end.
pub fn game_id(run_id: &str, index: u64) -> String {
    const RUN: usize = 9;
    const INDEX: usize = 5;
    let digest = Sha256::digest(run_id.as_bytes());
    let bits = digest[..8].iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
    let run = base_36(bits, RUN);
    run[run.len() - RUN..].to_owned() + &base_36(index, INDEX)
}

/// A number in base 36, with at least `digits` digits.
fn base_36(mut number: u64, digits: usize) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut out = Vec::new();
    while number > 0 || out.len() < digits {
        out.push(ALPHABET[(number % 36) as usize] as char);
        number /= 36;
    }
    out.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_run_are_different_and_sorted() {
        let ids: Vec<String> = (0..300).map(|index| game_id("run", index)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ids.iter().all(|id| id.len() == 14));
        assert_ne!(game_id("another", 0), ids[0]);
        assert_eq!(game_id("run", 36_u64.pow(5)).len(), 15);
    }

    #[test]
    fn form_follows_the_request() {
        assert_eq!(RecordForm::from_request(false, None), Ok(RecordForm::LEAN));
        assert_eq!(RecordForm::from_request(true, Some("")), Ok(RecordForm::FULL));
        assert_eq!(RecordForm::from_request(false, Some("20")), Ok(RecordForm::UPSTREAM_LEAN));
        assert!(RecordForm::from_request(false, Some("often")).unwrap_err().contains("hint: "));
    }
}
