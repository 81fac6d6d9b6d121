//! Random numbers keyed by run seed, game index and seat.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One independent stream of random numbers per (run seed, game index, stream number).
///
/// `ChaCha8` with the three numbers as its key, so that any game can be played again alone, on any host and with any
/// number of threads. Stream numbers `0..players` belong to the seats; the host has its own, [`GameRng::HOST`].
#[derive(Clone, Debug)]
pub struct GameRng(ChaCha8Rng);

impl GameRng {
    /// Stream for decisions that belong to no seat.
    pub const HOST: u64 = u64::MAX;

    /// The stream of these three numbers.
    pub fn new(seed: u64, game: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&game.to_le_bytes());
        key[16..24].copy_from_slice(&stream.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `bound`, every one equally likely.
    ///
    /// # Panics
    /// If `bound` is 0.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        // Lemire 2019: multiply and shift, with rejection of the few biased draws.
        let bound = bound as u32;
        assert!(bound > 0, "a number below 0 does not exist");
        let mut product = u64::from(self.0.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u32) < threshold {
                product = u64::from(self.0.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as usize
    }
}
