//! Exponential and logarithm that give the same bits on every machine, for engines whose choices are to repeat anywhere:
//! those of the standard library are the platform's, which differ in the last place.

/// High and low part of the natural logarithm of 2; the high one has zeros at its end, so that small multiples are exact.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// `e` to the power `x`, to within two units in the last place; 0 below -700, and the greatest value of that range above 700.
///
/// Source: reduction by multiples of ln 2 and the Taylor series, of which 14 terms are enough for the remainder.
#[inline]
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < -700.0 {
        return 0.0;
    }
    let x = x.min(700.0);
    let twos = (x * std::f64::consts::LOG2_E).round_ties_even();
    let rest = x - twos * LN_2[0] - twos * LN_2[1];
    let mut sum = 1.0;
    let mut n = 13.0;
    while n > 0.0 {
        sum = 1.0 + rest * sum / n;
        n -= 1.0;
    }
    sum * f64::from_bits(((twos as i64 + 1023) as u64) << 52)
}

/// Natural logarithm of `x`, to within three units in the last place; minus infinity for 0 and denormal numbers, no number
/// below 0.
///
/// Source: the series of the inverse hyperbolic tangent on the mantissa.
#[inline]
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x < f64::MIN_POSITIVE {
        return f64::NEG_INFINITY;
    }
    if x.is_infinite() {
        return x;
    }
    let bits = x.to_bits();
    let mut twos = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        twos += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    let mut n = 23.0;
    while n > 1.0 {
        sum = square * (sum + 1.0 / n);
        n -= 2.0;
    }
    let twos = twos as f64;
    twos * LN_2[0] + (2.0 * s * (1.0 + sum) + twos * LN_2[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GameRng;

    fn near(ours: f64, theirs: f64) -> bool {
        (ours - theirs).abs() <= 1e-15 * theirs.abs().max(1e-300)
    }

    #[test]
    fn values_are_those_of_the_functions() {
        let mut rng = GameRng::new(1, 0, 0);
        for _ in 0..100_000 {
            let x = rng.around_zero(600.0);
            assert!(near(exp(x), x.exp()), "exp {x}: {} {}", exp(x), x.exp());
            let y = exp(rng.around_zero(600.0));
            assert!((ln(y) - y.ln()).abs() <= 1e-15 * y.ln().abs().max(0.1), "ln {y}: {} {}", ln(y), y.ln());
        }
        assert_eq!((exp(0.0), ln(1.0)), (1.0, 0.0));
    }

    #[test]
    fn bits_are_pinned() {
        let digest = (0..1000).fold(0u64, |sum, i| {
            let x = f64::from(i) * 0.37 - 180.0;
            sum.rotate_left(7) ^ exp(x).to_bits() ^ ln(exp(x / 9.0)).to_bits().rotate_left(32)
        });
        assert_eq!(digest, 5_060_869_140_938_043_401);
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!((exp(-1e9), ln(0.0), ln(f64::INFINITY)), (0.0, f64::NEG_INFINITY, f64::INFINITY));
        assert!(exp(1e9).is_finite() && exp(f64::NAN).is_nan() && ln(-1.0).is_nan());
    }
}
