//! Random numbers of the root: Dirichlet and Gumbel. Made without the platform's functions, so that they repeat anywhere.

use ringrift_eval::{GameRng, exp, ln};

/// A number of `(0, 1)`.
fn inner_unit(rng: &mut GameRng) -> f64 {
    rng.unit() + 0.5 / (1u64 << 53) as f64
}

/// A standard Gumbel number.
pub(super) fn gumbel(rng: &mut GameRng) -> f64 {
    -ln(-ln(inner_unit(rng)))
}

/// A normally distributed number. Source: Marsaglia and Bray 1964 (polar method).
fn normal(rng: &mut GameRng) -> f64 {
    loop {
        let (x, y) = (rng.around_zero(1.0), rng.around_zero(1.0));
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * ln(square) / square).sqrt();
        }
    }
}

/// Logarithm of a gamma-distributed number of scale 1. Source: Marsaglia and Tsang 2000.
fn ln_gamma_number(shape: f64, rng: &mut GameRng) -> f64 {
    if shape < 1.0 {
        return ln_gamma_number(shape + 1.0, rng) + ln(inner_unit(rng)) / shape;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if ln(inner_unit(rng)) < 0.5 * x * x + d - d * v + d * ln(v) {
            return ln(d) + ln(v);
        }
    }
}

/// A draw from the symmetric Dirichlet distribution of this concentration: `count` numbers from 0 that sum to 1.
pub(super) fn dirichlet(count: usize, alpha: f64, rng: &mut GameRng) -> Vec<f64> {
    let mut draws: Vec<f64> = (0..count).map(|_| ln_gamma_number(alpha, rng)).collect();
    let top = draws.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for draw in &mut draws {
        *draw = exp(*draw - top);
    }
    let sum: f64 = draws.iter().sum();
    for draw in &mut draws {
        *draw /= sum;
    }
    draws
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gumbel_numbers_have_their_mean_and_variance() {
        let mut rng = GameRng::new(1, 0, 0);
        let draws: Vec<f64> = (0..100_000).map(|_| gumbel(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 1e5;
        // The constant of Euler, and pi squared over 6.
        assert!((mean - 0.577_215_7).abs() < 0.02 && (variance - 1.644_934).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn dirichlet_draws_have_their_mean_and_variance() {
        let mut rng = GameRng::new(2, 0, 0);
        let (count, alpha, rounds) = (8, 0.3, 20_000);
        let (mut mean, mut square) = (0.0, 0.0);
        for _ in 0..rounds {
            let draw = dirichlet(count, alpha, &mut rng);
            assert!((draw.iter().sum::<f64>() - 1.0).abs() < 1e-9 && draw.iter().all(|&x| x >= 0.0));
            mean += draw[0] / f64::from(rounds);
            square += draw[0] * draw[0] / f64::from(rounds);
        }
        let total = alpha * count as f64;
        let variance = (1.0 / 8.0) * (7.0 / 8.0) / (total + 1.0);
        assert!((mean - 0.125).abs() < 0.005 && (square - mean * mean - variance).abs() < 0.003, "{mean} {square}");
    }
}
