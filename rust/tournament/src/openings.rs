//! Openings: the same first moves for everybody who is compared.

use std::collections::HashSet;
use std::fmt::Write as _;

use ringrift_eval::{Evaluator as _, GameRng, Scale};
use ringrift_heuristic::{EvalGeometry, EvalMode, Heuristic, HeuristicOptions, Weights, board_profile_name};
use ringrift_rules::{
    AnyPosition, Board, BoardKind, Move, MoveList, PlayerCount, Position, RuleOptions, with_position,
};
use serde_json::{Value, json};

use crate::digest::hex_digest;

/// Version of how openings are made.
pub const OPENINGS_VERSION: u32 = 1;

/// Most openings of a set.
pub const OPENINGS_MAX: u64 = 1_000_000;

/// Draws of one opening after which the best balanced one is taken.
const DRAWS_MAX: u64 = 64;

/// How far the win shares of seats may be from even, by the heuristic evaluation.
const TOLERANCE: f64 = 0.1;

/// How openings are made.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct OpeningRule {
    /// The board.
    pub board: BoardKind,
    /// Number of players.
    pub players: PlayerCount,
    /// Their seed.
    pub seed: u64,
    /// Decisions that are made at random; forced moves come on top.
    pub decisions: u32,
    /// Whether they have to differ, and to be balanced by the heuristic evaluation.
    pub is_selected: bool,
}

/// A set of openings; a longer one of the same rule begins with it.
#[derive(Clone, PartialEq, Debug)]
pub struct OpeningSet {
    rule: OpeningRule,
    openings: Vec<Vec<Move>>,
    texts: Vec<String>,
    digest: String,
}

/// A set that cannot be made or read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// Too many.
    #[error("{0} openings\nhint: a set has 1 to {OPENINGS_MAX}")]
    Count(u64),
    /// There are not so many that differ.
    #[error(
        "there are only {found} different openings of {decisions} random decisions, {wanted} are needed\nhint: make more decisions at random"
    )]
    TooFew {
        /// How many there are, as far as was looked.
        found: u64,
        /// How many are needed.
        wanted: u64,
        /// Random decisions of each.
        decisions: u32,
    },
    /// A text that is no set, or whose moves cannot be played.
    #[error("no set of openings: {0}\nhint: make one with `rrpipe openings`")]
    Malformed(String),
    /// A set for another game.
    #[error("openings for {found}, not for {wanted}\nhint: make a set for this board and number of players")]
    Game {
        /// What they are for.
        found: String,
        /// What is played.
        wanted: String,
    },
}

/// A drawn opening.
struct Draw {
    moves: Vec<Move>,
    text: String,
    key: u64,
    /// Largest distance of a seat's win share from even; infinite for games that are over.
    imbalance: f64,
}

impl OpeningSet {
    /// The first `count` openings of a rule. Opening `i` depends on the rule and the openings before it alone.
    ///
    /// # Errors
    /// [`OpeningError`] if there cannot be so many.
    pub fn generate(rule: OpeningRule, count: u64) -> Result<Self, OpeningError> {
        if !(1..=OPENINGS_MAX).contains(&count) {
            return Err(OpeningError::Count(count));
        }
        let start = start(rule.board, rule.players);
        let mut keys = HashSet::new();
        let (mut openings, mut texts) = (Vec::new(), Vec::new());
        for index in 0..count {
            let draw = with_position!(&start, start => choose(&rule, start, index, &keys));
            let Some(draw) = draw else {
                return Err(OpeningError::TooFew { found: index, wanted: count, decisions: rule.decisions });
            };
            keys.insert(draw.key);
            openings.push(draw.moves);
            texts.push(draw.text);
        }
        Ok(Self::new(rule, openings, texts))
    }

    fn new(rule: OpeningRule, openings: Vec<Vec<Move>>, texts: Vec<String>) -> Self {
        let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let digest = hex_digest(&parts);
        Self { rule, openings, texts, digest }
    }

    /// How they were made.
    pub const fn rule(&self) -> &OpeningRule {
        &self.rule
    }

    /// The moves of an opening.
    pub fn moves(&self, opening: u64) -> &[Move] {
        &self.openings[opening as usize]
    }

    /// The moves of an opening as text.
    pub fn text(&self, opening: u64) -> &str {
        &self.texts[opening as usize]
    }

    /// Digest of the moves of an opening.
    pub(crate) fn id(&self, opening: u64) -> String {
        hex_digest(&[self.text(opening)])[..16].to_owned()
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.openings.len() as u64
    }

    /// Digest of all moves: the version of the set.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The set as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "format": "ringrift-openings",
            "version": OPENINGS_VERSION,
            "board_type": self.rule.board.name(),
            "num_players": self.rule.players.get(),
            "seed": self.rule.seed,
            "random_decisions": self.rule.decisions,
            "is_selected": self.rule.is_selected,
            "digest": self.digest,
            "openings": self.texts,
        })
    }

    /// The set of a JSON text, for a board and a number of players. Its moves are played, so that only legal ones come through.
    ///
    /// # Errors
    /// [`OpeningError`] says what is wrong with it.
    pub fn from_json(text: &str, board: BoardKind, players: PlayerCount) -> Result<Self, OpeningError> {
        let malformed = |what: &str| OpeningError::Malformed(what.to_owned());
        let json: Value = serde_json::from_str(text).map_err(|error| OpeningError::Malformed(error.to_string()))?;
        if json["format"] != "ringrift-openings" {
            return Err(malformed("the field `format` is not \"ringrift-openings\""));
        }
        if json["version"] != OPENINGS_VERSION {
            return Err(OpeningError::Malformed(format!("version {}, not {OPENINGS_VERSION}", json["version"])));
        }
        let found = format!("{} with {} players", json["board_type"].as_str().unwrap_or("?"), json["num_players"]);
        let wanted = format!("{} with {} players", board.name(), players.get());
        if found != wanted {
            return Err(OpeningError::Game { found, wanted });
        }
        let number =
            |name: &str| json[name].as_u64().ok_or_else(|| malformed(&format!("the field `{name}` is no number")));
        let rule = OpeningRule {
            board,
            players,
            seed: number("seed")?,
            decisions: number("random_decisions")?.try_into().map_err(|_| malformed("too many random decisions"))?,
            is_selected: json["is_selected"] == true,
        };
        let texts = json["openings"].as_array().filter(|texts| !texts.is_empty());
        let texts = texts.ok_or_else(|| malformed("the field `openings` has none"))?;
        let texts: Option<Vec<String>> = texts.iter().map(|text| text.as_str().map(str::to_owned)).collect();
        let texts = texts.ok_or_else(|| malformed("an opening is no text"))?;
        let mut openings = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let mut position = start(board, players);
            let mut moves = Vec::new();
            for word in text.split_whitespace() {
                let mv = position.parse_move(word).map_err(|error| {
                    OpeningError::Malformed(format!("opening {number}: {error}").replace("\nhint:", ";"))
                })?;
                position.make_move(mv);
                moves.push(mv);
            }
            if position.outcome().is_some() {
                return Err(OpeningError::Malformed(format!("opening {number} ends the game")));
            }
            openings.push(moves);
        }
        let set = Self::new(rule, openings, texts);
        match json["digest"].as_str() {
            Some(digest) if digest == set.digest => Ok(set),
            _ => Err(malformed("the digest is not that of its openings")),
        }
    }
}

/// The start of the standard game.
pub(crate) fn start(board: BoardKind, players: PlayerCount) -> AnyPosition {
    AnyPosition::initial(board, players, RuleOptions::standard(board, players))
}

/// The first balanced opening of an index that was not there before, or the best balanced of all that were drawn.
fn choose<B: Board>(rule: &OpeningRule, start: &Position<B>, index: u64, keys: &HashSet<u64>) -> Option<Draw> {
    if !rule.is_selected {
        return Some(draw(rule, start, index, 0, None));
    }
    let profile = board_profile_name(rule.board, rule.players);
    let weights = Weights::of_profile(&profile).unwrap_or_default();
    let options = HeuristicOptions { mode: EvalMode::Full, geometry: EvalGeometry::True, profile };
    let mut evaluator = Heuristic::new(weights, options);
    let mut best: Option<Draw> = None;
    for attempt in 0..DRAWS_MAX {
        let draw = draw(rule, start, index, attempt, Some(&mut evaluator));
        if keys.contains(&draw.key) || draw.imbalance.is_infinite() {
            continue;
        }
        if draw.imbalance <= TOLERANCE {
            return Some(draw);
        }
        if best.as_ref().is_none_or(|best| draw.imbalance < best.imbalance) {
            best = Some(draw);
        }
    }
    best
}

fn draw<B: Board>(
    rule: &OpeningRule,
    start: &Position<B>,
    index: u64,
    attempt: u64,
    evaluator: Option<&mut Heuristic<B>>,
) -> Draw {
    let mut rng = GameRng::new(rule.seed, index, GameRng::HOST - attempt);
    let (mut position, mut legal, mut left) = (*start, MoveList::new(), rule.decisions);
    let (mut moves, mut text) = (Vec::new(), String::new());
    while left > 0 && position.outcome().is_none() {
        position.legal_moves(&mut legal);
        let mv = match *legal.as_slice() {
            [] => break,
            [only] => only,
            _ => {
                left -= 1;
                legal[rng.below(legal.len())]
            }
        };
        let separator = if moves.is_empty() { "" } else { " " };
        write!(text, "{separator}{}", position.format_move(mv)).expect("writing to a string cannot fail");
        position.make_move(mv);
        moves.push(mv);
    }
    let imbalance = match evaluator {
        _ if position.outcome().is_some() => f64::INFINITY,
        None => 0.0,
        Some(evaluator) => {
            let scores = evaluator.scores(&position);
            let even = 1.0 / rule.players.get() as f64;
            let shares = Scale::HEURISTIC.values(&scores, rule.players);
            shares.of(rule.players).iter().map(|share| (share - even).abs()).fold(0.0, f64::max)
        }
    };
    Draw { moves, text, key: position.key(), imbalance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(decisions: u32) -> OpeningRule {
        let (board, players) = (BoardKind::Hex8, PlayerCount::Three);
        OpeningRule { board, players, seed: 3, decisions, is_selected: true }
    }

    #[test]
    fn longer_sets_begin_with_shorter_ones_and_all_differ() {
        let (short, long) = (OpeningSet::generate(rule(6), 20).unwrap(), OpeningSet::generate(rule(6), 60).unwrap());
        assert_eq!(short.texts, long.texts[..20]);
        assert_ne!(short.digest(), long.digest());
        let different: HashSet<&String> = long.texts.iter().collect();
        assert_eq!(different.len(), 60);
        let other = OpeningSet::generate(OpeningRule { seed: 4, ..rule(6) }, 20).unwrap();
        assert_ne!(other.digest(), short.digest());
    }

    #[test]
    fn openings_are_balanced() {
        for board in BoardKind::ALL {
            for players in PlayerCount::ALL {
                let rule = OpeningRule { board, players, ..rule(6) };
                let start = start(board, players);
                let set = OpeningSet::generate(rule, 10).unwrap();
                let profile = board_profile_name(board, players);
                let weights = Weights::of_profile(&profile).unwrap_or_default();
                let options = HeuristicOptions { mode: EvalMode::Full, geometry: EvalGeometry::True, profile };
                let balanced = (0..set.count()).filter(|&opening| {
                    with_position!(&start, start => {
                        let mut position = *start;
                        for &mv in set.moves(opening) {
                            position.make_move(mv);
                        }
                        let scores = Heuristic::new(weights, options.clone()).scores(&position);
                        let shares = Scale::HEURISTIC.values(&scores, players);
                        shares.of(players).iter().all(|share| (share - 1.0 / players.get() as f64).abs() <= TOLERANCE)
                    })
                });
                assert_eq!(balanced.count(), 10, "{board} {players:?}");
            }
        }
    }

    #[test]
    fn sets_are_read_as_they_were_written() {
        let set = OpeningSet::generate(rule(4), 5).unwrap();
        let read = |text: &str| OpeningSet::from_json(text, BoardKind::Hex8, PlayerCount::Three);
        let text = set.to_json().to_string();
        assert_eq!(read(&text).unwrap(), set);
        for (text, says) in [
            (text.replace("\"version\":1", "\"version\":9"), "version 9, not 1"),
            (text.replace("\"digest\":\"", "\"digest\":\"0"), "digest"),
            (text.replace("ringrift-openings", "openings"), "`format`"),
            (text.replace("hex8", "square8"), "openings for square8 with 3 players, not for hex8 with 3 players"),
            (text.replacen("\"openings\":[\"", "\"openings\":[\"P9,9,9x1 ", 1), "opening 0: "),
            (text[..40].to_owned(), "no set of openings"),
        ] {
            let message = read(&text).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("\nhint: "), "{message}");
        }
    }

    #[test]
    fn impossible_sets_are_refused() {
        assert_eq!(OpeningSet::generate(rule(6), 0), Err(OpeningError::Count(0)));
        let none = OpeningSet::generate(rule(0), 2).unwrap_err();
        assert_eq!(none, OpeningError::TooFew { found: 1, wanted: 2, decisions: 0 });
    }
}
