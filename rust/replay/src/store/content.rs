//! A digest of what makes games equal.

use std::fmt;

use ringrift_rules::{AnyPosition, Move};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::rows::StoredGame;
use crate::{canonical::canonical_text, json::StateDocument, record::stack_order};

/// The canonical text but for who has been noted in the present round: upstream's stored states share that with later
/// ones.
pub(crate) fn without_noted(position: &AnyPosition) -> String {
    let cut = |line| match str::rsplit_once(line, ' ') {
        Some((head, _)) if head.starts_with("lps ") => head,
        _ => line,
    };
    canonical_text(position).lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// A digest of the content of a game: board, seats, options, seed, start, moves and result, as the engine sees them. Names,
/// times and the form of the record do not count. Shown as 32 hex digits.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ContentDigest([u8; 16]);

impl ContentDigest {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Self(short)
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Takes up a game, move by move.
#[derive(Clone, Debug)]
pub(crate) struct ContentHasher(Vec<u8>);

impl ContentHasher {
    pub(crate) fn new(game: &StoredGame, start: &StateDocument) -> Self {
        let mut hasher = Self(Vec::with_capacity(4096));
        let (row, position) = (&game.row, &start.position);
        hasher.line(&without_noted(position));
        hasher.line(&stack_order(position));
        hasher.line(&format!("{:?}", position.rules()));
        let metadata = row.metadata().unwrap_or_default();
        let seed = row.rng_seed.or_else(|| metadata.get("rng_seed").and_then(Value::as_i64));
        hasher.line(&format!("{seed:?}"));
        for player in &game.players {
            hasher.line(&format!("{} {} {:?}", player.number, player.kind, player.ai_type));
        }
        let mut seats: Vec<_> = metadata.iter().filter(|(key, _)| key.starts_with("player_")).collect();
        seats.sort_unstable_by_key(|&(key, _)| key);
        for (key, value) in seats {
            hasher.line(&format!("{key} {value}"));
        }
        hasher
    }

    fn line(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'\n');
    }

    /// A move, before it is made.
    pub(crate) fn add(&mut self, position: &AnyPosition, mv: Move) {
        self.line(&position.format_move(mv));
    }

    pub(crate) fn finish(mut self, end: &AnyPosition) -> ContentDigest {
        self.line(&format!("{:?}", end.outcome().map(|outcome| outcome.winner)));
        ContentDigest::of_bytes(&self.0)
    }
}
