//! Small symmetric matrices: Cholesky factors, solutions, inverses.

/// A symmetric positive definite matrix as the lower triangle `L` of `L L' = A`.
#[derive(Clone, Debug)]
pub(super) struct Cholesky(Vec<Vec<f64>>);

impl Cholesky {
    /// The factor of a matrix; none unless it is positive definite.
    pub fn new(matrix: &[Vec<f64>]) -> Option<Self> {
        let size = matrix.len();
        let mut lower = vec![vec![0.0; size]; size];
        for row in 0..size {
            for column in 0..=row {
                let dot: f64 = (0..column).map(|k| lower[row][k] * lower[column][k]).sum();
                let rest = matrix[row][column] - dot;
                if row == column {
                    if rest.is_nan() || rest <= 0.0 {
                        return None;
                    }
                    lower[row][row] = rest.sqrt();
                } else {
                    lower[row][column] = rest / lower[column][column];
                }
            }
        }
        Some(Self(lower))
    }

    /// The `x` of `A x = b`.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let lower = &self.0;
        let mut x = b.to_vec();
        for row in 0..x.len() {
            let dot: f64 = (0..row).map(|k| lower[row][k] * x[k]).sum();
            x[row] = (x[row] - dot) / lower[row][row];
        }
        for row in (0..x.len()).rev() {
            let dot: f64 = (row + 1..x.len()).map(|k| lower[k][row] * x[k]).sum();
            x[row] = (x[row] - dot) / lower[row][row];
        }
        x
    }

    /// The inverse of `A`.
    pub fn inverse(&self) -> Vec<Vec<f64>> {
        let size = self.0.len();
        let unit = |one: usize| (0..size).map(|k| if k == one { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
        (0..size).map(|one| self.solve(&unit(one))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes_the_matrix() {
        let matrix = vec![vec![4.0, 1.0, 0.5], vec![1.0, 3.0, -0.2], vec![0.5, -0.2, 2.0]];
        let inverse = Cholesky::new(&matrix).unwrap().inverse();
        for (row, entries) in matrix.iter().enumerate() {
            let found = Cholesky::new(&matrix).unwrap().solve(entries);
            let unit = |place: usize| if place == row { 1.0 } else { 0.0 };
            assert!(found.iter().enumerate().all(|(place, x)| (x - unit(place)).abs() < 1e-12));
            let product: f64 = entries.iter().zip(&inverse[row]).map(|(a, b)| a * b).sum();
            assert!((product - 1.0).abs() < 1e-12);
        }
        assert!(Cholesky::new(&[vec![1.0, 2.0], vec![2.0, 1.0]]).is_none());
    }
}
