//! Whether a path computes what it should, on this machine and with a network's own weights.

use ringrift_eval::GameRng;

use super::{Kernels, SimdPath};
use crate::blocks::Inputs;
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
pub(crate) fn choose(network: &Network) -> Result<Kernels, NetworkError> {
    let asked = std::env::var_os("RINGRIFT_NNUE_SIMD").unwrap_or_default();
    if let Some(kernels) = SimdPath::of_name(&asked)? {
        let path = kernels.path();
        return if agrees(kernels, network) { Ok(kernels) } else { Err(NetworkError::WrongPath(path.name())) };
    }
    let mut usable = SimdPath::ALL.into_iter().filter_map(Kernels::of).filter(|&kernels| agrees(kernels, network));
    Ok(usable.next().unwrap_or(Kernels::SCALAR))
}

/// Whether a path equals the scalar one on pseudo-random accumulators and inputs.
fn agrees(kernels: Kernels, network: &Network) -> bool {
    kernels == Kernels::SCALAR || (0..TRIALS as u64).all(|trial| agrees_once(kernels, network, trial))
}

fn agrees_once(kernels: Kernels, network: &Network, trial: u64) -> bool {
    let mut rng = GameRng::new(0x006e_6e75_6500, trial, GameRng::HOST);
    let (rows, features) = (network.rows(), network.features());
    let mut some =
        |count: usize| -> Vec<u16> { (0..rng.below(count)).map(|_| rng.below(features.len()) as u16).collect() };
    let change = Change::plain(features, &some(12), &some(40));
    let result = |kernels: Kernels| {
        let (mut out, mut inputs, mut again) = (network.biases().to_vec(), Inputs::ZERO, Inputs::ZERO);
        kernels.update(rows, network.biases(), &change, &mut out, &mut inputs);
        kernels.activate(rows, &out, &mut again);
        (out, inputs, again)
    };
    let (got, expected) = (result(kernels), result(Kernels::SCALAR));
    let mut inputs = expected.1.clone();
    let mut is_equal = got == expected;
    // Real activations, and any that there can be.
    for _ in 0..2 {
        for bucket in 0..BUCKETS {
            let head = network.head(bucket);
            let logits = |kernels: Kernels| kernels.logits(rows, head, &inputs);
            is_equal &= logits(kernels) == logits(Kernels::SCALAR);
            for seat in 0..rows.players() {
                is_equal &= kernels.logit(rows, head, &inputs, seat) == logits(Kernels::SCALAR)[seat];
            }
        }
        inputs.0.fill_with(|| rng.below(128) as u8);
    }
    is_equal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ringrift_rules::{BoardKind, PlayerCount};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn every_path_of_this_machine_equals_scalar(
            players in 0..3usize, step in 1..=16usize, seed in any::<u64>(), trial in any::<u64>()
        ) {
            let network = Network::random(BoardKind::Hex8, PlayerCount::ALL[players], 64 * step, seed).unwrap();
            for kernels in SimdPath::ALL.into_iter().filter_map(Kernels::of) {
                for next in 0..6 {
                    prop_assert!(agrees_once(kernels, &network, trial.wrapping_add(next)), "{kernels:?}");
                }
            }
        }
    }

    #[test]
    fn extremes_equal_scalar() {
        // All weights and biases at their ends: nothing may saturate where scalar does not.
        let network = Network::random(BoardKind::Square8, PlayerCount::Four, 1024, 1).unwrap();
        for (weight, input) in [(127, 127), (-128, 127), (-127, 1)] {
            let mut parts = network.to_parts();
            parts.l1_weights.fill(weight);
            parts.l2_weights.fill(weight);
            parts.out_weights.fill(weight);
            for biases in [&mut parts.l1_biases, &mut parts.l2_biases, &mut parts.out_biases] {
                biases.fill(if weight > 0 { crate::BIAS_MAX } else { -crate::BIAS_MAX });
            }
            let network = Network::from_parts(&parts).unwrap();
            let mut inputs = Inputs::ZERO;
            inputs.0.fill(input);
            let mut all = SimdPath::ALL
                .into_iter()
                .filter_map(Kernels::of)
                .map(|kernels| kernels.logits(network.rows(), network.head(0), &inputs));
            let first = all.next().unwrap();
            assert!(all.all(|logits| logits == first));
        }
    }
}
