//! Who plays: engines by their content, so that one engine has one name wherever it is met, and a changed one a new name.

use std::collections::BTreeMap;
use std::fmt;

use ringrift_replay::SeatRecord;
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_selfplay::EngineSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::hex_digest;

/// Settings that name or explain an engine, but do not change what it plays.
const WORDS: [&str; 4] = ["heuristic_profile", "substitute_for", "nnue_file", "nnue_run"];

/// Hex digits of the digest in an id.
const ID_DIGITS: usize = 16;

/// Name of an engine by its content: its kind, and a digest of kind, budget, settings, weights or network, board and number of
/// players.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParticipantId(String);

impl ParticipantId {
    /// An id that a log names.
    pub fn from_log(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An engine that plays, for one board and one number of players.
#[derive(Clone, PartialEq, Debug)]
pub struct Participant {
    id: ParticipantId,
    name: String,
    spec: EngineSpec,
}

impl Participant {
    /// An engine under a name that people read.
    pub fn new(name: impl Into<String>, spec: EngineSpec, board: BoardKind, players: PlayerCount) -> Self {
        let id = identify(&spec.record(), board, players);
        Self { id, name: name.into(), spec }
    }

    /// Its id.
    pub const fn id(&self) -> &ParticipantId {
        &self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub const fn spec(&self) -> &EngineSpec {
        &self.spec
    }
}

/// The id of what a record describes.
fn identify(record: &SeatRecord, board: BoardKind, players: PlayerCount) -> ParticipantId {
    let mut content: BTreeMap<&str, Value> =
        record.settings.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    content.retain(|name, _| !WORDS.contains(name));
    content.insert("ai_type", record.ai_type.as_str().into());
    content.insert("budget", record.budget.as_deref().into());
    content.insert("model", record.model_sha256.as_deref().or(record.nn_model_id.as_deref()).into());
    content.insert("board_type", board.name().into());
    content.insert("num_players", players.get().into());
    let text = serde_json::to_string(&content).expect("values of JSON can be written");
    ParticipantId(format!("{}-{}", record.ai_type, &hex_digest(&[&text])[..ID_DIGITS]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str, board: BoardKind, players: PlayerCount) -> String {
        Participant::new(text, EngineSpec::parse(text, board, players).unwrap(), board, players).id().to_string()
    }

    #[test]
    fn one_engine_has_one_id_and_another_another() {
        let (board, players) = (BoardKind::Hex8, PlayerCount::Two);
        let of = |text: &str| id(text, board, players);
        // A rung is what it is made of.
        let spec = EngineSpec::parse("d4", board, players).unwrap();
        assert_eq!(of("d4"), of(&spec.to_string()));
        assert_eq!(of("mcts:nodes=2000"), of("mcts"));
        let mut all = vec![of("random"), of("mcts"), of("mcts:nodes=1"), of("mcts:randomness=0.1"), of("minimax")];
        all.push(of("heuristic:profile=heuristic_v1_aggressive"));
        all.push(of("heuristic"));
        all.push(id("mcts", BoardKind::Square8, players));
        all.push(id("mcts", board, PlayerCount::Three));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "{all:?}");
    }

    #[test]
    fn a_byte_of_the_model_makes_another_participant() {
        let record = |sha: &str| SeatRecord {
            ai_type: "minimax".into(),
            nn_model_id: Some("best".into()),
            model_sha256: Some(sha.into()),
            ..SeatRecord::default()
        };
        let id = |sha| identify(&record(sha), BoardKind::Square8, PlayerCount::Two);
        assert_ne!(id("00"), id("01"));
        let renamed = SeatRecord { nn_model_id: Some("old best".into()), ..record("00") };
        assert_eq!(identify(&renamed, BoardKind::Square8, PlayerCount::Two), id("00"));
    }
}
