//! A game state as a JSON document: the position, and what the rules do not need but files carry.

use ringrift_rules::{AnyPosition, Cell, CellContent, IllegalMove, Move, PlayerId, Strictness, Violation};
use serde_json::{Map, Value};

use super::{
    move_write::{MoveJsonOptions, move_to_json},
    tree::{JsonFault, JsonSyntaxError, list},
};

/// How a file lists the rings of a stack.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum RingOrder {
    /// Bottom ring first, as upstream's Python engine and its databases have it.
    #[default]
    BottomToTop,
    /// Top ring first, as upstream's TypeScript engine has it.
    TopToBottom,
}

/// How to read a state.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadOptions {
    /// How the file lists rings.
    pub ring_order: RingOrder,
    /// What the state must fulfil.
    pub strictness: Strictness,
}

impl From<RingOrder> for ReadOptions {
    fn from(ring_order: RingOrder) -> Self {
        Self { ring_order, ..Self::default() }
    }
}

/// Status of a game as files spell it.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum GameStatus {
    /// Not begun.
    Waiting,
    /// In progress.
    #[default]
    Active,
    /// Interrupted.
    Paused,
    /// Given up.
    Abandoned,
    /// Ended by the rules.
    Completed,
}

impl GameStatus {
    /// All statuses.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Active, Self::Paused, Self::Abandoned, Self::Completed];

    /// Spelling in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Abandoned => "abandoned",
            Self::Completed => "completed",
        }
    }

    /// The status of a spelling; old records say `finished` for `completed`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "finished" => Some(Self::Completed),
            _ => Self::ALL.into_iter().find(|status| status.name() == name),
        }
    }
}

/// Who sits at a seat.
#[derive(Clone, PartialEq, Debug)]
pub struct SeatEnvelope {
    /// Identity; `swap_sides` exchanges it between the seats.
    pub id: String,
    /// Name to show.
    pub username: String,
    /// `ai` or `human`.
    pub kind: String,
    /// Whether the player is ready.
    pub is_ready: bool,
    /// Time left, in seconds.
    pub time_remaining: i64,
    /// Strength from 1 to 10, if the player is a program.
    pub ai_difficulty: Option<i64>,
    /// Fields that this engine does not know.
    pub other: Map<String, Value>,
}

/// Time control of a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeControl {
    /// Time at the start, in seconds.
    pub initial_time: i64,
    /// Time added by each move, in seconds.
    pub increment: i64,
    /// Name of the mode.
    pub kind: String,
}

/// One capture of the chain in progress.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct ChainSegment {
    /// Where the stack came from.
    pub from: Cell,
    /// The captured stack.
    pub target: Cell,
    /// Where the stack landed.
    pub landing: Cell,
    /// Upstream always writes 0.
    pub captured_cap_height: u64,
}

/// A capture chain as files describe it. Upstream's searches share these lists between a state and its successors, so
/// recorded ones may hold segments that were only tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainRecord {
    /// Where the chain began.
    pub start: Cell,
    /// Cells jumped from.
    pub visited: Vec<Cell>,
    /// The captures, where they are known.
    pub segments: Vec<ChainSegment>,
}

/// What a state file carries beside the position. Kept as it was read, so that writing loses nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// Name of the game.
    pub id: String,
    /// Seed of the game's randomness.
    pub rng_seed: Option<i64>,
    /// Who sits where; one entry per seat.
    pub seats: Vec<SeatEnvelope>,
    /// Time control.
    pub time_control: TimeControl,
    /// Who looks on.
    pub spectators: Vec<String>,
    /// Status of the game; a finished one is always written as completed or abandoned.
    pub status: GameStatus,
    /// Start of the game, ISO 8601.
    pub created_at: String,
    /// Time of the last move, ISO 8601.
    pub last_move_at: String,
    /// Whether the game counts for ratings.
    pub is_rated: bool,
    /// Seats of the game as the file counts them.
    pub max_players: u64,
    /// Rings of all players at the start.
    pub total_rings_in_play: u64,
    /// Optional rules without `swapRuleEnabled`, which is written from the position.
    pub rules_options: Option<Map<String, Value>>,
    /// Whether the state carries its zobrist hash, as every state after the first move does.
    pub has_zobrist: bool,
    /// `board.formedLines`; upstream keeps it empty.
    pub formed_lines: Vec<Value>,
    /// `board.territories`; upstream keeps it empty.
    pub territories: Map<String, Value>,
    /// The present capture chain as the file has it.
    pub chain: Option<ChainRecord>,
    /// Top-level fields that this engine does not know.
    pub other: Map<String, Value>,
    /// Fields of the board that this engine does not know.
    pub board_other: Map<String, Value>,
}

impl Envelope {
    /// What a new game of self-play carries.
    pub fn new(position: &AnyPosition) -> Self {
        let players = position.players();
        let mut seats: Vec<SeatEnvelope> = players
            .seats()
            .map(|player| SeatEnvelope {
                id: format!("p{player}"),
                username: format!("AI {player}"),
                kind: "ai".into(),
                is_ready: true,
                time_remaining: 600,
                ai_difficulty: None,
                other: Map::new(),
            })
            .collect();
        if position.history().swapped {
            seats.swap(0, 1);
        }
        Self {
            id: "self-play".into(),
            rng_seed: None,
            seats,
            time_control: TimeControl { initial_time: 600, increment: 0, kind: "blitz".into() },
            spectators: Vec::new(),
            status: if position.outcome().is_some() { GameStatus::Completed } else { GameStatus::Active },
            created_at: "1970-01-01T00:00:00".into(),
            last_move_at: "1970-01-01T00:00:00".into(),
            is_rated: false,
            max_players: players.get() as u64,
            total_rings_in_play: u64::from(position.rules().rings_per_player) * players.get() as u64,
            rules_options: None,
            has_zobrist: position.plies() > 0,
            formed_lines: Vec::new(),
            territories: Map::new(),
            chain: None,
            other: Map::new(),
            board_other: Map::new(),
        }
    }
}

/// A game state as a JSON document.
///
/// ```
/// use ringrift_replay::{Nulls, RingOrder, StateDocument};
/// use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
///
/// let rules = RuleOptions::standard(BoardKind::Hex8, PlayerCount::Two);
/// let document = StateDocument::new(AnyPosition::initial(BoardKind::Hex8, PlayerCount::Two, rules));
/// let text = document.to_json(Nulls::Write);
/// let again = StateDocument::from_json(&text, RingOrder::BottomToTop)?;
/// assert_eq!(again, document);
/// # Ok::<(), ringrift_replay::StateJsonError>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct StateDocument {
    /// The position.
    pub position: AnyPosition,
    /// Cells with markers in the order of the file. The rules never look at it; one heuristic feature of upstream's
    /// evaluation does.
    pub marker_order: Vec<Cell>,
    /// The moves so far, as move JSON. Files may leave them out; the position then knows of no earlier move.
    pub moves: Vec<Value>,
    /// Everything else.
    pub envelope: Envelope,
}

/// Why a JSON text is no game state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateJsonError {
    /// The text is not JSON.
    #[error(transparent)]
    Syntax(#[from] JsonSyntaxError),
    /// Fields that are missing, cannot be read or contradict each other, and rules that the state breaks: all of them.
    #[error(
        "{}\nhint: a state is what upstream's GameState writes, in camel case or snake case, with rings {order}",
        list("this is not a possible game state", &lines(.faults, .violations))
    )]
    Invalid {
        /// What is wrong with the document.
        faults: Vec<JsonFault>,
        /// Rules that the state breaks.
        violations: Vec<Violation>,
        /// The order of rings that the reader was told of, in words.
        order: &'static str,
    },
}

fn lines(faults: &[JsonFault], violations: &[Violation]) -> Vec<String> {
    let faults = faults.iter().map(ToString::to_string);
    faults.chain(violations.iter().map(ToString::to_string)).collect()
}

impl RingOrder {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::BottomToTop => "listed bottom to top",
            Self::TopToBottom => "listed top to bottom",
        }
    }
}

impl StateDocument {
    /// A document around a position, with the envelope of a game of self-play and without its moves.
    pub fn new(position: AnyPosition) -> Self {
        let mut document =
            Self { marker_order: Vec::new(), moves: Vec::new(), envelope: Envelope::new(&position), position };
        document.marker_order = document.markers_in_order();
        document
    }

    /// Makes a legal move, and notes it with its JSON, its time, and the change of seats that it may mean.
    ///
    /// # Errors
    /// [`IllegalMove`]; the document is unchanged then.
    pub fn play(&mut self, mv: Move, options: &MoveJsonOptions) -> Result<(), IllegalMove> {
        let mut after = self.position.clone();
        after.play(mv)?;
        let number = u64::from(self.position.plies()) + 1;
        self.moves.push(move_to_json(&self.position, mv, number, options));
        if mv == Move::SwapSides {
            self.envelope.seats.swap(0, 1);
        }
        if let Some(time) = &options.timestamp {
            self.envelope.last_move_at.clone_from(time);
        }
        self.envelope.has_zobrist = true;
        self.note_segment(mv, &after);
        if after.outcome().is_some() {
            self.envelope.status = GameStatus::Completed;
        }
        self.position = after;
        self.marker_order = self.markers_in_order();
        Ok(())
    }

    fn note_segment(&mut self, mv: Move, after: &AnyPosition) {
        let chain = &mut self.envelope.chain;
        if let Move::OvertakingCapture { from, .. } = mv {
            *chain = Some(ChainRecord { start: from, visited: Vec::new(), segments: Vec::new() });
        }
        if let Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } = mv
            && let Some(chain) = chain
        {
            chain.visited.push(from);
            chain.segments.push(ChainSegment { from, target: over, landing: to, captured_cap_height: 0 });
        }
        if after.chain().is_none() {
            *chain = None;
        }
    }

    /// Cells with markers: those of the marker order that still have one, then new ones.
    ///
    /// Upstream's own order cannot be kept up while moves are made: enumerating recoveries shuffles it.
    pub(crate) fn markers_in_order(&self) -> Vec<Cell> {
        let is_marker = |cell: Cell| matches!(self.position.content(cell), CellContent::Marker(_));
        let geometry = self.position.geometry();
        let mut known = vec![false; geometry.cell_count()];
        let mut order = Vec::with_capacity(self.marker_order.len());
        for cell in self.marker_order.iter().copied().chain(geometry.cells()) {
            if is_marker(cell) && !std::mem::replace(&mut known[geometry.dense(cell)], true) {
                order.push(cell);
            }
        }
        order
    }

    /// Seats in the order in which the present round of last player standing notes them.
    pub(crate) fn noting_order(&self) -> impl Iterator<Item = PlayerId> {
        let seats = self.position.players().get();
        let first = self.position.lps().first.map_or(0, PlayerId::index);
        (0..seats).map(move |i| PlayerId::ALL[(first + i) % seats])
    }
}
