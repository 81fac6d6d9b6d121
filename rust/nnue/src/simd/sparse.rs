//! The first layer in training, in floats: sums of the rows of active features, and their gradient.
//!
//! Every number is a sum in a fixed order, that of the features in the list and that of the bags, so that results do not
//! depend on the number of threads or on the instructions of the machine. Columns are worked on in strips, whose rows fit
//! the second-level cache together.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Columns of a strip.
const STRIP: usize = 64;

/// Least bags of a thread.
const BLOCK_MIN: usize = 512;

/// Arguments that do not fit together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SparseError {
    /// A buffer has another length than the others ask for.
    #[error("{what} have {got} numbers, expected {expected}\nhint: {hint}")]
    Length {
        /// The buffer.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length that fits.
        expected: usize,
        /// What fits together.
        hint: &'static str,
    },
    /// Offsets do not divide the list.
    #[error(
        "offset {index} is {offset}\nhint: offsets begin with 0, never fall, and end with the length of the list, {len}"
    )]
    Offset {
        /// Place of the offset.
        index: usize,
        /// The offset.
        offset: i32,
        /// Length of the list.
        len: usize,
    },
    /// A feature that has no row.
    #[error("feature {feature} at {index} has no row\nhint: there are {rows} rows")]
    Feature {
        /// Place in the list.
        index: usize,
        /// The feature.
        feature: u16,
        /// Number of rows.
        rows: usize,
    },
}

/// Lists of features, one after the other.
#[derive(Copy, Clone, Debug)]
pub struct Bags<'a> {
    offsets: &'a [i32],
    features: &'a [u16],
    rows: usize,
}

impl<'a> Bags<'a> {
    /// Bag `i` has the features from `offsets[i]` up to `offsets[i + 1]`, all below `rows`.
    ///
    /// # Errors
    /// [`SparseError`] names the first fault.
    pub fn new(offsets: &'a [i32], features: &'a [u16], rows: usize) -> Result<Self, SparseError> {
        let len = features.len();
        let fault = |index: usize| SparseError::Offset { index, offset: offsets.get(index).copied().unwrap_or(0), len };
        let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return Err(fault(0)) };
        if first != 0 {
            return Err(fault(0));
        }
        if let Some(at) = offsets.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(fault(at + 1));
        }
        if last as usize != len {
            return Err(fault(offsets.len() - 1));
        }
        let highest = features.iter().copied().max();
        if let Some(highest) = highest.filter(|&highest| usize::from(highest) >= rows) {
            let index = features.iter().position(|&feature| feature == highest).unwrap_or(0);
            return Err(SparseError::Feature { index, feature: highest, rows });
        }
        Ok(Self { offsets, features, rows })
    }

    /// Number of bags.
    pub const fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn get(&self, bag: usize) -> &'a [u16] {
        &self.features[self.offsets[bag] as usize..self.offsets[bag + 1] as usize]
    }
}

/// `out[bag] = biases + sum of weights[feature]` over the features of each bag.
///
/// Shapes, row by row: `weights` rows x width, `biases` width, `out` bags x width. 0 threads: one per core.
///
/// # Errors
/// [`SparseError::Length`].
pub fn forward(
    weights: &[f32],
    biases: &[f32],
    bags: Bags<'_>,
    out: &mut [f32],
    threads: usize,
) -> Result<(), SparseError> {
    let width = biases.len();
    check("weights", weights.len(), bags.rows * width, "one row of the width of the biases for each feature")?;
    check("outputs", out.len(), bags.len() * width, "one row of the width of the biases for each bag")?;
    if width == 0 {
        return Ok(());
    }
    let threads = count(threads);
    // Each thread copies every strip for itself, so that its share should be large.
    let share_len = bags.len().div_ceil(threads).max(BLOCK_MIN);
    let shares: Vec<(usize, &mut [f32])> =
        out.chunks_mut(share_len * width).enumerate().map(|(i, out)| (i * share_len, out)).collect();
    let path = Path::detect();
    share(threads, shares, |strip, (first, out)| {
        for begin in (0..width).step_by(STRIP) {
            pack(weights, biases, begin, strip);
            path.sum(strip, bags, first, &mut out[begin..], width, STRIP.min(width - begin));
        }
    });
    Ok(())
}

/// The gradients of [`forward`]: each row gets the sum of the gradients of the bags that have its feature, as often as they
/// have it. Both outputs are overwritten.
///
/// Shapes: `gradients` bags x width, `weights` rows x width, `biases` width. 0 threads: one per core.
///
/// # Errors
/// [`SparseError::Length`].
pub fn backward(
    gradients: &[f32],
    bags: Bags<'_>,
    weights: &mut [f32],
    biases: &mut [f32],
    threads: usize,
) -> Result<(), SparseError> {
    let width = biases.len();
    check("gradients", gradients.len(), bags.len() * width, "one row of the width for each bag")?;
    check("gradients of weights", weights.len(), bags.rows * width, "one row of the width for each feature")?;
    let strips: Vec<usize> = (0..width).step_by(STRIP).collect();
    let out = Mutex::new((weights, biases));
    let path = Path::detect();
    share(count(threads), strips, |strip, begin| {
        strip.clear();
        strip.resize((bags.rows + 1) * STRIP, 0.0);
        path.scatter(strip, bags, gradients.get(begin..).unwrap_or_default(), width);
        let (weights, biases) = &mut *out.lock().unwrap_or_else(PoisonError::into_inner);
        let len = STRIP.min(width - begin);
        let rows = weights.chunks_exact_mut(width).chain([&mut **biases]);
        for (to, from) in rows.zip(strip.chunks_exact(STRIP)) {
            to[begin..begin + len].copy_from_slice(&from[..len]);
        }
    });
    Ok(())
}

fn check(what: &'static str, got: usize, expected: usize, hint: &'static str) -> Result<(), SparseError> {
    if got == expected { Ok(()) } else { Err(SparseError::Length { what, got, expected, hint }) }
}

/// Makes `strip` the columns from `begin` on, the last ones filled up with 0, the biases after the rows.
fn pack(weights: &[f32], biases: &[f32], begin: usize, strip: &mut Vec<f32>) {
    let width = biases.len();
    let len = STRIP.min(width - begin);
    strip.resize((weights.len() / width + 1) * STRIP, 0.0);
    for (to, from) in strip.chunks_exact_mut(STRIP).zip(weights.chunks_exact(width).chain([biases])) {
        to[..len].copy_from_slice(&from[begin..begin + len]);
        to[len..].fill(0.0);
    }
}

/// The number of threads that is meant: 0 is one per core.
fn count(threads: usize) -> usize {
    if threads == 0 { thread::available_parallelism().map_or(1, NonZero::get) } else { threads }
}

/// Shares tasks among threads, each of which has memory of its own; the one that calls is one of them. Threads that the
/// system refuses are done without.
fn share<T: Send>(threads: usize, tasks: Vec<T>, work: impl Fn(&mut Vec<f32>, T) + Sync) {
    let others = threads.min(tasks.len()).saturating_sub(1);
    let tasks = Mutex::new(tasks.into_iter());
    let run = || {
        let mut memory = Vec::new();
        loop {
            let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(task) = task else { return };
            work(&mut memory, task);
        }
    };
    thread::scope(|scope| {
        for _ in 0..others {
            drop(thread::Builder::new().spawn_scoped(scope, run));
        }
        run();
    });
}

/// The instructions that the compiler may use. All paths do the same additions in the same order.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Path {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Path {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Plain
    }

    fn sum(self, strip: &[f32], bags: Bags<'_>, first: usize, out: &mut [f32], width: usize, len: usize) {
        match self {
            Self::Plain => sum(strip, bags, first, out, width, len),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` found the instructions.
            Self::Avx2 => unsafe { sum_avx2(strip, bags, first, out, width, len) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` found the instructions.
            Self::Avx512 => unsafe { sum_avx512(strip, bags, first, out, width, len) },
        }
    }

    fn scatter(self, strip: &mut [f32], bags: Bags<'_>, gradients: &[f32], width: usize) {
        match self {
            Self::Plain => scatter(strip, bags, gradients, width),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` found the instructions.
            Self::Avx2 => unsafe { scatter_avx2(strip, bags, gradients, width) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` found the instructions.
            Self::Avx512 => unsafe { scatter_avx512(strip, bags, gradients, width) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sum_avx2(strip: &[f32], bags: Bags<'_>, first: usize, out: &mut [f32], width: usize, len: usize) {
    sum(strip, bags, first, out, width, len);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn sum_avx512(strip: &[f32], bags: Bags<'_>, first: usize, out: &mut [f32], width: usize, len: usize) {
    sum(strip, bags, first, out, width, len);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn scatter_avx2(strip: &mut [f32], bags: Bags<'_>, gradients: &[f32], width: usize) {
    scatter(strip, bags, gradients, width);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn scatter_avx512(strip: &mut [f32], bags: Bags<'_>, gradients: &[f32], width: usize) {
    scatter(strip, bags, gradients, width);
}

/// A strip of `len` columns of the outputs of the bags from `first` on; `out` begins with its first column.
#[inline(always)]
#[allow(clippy::inline_always, reason = "it is compiled for each set of instructions")]
fn sum(strip: &[f32], bags: Bags<'_>, first: usize, out: &mut [f32], width: usize, len: usize) {
    let (rows, _) = strip.as_chunks::<STRIP>();
    let (Some(biases), rows) = (rows.last(), &rows[..bags.rows]) else { return };
    for (i, out) in out.chunks_mut(width).enumerate() {
        let mut sums = *biases;
        for &feature in bags.get(first + i) {
            for (sum, weight) in sums.iter_mut().zip(&rows[usize::from(feature)]) {
                *sum += weight;
            }
        }
        match out.first_chunk_mut() {
            Some(out) if len == STRIP => *out = sums,
            _ => out[..len].copy_from_slice(&sums[..len]),
        }
    }
}

/// Adds a strip of the gradients to the rows, and to the biases after them; `gradients` begin with the strip's first column.
#[inline(always)]
#[allow(clippy::inline_always, reason = "it is compiled for each set of instructions")]
fn scatter(strip: &mut [f32], bags: Bags<'_>, gradients: &[f32], width: usize) {
    let (rows, _) = strip.as_chunks_mut::<STRIP>();
    let Some((biases, rows)) = rows.split_last_mut() else { return };
    for (bag, gradients) in gradients.chunks(width).enumerate() {
        let mut gradient = [0.0; STRIP];
        match gradients.first_chunk() {
            Some(full) => gradient = *full,
            None => gradient[..gradients.len()].copy_from_slice(gradients),
        }
        for row in bags.get(bag).iter().map(|&feature| usize::from(feature)) {
            for (sum, gradient) in rows[row].iter_mut().zip(&gradient) {
                *sum += gradient;
            }
        }
        for (sum, gradient) in biases.iter_mut().zip(&gradient) {
            *sum += gradient;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Numbers whose sums depend on the order.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            self.0 >> 33
        }

        fn floats(&mut self, len: usize) -> Vec<f32> {
            (0..len).map(|_| (self.next() % 2001) as f32 / 1000.0 - 1.0).collect()
        }
    }

    struct Case {
        rows: usize,
        width: usize,
        offsets: Vec<i32>,
        features: Vec<u16>,
        weights: Vec<f32>,
        biases: Vec<f32>,
        gradients: Vec<f32>,
    }

    impl Case {
        fn new(seed: u64, width: usize, bags: usize) -> Self {
            let mut numbers = Numbers(seed);
            let rows = 37;
            let (mut offsets, mut features) = (vec![0], Vec::new());
            for _ in 0..bags {
                for _ in 0..numbers.next() % 9 {
                    features.push((numbers.next() % rows as u64) as u16);
                }
                offsets.push(features.len() as i32);
            }
            let (weights, biases) = (numbers.floats(rows * width), numbers.floats(width));
            let gradients = numbers.floats(bags * width);
            Self { rows, width, offsets, features, weights, biases, gradients }
        }

        fn bags(&self) -> Bags<'_> {
            Bags::new(&self.offsets, &self.features, self.rows).unwrap()
        }

        /// The outputs, one addition after the other.
        fn outputs(&self) -> Vec<f32> {
            let bags = self.bags();
            let mut out = Vec::new();
            for bag in 0..bags.len() {
                for column in 0..self.width {
                    let rows = bags.get(bag).iter().map(|&feature| usize::from(feature));
                    out.push(rows.fold(self.biases[column], |sum, row| sum + self.weights[row * self.width + column]));
                }
            }
            out
        }

        /// Gradients of weights and biases, one addition after the other.
        fn sums(&self) -> (Vec<f32>, Vec<f32>) {
            let bags = self.bags();
            let (mut weights, mut biases) = (vec![0.0; self.weights.len()], vec![0.0; self.width]);
            for (bag, gradient) in self.gradients.chunks(self.width).enumerate() {
                for (column, gradient) in gradient.iter().enumerate() {
                    for &feature in bags.get(bag) {
                        weights[usize::from(feature) * self.width + column] += gradient;
                    }
                    biases[column] += gradient;
                }
            }
            (weights, biases)
        }
    }

    fn bits(floats: &[f32]) -> Vec<u32> {
        floats.iter().map(|float| float.to_bits()).collect()
    }

    #[test]
    fn sums_have_the_bits_of_single_additions_for_any_threads() {
        for (seed, width, bags) in [(1, 1, 3), (2, 63, 700), (3, 64, 513), (4, 65, 40), (5, 200, 1200), (6, 128, 1)] {
            let case = Case::new(seed, width, bags);
            let (outputs, (weights, biases)) = (case.outputs(), case.sums());
            for threads in [1, 2, 7, 0] {
                let mut out = vec![f32::NAN; outputs.len()];
                forward(&case.weights, &case.biases, case.bags(), &mut out, threads).unwrap();
                assert!(bits(&out) == bits(&outputs), "width {width}, {threads} threads");
                let (mut of_weights, mut of_biases) = (vec![f32::NAN; weights.len()], vec![f32::NAN; width]);
                backward(&case.gradients, case.bags(), &mut of_weights, &mut of_biases, threads).unwrap();
                assert!(bits(&of_weights) == bits(&weights) && bits(&of_biases) == bits(&biases), "width {width}");
            }
        }
    }

    #[test]
    fn every_path_of_this_machine_gives_the_same_bits() {
        let mut paths = vec![Path::Plain, Path::detect()];
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            paths.push(Path::Avx2);
        }
        let case = Case::new(7, STRIP, 300);
        let (outputs, (weights, biases)) = (case.outputs(), case.sums());
        let mut packed = Vec::new();
        pack(&case.weights, &case.biases, 0, &mut packed);
        for path in paths {
            let mut out = vec![f32::NAN; outputs.len()];
            path.sum(&packed, case.bags(), 0, &mut out, STRIP, STRIP);
            assert!(bits(&out) == bits(&outputs), "{path:?}");
            let mut sums = vec![0.0; packed.len()];
            path.scatter(&mut sums, case.bags(), &case.gradients, STRIP);
            assert!(bits(&sums) == bits(&[weights.clone(), biases.clone()].concat()), "{path:?}");
        }
    }

    #[test]
    fn no_bags_and_empty_bags_are_sums_of_nothing() {
        let (weights, biases) = (vec![1.0; 6], vec![0.5, -0.5]);
        let mut out = [9.0; 4];
        forward(&weights, &biases, Bags::new(&[0, 0, 0], &[], 3).unwrap(), &mut out, 2).unwrap();
        assert_eq!(bits(&out), bits(&[0.5, -0.5, 0.5, -0.5]));
        let none = Bags::new(&[0], &[], 3).unwrap();
        assert!(none.is_empty());
        forward(&weights, &biases, none, &mut [], 2).unwrap();
        let (mut of_weights, mut of_biases) = ([9.0; 6], [9.0; 2]);
        backward(&[], none, &mut of_weights, &mut of_biases, 2).unwrap();
        assert!(bits(&of_weights) == [0; 6] && bits(&of_biases) == [0; 2]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for offsets in [&[][..], &[1, 2], &[0, 2, 1, 2], &[0, -1, 2], &[0, 1], &[0, 3], &[-1, 2]] {
            let error = Bags::new(offsets, &[0, 1], 2).unwrap_err();
            assert!(matches!(error, SparseError::Offset { .. }) && error.to_string().contains("hint: "), "{offsets:?}");
        }
        let error = Bags::new(&[0, 2], &[0, 2], 2).unwrap_err();
        assert_eq!(error, SparseError::Feature { index: 1, feature: 2, rows: 2 });
        let bags = Bags::new(&[0, 2], &[0, 1], 2).unwrap();
        let fails = [
            forward(&[0.0; 5], &[0.0; 3], bags, &mut [0.0; 3], 1),
            forward(&[0.0; 6], &[0.0; 3], bags, &mut [0.0; 4], 1),
            backward(&[0.0; 2], bags, &mut [0.0; 6], &mut [0.0; 3], 1),
            backward(&[0.0; 3], bags, &mut [0.0; 7], &mut [0.0; 3], 1),
        ];
        assert!(fails.iter().all(|fail| matches!(fail, Err(SparseError::Length { .. }))));
        forward(&[], &[], bags, &mut [], 1).unwrap();
    }
}
