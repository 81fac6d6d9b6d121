//! Position text: one line that holds a whole position, for logs, command lines and bug reports.
//!
//! Fields are separated by single spaces: board and player count, player to move and phase, the seats' counters
//! `hand/eliminated/territory` joined with `,`, stacks in container order (`key:rings bottom to top`), markers and
//! collapsed cells (`key:owner`), each list joined with `;` and `-` when empty. Then come `name=value` fields for
//! whatever differs from its default:
//!
//! | name | value |
//! |---|---|
//! | `win` | winner and reason, `2:territory`; then, where known, the phase and player before the victory was noticed |
//! | `board` | the board's counters of eliminated rings by seat, then the total |
//! | `must` | stack that must move |
//! | `due` | 1: a ring is due for a line |
//! | `chain` | player, `:`, cells jumped from and the present cell joined with `>` |
//! | `lps` | round, first, noted bits, able bits, exclusive, streak player, streak rounds |
//! | `last` | plies, player, kind, landing cell, run changed, run recovered, moved bits, swapped |
//! | `turn` | turn, then turns of permanent elimination by seat |
//! | `rules` | rings per player, ring threshold, territory threshold, territory minimum, LPS rounds, swap rule |
//!
//! Example: `square8:2 1:ring_placement 18/0/0,18/0/0 - - -`.

use std::{fmt::Write as _, str::FromStr};

use crate::{
    any::AnyPosition,
    board::{BoardKind, UnknownBoard},
    cell::{Cell, Coord},
    geometry::Geometry,
    history::{HistoryMarks, LastMove, LpsState},
    moves::MoveKind,
    options::RuleOptions,
    outcome::EndReason,
    phase::Phase,
    player::{PlayerCount, PlayerId, UnknownPlayerCount},
    setup::{Setup, SetupStack},
    violation::SetupError,
};

/// Why a text is no position.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParsePositionError {
    /// A field cannot be read.
    #[error("cannot read {field} from {text:?}\nhint: a position reads like {EXAMPLE:?}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Its text, shortened.
        text: String,
    },
    /// Unknown board.
    #[error(transparent)]
    Board(#[from] UnknownBoard),
    /// Impossible number of players.
    #[error(transparent)]
    Players(#[from] UnknownPlayerCount),
    /// Readable, but not a possible state.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

const EXAMPLE: &str = "square8:2 1:ring_placement 18/0/0,18/0/0 - - -";

impl std::fmt::Display for AnyPosition {
    /// Writes the one-line text; [`AnyPosition::from_str`] reads it back.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Writer { setup: self.to_setup(), geometry: self.geometry() }.text())
    }
}

struct Writer {
    setup: Setup,
    geometry: &'static Geometry,
}

impl Writer {
    fn key(&self, at: Coord) -> String {
        self.geometry.cell(at).map(|cell| self.geometry.key(cell)).unwrap_or_default()
    }

    fn list(items: impl IntoIterator<Item = String>, by: &str) -> String {
        let text = items.into_iter().collect::<Vec<_>>().join(by);
        if text.is_empty() { "-".into() } else { text }
    }

    fn text(&self) -> String {
        let s = &self.setup;
        let owned = |cells: &[(Coord, u64)]| {
            Self::list(cells.iter().map(|&(at, owner)| format!("{}:{owner}", self.key(at))), ";")
        };
        let seats = (0..s.players.get()).map(|i| format!("{}/{}/{}", s.hand[i], s.eliminated[i], s.territory[i]));
        let stacks = s.stacks.iter().map(|stack| {
            let rings: String = stack.rings.iter().map(u64::to_string).collect();
            format!("{}:{rings}", self.key(stack.cell))
        });
        let mut out = format!(
            "{}:{} {}:{} {} {} {} {}",
            s.board,
            s.players.get(),
            s.to_move,
            s.phase,
            Self::list(seats, ","),
            Self::list(stacks, ";"),
            owned(&s.markers),
            owned(&s.collapsed),
        );
        self.extras(&mut out);
        out
    }

    fn extras(&self, out: &mut String) {
        let s = &self.setup;
        let seat = |player: Option<PlayerId>| player.map_or(0, PlayerId::number);
        if let (Some(winner), Some(reason)) = (s.winner, s.end_reason) {
            let _ = write!(out, " win={winner}:{reason}");
            if let Some((phase, player)) = s.ended_from {
                let _ = write!(out, ":{phase}:{player}");
            }
        }
        if s.board_eliminated != s.eliminated || s.total_eliminated != s.eliminated.iter().sum::<u64>() {
            let counters = s.board_eliminated.iter().chain([&s.total_eliminated]);
            let _ = write!(out, " board={}", Self::list(counters.map(u64::to_string), ","));
        }
        if let Some(must) = s.must_move {
            let _ = write!(out, " must={}", self.key(must));
        }
        if s.pending_line_elimination {
            out.push_str(" due=1");
        }
        if let Some((player, visited, current)) = &s.chain {
            let cells = visited.iter().chain([current]).map(|&at| self.key(at));
            let _ = write!(out, " chain={player}:{}", Self::list(cells, ">"));
        }
        if s.lps != LpsState::default() {
            let l = &s.lps;
            let _ = write!(
                out,
                " lps={}/{}/{}/{}/{}/{}/{}",
                l.round,
                seat(l.first),
                l.noted,
                l.able,
                seat(l.exclusive),
                seat(l.streak_player),
                l.streak_rounds
            );
        }
        if s.history != HistoryMarks::default() {
            let h = &s.history;
            let (player, kind, landing) = match h.last {
                Some(last) => (last.player.number(), last.kind.name(), last.landing),
                None => (0, "-", None),
            };
            let _ = write!(
                out,
                " last={}/{player}/{kind}/{}/{}/{}/{}/{}",
                h.plies,
                landing.map_or("-".into(), |cell| self.geometry.key(cell)),
                u8::from(h.run_changed),
                u8::from(h.run_recovered),
                h.moved,
                u8::from(h.swapped)
            );
        }
        if s.turn != 1 || s.eliminated_in_turn.iter().any(|&turn| turn != 0) {
            let turns = [&s.turn].into_iter().chain(&s.eliminated_in_turn).map(u32::to_string);
            let _ = write!(out, " turn={}", Self::list(turns, ","));
        }
        if s.rules != RuleOptions::standard(s.board, s.players) {
            let r = &s.rules;
            let _ = write!(
                out,
                " rules={}/{}/{}/{}/{}/{}",
                r.rings_per_player,
                r.victory_threshold,
                r.territory_threshold,
                r.territory_minimum.map_or("-".into(), |minimum| minimum.to_string()),
                r.lps_rounds,
                u8::from(r.swap_rule)
            );
        }
    }
}

impl FromStr for AnyPosition {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, ParsePositionError> {
        Ok(parse_setup(text)?.into_position()?)
    }
}

fn bad(field: &'static str, text: &str) -> ParsePositionError {
    ParsePositionError::Field { field, text: text.chars().take(60).collect() }
}

fn parse_setup(text: &str) -> Result<Setup, ParsePositionError> {
    let mut fields = text.split_ascii_whitespace();
    let mut next = |field: &'static str| fields.next().ok_or_else(|| bad(field, text));
    let (board, players) = split(next("board and players")?, ':', "board and players")?;
    let board: BoardKind = board.parse()?;
    let players = PlayerCount::try_from(number::<u64>(players, "number of players")?)?;
    let mut reader = Reader {
        geometry: board.geometry(),
        setup: Setup::initial(board, players, RuleOptions::standard(board, players)),
    };
    let (to_move, phase) = split(next("player to move and phase")?, ':', "player to move and phase")?;
    reader.setup.to_move = number(to_move, "player to move")?;
    reader.setup.phase = Phase::from_name(phase).ok_or_else(|| bad("phase", phase))?;
    reader.seats(next("counters of the seats")?)?;
    reader.stacks(next("stacks")?)?;
    reader.setup.markers = reader.owned(next("markers")?, "markers")?;
    reader.setup.collapsed = reader.owned(next("collapsed cells")?, "collapsed cells")?;
    for field in fields {
        let (name, value) = split(field, '=', "name=value field")?;
        reader.extra(name, value)?;
    }
    Ok(reader.setup)
}

fn split<'a>(text: &'a str, by: char, field: &'static str) -> Result<(&'a str, &'a str), ParsePositionError> {
    text.split_once(by).ok_or_else(|| bad(field, text))
}

fn number<T: FromStr>(text: &str, field: &'static str) -> Result<T, ParsePositionError> {
    text.parse().map_err(|_| bad(field, text))
}

fn flag(text: &str, field: &'static str) -> Result<bool, ParsePositionError> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(bad(field, text)),
    }
}

fn seat(text: &str, field: &'static str) -> Result<Option<PlayerId>, ParsePositionError> {
    match number(text, field)? {
        0 => Ok(None),
        player => Ok(Some(PlayerId::try_from_number(player).ok_or_else(|| bad(field, text))?)),
    }
}

fn items(text: &str, by: char) -> impl Iterator<Item = &str> {
    (text != "-").then(|| text.split(by)).into_iter().flatten()
}

/// Exactly `N` parts of a `/`-separated value.
fn parts<'a, const N: usize>(text: &'a str, field: &'static str) -> Result<[&'a str; N], ParsePositionError> {
    text.split('/').collect::<Vec<_>>().try_into().map_err(|_| bad(field, text))
}

struct Reader {
    geometry: &'static Geometry,
    setup: Setup,
}

impl Reader {
    fn cell(&self, key: &str, field: &'static str) -> Result<Cell, ParsePositionError> {
        self.geometry.parse_key(key).ok_or_else(|| bad(field, key))
    }

    fn coord(&self, key: &str, field: &'static str) -> Result<Coord, ParsePositionError> {
        self.cell(key, field).map(|cell| self.geometry.coord(cell))
    }

    fn seats(&mut self, text: &str) -> Result<(), ParsePositionError> {
        let s = &mut self.setup;
        (s.hand, s.eliminated, s.territory) = (Vec::new(), Vec::new(), Vec::new());
        for seat in text.split(',') {
            let [hand, eliminated, territory] = parts(seat, "counters of a seat")?;
            s.hand.push(number(hand, "rings in hand")?);
            s.eliminated.push(number(eliminated, "eliminated rings")?);
            s.territory.push(number(territory, "territory")?);
        }
        s.board_eliminated.clone_from(&s.eliminated);
        s.total_eliminated = s.eliminated.iter().fold(0, |sum, &value: &u64| sum.saturating_add(value));
        Ok(())
    }

    fn stacks(&mut self, text: &str) -> Result<(), ParsePositionError> {
        for item in items(text, ';') {
            let (key, rings) = split(item, ':', "stack")?;
            let rings = rings
                .chars()
                .map(|ring| ring.to_digit(10).map(u64::from).ok_or_else(|| bad("rings of a stack", item)))
                .collect::<Result<_, _>>()?;
            let cell = self.coord(key, "cell of a stack")?;
            self.setup.stacks.push(SetupStack { cell, rings });
        }
        Ok(())
    }

    fn owned(&self, text: &str, field: &'static str) -> Result<Vec<(Coord, u64)>, ParsePositionError> {
        items(text, ';')
            .map(|item| {
                let (key, owner) = split(item, ':', field)?;
                Ok((self.coord(key, field)?, number(owner, field)?))
            })
            .collect()
    }

    fn extra(&mut self, name: &str, value: &str) -> Result<(), ParsePositionError> {
        match name {
            "win" => {
                let fields: Vec<&str> = value.split(':').collect();
                let (winner, reason) = match fields[..] {
                    [winner, reason] => (winner, reason),
                    [winner, reason, phase, player] => {
                        let phase = Phase::from_name(phase).ok_or_else(|| bad("phase before the end", phase))?;
                        self.setup.ended_from = Some((phase, number(player, "player before the end")?));
                        (winner, reason)
                    }
                    _ => return Err(bad("winner", value)),
                };
                self.setup.winner = Some(number(winner, "winner")?);
                let reason = EndReason::from_name(reason).ok_or_else(|| bad("reason of the end", reason))?;
                self.setup.end_reason = Some(reason);
            }
            "board" => {
                let mut counters = value
                    .split(',')
                    .map(|counter| number(counter, "the board's eliminated rings"))
                    .collect::<Result<Vec<u64>, _>>()?;
                self.setup.total_eliminated = counters.pop().ok_or_else(|| bad("total", value))?;
                self.setup.board_eliminated = counters;
            }
            "must" => self.setup.must_move = Some(self.coord(value, "stack that must move")?),
            "due" => self.setup.pending_line_elimination = flag(value, "due")?,
            "chain" => {
                let (player, cells) = split(value, ':', "chain")?;
                let mut cells =
                    cells.split('>').map(|key| self.coord(key, "cell of the chain")).collect::<Result<Vec<_>, _>>()?;
                let current = cells.pop().ok_or_else(|| bad("chain", value))?;
                self.setup.chain = Some((number(player, "player of the chain")?, cells, current));
            }
            "lps" => {
                let [round, first, noted, able, exclusive, streak_player, streak_rounds] = parts(value, "lps")?;
                self.setup.lps = LpsState {
                    round: number(round, "lps round")?,
                    first: seat(first, "first player of the lps round")?,
                    noted: number(noted, "lps bits")?,
                    able: number(able, "lps bits")?,
                    exclusive: seat(exclusive, "exclusive player")?,
                    streak_player: seat(streak_player, "player of the lps streak")?,
                    streak_rounds: number(streak_rounds, "lps streak")?,
                };
            }
            "last" => self.setup.history = self.history(value)?,
            "turn" => {
                let mut turns = value
                    .split(',')
                    .map(|turn| number(turn, "turn"))
                    .collect::<Result<std::collections::VecDeque<u32>, _>>()?;
                self.setup.turn = turns.pop_front().unwrap_or(1);
                self.setup.eliminated_in_turn = turns.into();
            }
            "rules" => {
                let [rings, victory, territory, minimum, lps_rounds, swap_rule] = parts(value, "rules")?;
                self.setup.rules = RuleOptions {
                    rings_per_player: number(rings, "rings per player")?,
                    victory_threshold: number(victory, "ring threshold")?,
                    territory_threshold: number(territory, "territory threshold")?,
                    territory_minimum: match minimum {
                        "-" => None,
                        minimum => Some(number(minimum, "territory minimum")?),
                    },
                    lps_rounds: number(lps_rounds, "lps rounds")?,
                    swap_rule: flag(swap_rule, "swap rule")?,
                };
            }
            _ => return Err(bad("a known field name", name)),
        }
        Ok(())
    }

    fn history(&self, value: &str) -> Result<HistoryMarks, ParsePositionError> {
        let [plies, player, kind, landing, changed, recovered, moved, swapped] = parts(value, "last move")?;
        let landing = match landing {
            "-" => None,
            key => Some(self.cell(key, "landing cell of the last move")?),
        };
        let last = match seat(player, "player of the last move")? {
            None => None,
            Some(player) => {
                let kind = MoveKind::from_name(kind).ok_or_else(|| bad("kind of the last move", kind))?;
                Some(LastMove { player, kind, landing })
            }
        };
        Ok(HistoryMarks {
            plies: number(plies, "plies")?,
            last,
            run_changed: flag(changed, "last move")?,
            run_recovered: flag(recovered, "last move")?,
            moved: number(moved, "players who moved")?,
            swapped: flag(swapped, "last move")?,
        })
    }
}
