//! The encoder of `rr1`, with the positions of a game that went before.

use ringrift_rules::{AnyPosition, Board, Position, with_position};

use super::{globals, layout::Rr1Layout, planes};
use crate::error::{EncodeError, check_length};

const LENGTH_HINT: &str = "Rr1Layout tells the lengths";

/// Encodes positions of one game in turn, and remembers as many earlier ones as the layout has. See [`Rr1Layout`] for
/// what the numbers mean.
///
/// ```
/// use ringrift_encode::{Rr1Encoder, Rr1Layout};
/// use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
///
/// let (board, players) = (BoardKind::Hex8, PlayerCount::Three);
/// let mut position = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
/// let layout = Rr1Layout::new(board, players, 2);
/// let mut encoder = Rr1Encoder::new(layout);
/// let mut planes = vec![0; layout.packed_len()];
/// let mut globals = vec![0.0; layout.globals()];
/// let mut moves = Vec::new();
/// for _ in 0..5 {
///     encoder.encode_packed(&position, &mut planes, &mut globals)?;
///     encoder.remember(&position)?;
///     position.legal_moves(&mut moves);
///     position.make_move(moves[0]);
/// }
/// # Ok::<(), ringrift_encode::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rr1Encoder {
    layout: Rr1Layout,
    /// Packed planes of the earlier positions, a ring of slots. Seats are the game's: whoever is to move later turns them
    /// by copying the planes in another order.
    slots: Vec<u8>,
    newest: usize,
    held: usize,
}

impl Rr1Encoder {
    /// An encoder at the start of a game.
    pub fn new(layout: Rr1Layout) -> Self {
        let slot = Rr1Layout::earlier_planes(layout.players()) * layout.plane_bytes();
        Self { layout, slots: vec![0; slot * layout.earlier()], newest: 0, held: 0 }
    }

    /// The layout.
    pub fn layout(&self) -> Rr1Layout {
        self.layout
    }

    /// Forgets all earlier positions: a new game begins.
    pub fn clear(&mut self) {
        self.held = 0;
    }

    fn check<B: Board>(&self, position: &Position<B>) -> Result<(), EncodeError> {
        if B::KIND != self.layout.board() {
            return Err(EncodeError::OtherBoard { what: "the position", expected: self.layout.board(), got: B::KIND });
        }
        if position.players() != self.layout.players() {
            let (expected, got) = (self.layout.players().get(), position.players().get());
            return Err(EncodeError::OtherPlayers { expected, got });
        }
        Ok(())
    }

    /// Makes a position the newest earlier one of those that come.
    ///
    /// # Errors
    /// The position has another board or number of players than the layout.
    pub fn remember(&mut self, position: &AnyPosition) -> Result<(), EncodeError> {
        with_position!(position, position => self.remember_on(position))
    }

    /// [`Rr1Encoder::remember`] on a known board.
    ///
    /// # Errors
    /// As [`Rr1Encoder::remember`].
    pub fn remember_on<B: Board>(&mut self, position: &Position<B>) -> Result<(), EncodeError> {
        self.check(position)?;
        let kept = self.layout.earlier();
        if kept == 0 {
            return Ok(());
        }
        self.newest = (self.newest + 1) % kept;
        self.held = (self.held + 1).min(kept);
        let bytes = self.layout.plane_bytes();
        let len = bytes * Rr1Layout::earlier_planes(self.layout.players());
        let slot = &mut self.slots[self.newest * len..][..len];
        planes::earlier(position, |plane, cells| planes::pack::<B>(cells, &mut slot[plane * bytes..][..bytes]));
        Ok(())
    }

    /// Calls `each` with the number and the packed form of every plane of earlier positions; none where there is no such
    /// position. `first` is the seat that is to move now.
    fn for_each_earlier(&self, first: usize, mut each: impl FnMut(usize, Option<&[u8]>)) {
        let (players, bytes) = (self.layout.players().get(), self.layout.plane_bytes());
        let count = Rr1Layout::earlier_planes(self.layout.players());
        let mut number = Rr1Layout::current_planes(self.layout.players());
        for age in 0..self.layout.earlier() {
            let slot = (self.newest + self.layout.earlier() - age) % self.layout.earlier();
            for plane in 0..count {
                let source =
                    if plane < 3 * players { plane / players * players + (plane + first) % players } else { plane };
                let packed = &self.slots[(slot * count + source) * bytes..][..bytes];
                each(number, (age < self.held).then_some(packed));
                number += 1;
            }
        }
    }

    /// Writes planes as bits, and globals. Every element is written; nothing is allocated.
    ///
    /// # Errors
    /// The position has another board or number of players than the layout, or a buffer has another length.
    pub fn encode_packed(
        &self,
        position: &AnyPosition,
        planes: &mut [u8],
        globals: &mut [f32],
    ) -> Result<(), EncodeError> {
        with_position!(position, position => self.encode_packed_on(position, planes, globals))
    }

    /// [`Rr1Encoder::encode_packed`] on a known board.
    ///
    /// # Errors
    /// As [`Rr1Encoder::encode_packed`].
    pub fn encode_packed_on<B: Board>(
        &self,
        position: &Position<B>,
        planes: &mut [u8],
        globals: &mut [f32],
    ) -> Result<(), EncodeError> {
        check_length("packed planes", self.layout.packed_len(), planes.len(), LENGTH_HINT)?;
        self.encode_globals_on(position, globals)?;
        let bytes = self.layout.plane_bytes();
        planes::current(position, |plane, cells| planes::pack::<B>(cells, &mut planes[plane * bytes..][..bytes]));
        self.for_each_earlier(position.to_move().index(), |plane, packed| {
            let target = &mut planes[plane * bytes..][..bytes];
            match packed {
                Some(packed) => target.copy_from_slice(packed),
                None => target.fill(0),
            }
        });
        Ok(())
    }

    /// Writes planes as `f32`, and globals. Every element is written; nothing is allocated.
    ///
    /// # Errors
    /// As [`Rr1Encoder::encode_packed`].
    pub fn encode(&self, position: &AnyPosition, planes: &mut [f32], globals: &mut [f32]) -> Result<(), EncodeError> {
        with_position!(position, position => self.encode_on(position, planes, globals))
    }

    /// [`Rr1Encoder::encode`] on a known board.
    ///
    /// # Errors
    /// As [`Rr1Encoder::encode`].
    pub fn encode_on<B: Board>(
        &self,
        position: &Position<B>,
        planes: &mut [f32],
        globals: &mut [f32],
    ) -> Result<(), EncodeError> {
        check_length("planes", self.layout.planes_len(), planes.len(), LENGTH_HINT)?;
        self.encode_globals_on(position, globals)?;
        let len = self.layout.side() * self.layout.side();
        planes::current(position, |plane, cells| planes::unpack::<B>(cells, &mut planes[plane * len..][..len]));
        self.for_each_earlier(position.to_move().index(), |plane, packed| {
            let target = &mut planes[plane * len..][..len];
            target.fill(0.0);
            for (byte, &bits) in packed.unwrap_or_default().iter().enumerate() {
                let mut rest = bits;
                while rest != 0 {
                    target[8 * byte + rest.trailing_zeros() as usize] = 1.0;
                    rest &= rest - 1;
                }
            }
        });
        Ok(())
    }

    fn encode_globals_on<B: Board>(&self, position: &Position<B>, globals: &mut [f32]) -> Result<(), EncodeError> {
        self.check(position)?;
        check_length("globals", self.layout.globals(), globals.len(), LENGTH_HINT)?;
        globals::encode(position, globals);
        Ok(())
    }
}
