//! One game between engines, from an opening.

use ringrift_eval::{Choice, GameRng};
use ringrift_rules::{Board, BoardKind, Move, MoveList, PlayerCount, Position, with_position};
use ringrift_search::{InvalidSetting, Stop};
use ringrift_selfplay::{EngineKind, EngineSpec};
use sha2::{Digest as _, Sha256};

use crate::digest::hex;
use crate::openings::start;

/// Choices by evaluation after which an engine that evaluated nothing is no engine that evaluates.
const CHOICES_MIN: u64 = 3;

/// A seat of a game.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Seat<'a> {
    /// What plays.
    pub spec: &'a EngineSpec,
    /// Its place in the line-up: the stream that it draws from moves with it from seat to seat.
    pub place: usize,
}

/// A game to be played.
#[derive(Clone, Debug)]
pub(crate) struct GamePlan<'a> {
    pub board: BoardKind,
    pub players: PlayerCount,
    /// Seed of the engines.
    pub seed: u64,
    /// Number of the opening.
    pub opening: u64,
    /// Its moves.
    pub moves: &'a [Move],
    /// The seats in their order.
    pub seats: Vec<Seat<'a>>,
    /// Moves after which the game is nobody's.
    pub moves_max: u32,
}

/// What a game came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Played {
    /// Final rank of every seat, 1 = winner; all 1 if nobody won.
    pub ranks: Vec<u8>,
    /// Name of the rule that ended it; none at the move limit.
    pub reason: Option<&'static str>,
    pub plies: u32,
    /// Digest of all moves.
    pub moves_digest: String,
    /// Evaluations of every seat's engine.
    pub evaluations: Vec<u64>,
}

/// Why a game does not count.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// An engine that cannot be built.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// An engine that never looked at its evaluation.
    #[error(
        "{engine} made {choices} choices without one evaluation: the game is void\nhint: this is a fault of the engine; its games would measure something else"
    )]
    Blind {
        /// The engine.
        engine: String,
        /// Its choices.
        choices: u64,
    },
    /// An engine that does not move.
    #[error("{engine} has no move in a game that goes on: the game is void\nhint: this is a fault of the engine")]
    Silent {
        /// The engine.
        engine: String,
    },
}

impl GamePlan<'_> {
    /// Plays it; none if it was stopped.
    pub fn play(&self, stop: &Stop) -> Result<Option<Played>, PlayError> {
        with_position!(&start(self.board, self.players), start => self.play_from(start, stop))
    }

    fn play_from<B: Board>(&self, start: &Position<B>, stop: &Stop) -> Result<Option<Played>, PlayError> {
        let mut seats = Vec::new();
        for seat in &self.seats {
            let mut rng = GameRng::new(self.seed, self.opening, seat.place as u64);
            seats.push((seat.spec.engine::<B>(&mut rng, stop)?, rng));
        }
        let (mut position, mut legal) = (*start, MoveList::new());
        let mut hasher = Sha256::new();
        let (mut evaluations, mut choices) = (vec![0; seats.len()], vec![0; seats.len()]);
        let mut opening = self.moves.iter().copied();
        while position.outcome().is_none() && position.plies() < self.moves_max {
            let seat = position.to_move().index();
            let mv = match opening.next() {
                Some(mv) => mv,
                None => {
                    position.legal_moves(&mut legal);
                    match *legal.as_slice() {
                        [] => break,
                        [only] => only,
                        _ => {
                            let (engine, rng) = &mut seats[seat];
                            let decision = engine.choose(&position, &legal, rng);
                            if stop.is_set() {
                                return Ok(None);
                            }
                            let Some(decision) = decision else {
                                return Err(PlayError::Silent { engine: self.seats[seat].spec.to_string() });
                            };
                            evaluations[seat] += decision.evaluations;
                            choices[seat] += u64::from(decision.choice == Choice::Best);
                            decision.mv
                        }
                    }
                }
            };
            hasher.update(position.format_move(mv).as_bytes());
            hasher.update(b"\n");
            position.make_move(mv);
        }
        for (seat, (&evaluations, &choices)) in self.seats.iter().zip(evaluations.iter().zip(&choices)) {
            if seat.spec.kind != EngineKind::Random && choices >= CHOICES_MIN && evaluations == 0 {
                return Err(PlayError::Blind { engine: seat.spec.to_string(), choices });
            }
        }
        let ranks = match position.ranks() {
            Some(ranks) => ranks.of(self.players).to_vec(),
            None => vec![1; self.players.get()],
        };
        Ok(Some(Played {
            ranks,
            reason: position.outcome().map(|outcome| outcome.reason.name()),
            plies: position.plies(),
            moves_digest: hex(&hasher.finalize()),
            evaluations,
        }))
    }
}
