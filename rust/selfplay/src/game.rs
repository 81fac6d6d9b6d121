//! Plays one game: decisions of the seats, and the bookkeeping moves that follow them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ringrift_eval::{GameRng, SearchResult};
use ringrift_rules::{Board, CellSet as _, Move, MoveKind, MoveList, Phase, PlayerId, Position};
use ringrift_search::Stop as SearchStop;
use serde_json::{Value, json};

use crate::seats::seats;
use crate::settings::{GameSettings, Sampling};

/// Most decisions before player 2 may still be told to swap sides. Source: selfplay.md section 5.2.
const SWAP_DECISIONS_MAX: u32 = 2;

/// How a game stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// By the rules.
    Completed,
    /// At the move limit.
    MoveLimit,
    /// In progress, and without a legal move: a fault of the rules engine.
    NoMoves,
    /// An engine chose a move that is not legal, of this kind: a fault of the engine.
    IllegalChoice(MoveKind),
    /// An engine chose nothing where there were moves: a fault of the engine.
    NoChoice,
}

/// A rule of the record keeping that a game broke. Source: selfplay.md section 8.5.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Violation {
    pub kind: &'static str,
    pub ply: usize,
    pub player: PlayerId,
    pub phase: Phase,
    pub around: Option<[Progress; 2]>,
}

/// Quantities that never fall within a game.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    markers: u32,
    collapsed: u32,
    eliminated: u32,
}

impl Progress {
    fn of<B: Board>(position: &Position<B>) -> Self {
        Self {
            markers: position.marker_cells().count(),
            collapsed: position.collapsed_cells().count(),
            eliminated: u32::from(position.total_eliminated()),
        }
    }

    fn sum(self) -> u32 {
        self.markers + self.collapsed + self.eliminated
    }

    pub fn to_json(self) -> Value {
        let Self { markers, collapsed, eliminated } = self;
        json!({"markers": markers, "collapsed": collapsed, "eliminated": eliminated, "S": self.sum()})
    }
}

/// Time spent on parts of a game.
#[derive(Copy, Clone, Default, Debug)]
pub(crate) struct GameTimes {
    pub build: Duration,
    pub select: Duration,
    pub step: Duration,
}

/// The moves of a game and what the loop knows of them.
#[derive(Debug)]
pub(crate) struct PlayedMoves {
    pub moves: Vec<Move>,
    /// Time of the start, and of every move, in microseconds since 1970.
    pub started_at: i64,
    pub made_at: Vec<i64>,
    pub decisions: u32,
    pub swaps: u32,
    pub stop: Stop,
    pub violations: Vec<Violation>,
    /// Numbers of moves after which a position is sampled.
    pub samples: Vec<usize>,
    pub times: GameTimes,
    /// What searches found, with the index of the move that they chose.
    pub searches: Vec<(usize, Box<SearchResult>)>,
}

/// Now, in microseconds since 1970.
pub(crate) fn now_micros() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as i64)
}

/// Whether the environment makes the only legal move by itself, without asking a seat. Source: selfplay.md section 5.3.
pub(crate) fn is_automatic<B: Board>(position: &Position<B>, legal: &[Move]) -> bool {
    match *legal {
        [Move::NoPlacementAction | Move::NoMovementAction | Move::NoLineAction | Move::NoTerritoryAction] => true,
        [Move::ForcedElimination { .. }] => position.has_real_action(position.to_move()),
        _ => false,
    }
}

struct Game<'a, B: Board> {
    position: Position<B>,
    settings: &'a GameSettings,
    /// Legal moves of the position while the game is in progress.
    legal: MoveList,
    played: PlayedMoves,
}

/// Plays game `index` of a run; none if `stopped` says so before it is over.
pub(crate) fn play<B: Board>(
    start: &Position<B>,
    settings: &GameSettings,
    index: u64,
    sampling: Option<Sampling>,
    is_timed: bool,
    searches: &SearchStop,
    stopped: &impl Fn() -> bool,
) -> Option<PlayedMoves> {
    let began = Instant::now();
    let mut seats = seats::<B>(settings, index, searches);
    let mut host = GameRng::new(settings.seed as u64, index, GameRng::HOST);
    let played = PlayedMoves {
        moves: Vec::with_capacity(256),
        started_at: now_micros(),
        made_at: Vec::with_capacity(256),
        decisions: 0,
        swaps: 0,
        stop: Stop::Completed,
        violations: Vec::new(),
        samples: Vec::new(),
        searches: Vec::new(),
        times: GameTimes { build: began.elapsed(), ..GameTimes::default() },
    };
    let mut game = Game { position: *start, settings, legal: MoveList::new(), played };
    game.position.legal_moves(&mut game.legal);
    let clock = || is_timed.then(Instant::now);
    loop {
        if stopped() {
            return None;
        }
        if game.position.outcome().is_some() {
            break;
        }
        if game.played.moves.len() >= settings.moves_max as usize {
            game.played.stop = Stop::MoveLimit;
            break;
        }
        if game.legal.is_empty() {
            game.note("ACTIVE_NO_MOVES", None);
            game.played.stop = Stop::NoMoves;
            break;
        }
        let seat = &mut seats[game.position.to_move().index()];
        let before = clock();
        let (mv, found) = match game.choose_for_seat(&mut host) {
            Some(mv) => (mv, None),
            None => match seat.engine.choose(&game.position, &game.legal, &mut seat.rng) {
                Some(decision) if game.legal.contains(&decision.mv) => (decision.mv, decision.search),
                Some(decision) => {
                    game.note("AI_ILLEGAL_MOVE", None);
                    game.played.stop = Stop::IllegalChoice(decision.mv.kind());
                    break;
                }
                None => {
                    game.played.stop = Stop::NoChoice;
                    break;
                }
            },
        };
        let between = clock();
        if let Some(found) = found {
            game.played.searches.push((game.played.moves.len(), found));
        }
        game.step(mv);
        if let (Some(before), Some(between)) = (before, between) {
            game.played.times.select += between - before;
            game.played.times.step += between.elapsed();
        }
        if let Some(sampling) = sampling
            && game.played.decisions.is_multiple_of(sampling.interval)
            && game.position.outcome().is_none()
        {
            game.played.samples.push(game.played.moves.len());
        }
    }
    Some(game.played)
}

impl<B: Board> Game<'_, B> {
    /// The move that the host makes for the seat: an outright swap of sides, or a random opening move.
    fn choose_for_seat(&self, host: &mut GameRng) -> Option<Move> {
        let may_swap = self.played.decisions <= SWAP_DECISIONS_MAX && self.legal.contains(&Move::SwapSides);
        if may_swap && host.chance(self.settings.swap_probability) {
            return Some(Move::SwapSides);
        }
        let is_opening = self.played.decisions < self.settings.opening_random_moves;
        is_opening.then(|| self.legal[host.below(self.legal.len())])
    }

    fn note(&mut self, kind: &'static str, around: Option<[Progress; 2]>) {
        let (player, phase) = (self.position.to_move(), self.position.phase());
        self.played.violations.push(Violation { kind, ply: self.played.moves.len(), player, phase, around });
    }

    fn make(&mut self, mv: Move) {
        self.position.make_move(mv);
        self.played.moves.push(mv);
        self.played.made_at.push(now_micros());
    }

    /// Makes a decided move and the bookkeeping that follows it, and lists the moves that are legal then.
    fn step(&mut self, mv: Move) {
        let before = Progress::of(&self.position);
        self.make(mv);
        self.played.decisions += 1;
        self.played.swaps += u32::from(mv == Move::SwapSides);
        while self.position.outcome().is_none() {
            self.position.legal_moves(&mut self.legal);
            if !is_automatic(&self.position, &self.legal) {
                break;
            }
            self.make(self.legal[0]);
        }
        let after = Progress::of(&self.position);
        if after.sum() < before.sum() {
            self.note("S_INVARIANT_DECREASED", Some([before, after]));
        }
        if after.eliminated < before.eliminated {
            self.note("TOTAL_RINGS_ELIMINATED_DECREASED", Some([before, after]));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::path::Path;

    use ringrift_replay::StoreReader;
    use ringrift_rules::with_position;
    use serde_json::Value;

    use super::*;

    /// Expected lengths are upstream's: decisions of the host minus one.
    #[test]
    fn decisions_of_recorded_games_are_told_from_bookkeeping() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(data.join("soak/lengths.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        for game in expected["games"].as_array().unwrap() {
            let name = game["database"].as_str().unwrap();
            let packed = std::fs::File::open(data.join(format!("dbs/{name}.db.gz"))).unwrap();
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut reader = StoreReader::open(&path).unwrap();
            let stored = reader.game(game["game_id"].as_str().unwrap()).unwrap();
            let replayed = stored.replay_all().unwrap();
            let mut position = replayed.start.position.clone();
            let (mut decisions, mut legal) = (0_u64, MoveList::new());
            for &mv in &replayed.moves {
                position.legal_moves(&mut legal);
                decisions += u64::from(!with_position!(&position, position => is_automatic(position, &legal)));
                position.make_move(mv);
            }
            assert_eq!(Some(decisions - 1), game["length"].as_u64(), "{game}");
            let reason = position.recorded_reason().unwrap().termination();
            assert_eq!(Some(reason.as_str()), game["termination_reason"].as_str());
        }
    }
}
