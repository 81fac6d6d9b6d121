//! The canonical state text of recorded traces: every rules-relevant field, one line each.
//!
//! Source: the trace format, section 3. The text leaves out the container order of stacks, the marks of earlier moves
//! and the game parameters; a trace carries those beside it.

use std::fmt::Write as _;

use ringrift_rules::{
    AnyPosition, BoardKind, Coord, Geometry, LpsState, Phase, PlayerCount, PlayerId, RuleOptions, Setup, SetupStack,
};
use sha2::{Digest as _, Sha256};

/// Why a text is no canonical state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// A line is missing or cannot be read.
    #[error("canonical state, line {line}: expected {expected}, got {got:?}")]
    Line {
        /// Line number from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, shortened.
        got: String,
    },
}

/// The canonical text of a position.
pub fn canonical_text(position: &AnyPosition) -> String {
    let setup = position.to_setup();
    let geometry = position.geometry();
    let key = |at: Coord| geometry.cell(at).map(|cell| geometry.key(cell)).unwrap_or_default();
    let mut out = String::with_capacity(1024);
    let status = if setup.winner.is_some() { "completed" } else { "active" };
    let _ = writeln!(out, "ringrift-state 1\nboard {} {}", setup.board, setup.players.get());
    let winner = setup.winner.map_or("-".into(), |winner| winner.to_string());
    let _ = writeln!(out, "turn {} {} {status} {winner}", setup.phase, setup.to_move);
    for i in 0..setup.players.get() {
        // Swapping sides exchanges the identities of the two seats.
        let swapped = setup.history.swapped && setup.players == PlayerCount::Two;
        let id = if swapped { 2 - i } else { i + 1 };
        let (hand, eliminated, territory) = (setup.hand[i], setup.eliminated[i], setup.territory[i]);
        let _ = writeln!(out, "player {} p{id} {hand} {eliminated} {territory}", i + 1);
    }
    let counts = setup
        .board_eliminated
        .iter()
        .enumerate()
        .filter(|&(_, &count)| count > 0)
        .map(|(i, count)| format!("{}:{count}", i + 1));
    let _ = writeln!(out, "eliminated {} {}", setup.total_eliminated, join(counts));
    let _ = writeln!(out, "mustmove {}", setup.must_move.map_or("-".into(), key));
    let _ = writeln!(out, "pendingline {}", u8::from(setup.pending_line_elimination));
    match &setup.chain {
        None => out.push_str("chain -\n"),
        Some((player, visited, current)) => {
            let keys: Vec<String> = visited.iter().map(|&at| key(at)).collect();
            let start = keys.first().cloned().unwrap_or_else(|| key(*current));
            let _ = writeln!(out, "chain {player} {start} {} {}", key(*current), keys.join(";"));
        }
    }
    let lps = &setup.lps;
    let seat = |player: Option<PlayerId>| player.map_or("-".into(), |player| player.to_string());
    let mask = setup
        .players
        .seats()
        .filter(|player| lps.noted >> player.index() & 1 != 0)
        .map(|player| format!("{player}:{}", lps.able >> player.index() & 1));
    let _ = writeln!(
        out,
        "lps {} {} {} {} {} {} {}",
        lps.round,
        seat(lps.first),
        seat(lps.exclusive),
        seat(lps.streak_player),
        lps.streak_rounds,
        setup.rules.lps_rounds,
        join(mask)
    );
    let mut lines: Vec<String> = setup
        .stacks
        .iter()
        .map(|stack| {
            let rings: String = stack.rings.iter().map(u64::to_string).collect();
            format!("{} {rings}", key(stack.cell))
        })
        .collect();
    lines.sort_unstable();
    for line in lines {
        let _ = writeln!(out, "S {line}");
    }
    for (letter, cells) in [('M', &setup.markers), ('X', &setup.collapsed)] {
        for &(at, owner) in cells {
            let _ = writeln!(out, "{letter} {} {owner}", key(at));
        }
    }
    out
}

fn join(items: impl Iterator<Item = String>) -> String {
    let text = items.collect::<Vec<_>>().join(",");
    if text.is_empty() { "-".into() } else { text }
}

/// First 16 hex digits of the SHA-256 of a text.
pub fn canonical_digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut out = String::with_capacity(16);
    for byte in &digest[..8] {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Reads a canonical text; `order` lists the stack keys in container order where it is not the order of the text.
///
/// # Errors
/// [`CanonicalError`] names the first line that cannot be read. Whether the state is possible is for
/// [`Setup::into_position`] to say.
pub fn parse_canonical(text: &str, order: Option<&str>, rules: RuleOptions) -> Result<Setup, CanonicalError> {
    let mut lines = Lines { rest: text.lines(), line: 0 };
    lines.expect("ringrift-state 1", |words| (words == ["ringrift-state", "1"]).then_some(()))?;
    let (board, players) = lines.expect("board NAME PLAYERS", |words| match words {
        ["board", board, players] => {
            Some((board.parse::<BoardKind>().ok()?, PlayerCount::try_from(players.parse::<u64>().ok()?).ok()?))
        }
        _ => None,
    })?;
    let geometry = board.geometry();
    let mut setup = Setup::initial(board, players, rules);
    lines.expect("turn PHASE PLAYER STATUS WINNER", |words| {
        let ["turn", phase, player, status, winner] = words else {
            return None;
        };
        setup.phase = Phase::from_name(phase)?;
        setup.to_move = player.parse().ok()?;
        setup.winner = dash(winner, |text| text.parse().ok())?;
        (matches!(*status, "active" | "completed") && (*status == "completed") == setup.winner.is_some()).then_some(())
    })?;
    for seat in 0..players.get() {
        lines.expect("player N ID HAND ELIMINATED TERRITORY", |words| {
            let ["player", number, id, hand, eliminated, territory] = words else {
                return None;
            };
            (number.parse() == Ok(seat + 1)).then_some(())?;
            setup.history.swapped |= seat == 0 && *id == "p2";
            setup.hand[seat] = hand.parse().ok()?;
            setup.eliminated[seat] = eliminated.parse().ok()?;
            setup.territory[seat] = territory.parse().ok()?;
            Some(())
        })?;
    }
    lines.expect("eliminated TOTAL PLAYER:COUNT,...", |words| {
        let ["eliminated", total, counts] = words else {
            return None;
        };
        setup.total_eliminated = total.parse().ok()?;
        for (seat, count) in pairs(counts)? {
            *setup.board_eliminated.get_mut(seat.checked_sub(1)?)? = count;
        }
        Some(())
    })?;
    setup.must_move = lines.expect("mustmove KEY", |words| match words {
        ["mustmove", key] => dash(key, |key| coord(geometry, key)),
        _ => None,
    })?;
    setup.pending_line_elimination = lines.expect("pendingline 0|1", |words| match words {
        ["pendingline", "0"] => Some(false),
        ["pendingline", "1"] => Some(true),
        _ => None,
    })?;
    setup.chain = lines.expect("chain PLAYER START CURRENT VISITED", |words| match words {
        ["chain", "-"] => Some(None),
        ["chain", player, _, current, visited] => {
            let visited = visited.split(';').map(|key| coord(geometry, key)).collect::<Option<_>>()?;
            Some(Some((player.parse().ok()?, visited, coord(geometry, current)?)))
        }
        _ => None,
    })?;
    setup.lps = lines.expect("lps ROUND FIRST EXCLUSIVE PLAYER ROUNDS REQUIRED MASK", |words| {
        let ["lps", round, first, exclusive, player, rounds, required, mask] = words else {
            return None;
        };
        setup.rules.lps_rounds = required.parse().ok()?;
        let mut lps = LpsState {
            round: round.parse().ok()?,
            first: dash(first, seat)?,
            exclusive: dash(exclusive, seat)?,
            streak_player: dash(player, seat)?,
            streak_rounds: rounds.parse().ok()?,
            ..LpsState::default()
        };
        for (player, able) in pairs(mask)? {
            let bit = 1 << PlayerId::try_from_number(player as u64)?.index();
            lps.noted |= bit;
            lps.able |= if able != 0 { bit } else { 0 };
        }
        Some(lps)
    })?;
    lines.cells(geometry, &mut setup)?;
    if let Some(order) = order {
        let place = |stack: &SetupStack| {
            let key = geometry.cell(stack.cell).map(|cell| geometry.key(cell)).unwrap_or_default();
            order.split_ascii_whitespace().position(|other| other == key)
        };
        setup.stacks.sort_by_cached_key(|stack| place(stack).unwrap_or(usize::MAX));
    }
    Ok(setup)
}

/// A value that may be `-`; the outer option says whether the text could be read.
#[allow(clippy::option_option, reason = "a readable `-` is not an unreadable text")]
fn dash<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text == "-" { Some(None) } else { read(text).map(Some) }
}

fn seat(text: &str) -> Option<PlayerId> {
    PlayerId::try_from_number(text.parse().ok()?)
}

fn coord(geometry: &Geometry, key: &str) -> Option<Coord> {
    geometry.parse_key(key).map(|cell| geometry.coord(cell))
}

fn pairs(text: &str) -> Option<Vec<(usize, u64)>> {
    if text == "-" {
        return Some(Vec::new());
    }
    text.split(',')
        .map(|item| {
            let (player, value) = item.split_once(':')?;
            Some((player.parse().ok()?, value.parse().ok()?))
        })
        .collect()
}

struct Lines<'a> {
    rest: std::str::Lines<'a>,
    line: usize,
}

impl Lines<'_> {
    fn expect<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&[&str]) -> Option<T>,
    ) -> Result<T, CanonicalError> {
        self.line += 1;
        let text = self.rest.next().unwrap_or_default();
        let words: Vec<&str> = text.split(' ').collect();
        read(&words).ok_or_else(|| CanonicalError::Line {
            line: self.line,
            expected,
            got: text.chars().take(60).collect(),
        })
    }

    fn cells(&mut self, geometry: &Geometry, setup: &mut Setup) -> Result<(), CanonicalError> {
        while self.rest.clone().next().is_some() {
            self.expect("S KEY RINGS, M KEY OWNER or X KEY OWNER", |words| {
                let [letter, key, value] = words else {
                    return None;
                };
                let cell = coord(geometry, key)?;
                match *letter {
                    "S" => {
                        let rings = value.chars().map(|c| c.to_digit(10).map(u64::from)).collect::<Option<_>>()?;
                        setup.stacks.push(SetupStack { cell, rings });
                    }
                    "M" => setup.markers.push((cell, value.parse().ok()?)),
                    "X" => setup.collapsed.push((cell, value.parse().ok()?)),
                    _ => return None,
                }
                Some(())
            })?;
        }
        Ok(())
    }
}
