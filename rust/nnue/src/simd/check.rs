//! Whether a path computes what it should, on this machine and with a network's own weights.

use ringrift_eval::GameRng;

use super::SimdPath;
use crate::blocks::{Block, Inputs};
use crate::changes::Change;
use crate::error::NetworkError;
use crate::features::BUCKETS;
use crate::network::Network;

/// Accumulators that are compared.
const TRIALS: usize = 6;

/// The path for a network: the one that is asked for, or the best one whose results are right.
///
/// # Errors
/// The one that is asked for is unknown, is not there, or is wrong.
pub(crate) fn choose(network: &Network) -> Result<SimdPath, NetworkError> {
    if let Some(path) = SimdPath::forced()? {
        return if agrees(path, network) { Ok(path) } else { Err(NetworkError::WrongPath(path.name())) };
    }
    let usable = |path: &SimdPath| path.is_available() && agrees(*path, network);
    Ok(SimdPath::ALL.into_iter().find(usable).unwrap_or(SimdPath::Scalar))
}

/// Whether a path equals the scalar one on pseudo-random accumulators and inputs.
pub(crate) fn agrees(path: SimdPath, network: &Network) -> bool {
    path == SimdPath::Scalar || (0..TRIALS as u64).all(|trial| agrees_once(path, network, trial))
}

fn agrees_once(path: SimdPath, network: &Network, trial: u64) -> bool {
    let mut rng = GameRng::new(0x006e_6e75_6500, trial, GameRng::HOST);
    let (rows, players, half) = (network.rows(), network.players().get(), network.width() / 2);
    let mut base = network.biases().to_vec();
    let mut inputs = Inputs::ZERO;
    for seat in 0..players {
        let mut some = |count: usize| -> Vec<u16> {
            (0..rng.below(count)).map(|_| rng.below(network.features().len()) as u16).collect()
        };
        let change = Change { removed: some(12), added: some(40) };
        let mut outs = [vec![Block::ZERO; rows.stride()], vec![Block::ZERO; rows.stride()]];
        let mut activations = [vec![0; half], vec![0; half]];
        for ((path, out), activation) in [path, SimdPath::Scalar].into_iter().zip(&mut outs).zip(&mut activations) {
            path.update(rows, &base, &change, out);
            path.activate(out, activation);
        }
        let [out, expected] = outs;
        if out.as_slice() != expected.as_slice() || activations[0] != activations[1] {
            return false;
        }
        base = expected;
        // Real activations first, then any that there can be.
        for (input, &activation) in inputs.0[seat * half..].iter_mut().zip(&activations[1]) {
            *input = if trial.is_multiple_of(2) { activation } else { rng.below(128) as u8 };
        }
    }
    inputs.0.copy_within(0..(players - 1) * half, players * half);
    (0..BUCKETS).all(|bucket| {
        let logits = |path: SimdPath| {
            let mut logits = [0; 4];
            path.logits(network.head(bucket), &inputs, half, 0..players, &mut logits);
            logits
        };
        logits(path) == logits(SimdPath::Scalar)
    })
}
