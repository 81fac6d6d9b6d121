//! The forward pass from lists of features instead of positions: what training is compared with.

use crate::architecture::OUTPUT_SCALE;
use crate::blocks::Inputs;
use crate::features::BUCKETS;
use crate::network::Network;

impl Network {
    /// Logits of the seats in units of [`crate::architecture::OUTPUT_SCALE`], computed from the features that are active as
    /// each seat sees them; 0 for seats that the game does not have.
    ///
    /// `None` if there is not one list per seat, or a feature or the bucket does not exist. Lists that no position has may
    /// overflow the sums, which then wrap around.
    pub fn logits_of_features(&self, lists: &[&[u16]], bucket: usize) -> Option<[i32; 4]> {
        let (features, players) = (self.features().len(), self.players().get());
        let fits = |list: &&[u16]| list.iter().all(|&feature| usize::from(feature) < features);
        if lists.len() != players || bucket >= BUCKETS || !lists.iter().all(fits) {
            return None;
        }
        let (rows, mut inputs) = (self.rows(), Inputs::ZERO);
        let mut accumulators = self.biases().to_vec();
        for (list, sums) in lists.iter().zip(accumulators.chunks_exact_mut(rows.stride())) {
            for &feature in *list {
                let row = &rows.blocks()[usize::from(feature) * rows.stride()..][..rows.stride()];
                for (sum, weight) in
                    sums.iter_mut().flat_map(|block| &mut block.0).zip(row.iter().flat_map(|row| row.0))
                {
                    *sum = sum.wrapping_add(weight);
                }
            }
        }
        self.kernels().activate(rows, &accumulators, &mut inputs);
        Some(self.kernels().logits(rows, self.head(bucket), &inputs))
    }

    /// Logits of rows of features, as real numbers: `f32[rows, seats]`.
    ///
    /// The features of row `r` as seat `s` sees them are `features[offsets[r * seats + s]..offsets[r * seats + s + 1]]`;
    /// there is a bucket for each row. `None` if these do not fit together, or as in [`Self::logits_of_features`].
    pub fn logits_of_batch(&self, offsets: &[i32], features: &[u16], buckets: &[u8]) -> Option<Vec<f32>> {
        let players = self.players().get();
        if offsets.len() != buckets.len() * players + 1 {
            return None;
        }
        let mut out = Vec::with_capacity(buckets.len() * players);
        let mut lists = Vec::with_capacity(players);
        for (row, &bucket) in buckets.iter().enumerate() {
            lists.clear();
            for pair in offsets[row * players..=(row + 1) * players].windows(2) {
                lists.push(features.get(usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?)?);
            }
            let logits = self.logits_of_features(&lists, bucket.into())?;
            // Exact: logits are far below 2^24.
            out.extend(logits[..players].iter().map(|&logit| logit as f32 / OUTPUT_SCALE as f32));
        }
        Some(out)
    }
}
