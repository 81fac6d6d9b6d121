//! What the text protocol remembers between commands, and what the commands mean.

use std::str::FromStr as _;
use std::time::Duration;

use ringrift_render::{PlayedMove, TextOptions, render_text};
use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
use ringrift_search::Limits;
use ringrift_selfplay::{Analyst, EngineSpec, GameRng};

use crate::commands::analyze::parse_spec;
use crate::suggest::nearest;
use crate::{Failure, OrFail as _, exit};

/// Commands, for hints.
pub(super) const COMMANDS: [&str; 9] =
    ["uci", "isready", "setoption", "newgame", "position", "go", "stop", "d", "quit"];

const OPTIONS: [&str; 4] = ["Engine", "Threads", "Seed", "Lines"];

/// Most lines that an answer has.
pub(super) const LINES_MAX: usize = 10_000;

/// The position of a session that has not been given one.
pub(super) fn start() -> AnyPosition {
    start_of(BoardKind::Square8, PlayerCount::Two)
}

/// The start of a game with its usual parameters.
pub(super) fn start_of(board: BoardKind, players: PlayerCount) -> AnyPosition {
    AnyPosition::initial(board, players, RuleOptions::standard(board, players))
}

/// A mistake of the other side, with what to do.
pub(super) fn mistake(text: impl std::fmt::Display, hint: impl std::fmt::Display) -> Failure {
    Failure::message(exit::BAD_INPUT, text).hint(hint)
}

/// What `go` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Budget {
    /// The engine's own.
    Own,
    /// These limits.
    Limits(Limits),
    /// Until it is stopped.
    Infinite,
}

/// A game and the engine that looks at it.
pub(super) struct Session {
    engine: String,
    threads: Option<u32>,
    pub(super) seed: u64,
    pub(super) lines: usize,
    pub(super) position: AnyPosition,
    last: Option<PlayedMove>,
    /// None while it searches, and before the first search.
    pub(super) analyst: Option<Analyst>,
    /// Searches since the start of the game: each has a random stream of its own.
    pub(super) searches: u64,
}

impl Session {
    pub(super) fn new(engine: &str, seed: u64) -> Self {
        Self {
            engine: engine.to_owned(),
            threads: None,
            seed,
            lines: 1,
            position: start(),
            last: None,
            analyst: None,
            searches: 0,
        }
    }

    /// The answer to `uci`.
    pub(super) fn identity(&self) -> String {
        format!(
            "id name RingRift Core {}\n\
             option name Engine type string default {}\n\
             option name Threads type spin default 1 min 1 max 256\n\
             option name Seed type spin default {} min 0 max {}\n\
             option name Lines type spin default 1 min 1 max {LINES_MAX}\n\
             uciok\n",
            env!("CARGO_PKG_VERSION"),
            self.engine,
            self.seed,
            u64::MAX
        )
    }

    /// The answer to `d`.
    pub(super) fn drawing(&self) -> String {
        let options = TextOptions { played: self.last.clone(), legend: false, ..TextOptions::default() };
        format!("{}position {}\n", render_text(&self.position, &options), self.position)
    }

    /// A new game: nothing that was learnt counts any more.
    pub(super) fn new_game(&mut self) {
        self.analyst = None;
        self.searches = 0;
    }

    /// `setoption name NAME value VALUE`.
    pub(super) fn set_option(&mut self, rest: &str) -> Result<(), Failure> {
        let form = || mistake("setoption without a name and a value", "type setoption name Engine value d6");
        let (name, value) = rest.strip_prefix("name ").and_then(|rest| rest.split_once(" value ")).ok_or_else(form)?;
        let (name, value) = (name.trim(), value.trim());
        let known = OPTIONS.into_iter().find(|option| option.eq_ignore_ascii_case(name));
        let bad = |expected: &str| mistake(format!("{name} {value:?}"), expected);
        match known {
            Some("Engine") => {
                parse_spec(value, &self.position)?;
                value.clone_into(&mut self.engine);
            }
            Some("Threads") => {
                let threads = value.parse().ok().filter(|threads| (1..=256).contains(threads));
                self.threads = Some(threads.ok_or_else(|| bad("give a number from 1 to 256"))?);
            }
            Some("Seed") => self.seed = value.parse().map_err(|_| bad("give a whole number from 0"))?,
            Some(_) => {
                let lines = value.parse().ok().filter(|lines| (1..=LINES_MAX).contains(lines));
                self.lines = lines.ok_or_else(|| bad(&format!("give a number from 1 to {LINES_MAX}")))?;
                return Ok(());
            }
            None => {
                let hint = nearest(name, OPTIONS).map_or_else(
                    || format!("the options are {}", OPTIONS.join(", ")),
                    |option| format!("did you mean {option}?"),
                );
                return Err(mistake(format!("there is no option {name:?}"), hint));
            }
        }
        self.new_game();
        Ok(())
    }

    /// `position start BOARD PLAYERS [moves ...]` or `position NOTATION [moves ...]`; after an error the position is what it was.
    pub(super) fn set_position(&mut self, rest: &str) -> Result<(), Failure> {
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let end = words.iter().position(|&word| word == "moves").unwrap_or(words.len());
        let hint = "type position start square8 2, or position and a notation as d prints it";
        let mut position = match words[..end] {
            [] => return Err(mistake("position without one", hint)),
            ["start"] => start(),
            ["start", board, players] => {
                let board = crate::commands::position::parse_board(board).map_err(|hint| mistake(board, hint))?;
                let players =
                    crate::commands::position::parse_players(players).map_err(|hint| mistake(players, hint))?;
                start_of(board, players)
            }
            ["start", ..] => return Err(mistake("a start without board and number of players", hint)),
            _ => AnyPosition::from_str(&words[..end].join(" "))
                .or_fail(exit::BAD_INPUT)
                .map_err(|failure| failure.hint(hint))?,
        };
        let mut last = None;
        for text in words.iter().skip(end + 1) {
            let mv = position
                .parse_move(text)
                .or_fail(exit::BAD_INPUT)
                .map_err(|failure| failure.hint("rrpipe show --legal lists the legal moves of a position"))?;
            let before = position.clone();
            position.make_move(mv);
            last = Some(PlayedMove { before, mv });
        }
        (self.position, self.last) = (position, last);
        Ok(())
    }

    /// What follows `go`.
    pub(super) fn parse_go(rest: &str) -> Result<Budget, Failure> {
        let hint = "type go, or go with nodes N, movetime MS, depth N, or infinite";
        let (mut nodes, mut time, mut depth) = (None, None, None);
        let mut words = rest.split_ascii_whitespace();
        let mut is_infinite = false;
        while let Some(word) = words.next() {
            if word == "infinite" {
                is_infinite = true;
                continue;
            }
            if !["nodes", "movetime", "depth"].contains(&word) {
                return Err(mistake(format!("go {word}"), hint));
            }
            let value = words.next().unwrap_or_default();
            let number: u64 = value.parse().map_err(|_| mistake(format!("go {word} {value}"), hint))?;
            match word {
                "nodes" => nodes = Some(number),
                "movetime" => time = Some(Duration::from_millis(number)),
                _ => depth = Some(u32::try_from(number).unwrap_or(u32::MAX)),
            }
        }
        match (is_infinite, nodes.is_some() || time.is_some() || depth.is_some()) {
            (true, true) => Err(mistake("go infinite with a limit", hint)),
            (true, false) => Ok(Budget::Infinite),
            (false, true) => Ok(Budget::Limits(Limits::new(nodes, time, depth).or_fail(exit::BAD_INPUT)?)),
            (false, false) => Ok(Budget::Own),
        }
    }

    /// The engine, taken out for a search, and what there is to say of a new one.
    pub(super) fn take_analyst(&mut self) -> Result<(Analyst, Option<String>), Failure> {
        if let Some(analyst) = self.analyst.take_if(|analyst| analyst.is_for(&self.position)) {
            return Ok((analyst, None));
        }
        self.new_game();
        let spec = parse_spec(&self.engine, &self.position)?;
        let threads = self.threads.unwrap_or(spec.threads);
        // The option is for every engine that a session has, also for those that search with one thread.
        let is_alone = threads > 1 && !spec.kind.takes_threads();
        let note = is_alone.then(|| format!("{} searches with one thread", spec.kind));
        let spec = EngineSpec { threads: if is_alone { 1 } else { threads }, ..spec };
        let mut rng = GameRng::new(self.seed, 0, GameRng::HOST);
        let (board, players) = (self.position.board(), self.position.players());
        Ok((Analyst::new(&spec, board, players, &mut rng).or_fail(exit::USAGE)?, note))
    }
}
