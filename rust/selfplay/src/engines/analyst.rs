//! Searches of positions on any board: what analysis, protocols and Python ask.

use ringrift_eval::{Choice, Decision, GameRng};
use ringrift_rules::{
    AnyPosition, Board, BoardKind, Hex8, Hexagonal, Move, MoveList, Outcome, PlayerCount, Position, Square8, Square19,
};
use ringrift_search::{InvalidSetting, Limits, Search, SearchResult, Stop};

use super::one_ply::OnePly;
use super::spec::EngineSpec;

/// A search for one board and number of players, built from an [`EngineSpec`].
///
/// Engines that do not search look one ply ahead (`heuristic`) or at nothing (`random`). [`Analyst::search`] says what the
/// engine thinks, [`Analyst::choose`] what it plays.
pub struct Analyst {
    search: AnySearch,
    board: BoardKind,
    players: PlayerCount,
    limits: Limits,
    randomness: f64,
}

enum AnySearch {
    Square8(Box<dyn Search<Square8>>),
    Square19(Box<dyn Search<Square19>>),
    Hex8(Box<dyn Search<Hex8>>),
    Hexagonal(Box<dyn Search<Hexagonal>>),
}

/// A position that cannot be searched.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The game is over.
    #[error(
        "the game is over: player {} has won by {}\nhint: give a position in which there is a move to choose",
        .0.winner,
        .0.reason.name()
    )]
    Over(Outcome),
    /// It belongs to another game than the engine.
    #[error(
        "a position of {board} for {players} players, the engine is for {own_board} and {own_players} players\n\
         hint: make an engine for that board and number of players"
    )]
    OtherGame {
        /// Its board.
        board: BoardKind,
        /// Its number of players.
        players: usize,
        /// The engine's board.
        own_board: BoardKind,
        /// The engine's number of players.
        own_players: usize,
    },
}

impl AnalysisError {
    /// Whether an engine for this board and number of players can search a position.
    ///
    /// # Errors
    /// Itself, if not.
    pub fn check(position: &AnyPosition, board: BoardKind, players: PlayerCount) -> Result<(), Self> {
        if (position.board(), position.players()) != (board, players) {
            return Err(Self::OtherGame {
                board: position.board(),
                players: position.players().get(),
                own_board: board,
                own_players: players.get(),
            });
        }
        position.outcome().map_or(Ok(()), |outcome| Err(Self::Over(outcome)))
    }
}

impl Analyst {
    /// The search of an engine. `rng` draws the noise on its weights, if there is any.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings that the search refuses.
    pub fn new(
        spec: &EngineSpec,
        board: BoardKind,
        players: PlayerCount,
        rng: &mut GameRng,
    ) -> Result<Self, InvalidSetting> {
        let search = match board {
            BoardKind::Square8 => AnySearch::Square8(build(spec, rng)?),
            BoardKind::Square19 => AnySearch::Square19(build(spec, rng)?),
            BoardKind::Hex8 => AnySearch::Hex8(build(spec, rng)?),
            BoardKind::Hexagonal => AnySearch::Hexagonal(build(spec, rng)?),
        };
        let limits = spec.limits.unwrap_or_else(|| Limits::depth(1).expect("a depth above 0"));
        Ok(Self { search, board, players, limits, randomness: spec.randomness })
    }

    /// The engine's own limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether it is for the game of this position.
    pub fn is_for(&self, position: &AnyPosition) -> bool {
        (position.board(), position.players()) == (self.board, self.players)
    }

    /// Searches a position within limits, until `stop` is set at the latest. The result depends on the position, the limits,
    /// the stream, and the searches since [`Analyst::forget`].
    ///
    /// # Errors
    /// [`AnalysisError`] if the game is over, or if it is not the engine's.
    pub fn search(
        &mut self,
        position: &AnyPosition,
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Result<SearchResult, AnalysisError> {
        fn on<B: Board>(
            search: &mut dyn Search<B>,
            position: &Position<B>,
            limits: &Limits,
            stop: &Stop,
            rng: &mut GameRng,
        ) -> Option<SearchResult> {
            let mut legal = MoveList::new();
            position.legal_moves(&mut legal);
            search.search(position, &legal, limits, stop, rng)
        }

        AnalysisError::check(position, self.board, self.players)?;
        let found = match (&mut self.search, position) {
            (AnySearch::Square8(search), AnyPosition::Square8(position)) => {
                on(search.as_mut(), position, limits, stop, rng)
            }
            (AnySearch::Square19(search), AnyPosition::Square19(position)) => {
                on(search.as_mut(), position, limits, stop, rng)
            }
            (AnySearch::Hex8(search), AnyPosition::Hex8(position)) => on(search.as_mut(), position, limits, stop, rng),
            (AnySearch::Hexagonal(search), AnyPosition::Hexagonal(position)) => {
                on(search.as_mut(), position, limits, stop, rng)
            }
            _ => None,
        };
        Ok(found.expect("the board is the engine's, and a game that goes on has a legal move"))
    }

    /// The engine's move: the only one without a search, a random one as often as its spec says, or the best one.
    ///
    /// # Errors
    /// As [`Analyst::search`].
    pub fn choose(
        &mut self,
        position: &AnyPosition,
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Result<Decision, AnalysisError> {
        let mut legal = MoveList::new();
        position.legal_moves(&mut legal);
        if let [only] = legal[..] {
            return Ok(Decision::unscored(only, Choice::Forced));
        }
        if !legal.is_empty() && rng.chance(self.randomness) {
            return Ok(Decision::unscored(legal[rng.below(legal.len())], Choice::Random));
        }
        let found = self.search(position, limits, stop, rng)?;
        Ok(Decision {
            mv: found.best,
            choice: Choice::Best,
            score: Some(found.score),
            evaluations: found.evaluations,
            search: Some(Box::new(found)),
        })
    }

    /// Forgets what earlier searches left behind: at the start of a game.
    pub fn forget(&mut self) {
        match &mut self.search {
            AnySearch::Square8(search) => search.forget(),
            AnySearch::Square19(search) => search.forget(),
            AnySearch::Hex8(search) => search.forget(),
            AnySearch::Hexagonal(search) => search.forget(),
        }
    }
}

/// A line that a search expects, with the forced moves between its moves, which searches leave out; it ends where a move is
/// not legal.
pub fn whole_line(position: &AnyPosition, line: &[Move]) -> Vec<Move> {
    let mut position = position.clone();
    let mut legal = MoveList::new();
    let mut moves = Vec::with_capacity(line.len());
    for &mv in line {
        loop {
            position.legal_moves(&mut legal);
            let next = match legal[..] {
                _ if legal.contains(&mv) => mv,
                [only] => only,
                _ => return moves,
            };
            moves.push(next);
            position.make_move(next);
            if next == mv {
                break;
            }
        }
    }
    moves
}

fn build<B: Board>(spec: &EngineSpec, rng: &mut GameRng) -> Result<Box<dyn Search<B>>, InvalidSetting> {
    Ok(match spec.search::<B>(rng)? {
        Some(search) => search,
        None if spec.kind == super::EngineKind::Random => Box::new(OnePly(None)),
        None => Box::new(OnePly(Some(spec.evaluator::<B>(rng)?))),
    })
}

#[cfg(test)]
mod tests {
    use ringrift_rules::RuleOptions;

    use super::*;

    #[test]
    fn every_kind_has_lines_for_every_board() {
        for board in BoardKind::ALL {
            let players = PlayerCount::Three;
            let position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
            let mut legal = MoveList::new();
            position.legal_moves(&mut legal);
            for text in ["random", "heuristic", "minimax:nodes=300", "maxn:nodes=300", "brs:nodes=300", "mcts:nodes=9"]
            {
                let spec = EngineSpec::parse(text, board, players).unwrap();
                let search = || {
                    let mut rng = GameRng::new(1, 0, 0);
                    let mut analyst = Analyst::new(&spec, board, players, &mut rng).unwrap();
                    let limits = *analyst.limits();
                    analyst.search(&position, &limits, &Stop::new(), &mut rng).unwrap()
                };
                let found = search();
                assert_eq!(found.lines.len(), legal.len(), "{board} {text}");
                let policy: f64 = found.lines.iter().map(|line| line.policy).sum();
                assert!(found.best_line().is_some() && (policy - 1.0).abs() < 1e-6, "{board} {text}: {policy}");
                assert_eq!(SearchResult { elapsed: found.elapsed, ..search() }, found, "{board} {text}");
            }
        }
    }

    #[test]
    fn lines_are_completed_by_forced_moves() {
        let (board, players) = (BoardKind::Square8, PlayerCount::Two);
        let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let (mut position, mut line) = (start.clone(), Vec::new());
        for text in ["P3,3x2", "M3,3>3,5", "nL", "nT", "P0,0x1"] {
            let mv = position.parse_move(text).unwrap();
            line.push(mv);
            position.make_move(mv);
        }
        assert_eq!(whole_line(&start, &[line[0], line[1], line[4]]), line);
        assert_eq!(whole_line(&start, &[line[0], line[4], line[1]]), line[..1]);
    }

    #[test]
    fn other_games_and_finished_ones_are_refused() {
        let start = |board, players| AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        let (board, players) = (BoardKind::Square8, PlayerCount::Two);
        let mut rng = GameRng::new(1, 0, 0);
        let spec = EngineSpec::parse("random", board, players).unwrap();
        let mut analyst = Analyst::new(&spec, board, players, &mut rng).unwrap();
        for other in [start(BoardKind::Hex8, players), start(board, PlayerCount::Three)] {
            let error = analyst.search(&other, &Limits::nodes(5).unwrap(), &Stop::new(), &mut rng).unwrap_err();
            assert!(error.to_string().contains("hint: make an engine for that board"), "{error}");
            assert!(!analyst.is_for(&other));
        }
        let mut position = start(board, players);
        while position.outcome().is_none() {
            let found = analyst.search(&position, &Limits::nodes(5).unwrap(), &Stop::new(), &mut rng).unwrap();
            position.make_move(found.best);
        }
        let error = analyst.search(&position, &Limits::nodes(5).unwrap(), &Stop::new(), &mut rng).unwrap_err();
        assert!(error.to_string().contains("the game is over: player "), "{error}");
    }
}
