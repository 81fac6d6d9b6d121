//! Which channel of `rr1` holds what: numbers, names, and the digest of all of them.

use std::fmt::Write as _;

use ringrift_rules::{BoardKind, Phase, PlayerCount};
use sha2::{Digest as _, Sha256};

use super::policy::Rr1Policy;

/// Version of the `rr1` layout: planes, globals and policy. Any change of what a channel or an index means raises it.
pub const RR1_VERSION: u32 = 1;

/// Depths below the top ring that have planes of their own.
pub(super) const DEPTHS: usize = 3;
/// Height from which on the planes hold the rest as binary digits.
pub(super) const HEIGHT_STEPS: u32 = 8;
/// The same for cap heights.
pub(super) const CAP_STEPS: u32 = 6;
/// Binary digits of the rest: what is beyond is cut to the largest number.
pub(super) const DIGITS: usize = 6;
/// Heights that planes of earlier positions tell.
pub(super) const EARLIER_HEIGHTS: [u32; 3] = [2, 3, 5];
/// Planes that only the current position has.
pub(super) const NOW: [(&str, &str); 7] = [
    ("on_board", "the cell belongs to the board"),
    ("must_move", "the stack that must move this turn"),
    ("capturing", "the stack that captures, in the phases capture and chain_capture"),
    ("chain_visited", "cells that the capture chain in progress has jumped from"),
    ("last_landing", "cell on which the last recorded move ended, if it has one"),
    ("first_stack", "of the stacks of seat 0 the first in container order: the one a late forced elimination takes"),
    ("recovery_payer", "stack that pays for a recovery of seat 0, while that seat controls no stack"),
];

/// Shape and meaning of `rr1` for a board, a number of players, and a number of earlier positions.
///
/// Seats are relative throughout: seat 0 is the player to move of the encoded position, the others follow in turn
/// order. Every player has planes and globals of its own.
///
/// Grids are `[row, column]`: row `y` and column `x` on square boards; row `x + radius` and column `y + radius` on hex
/// boards, whose corners outside of the hexagon are always 0.
///
/// # Planes
/// `planes: f32[planes, side, side], 0 or 1, by the player to move`, or the same as bits: `planes:
/// u8[planes, plane_bytes], little bit order`, where bit `row * side + column` of a plane is bit `n % 8` of byte `n / 8`
/// and the bits after the last cell are 0. `numpy.unpackbits(planes, axis=-1, count=side * side, bitorder="little")`
/// unpacks them.
///
/// With `n` players, and `h` earlier positions, there are `31 + 8 n + h (3 + 3 n)` planes, in this order:
///
/// | planes | meaning |
/// |---|---|
/// | n | `control[s]`: a stack with the top ring of seat s |
/// | 3 n | `ring[d][s]`: the ring d = 1, 2, 3 below the top is of seat s |
/// | n | `deep[s]`: a ring of seat s four or more below the top |
/// | n | `deep3[s]`: three or more of them |
/// | n | `marker[s]` |
/// | n | `collapsed[s]` |
/// | 7 | `height>=k`, k = 2 to 8 |
/// | 6 | `height digit i`: binary digits of height - 8, where positive, cut at 63 |
/// | 5 | `cap>=k`, k = 2 to 6 |
/// | 6 | `cap digit i`: binary digits of cap height - 6, where positive, cut at 63 |
/// | 1 each | `on_board`, `must_move`, `capturing`, `chain_visited`, `last_landing`, `first_stack`, `recovery_payer` |
///
/// and then, for each earlier position, newest first, as the player to move *now* sees it, 0 where there is none:
///
/// | planes | meaning |
/// |---|---|
/// | n each | `control[s]`, `marker[s]`, `collapsed[s]` |
/// | 3 | `height>=2`, `height>=3`, `height>=5` |
///
/// # Globals
/// `globals: f32[25 + 13 n] in [0, 1], by the player to move`; what would be more than 1 is 1:
///
/// | globals | meaning |
/// |---|---|
/// | 8 | phase, one-hot, in the order of [`Phase::ALL`] |
/// | 3 | 2, 3, 4 players, one-hot |
/// | 1 each | `swap_now`: sides can be swapped by this move; `swap_open`: that can still happen in this game |
/// | 1 each | `line_payment_due`, `region_payment_due`, `pays_as_recovery` (regions are paid with buried rings), `changed_board` (seat 0 need not eliminate for want of a change) |
/// | 1 each | `lps_rounds`: exclusive rounds of the streak / rounds needed; `lps_begun`: a round is open |
/// | 1 each | `collapsed_all`: collapsed cells / cells; `plies`: recorded moves / move limit |
/// | 1 each | of the rules: `rings_rule`: rings per player / standard; `victory_rule`: rings that win / all rings; `territory_rule`: cells that win / cells; `lps_rule`: rounds that win / 8 |
/// | 13 for each seat | `seat_1` (plays first in the game), `rings_left` (has any ring), `hand` / rings per player, `on_board` (rings in stacks) / rings per player, `eliminated` / rings that win, `territory` (counter) / cells that win, `collapsed` / cells, `stacks` / cells, and of last player standing `lps_first`, `lps_noted`, `lps_able`, `lps_exclusive`, `lps_streak` |
///
/// # What does not show
/// The order in which stacks came to the board, but for `first_stack` and `recovery_payer`; owners of rings four or more
/// below the top one by one; the turn in which a player lost the last ring, which only ranks losers.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rr1Layout {
    board: BoardKind,
    players: PlayerCount,
    earlier: usize,
}

impl Rr1Layout {
    /// The layout with `earlier` positions before the current one.
    pub const fn new(board: BoardKind, players: PlayerCount, earlier: usize) -> Self {
        Self { board, players, earlier }
    }

    /// The board.
    pub const fn board(&self) -> BoardKind {
        self.board
    }

    /// Number of players.
    pub const fn players(&self) -> PlayerCount {
        self.players
    }

    /// Positions before the current one.
    pub const fn earlier(&self) -> usize {
        self.earlier
    }

    /// Rows and columns of a plane.
    pub const fn side(&self) -> usize {
        self.board.spec().size as usize
    }

    /// Planes of the position itself.
    pub(super) const fn current_planes(players: PlayerCount) -> usize {
        let stacks = HEIGHT_STEPS as usize - 1 + CAP_STEPS as usize - 1 + 2 * DIGITS;
        (DEPTHS + 5) * players.get() + stacks + NOW.len()
    }

    /// Planes of an earlier position.
    pub(super) const fn earlier_planes(players: PlayerCount) -> usize {
        3 * players.get() + EARLIER_HEIGHTS.len()
    }

    /// Number of planes.
    pub const fn planes(&self) -> usize {
        Self::current_planes(self.players) + self.earlier * Self::earlier_planes(self.players)
    }

    /// Elements of all planes as `f32`.
    pub const fn planes_len(&self) -> usize {
        self.planes() * self.side() * self.side()
    }

    /// Bytes of a packed plane.
    pub const fn plane_bytes(&self) -> usize {
        (self.side() * self.side()).div_ceil(8)
    }

    /// Bytes of all packed planes.
    pub const fn packed_len(&self) -> usize {
        self.planes() * self.plane_bytes()
    }

    /// Number of globals.
    pub const fn globals(&self) -> usize {
        Phase::ALL.len() + PlayerCount::ALL.len() + GAME_GLOBALS.len() + SEAT_GLOBALS.len() * self.players.get()
    }

    /// Number of policy indices.
    pub fn policy_size(&self) -> u32 {
        Rr1Policy::of(self.board).size()
    }

    /// Names of the planes, in order.
    pub fn plane_names(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.planes());
        let seats = 0..self.players.get();
        let by_seat = |names: &mut Vec<String>, what: &str| {
            names.extend(seats.clone().map(|seat| format!("{what}[{seat}]")));
        };
        by_seat(&mut names, "control");
        for depth in 1..=DEPTHS {
            by_seat(&mut names, &format!("ring[{depth}]"));
        }
        for what in ["deep", "deep3", "marker", "collapsed"] {
            by_seat(&mut names, what);
        }
        for (what, steps) in [("height", HEIGHT_STEPS), ("cap", CAP_STEPS)] {
            names.extend((2..=steps).map(|k| format!("{what}>={k}")));
            names.extend((0..DIGITS).map(|digit| format!("{what} digit {digit}")));
        }
        names.extend(NOW.iter().map(|&(name, _)| name.to_owned()));
        for age in 1..=self.earlier {
            for what in ["control", "marker", "collapsed"] {
                by_seat(&mut names, &format!("earlier[{age}].{what}"));
            }
            names.extend(EARLIER_HEIGHTS.iter().map(|k| format!("earlier[{age}].height>={k}")));
        }
        names
    }

    /// Names of the globals, in order.
    pub fn global_names(&self) -> Vec<String> {
        let phases = Phase::ALL.iter().map(|phase| format!("phase {phase}"));
        let players = PlayerCount::ALL.iter().map(|count| format!("players {}", count.get()));
        let game = GAME_GLOBALS.iter().map(|&(name, _)| name.to_owned());
        let seats = (0..self.players.get()).flat_map(|seat| SEAT_GLOBALS.map(|(name, _)| format!("{name}[{seat}]")));
        phases.chain(players).chain(game).chain(seats).collect()
    }

    /// The whole layout as text: version, shapes, each plane, each global, their meanings, each block of the policy. Two
    /// builds with the same text encode alike.
    pub fn describe(&self) -> String {
        let (board, players, earlier) = (self.board, self.players.get(), self.earlier);
        let (planes, side, bytes) = (self.planes(), self.side(), self.plane_bytes());
        let mut text = format!("rr1 {RR1_VERSION} {board} {players} players, {earlier} earlier\n");
        let _ = writeln!(text, "planes [{planes}, {side}, {side}], packed [{planes}, {bytes}] little");
        for (i, name) in self.plane_names().iter().enumerate() {
            let _ = writeln!(text, "plane {i} {name}");
        }
        for (i, name) in self.global_names().iter().enumerate() {
            let _ = writeln!(text, "global {i} {name}");
        }
        for (name, meaning) in LEGEND.iter().chain(&NOW).chain(&GAME_GLOBALS).chain(&SEAT_GLOBALS) {
            let _ = writeln!(text, "{name}: {meaning}");
        }
        for (name, start, len) in Rr1Policy::of(self.board).blocks() {
            let _ = writeln!(text, "policy {start} {len} {name}");
        }
        text
    }

    /// The first 16 hexadecimal digits of the SHA-256 of [`Rr1Layout::describe`], for manifests: data and networks fit
    /// if theirs are equal.
    pub fn digest(&self) -> String {
        let hash = Sha256::digest(self.describe().as_bytes());
        hash[..8].iter().fold(String::with_capacity(16), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// What the planes of a position mean, by the first word of their names; those of the turn are in [`NOW`].
const LEGEND: [(&str, &str); 10] = [
    ("control", "a stack with the top ring of the seat"),
    ("ring", "the ring so many below the top is of the seat"),
    ("deep", "a ring of the seat four or more below the top"),
    ("deep3", "three or more of them"),
    ("marker", "a marker of the seat"),
    ("collapsed", "a collapsed cell of the seat"),
    ("height", "rings of the stack; digits: binary digits of height - 8, where positive, cut at 63"),
    ("cap", "rings of the top ring's owner from the top; digits: binary digits of cap - 6, where positive, cut at 63"),
    ("earlier", "so many positions before, seats as now; 0 where there is none"),
    ("seats", "counted from the player to move, in turn order"),
];

/// Globals of the game as a whole, after the phase and the number of players. Fractions are cut at 1.
pub(super) const GAME_GLOBALS: [(&str, &str); 14] = [
    ("swap_now", "sides can be swapped by this move"),
    ("swap_open", "sides can be swapped by this or a later move"),
    ("line_payment_due", "a ring is due for a collapsed line"),
    ("region_payment_due", "the move before chose a region that must be paid for now"),
    ("pays_as_recovery", "regions are paid for with buried rings"),
    ("changed_board", "a move of seat 0 in its unbroken run of moves has changed the board"),
    ("lps_rounds", "exclusive rounds of the streak / rounds needed"),
    ("lps_begun", "a round of last player standing is open"),
    ("collapsed_all", "collapsed cells / cells"),
    ("plies", "recorded moves / move limit of the board"),
    ("rings_rule", "rings per player / those of the board"),
    ("victory_rule", "eliminated rings that win / rings of all players"),
    ("territory_rule", "cells that win / cells"),
    ("lps_rule", "exclusive rounds that win / 8"),
];

/// Globals of each seat. Fractions are cut at 1.
pub(super) const SEAT_GLOBALS: [(&str, &str); 13] = [
    ("seat_1", "the seat that opens the game"),
    ("rings_left", "has a ring in hand or in a stack"),
    ("hand", "rings in hand / rings per player"),
    ("on_board", "rings in stacks / rings per player"),
    ("eliminated", "eliminated rings / those that win"),
    ("territory", "territory counter / cells that win"),
    ("collapsed", "collapsed cells / cells"),
    ("stacks", "controlled stacks / cells"),
    ("lps_first", "opened the round"),
    ("lps_noted", "has been noted in the round"),
    ("lps_able", "could act when noted"),
    ("lps_exclusive", "the only one who could act in the last whole round"),
    ("lps_streak", "holder of the streak of such rounds"),
];
