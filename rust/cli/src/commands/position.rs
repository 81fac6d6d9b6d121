//! The options by which commands are told a position.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use ringrift_replay::{RingOrder, StateDocument, TraceReader, start_of_trace};
use ringrift_rules::{AnyPosition, BoardKind, Move, PlayerCount, RuleOptions};

use crate::{Failure, OrFail as _, exit};

/// Which game to start.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct GameArgs {
    /// Board: square8, square19, hex8 or hexagonal (also hex)
    #[arg(long, alias = "board", value_name = "BOARD", default_value = "square8", value_parser = parse_board)]
    pub(crate) board_type: BoardKind,
    /// Number of players, 2 to 4
    #[arg(long, alias = "players", value_name = "N", default_value = "2", value_parser = parse_players)]
    pub(crate) num_players: PlayerCount,
    /// Rings in each hand at the start, instead of the board's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=999))]
    rings_per_player: Option<u16>,
    /// Exclusive rounds that win by last player standing
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    lps_rounds: u16,
    /// Let player 2 swap sides after the first turn (two players)
    #[arg(long)]
    swap_rule: bool,
}

pub(crate) fn parse_board(text: &str) -> Result<BoardKind, String> {
    text.parse().map_err(|_| "the boards are square8, square19, hex8 and hexagonal".to_owned())
}

pub(crate) fn parse_players(text: &str) -> Result<PlayerCount, String> {
    let count = text.parse::<u64>().map_err(|_| "not a number".to_owned())?;
    PlayerCount::try_from(count).map_err(|_| "RingRift is played by 2, 3 or 4 players".to_owned())
}

impl GameArgs {
    /// The start of the game.
    pub(crate) fn start(&self) -> AnyPosition {
        let (board, players) = (self.board_type, self.num_players);
        let mut rules = RuleOptions::standard(board, players);
        if let Some(rings) = self.rings_per_player {
            rules = rules.with_rings_per_player(rings, players);
        }
        rules.lps_rounds = self.lps_rounds;
        rules.swap_rule = self.swap_rule && players == PlayerCount::Two;
        AnyPosition::initial(board, players, rules)
    }
}

/// Which position to look at: the start of a game, a position in one-line notation, or a place in a trace; then moves.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PositionArgs {
    #[command(flatten)]
    pub(crate) game: GameArgs,
    /// Position in one-line notation, as `rrpipe show --format notation` prints it
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["board_type", "num_players", "rings_per_player", "lps_rounds", "swap_rule", "trace"])]
    position: Option<String>,
    /// Trace file (JSON lines, plain or gzip) to take a game from
    #[arg(long, value_name = "FILE", conflicts_with_all = ["board_type", "num_players", "rings_per_player", "lps_rounds", "swap_rule"])]
    trace: Option<PathBuf>,
    /// Game state as upstream writes it (JSON); `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["board_type", "num_players", "rings_per_player", "lps_rounds", "swap_rule", "position", "trace"])]
    state: Option<PathBuf>,
    /// How the state file lists the rings of a stack: as upstream's Python service, or as its TypeScript engine
    #[arg(long, value_enum, value_name = "ORDER", requires = "state", default_value_t = Rings::BottomToTop)]
    ring_order: Rings,
    /// Which game of the trace: its number from 0, or its id
    #[arg(long, value_name = "GAME", requires = "trace", default_value = "0")]
    game_id: String,
    /// How many plies of the traced game to replay; the default is all
    #[arg(long, value_name = "N", requires = "trace")]
    ply: Option<usize>,
    /// Moves to make from there, in notation, separated by spaces; may be given again
    #[arg(long, value_name = "MOVES")]
    moves: Vec<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Rings {
    BottomToTop,
    TopToBottom,
}

/// Largest state file that is read, in bytes; a state with a history of thousands of moves has a few million.
const STATE_BYTES_MAX: u64 = 256 << 20;

/// A position and the move that led to it, with the position before, if there was one.
pub(crate) struct Found {
    pub(crate) position: AnyPosition,
    pub(crate) last: Option<(AnyPosition, Move)>,
}

impl Found {
    fn make(&mut self, text: &str) -> Result<(), Failure> {
        let mv = self.position.parse_move(text).or_fail(exit::BAD_INPUT)?;
        let before = self.position.clone();
        self.position.make_move(mv);
        self.last = Some((before, mv));
        Ok(())
    }
}

impl PositionArgs {
    /// The position meant.
    ///
    /// # Errors
    /// [`exit::BAD_INPUT`] for texts and traces that do not hold it, [`exit::IO`] for a file that cannot be read.
    pub(crate) fn find(&self) -> Result<Found, Failure> {
        let mut found = if let Some(text) = &self.position {
            Found { position: AnyPosition::from_str(text).or_fail(exit::BAD_INPUT)?, last: None }
        } else if let Some(path) = &self.trace {
            self.replayed(path)?
        } else if let Some(path) = &self.state {
            Found { position: self.state_position(path)?, last: None }
        } else {
            Found { position: self.game.start(), last: None }
        };
        for text in self.moves.iter().flat_map(|moves| moves.split_ascii_whitespace()) {
            found.make(text)?;
        }
        Ok(found)
    }

    fn state_position(&self, path: &Path) -> Result<AnyPosition, Failure> {
        let cannot = |error| Failure::cannot("read", path, error);
        let mut bytes = Vec::new();
        let read = if path == Path::new("-") {
            std::io::stdin().lock().take(STATE_BYTES_MAX).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(path).map_err(cannot)?.take(STATE_BYTES_MAX).read_to_end(&mut bytes)
        };
        read.map_err(cannot)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::message(exit::BAD_INPUT, format!("{} is not UTF-8 text", path.display())))?;
        let order = match self.ring_order {
            Rings::BottomToTop => RingOrder::BottomToTop,
            Rings::TopToBottom => RingOrder::TopToBottom,
        };
        let document = StateDocument::from_json(&text, order)
            .map_err(|error| anyhow::Error::new(error).context(format!("cannot use {}", path.display())))
            .or_fail(exit::BAD_INPUT)?;
        Ok(document.position)
    }

    fn replayed(&self, path: &Path) -> Result<Found, Failure> {
        let mut games = 0;
        for trace in TraceReader::open(path).map_err(trace_failure)? {
            let trace = trace.map_err(trace_failure)?;
            if trace.id != self.game_id && self.game_id != games.to_string() {
                games += 1;
                continue;
            }
            let position = start_of_trace(&trace)
                .map_err(|fault| Failure::message(exit::BAD_INPUT, format!("game {}: {fault}", trace.id)))?;
            let mut found = Found { position, last: None };
            let plies = self.ply.unwrap_or(trace.plies.len());
            if plies > trace.plies.len() {
                let text = format!("game {} has {} plies, not {plies}", trace.id, trace.plies.len());
                return Err(Failure::message(exit::BAD_INPUT, text));
            }
            for ply in &trace.plies[..plies] {
                found.make(&ply.chosen)?;
            }
            return Ok(found);
        }
        let text = format!("{} has no game {:?}", path.display(), self.game_id);
        Err(Failure::message(exit::BAD_INPUT, text).hint(format!("it has {games} games, numbered from 0")))
    }
}

/// A trace that cannot be read: a device error, or a damaged file.
pub(crate) fn trace_failure(error: ringrift_replay::TraceError) -> Failure {
    use std::io::ErrorKind;

    let damaged = match &error {
        ringrift_replay::TraceError::Io { source, line, .. } => {
            *line > 0
                || matches!(source.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
        }
        _ => true,
    };
    Failure::new(if damaged { exit::BAD_INPUT } else { exit::IO }, error)
}
