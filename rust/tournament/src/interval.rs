//! Confidence intervals of win shares.

/// An interval of shares.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Interval {
    /// Lower end, in `[0, 1]`.
    pub low: f64,
    /// Upper end, in `[0, 1]`.
    pub high: f64,
}

/// 97.5 % quantile of the normal distribution: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The interval that holds the true share with 95 %, after `points` of `games`; games that nobody won count in parts. Openings
/// played in every rotation make the truth less scattered than it assumes. Source: Wilson 1927.
pub fn wilson(points: f64, games: u64) -> Interval {
    wilson_at(points, games, Z)
}

/// The interval for another quantile of the normal distribution.
pub(crate) fn wilson_at(points: f64, games: u64, z: f64) -> Interval {
    if games == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let n = games as f64;
    let share = points / n;
    let centre = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Interval { low: ((centre - spread) / scale).max(0.0), high: ((centre + spread) / scale).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by R's `prop.test(correct = FALSE)`.
    #[test]
    fn interval_is_that_of_the_textbook() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
        let found = wilson(60.0, 100);
        assert!(near(found.low, 0.5020) && near(found.high, 0.6906), "{found:?}");
        let all = wilson(10.0, 10);
        assert!(near(all.low, 0.7225) && near(all.high, 1.0), "{all:?}");
        assert_eq!(wilson(0.0, 0), Interval { low: 0.0, high: 1.0 });
    }
}
