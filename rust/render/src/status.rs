//! The state of the game in words and numbers.

use ringrift_rules::{AnyPosition, BoardKind, EndReason, Phase, PlayerId, with_position};

/// Letter that stands for a player on text boards.
pub(crate) fn letter(player: PlayerId) -> char {
    char::from(b'A' + player.index() as u8)
}

/// A player's numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PlayerStatus {
    pub player: PlayerId,
    pub name: String,
    pub to_move: bool,
    pub hand: u16,
    pub eliminated: u16,
    /// Eliminated rings that win.
    pub eliminated_needed: u16,
    pub territory: u16,
    /// Collapsed cells that win.
    pub territory_needed: u16,
    /// Final rank; none while the game is in progress.
    pub rank: Option<u8>,
}

/// The state of a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Status {
    pub board: BoardKind,
    /// `square8, 2 players`
    pub game: String,
    /// `turn 3, ply 14`
    pub clock: String,
    /// Phase, or how the game ended.
    pub phase: String,
    /// Who is to move, or who won.
    pub headline: String,
    pub over: bool,
    /// What else binds the player to move.
    pub notes: Vec<String>,
    pub players: Vec<PlayerStatus>,
}

impl Status {
    pub fn new(position: &AnyPosition, names: &[String]) -> Self {
        let outcome = position.outcome();
        let ranks = position.ranks();
        let rules = position.rules();
        let players: Vec<PlayerStatus> = position
            .players()
            .seats()
            .map(|player| PlayerStatus {
                player,
                name: name(names, player),
                to_move: outcome.is_none() && position.to_move() == player,
                hand: position.hand(player),
                eliminated: position.eliminated(player),
                eliminated_needed: rules.victory_threshold,
                territory: position.collapsed_count(player),
                territory_needed: rules.territory_needed(),
                rank: ranks.map(|ranks| ranks[player]),
            })
            .collect();
        let (headline, phase) = match outcome {
            Some(outcome) => {
                (format!("{} wins", name(names, outcome.winner)), format!("by {}", reason_words(outcome.reason)))
            }
            None => (format!("{} to move", name(names, position.to_move())), phase_words(position.phase()).to_owned()),
        };
        Self {
            board: position.board(),
            game: format!("{}, {} players", position.board(), position.players().get()),
            clock: format!("turn {}, ply {}", position.turn(), position.plies()),
            phase,
            headline,
            over: outcome.is_some(),
            notes: notes(position),
            players,
        }
    }
}

/// The given name of a player, or its number.
fn name(names: &[String], player: PlayerId) -> String {
    let given = names.get(player.index()).map(|name| clean(name)).unwrap_or_default();
    if given.is_empty() { format!("player {player}") } else { given }
}

/// One line of printable text: names come from anywhere, and a drawing must not carry their control characters or
/// marks that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let printable: String = text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_printable(c: char) -> bool {
    let directional = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_xml_char(c) && !c.is_control() && !directional
}

/// Characters that XML 1.0 documents may hold.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// At most `most` characters, the last of them a dot where some were cut.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('.');
    short
}

fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::RingPlacement => "ring placement",
        Phase::Movement => "movement",
        Phase::Capture => "capture",
        Phase::ChainCapture => "chain capture",
        Phase::LineProcessing => "line processing",
        Phase::TerritoryProcessing => "territory processing",
        Phase::ForcedElimination => "forced elimination",
        Phase::GameOver => "game over",
    }
}

fn reason_words(reason: EndReason) -> &'static str {
    match reason {
        EndReason::RingElimination => "ring elimination",
        EndReason::Territory => "territory",
        EndReason::LastPlayerStanding => "last player standing",
        EndReason::Stalemate => "stalemate",
    }
}

fn notes(position: &AnyPosition) -> Vec<String> {
    if position.outcome().is_some() {
        return Vec::new();
    }
    let geometry = position.geometry();
    let mut notes = Vec::new();
    with_position!(position, position => {
        if let Some(cell) = position.must_move() {
            notes.push(format!("the stack at {} must move", geometry.key(cell)));
        }
        if let Some(chain) = position.chain() {
            let (start, current) = (geometry.key(chain.start), geometry.key(chain.current));
            notes.push(format!("chain of {} from {start}, now at {current}", chain.segments));
        }
        if position.pending_line_elimination() {
            notes.push("a ring is due for a line".into());
        }
    });
    notes
}

/// `1st`, `2nd`, `3rd`, `4th`.
pub(crate) fn ordinal(rank: u8) -> String {
    let ending = match rank {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    format!("{rank}{ending}")
}

#[cfg(test)]
mod tests {
    use super::{clean, shorten};

    #[test]
    fn names_lose_control_characters_and_excess() {
        assert_eq!(clean(" a\u{1b}[31m\nb\u{0}\u{ffff} "), "a [31m b");
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcde.");
    }
}
