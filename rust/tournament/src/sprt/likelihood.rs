//! Log-likelihood ratios of generalised sequential tests on scores with any distribution.
//!
//! The distribution of scores is unknown but for its expectation (logistic Elo) or the ratio of that to its standard deviation
//! (normalised Elo); both hypotheses take the most likely distribution that fulfils theirs. Sources: Owen 1988, "Empirical
//! likelihood ratio confidence intervals for a single functional"; Van den Bergh, "A practical introduction to the GSPRT" and
//! "Normalized Elo" (hardy.uhasselt.be/Fishtest), which fishtest and fastchess follow.

/// What is added to scores that were not seen, so that hypotheses outside of what was seen have a likelihood. Source: fishtest.
const UNSEEN: f64 = 1e-3;

/// Steps of the search for a multiplier; halving alone ends after so many.
const STEPS_MAX: usize = 100;

/// Rounds of the search for a distribution with a given ratio of expectation to deviation.
const ROUNDS_MAX: usize = 60;

/// Relative frequencies of scores, none of them 0.
#[derive(Clone, Debug)]
pub(super) struct Frequencies {
    /// Scores and their frequencies.
    cells: Vec<(f64, f64)>,
    /// Number of scores, with what was added.
    total: f64,
}

impl Frequencies {
    /// Of counts of the scores `0, 1/(n-1), ..., 1`.
    pub fn new(counts: &[u64]) -> Self {
        let of = |&count: &u64| if count == 0 { UNSEEN } else { count as f64 };
        let total: f64 = counts.iter().map(of).sum();
        let last = (counts.len() - 1) as f64;
        let cells = counts.iter().enumerate().map(|(part, count)| (part as f64 / last, of(count) / total)).collect();
        Self { cells, total }
    }

    /// Log-likelihood ratio of expectation `score1` to `score0`.
    pub fn ratio_of_means(&self, score0: f64, score1: f64) -> f64 {
        let multiplier = |score: f64| root(&self.cells, |value| value - score);
        let (x0, x1) = (multiplier(score0), multiplier(score1));
        let term =
            |&(value, part): &(f64, f64)| part * ((x0 * (value - score0)).ln_1p() - (x1 * (value - score1)).ln_1p());
        self.total * self.cells.iter().map(term).sum::<f64>()
    }

    /// Log-likelihood ratio of the hypotheses that the expectation is `t1` and `t0` standard deviations above `even`.
    pub fn ratio_of_t_values(&self, even: f64, t0: f64, t1: f64) -> f64 {
        let (p0, p1) = (self.with_t_value(even, t0), self.with_t_value(even, t1));
        let terms = self.cells.iter().zip(p0.iter().zip(&p1));
        self.total * terms.map(|((_, part), (zero, one))| part * (one / zero).ln()).sum::<f64>()
    }

    /// The most likely distribution whose expectation is `t` standard deviations above `even`. Every round makes the
    /// condition linear about the distribution of the round before.
    fn with_t_value(&self, even: f64, t: f64) -> Vec<f64> {
        let mut found = vec![1.0 / self.cells.len() as f64; self.cells.len()];
        for _ in 0..ROUNDS_MAX {
            let mean: f64 = self.cells.iter().zip(&found).map(|((value, _), part)| value * part).sum();
            let variance: f64 =
                self.cells.iter().zip(&found).map(|((value, _), part)| (value - mean).powi(2) * part).sum();
            let deviation = variance.sqrt();
            let condition =
                |value: f64| value - even - t * deviation * (1.0 + ((mean - value) / deviation).powi(2)) / 2.0;
            let x = root(&self.cells, condition);
            let next: Vec<f64> = self.cells.iter().map(|&(value, part)| part / (1.0 + x * condition(value))).collect();
            let change = next.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            found = next;
            if change < 1e-12 {
                break;
            }
        }
        found
    }
}

/// The `x` with `sum of part * c / (1 + x c) = 0`, `c` being the condition at a score: `part / (1 + x c)` are then the most
/// likely probabilities with which the condition is 0 on average. The sum falls with `x` between its two poles.
fn root(cells: &[(f64, f64)], condition: impl Fn(f64) -> f64) -> f64 {
    let (least, most) = cells.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &(value, _)| {
        let at = condition(value);
        (least.min(at), most.max(at))
    });
    debug_assert!(least < 0.0 && most > 0.0, "hypotheses lie inside the range of scores");
    let (mut low, mut high) = (-1.0 / most, -1.0 / least);
    let mut x = 0.0;
    for _ in 0..STEPS_MAX {
        let (mut sum, mut slope) = (0.0, 0.0);
        for &(value, part) in cells {
            let at = condition(value);
            let ratio = at / (1.0 + x * at);
            sum += part * ratio;
            slope -= part * ratio * ratio;
        }
        if sum > 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x - sum / slope;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - x).abs() <= 1e-14 * (high - low).abs().max(1.0) {
            return next;
        }
        x = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest value of a concave function on a line.
    fn golden(mut low: f64, mut high: f64, of: &mut dyn FnMut(f64) -> f64) -> (f64, f64) {
        let part = (5_f64.sqrt() - 1.0) / 2.0;
        for _ in 0..90 {
            let (a, b) = (high - part * (high - low), low + part * (high - low));
            if of(a) < of(b) {
                low = a;
            } else {
                high = b;
            }
        }
        let at = f64::midpoint(low, high);
        (at, of(at))
    }

    /// Largest log-likelihood of counts under linear conditions on the probabilities, by walking along the directions that
    /// keep the conditions: no multipliers, no derivatives.
    fn largest(counts: &[f64], start: Vec<f64>, directions: &[Vec<f64>]) -> f64 {
        let likelihood = |p: &[f64]| {
            if p.iter().any(|&p| p <= 0.0) {
                return f64::NEG_INFINITY;
            }
            counts.iter().zip(p).map(|(count, p)| count * p.ln()).sum::<f64>()
        };
        let mut at = start;
        let mut best = likelihood(&at);
        for _ in 0..4_000 {
            let before = best;
            for direction in directions {
                let reach = |sign: f64| {
                    at.iter().zip(direction).fold(f64::INFINITY, |reach, (p, d)| {
                        if d * sign < 0.0 { reach.min(-p / (d * sign)) } else { reach }
                    })
                };
                let (low, high) = (-reach(-1.0) * (1.0 - 1e-12), reach(1.0) * (1.0 - 1e-12));
                let moved = |step: f64| at.iter().zip(direction).map(|(p, d)| p + step * d).collect::<Vec<f64>>();
                let (step, value) = golden(low, high, &mut |step| likelihood(&moved(step)));
                if value > best {
                    best = value;
                    at = moved(step);
                }
            }
            if best - before < 1e-11 {
                break;
            }
        }
        best
    }

    /// Directions of five scores that keep the sum and the expectation, in all pairs of a basis.
    fn keeping_mean() -> Vec<Vec<f64>> {
        let basis = [vec![1.0, -2.0, 1.0, 0.0, 0.0], vec![0.0, 1.0, -2.0, 1.0, 0.0], vec![0.0, 0.0, 1.0, -2.0, 1.0]];
        let mut all = basis.to_vec();
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            for sign in [1.0, -1.0, 3.0, 0.3] {
                all.push((0..5).map(|i| basis[a][i] + sign * basis[b][i]).collect());
            }
        }
        all.push(vec![1.0, 0.0, -2.0, 0.0, 1.0]);
        all
    }

    /// A distribution on five scores with this expectation.
    fn with_mean(score: f64) -> Vec<f64> {
        (0..5)
            .map(|i| {
                let binomial = [1.0, 4.0, 6.0, 4.0, 1.0][i];
                binomial * score.powi(i as i32) * (1.0 - score).powi(4 - i as i32)
            })
            .collect()
    }

    #[test]
    fn mean_ratio_is_that_of_direct_maximisation() {
        for counts in [[3, 40, 90, 52, 7], [1, 0, 5, 2, 9], [30, 20, 10, 4, 1]] {
            let regular: Vec<f64> =
                counts.iter().map(|&count| if count == 0 { UNSEEN } else { f64::from(count) }).collect();
            let best = |score: f64| largest(&regular, with_mean(score), &keeping_mean());
            let counts = counts.map(|count| count as u64);
            for (score0, score1) in [(0.5, 0.55), (0.45, 0.5), (0.5, 0.7)] {
                let found = Frequencies::new(&counts).ratio_of_means(score0, score1);
                let expected = best(score1) - best(score0);
                assert!((found - expected).abs() < 1e-5, "{counts:?}: {found} {expected}");
            }
        }
    }

    /// The condition on the ratio is two linear ones once the deviation is fixed; the best deviation is searched for.
    #[test]
    fn t_value_ratio_is_that_of_direct_maximisation() {
        let counts = [12_u64, 40, 90, 52, 20];
        let regular = counts.map(|count| count as f64);
        // Directions that keep sum, expectation and second moment: third differences.
        let basis = [vec![1.0, -3.0, 3.0, -1.0, 0.0], vec![0.0, 1.0, -3.0, 3.0, -1.0]];
        let mut directions = basis.to_vec();
        for sign in [1.0, -1.0, 2.0, -2.0, 0.5, -0.5] {
            directions.push((0..5).map(|i| basis[0][i] + sign * basis[1][i]).collect());
        }
        let best = |t: f64| {
            let mut of = |deviation: f64| {
                let mean = 0.5 + t * deviation;
                let second = deviation * deviation + mean * mean;
                // A mixture of two point distributions and an even one with these moments, if there is one.
                let Some(start) = with_moments(mean, second) else { return f64::NEG_INFINITY };
                largest(&regular, start, &directions)
            };
            golden(0.15, 0.35, &mut of).1
        };
        for (t0, t1) in [(0.0, 0.1), (-0.05, 0.05), (0.05, 0.2)] {
            let found = Frequencies::new(&counts).ratio_of_t_values(0.5, t0, t1);
            let expected = best(t1) - best(t0);
            assert!((found - expected).abs() < 1e-4, "{t0} {t1}: {found} {expected}");
        }
    }

    /// Probabilities of the scores 0, 1/4, ..., 1 with a given first and second moment.
    fn with_moments(mean: f64, second: f64) -> Option<Vec<f64>> {
        // Half of the mass is even over the scores; the rest lies on 0, 1/2 and 1.
        let even = 0.1;
        let (mean_left, second_left) = (mean - even * 2.5, second - even * (0.0625 + 0.25 + 0.5625 + 1.0));
        // p(1/2)/2 + p(1) = mean, p(1/2)/4 + p(1) = second.
        let half = 4.0 * (mean_left - second_left);
        let one = mean_left - half / 2.0;
        let zero = 1.0 - 5.0 * even - half - one;
        let p = vec![even + zero, even, even + half, even, even + one];
        p.iter().all(|&p| p > 0.0).then_some(p)
    }
}
