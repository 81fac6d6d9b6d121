//! The 20 globals.

use ringrift_rules::{Board, CellSet as _, Phase, PlayerId, Position};

use super::UpstreamEncoder;

/// Number of globals of every encoder of upstream.
pub const GLOBALS: usize = 20;

/// Version of the globals of hex boards; those of square boards have none.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum FeatureVersion {
    /// The length of the move history.
    V1,
    /// Flags of two phases.
    #[default]
    V2,
}

impl FeatureVersion {
    /// The number in files.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// The version of a number.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }
}

/// What the globals depend on beside the position.
///
/// `globals: f32[20] in [0, 1] (fractions of rings may be more), by the player to move`. "They" is the other player; with
/// three and four players the one who is furthest on the way to a victory, the first in seat order among equals. R is the
/// number of rings each player starts with.
///
/// | index | `square` | `hex_v2` | `hex_v3` |
/// |---|---|---|---|
/// | 0 to 4 | phase is ring placement, movement, capture, line, territory | same; chain capture counts as capture, forced elimination as territory | as `hex_v2` |
/// | 5 / 6 | my / their rings in hand / R | same | same |
/// | 7 / 8 | my / their eliminated rings / R | same | same |
/// | 9 | 1 | 1 | 1 |
/// | 10 | chain capture | three players | min(markers / 50, 1) |
/// | 11 | forced elimination | four players | min(stacks / 30, 1) |
/// | 12 | 0 | min(my collapsed cells / 397, 1) | my share of the collapsed cells |
/// | 13 | 0 | min(all others' / 397, 1) | my share of the markers |
/// | 14 | 0 | min(my markers / 50, 1) | my share of the stacks |
/// | 15 | 0 | min(all others' / 50, 1) | version 2: chain capture |
/// | 16 | 0 | min(my stacks / 30, 1) | version 2: forced elimination |
/// | 17 | 0 | min(all others' / 30, 1) | 0 |
/// | 18 | 0 | version 2: chain capture; version 1: min(recorded moves / 200, 1) | 0 |
/// | 19 | 0 | version 2: forced elimination | 0 |
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct GlobalsOptions {
    /// Version of the hex globals.
    pub version: FeatureVersion,
    /// Length of the move history that upstream's state would carry, for version 1. That is [`Position::plies`] in a
    /// game that was replayed from its start, and 0 in states that were stored without their moves.
    pub recorded_moves: u32,
}

pub(super) fn encode<B: Board>(
    encoder: UpstreamEncoder,
    position: &Position<B>,
    options: GlobalsOptions,
    globals: &mut [f32],
) {
    globals.fill(0.0);
    let square = encoder == UpstreamEncoder::Square;
    let slot = match position.phase() {
        Phase::RingPlacement => Some(0),
        Phase::Movement => Some(1),
        Phase::Capture => Some(2),
        Phase::ChainCapture => (!square).then_some(2),
        Phase::LineProcessing => Some(3),
        Phase::TerritoryProcessing => Some(4),
        Phase::ForcedElimination => (!square).then_some(4),
        Phase::GameOver => None,
    };
    if let Some(slot) = slot {
        globals[slot] = 1.0;
    }
    let (me, they) = (position.to_move(), rival(position));
    let rings = f64::from(position.rules().rings_per_player).max(1.0);
    globals[5] = (f64::from(position.hand(me)) / rings) as f32;
    globals[6] = (f64::from(position.hand(they)) / rings) as f32;
    globals[7] = (f64::from(position.eliminated(me)) / rings) as f32;
    globals[8] = (f64::from(position.eliminated(they)) / rings) as f32;
    globals[9] = 1.0;
    let flag = |phase| f32::from(u8::from(position.phase() == phase));
    let (chain, forced) = (flag(Phase::ChainCapture), flag(Phase::ForcedElimination));
    let newer = options.version == FeatureVersion::V2;
    match encoder {
        UpstreamEncoder::Square => {
            globals[10] = chain;
            globals[11] = forced;
        }
        UpstreamEncoder::HexV2 => {
            globals[10] = f32::from(u8::from(position.players().get() == 3));
            globals[11] = f32::from(u8::from(position.players().get() == 4));
            for (i, (mine, all, most)) in
                counts(position, me).into_iter().zip(MOST).map(|((m, a), c)| (m, a, c)).enumerate()
            {
                globals[12 + 2 * i] = (f64::from(mine) / most).min(1.0) as f32;
                globals[13 + 2 * i] = (f64::from(all - mine) / most).min(1.0) as f32;
            }
            if newer {
                globals[18] = chain;
                globals[19] = forced;
            } else {
                globals[18] = (f64::from(options.recorded_moves) / 200.0).min(1.0) as f32;
            }
        }
        UpstreamEncoder::HexV3 => {
            let counts = counts(position, me);
            globals[10] = (f64::from(counts[1].1) / MOST[1]).min(1.0) as f32;
            globals[11] = (f64::from(counts[2].1) / MOST[2]).min(1.0) as f32;
            for (i, (mine, all)) in counts.into_iter().enumerate() {
                globals[12 + i] = if all == 0 { 0.0 } else { (f64::from(mine) / f64::from(all)) as f32 };
            }
            if newer {
                globals[15] = chain;
                globals[16] = forced;
            }
        }
    }
}

/// Scales of collapsed cells (also on hex8), markers and stacks.
const MOST: [f64; 3] = [397.0, 50.0, 30.0];

/// Collapsed cells, markers and stacks: those of `me`, and all.
fn counts<B: Board>(position: &Position<B>, me: PlayerId) -> [(u32, u32); 3] {
    [
        (position.collapsed_of(me).count(), position.collapsed_cells().count()),
        (position.markers_of(me).count(), position.marker_cells().count()),
        (position.stacks_of(me).count(), position.stack_cells().count()),
    ]
}

/// The opponent whose rings the globals show.
fn rival<B: Board>(position: &Position<B>) -> PlayerId {
    let me = position.to_move();
    let mut best = (me, f64::NEG_INFINITY);
    for seat in position.players().seats().filter(|&seat| seat != me) {
        let way = progress(position, seat);
        if way > best.1 {
            best = (seat, way);
        }
    }
    best.0
}

/// How far a player is on the way to a victory, `0..=1`.
fn progress<B: Board>(position: &Position<B>, seat: PlayerId) -> f64 {
    let rules = position.rules();
    let part = |value: u16, needed: u16| (f64::from(value) / f64::from(needed)).clamp(0.0, 1.0);
    let rings = part(position.eliminated(seat), rules.victory_threshold);
    let territory = part(position.territory(seat), rules.territory_threshold);
    let lps = position.lps();
    let (rounds, needed) = (lps.streak_rounds, u32::from(rules.lps_rounds));
    let standing = if lps.streak_player != Some(seat) || rounds == 0 {
        0.0
    } else if rounds >= needed || needed == 1 {
        1.0
    } else {
        0.90 + 0.09 * (f64::from(rounds) / f64::from(needed - 1)).min(1.0)
    };
    rings.max(territory).max(standing)
}
