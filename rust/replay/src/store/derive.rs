//! Columns that follow from the rest of a game. Source: replay-db.md section 5.

use ringrift_rules::AnyPosition;
use serde_json::{Map, Value};

/// The reason that upstream infers where the metadata name none.
pub(crate) fn inferred_reason(position: &AnyPosition) -> Option<&'static str> {
    let winner = position.outcome()?.winner;
    let setup = position.to_setup();
    let rules = position.rules();
    if setup.board_eliminated[winner.index()] >= u64::from(rules.victory_threshold) {
        Some("ring_elimination")
    } else if position.collapsed_count(winner) >= rules.territory_threshold {
        Some("territory")
    } else if position.lps().exclusive == Some(winner) {
        Some("last_player_standing")
    } else if setup.stacks.is_empty() {
        Some("structural")
    } else {
        None
    }
}

/// Score and category of a game for training. The terms are added in upstream's order, so that the last digit agrees.
/// Source: replay-db.md section 5.5.
pub fn quality(moves: usize, has_winner: bool, source: Option<&str>) -> (f64, &'static str) {
    let outcome = if has_winner { 1.0 } else { 0.3 };
    let length = match moves {
        0..10 => 0.0,
        10..=200 => 1.0 - (moves.abs_diff(80) as f64 / 120.0) * 0.5,
        _ => 0.8,
    };
    let reputation = if source.is_some_and(|source| !source.is_empty()) { 0.8 } else { 0.5 };
    let score: f64 = 0.25 * outcome + 0.25 * length + 0.20 * 0.7 + 0.15 * 0.7 + 0.15 * reputation;
    let score = score.clamp(0.0, 1.0);
    let category = match score {
        0.85.. => "excellent",
        0.7.. => "good",
        0.5.. => "adequate",
        0.3.. => "poor",
        _ => "unusable",
    };
    (score, category)
}

/// Text of a metadata entry.
pub(crate) fn text_of<'a>(metadata: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    metadata.get(key).and_then(Value::as_str)
}

/// Counts turns: a turn ends when another player moves.
#[derive(Copy, Clone, Debug)]
pub(crate) struct TurnCounter {
    player: u8,
    turn: u64,
}

impl TurnCounter {
    pub(crate) fn new(first: u8) -> Self {
        Self { player: first, turn: 0 }
    }

    /// Turn of the next move.
    pub(crate) fn of_move(&mut self, player: u8) -> u64 {
        if player != self.player {
            self.player = player;
            self.turn += 1;
        }
        self.turn
    }

    pub(crate) fn total(self) -> u64 {
        self.turn + 1
    }
}

/// Players' counters as history rows have them, with Python's separators.
pub(crate) fn progress_json(position: &AnyPosition) -> String {
    let players: Vec<String> = position
        .players()
        .seats()
        .map(|player| {
            format!(
                "{{\"playerNumber\": {player}, \"eliminatedRings\": {}, \"territorySpaces\": {}, \"ringsInHand\": {}}}",
                position.eliminated(player),
                position.territory(player),
                position.hand(player)
            )
        })
        .collect();
    format!("{{\"players\": [{}]}}", players.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that upstream's databases hold.
    #[test]
    #[allow(clippy::float_cmp, reason = "the last digit counts")]
    fn quality_agrees_to_the_last_digit() {
        assert_eq!(quality(129, true, Some("soak_test")), (0.813_958_333_333_333_3, "good"));
        assert_eq!(quality(148, true, Some("soak_test")), (0.794_166_666_666_666_7, "good"));
        assert_eq!(quality(152, true, Some("soak_test")), (0.789_999_999_999_999_9, "good"));
    }
}
