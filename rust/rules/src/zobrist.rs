//! Hash keys: the engine's own, kept incrementally, and the persisted zobrist hash of recorded states.

use std::sync::OnceLock;

use crate::{
    bits::CellSet,
    board::{Board, MAX_PADDED},
    cell::Cell,
    phase::Phase,
    player::PlayerId,
    position::{CellContent, Position},
};

/// Per cell: markers by owner, collapsed by owner, stack salt.
static CELL_KEYS: [[u64; 9]; MAX_PADDED] = cell_keys();

#[allow(clippy::large_stack_arrays, reason = "evaluated by the compiler")]
const fn cell_keys() -> [[u64; 9]; MAX_PADDED] {
    let mut keys = [[0; 9]; MAX_PADDED];
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut i = 0;
    while i < MAX_PADDED {
        let mut j = 0;
        while j < 9 {
            state = u64::wrapping_add(state, 0x9e37_79b9_7f4a_7c15);
            keys[i][j] = mix(state);
            j += 1;
        }
        i += 1;
    }
    keys
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[inline]
pub(crate) fn marker_key(cell: Cell, owner: PlayerId) -> u64 {
    CELL_KEYS[cell.index()][owner.index()]
}

#[inline]
pub(crate) fn collapsed_key(cell: Cell, owner: PlayerId) -> u64 {
    CELL_KEYS[cell.index()][4 + owner.index()]
}

#[inline]
pub(crate) fn stack_key(cell: Cell, from_top: impl Iterator<Item = PlayerId>) -> u64 {
    let salt = CELL_KEYS[cell.index()][8];
    let rings = from_top.fold(salt, |hash, ring| {
        (hash.rotate_left(23) ^ (ring.index() as u64 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    rings ^ rings >> 32
}

/// The board key joined with everything else that later legal moves depend on, thresholds and container order
/// excepted.
pub(crate) fn position_key<B: Board>(position: &Position<B>, board_key: u64) -> u64 {
    let mut key = board_key;
    let mut add = |value: u64| key = mix(key ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    add(position.phase as u64
        | (position.to_move.index() as u64) << 4
        | u64::from(position.pending_line_elimination) << 6
        | u64::from(position.history.run_changed) << 7
        | u64::from(position.history.run_recovered) << 8
        | u64::from(position.history.swapped) << 9
        | u64::from(position.history.moved) << 12
        | position.must_move.map_or(0, |cell| cell.index() as u64 + 1) << 16
        | position.chain.map_or(0, |chain| chain.current.index() as u64 + 1) << 28
        | position.history.last.map_or(0, |last| last.kind as u64 + 1 + ((last.player.index() as u64) << 5)) << 40
        | position.history.last.and_then(|l| l.landing).map_or(0, |cell| cell.index() as u64 + 1) << 48);
    for &player in &PlayerId::ALL[..position.players.get()] {
        add(u64::from(position.hand[player])
            | u64::from(position.eliminated[player]) << 16
            | u64::from(position.territory[player]) << 32);
    }
    let lps = &position.lps;
    let seat = |player: Option<PlayerId>| player.map_or(0, |p| p.index() as u64 + 1);
    add(u64::from(lps.noted)
        | u64::from(lps.able) << 4
        | seat(lps.first) << 8
        | seat(lps.streak_player) << 12
        | seat(lps.exclusive) << 16
        | u64::from(lps.streak_rounds) << 20);
    key
}

impl<B: Board> Position<B> {
    /// Hash of the container order of the stacks, which [`Position::key`] leaves out. It decides which stack pays for a
    /// recovery and for a forced elimination that the rules choose; nothing else depends on it.
    pub fn order_key(&self) -> u64 {
        let mut order = [(0, 0); crate::board::MAX_CELLS];
        let mut count = 0;
        for (entry, cell) in order.iter_mut().zip(self.stack_cells().iter()) {
            *entry = (self.stamp(cell), cell.index() as u16);
            count += 1;
        }
        let order = &mut order[..count];
        order.sort_unstable();
        order.iter().fold(0, |key, &(_, cell)| mix(key ^ (u64::from(cell) + 1)))
    }
}

const TABLE_LEN: u64 = 1_000_000;

/// The million values of `random.Random(42).getrandbits(64)`. Source: rules.md section 16.2.
fn persisted_table() -> &'static [u64] {
    static TABLE: OnceLock<Vec<u64>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut twister = MersenneTwister::seeded(42);
        (0..TABLE_LEN)
            .map(|_| {
                let low = u64::from(twister.next_u32());
                low | u64::from(twister.next_u32()) << 32
            })
            .collect()
    })
}

/// MT19937 (Matsumoto, Nishimura 1998), seeded as `CPython` seeds from a small integer.
struct MersenneTwister {
    state: [u32; 624],
    index: usize,
}

impl MersenneTwister {
    fn seeded(key: u32) -> Self {
        let mut state = [0u32; 624];
        state[0] = 19_650_218;
        for i in 1..624 {
            state[i] = 1_812_433_253_u32.wrapping_mul(state[i - 1] ^ state[i - 1] >> 30).wrapping_add(i as u32);
        }
        let mut i = 1;
        for _ in 0..624 {
            state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >> 30).wrapping_mul(1_664_525)).wrapping_add(key);
            i += 1;
            if i == 624 {
                state[0] = state[623];
                i = 1;
            }
        }
        for _ in 0..623 {
            state[i] =
                (state[i] ^ (state[i - 1] ^ state[i - 1] >> 30).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i == 624 {
                state[0] = state[623];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        Self { state, index: 624 }
    }

    fn next_u32(&mut self) -> u32 {
        if self.index == 624 {
            for i in 0..624 {
                let y = self.state[i] & 0x8000_0000 | self.state[(i + 1) % 624] & 0x7fff_ffff;
                self.state[i] = self.state[(i + 397) % 624] ^ y >> 1 ^ if y & 1 != 0 { 0x9908_b0df } else { 0 };
            }
            self.index = 0;
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }
}

/// Index of a feature text in the persisted table.
fn feature_index(feature: &str) -> usize {
    let hash = feature
        .bytes()
        .fold(1_469_598_103_934_665_603, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211));
    (hash % TABLE_LEN) as usize
}

const fn phase_feature(phase: Phase) -> &'static str {
    match phase {
        Phase::RingPlacement => "phase|GamePhase.RING_PLACEMENT",
        Phase::Movement => "phase|GamePhase.MOVEMENT",
        Phase::Capture => "phase|GamePhase.CAPTURE",
        Phase::ChainCapture => "phase|GamePhase.CHAIN_CAPTURE",
        Phase::LineProcessing => "phase|GamePhase.LINE_PROCESSING",
        Phase::TerritoryProcessing => "phase|GamePhase.TERRITORY_PROCESSING",
        Phase::ForcedElimination => "phase|GamePhase.FORCED_ELIMINATION",
        Phase::GameOver => "phase|GamePhase.GAME_OVER",
    }
}

impl<B: Board> Position<B> {
    /// The zobrist hash that recorded states carry (`zobristHash`). Source: rules.md section 16.2.
    ///
    /// Upstream leaves it null in the initial state; the value returned there is the one that its incremental
    /// updates would start from.
    pub fn persisted_zobrist(&self) -> u64 {
        use std::fmt::Write as _;

        let table = persisted_table();
        let geometry = B::geometry();
        let mut feature = String::new();
        let mut hash = 0;
        for cell in (self.stack_cells | self.marker_cells | self.collapsed_cells).iter() {
            feature.clear();
            geometry.write_key(cell, &mut feature);
            match self.content(cell) {
                CellContent::Stack(stack) => {
                    let _ = write!(feature, "|stack|{}|{}|", stack.owner(), stack.height());
                    for (i, ring) in self.rings(cell).into_iter().enumerate() {
                        let _ = write!(feature, "{}{ring}", if i > 0 { "," } else { "" });
                    }
                }
                CellContent::Marker(owner) => {
                    let _ = write!(feature, "|marker|{owner}");
                }
                CellContent::Collapsed(_) => feature.push_str("|collapsed"),
                CellContent::Empty => {}
            }
            hash ^= table[feature_index(&feature)];
        }
        let (phase, player) = self.before_end.unwrap_or((self.phase, self.to_move));
        feature.clear();
        let _ = write!(feature, "player|{player}");
        hash ^ table[feature_index(&feature)] ^ table[feature_index(phase_feature(phase))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persisted_table_begins_as_recorded() {
        // Source: rules.md section 16.2.
        let expected = [2_053_695_854_357_871_005, 13_679_192_365_072_849_617, 4_517_457_392_071_889_495];
        assert_eq!(persisted_table()[..3], expected);
        assert_eq!(feature_index("player|1"), 283_329);
    }
}
