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

    /// A number of `[0, 1)`, a multiple of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number of `[-spread, spread)`.
    #[inline]
    pub fn around_zero(&mut self, spread: f64) -> f64 {
        (self.unit() * 2.0 - 1.0) * spread
    }

    /// True with this probability. Draws nothing when the answer is certain.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && (probability >= 1.0 || self.unit() < probability)
    }

    /// A normally distributed number of mean 0 and standard deviation 1. Source: Marsaglia and Bray 1964 (polar method).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (self.around_zero(1.0), self.around_zero(1.0));
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let mut rng = GameRng::new(1, 2, 3);
        let count = 100_000;
        let mean = (0..count).map(|_| rng.unit()).sum::<f64>() / f64::from(count);
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let squares = (0..count).map(|_| rng.normal().powi(2)).sum::<f64>() / f64::from(count);
        assert!((squares - 1.0).abs() < 0.02, "{squares}");
        let hits = (0..count).filter(|_| rng.chance(0.15)).count();
        assert!((14_500..15_500).contains(&hits), "{hits}");
    }

    #[test]
    fn certain_answers_draw_nothing() {
        let (mut rng, mut untouched) = (GameRng::new(1, 2, 3), GameRng::new(1, 2, 3));
        assert!(!rng.chance(0.0) && rng.chance(1.0));
        assert_eq!(rng.below(1000), untouched.below(1000));
    }

    #[test]
    fn streams_are_apart() {
        let draw = |seed, game, stream| GameRng::new(seed, game, stream).below(1 << 30);
        let all = [draw(0, 0, 0), draw(1, 0, 0), draw(0, 1, 0), draw(0, 0, 1), draw(0, 0, GameRng::HOST)];
        assert!((0..5).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
    }
}
