//! The forward pass from lists of features instead of positions: what training is compared with.

use crate::architecture::BUCKETS;
use crate::blocks::{Block, Inputs};
use crate::changes::Change;
use crate::network::Network;

impl Network {
    /// Logits of the seats in units of [`crate::architecture::OUTPUT_SCALE`], computed from the features that are active as
    /// each seat sees them; 0 for seats that the game does not have.
    ///
    /// `None` if there is not one list per seat, a feature or the bucket does not exist, or a list is so long or holds a
    /// feature so often that no position could have it.
    pub fn logits_of_features(&self, lists: &[&[u16]], bucket: usize) -> Option<[i32; 4]> {
        let (features, players) = (self.features(), self.players().get());
        let fits = |list: &&[u16]| {
            list.len() <= features.active_max()
                && list.iter().all(|&feature| usize::from(feature) < features.len())
                && list.iter().enumerate().all(|(at, feature)| !list[..at].contains(feature))
        };
        if lists.len() != players || bucket >= BUCKETS || !lists.iter().all(fits) {
            return None;
        }
        let half = self.width() / 2;
        let (mut inputs, mut sums) = (Inputs::ZERO, vec![Block::ZERO; self.rows().stride()]);
        for (list, out) in lists.iter().zip(inputs.0.chunks_exact_mut(half)) {
            let change = Change { removed: Vec::new(), added: list.to_vec() };
            self.simd().update(self.rows(), self.biases(), &change, &mut sums);
            self.simd().activate(&sums, out);
        }
        inputs.0.copy_within(0..(players - 1) * half, players * half);
        let mut logits = [0; 4];
        self.simd().logits(self.head(bucket), &inputs, half, 0..players, &mut logits);
        Some(logits)
    }
}
