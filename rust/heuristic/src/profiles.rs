//! Built-in weight profiles by name.

use ringrift_rules::{BoardKind, PlayerCount};

use crate::{vectors::Vector, weights::Weights};

/// Names of the built-in profiles and what they stand for. Source: upstream's `heuristic_weights.py`.
const PROFILES: [(&str, Vector); 34] = [
    ("heuristic_v1_balanced", Vector::Balanced),
    ("heuristic_v1_strong", Vector::Balanced),
    ("heuristic_v1_optimized", Vector::Balanced),
    ("heuristic_v1_2p", Vector::Balanced),
    ("heuristic_v1_sq8_2p", Vector::Balanced),
    ("heuristic_v1_hex8_2p", Vector::Balanced),
    ("heuristic_v1_hex_2p", Vector::Balanced),
    ("v1-heuristic-4", Vector::Balanced),
    ("heuristic_v1_aggressive", Vector::Aggressive),
    ("heuristic_v1_expert", Vector::Aggressive),
    ("v1-heuristic-5", Vector::Aggressive),
    ("v1-heuristic-6", Vector::Aggressive),
    ("v1-heuristic-7", Vector::Aggressive),
    ("v1-heuristic-8", Vector::Aggressive),
    ("v1-heuristic-9", Vector::Aggressive),
    ("v1-heuristic-10", Vector::Aggressive),
    ("heuristic_v1_territorial", Vector::Territorial),
    ("heuristic_v1_defensive", Vector::Defensive),
    ("heuristic_v1_weak", Vector::Weak),
    ("v1-heuristic-2", Vector::Weak),
    ("heuristic_v1_medium", Vector::Medium),
    ("v1-heuristic-3", Vector::Medium),
    ("heuristic_v1_sq19_2p", Vector::Square19TwoPlayers),
    ("heuristic_v1_square19_2p", Vector::Square19TwoPlayers),
    ("heuristic_v1_3p", Vector::ThreePlayers),
    ("heuristic_v1_sq8_3p", Vector::ThreePlayers),
    ("heuristic_v1_sq19_3p", Vector::ThreePlayers),
    ("heuristic_v1_hex8_3p", Vector::ThreePlayers),
    ("heuristic_v1_hex_3p", Vector::ThreePlayers),
    ("heuristic_v1_4p", Vector::FourPlayers),
    ("heuristic_v1_sq8_4p", Vector::FourPlayers),
    ("heuristic_v1_sq19_4p", Vector::FourPlayers),
    ("heuristic_v1_hex8_4p", Vector::FourPlayers),
    ("heuristic_v1_hex_4p", Vector::FourPlayers),
];

impl Weights {
    /// Names of the built-in profiles.
    pub fn profile_names() -> impl ExactSizeIterator<Item = &'static str> + Clone {
        PROFILES.iter().map(|&(name, _)| name)
    }

    /// The weights of a built-in profile.
    pub fn of_profile(name: &str) -> Option<Self> {
        PROFILES.iter().find(|&&(known, _)| known == name).map(|&(_, vector)| vector.weights())
    }

    /// The weights that upstream's heuristic player has at a difficulty: those of profile `v1-heuristic-<difficulty>`,
    /// and the balanced ones where there is no such profile.
    pub fn of_difficulty(difficulty: u8) -> Self {
        Self::of_profile(&format!("v1-heuristic-{difficulty}")).unwrap_or_default()
    }
}

/// Name of the profile for a board and a number of players; all of them are built in.
pub fn board_profile_name(board: BoardKind, players: PlayerCount) -> String {
    let short = match board {
        BoardKind::Square8 => "sq8",
        BoardKind::Square19 => "sq19",
        BoardKind::Hex8 => "hex8",
        BoardKind::Hexagonal => "hex",
    };
    format!("heuristic_v1_{short}_{}p", players.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_has_a_profile() {
        for board in BoardKind::ALL {
            for players in PlayerCount::ALL {
                let name = board_profile_name(board, players);
                assert!(Weights::of_profile(&name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn difficulty_without_a_profile_is_balanced() {
        assert_eq!(Weights::of_difficulty(1), Weights::default());
        assert_eq!(Weights::of_difficulty(2), Weights::default().scaled(0.5));
        assert_ne!(Weights::of_difficulty(5), Weights::default());
    }
}
