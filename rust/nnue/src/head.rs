//! The layers after the accumulators, of one bucket.

use crate::architecture::{L1, L2};
use crate::blocks::{Sums, Tile};

/// Inputs that one tile takes.
const DEPTH: usize = 4;
/// Outputs that one tile makes.
const OUTPUTS: usize = 16;
/// Tiles side by side in the second layer.
pub(crate) const L2_TILES: usize = L2 / OUTPUTS;

/// Weights of a head, in the order in which vectors take them.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// One tile per 4 inputs.
    pub l1: Vec<Tile>,
    pub l1_biases: Sums,
    /// Per 4 inputs, [`L2_TILES`] tiles.
    pub l2: [[Tile; L2_TILES]; L1 / DEPTH],
    pub l2_biases: [Sums; L2_TILES],
    pub out: [i8; L2],
    pub out_bias: i32,
}

impl Head {
    /// A head of weights in rows: `l1` [`L1`, inputs], `l2` [`L2`, `L1`].
    pub fn new(l1: &[i8], l1_biases: &[i32], l2: &[i8], l2_biases: &[i32], out: &[i8], out_bias: i32) -> Self {
        let inputs = l1.len() / L1;
        let tile = |rows: &[i8], width: usize, input: usize, output: usize| {
            let mut tile = Tile([0; OUTPUTS * DEPTH]);
            for o in 0..OUTPUTS {
                let from = (output + o) * width + input;
                tile.0[o * DEPTH..][..DEPTH].copy_from_slice(&rows[from..from + DEPTH]);
            }
            tile
        };
        let sums = |biases: &[i32]| {
            let mut sums = Sums([0; OUTPUTS]);
            sums.0.copy_from_slice(&biases[..OUTPUTS]);
            sums
        };
        let mut weights = [0; L2];
        weights.copy_from_slice(&out[..L2]);
        Self {
            l1: (0..inputs / DEPTH).map(|group| tile(l1, inputs, group * DEPTH, 0)).collect(),
            l1_biases: sums(l1_biases),
            l2: std::array::from_fn(|group| std::array::from_fn(|side| tile(l2, L1, group * DEPTH, side * OUTPUTS))),
            l2_biases: std::array::from_fn(|side| sums(&l2_biases[side * OUTPUTS..])),
            out: weights,
            out_bias,
        }
    }

    /// The rows of the first layer again.
    pub fn l1_rows(&self) -> Vec<i8> {
        let inputs = self.l1.len() * DEPTH;
        let mut rows = vec![0; L1 * inputs];
        for (group, tile) in self.l1.iter().enumerate() {
            untile(tile, &mut rows, inputs, group * DEPTH, 0);
        }
        rows
    }

    /// The rows of the second layer again.
    pub fn l2_rows(&self) -> Vec<i8> {
        let mut rows = vec![0; L2 * L1];
        for (group, sides) in self.l2.iter().enumerate() {
            for (side, tile) in sides.iter().enumerate() {
                untile(tile, &mut rows, L1, group * DEPTH, side * OUTPUTS);
            }
        }
        rows
    }
}

fn untile(tile: &Tile, rows: &mut [i8], width: usize, input: usize, output: usize) {
    for (o, weights) in tile.0.chunks_exact(DEPTH).enumerate() {
        rows[(output + o) * width + input..][..DEPTH].copy_from_slice(weights);
    }
}

const _: () = assert!(L1 == OUTPUTS && L2.is_multiple_of(OUTPUTS));
