//! The kernels of the forward pass, one file per instruction set, and the choice between them at run time.
//!
//! All of them compute the same numbers: everything is integer, and `scalar` says what is right. A path is chosen only if
//! the machine has its instructions, and agrees with the scalar one when a network is loaded (`check`). [`sparse`] is the
//! first layer in training, in floats.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod check;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
pub mod sparse;

use std::ffi::OsStr;

use crate::architecture::SEATS;
use crate::blocks::{Block, Inputs, Rows};
use crate::changes::Change;
use crate::error::NetworkError;
use crate::head::Head;

/// An instruction set that the forward pass is written for.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum SimdPath {
    /// AVX-512 with byte and word instructions and VNNI.
    Avx512,
    /// AVX2.
    Avx2,
    /// NEON; untested.
    Neon,
    /// None in particular.
    Scalar,
}

/// Calls a kernel of a path, in a file of its own if this is a program for its machines.
macro_rules! kernel {
    ($path:expr, $kernel:ident($($argument:expr),*)) => {
        match $path {
            // SAFETY: there are `Kernels` of a path only if the machine has its instructions.
            #[cfg(target_arch = "x86_64")]
            SimdPath::Avx512 => unsafe { avx512::$kernel($($argument),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            SimdPath::Avx2 => unsafe { avx2::$kernel($($argument),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            SimdPath::Neon => unsafe { neon::$kernel($($argument),*) },
            _ => scalar::$kernel($($argument),*),
        }
    };
}

impl SimdPath {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Scalar];

    /// Spelling in `RINGRIFT_NNUE_SIMD` and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Scalar => "scalar",
        }
    }

    /// Whether this machine has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::is_available(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => neon::is_available(),
            Self::Scalar => true,
            #[allow(unreachable_patterns, reason = "paths of other machines")]
            _ => false,
        }
    }

    /// The path of a name, if this machine has it; none for an empty name.
    ///
    /// # Errors
    /// The name is unknown, or the path is not there.
    fn of_name(name: &OsStr) -> Result<Option<Kernels>, NetworkError> {
        if name.is_empty() {
            return Ok(None);
        }
        let name = name.to_string_lossy();
        let path = Self::ALL.into_iter().find(|path| path.name() == name);
        let path = path.ok_or_else(|| NetworkError::UnknownPath(name.chars().take(40).collect()))?;
        Kernels::of(path).map(Some).ok_or(NetworkError::MissingPath(path.name()))
    }
}

/// The kernels of a path whose instructions this machine is known to have.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kernels(SimdPath);

impl Kernels {
    pub const SCALAR: Self = Self(SimdPath::Scalar);

    /// The kernels of a path, if this machine has its instructions.
    pub fn of(path: SimdPath) -> Option<Self> {
        path.is_available().then_some(Self(path))
    }

    pub const fn path(self) -> SimdPath {
        self.0
    }

    /// Writes the accumulators `base` with the rows of a change taken off and added, and their activations. Accumulators are
    /// those of all seats, one after the other.
    #[inline]
    pub fn update(self, rows: &Rows, base: &[Block], change: &Change, out: &mut [Block], inputs: &mut Inputs) {
        kernel!(self.0, update(rows, base, change, out, inputs));
    }

    /// Writes the activations of accumulators.
    #[inline]
    pub fn activate(self, rows: &Rows, accumulators: &[Block], inputs: &mut Inputs) {
        kernel!(self.0, activate(rows, accumulators, inputs));
    }

    /// Logits of all seats, in units of [`crate::architecture::OUTPUT_SCALE`].
    #[inline]
    pub fn logits(self, rows: &Rows, head: &Head, inputs: &Inputs) -> [i32; SEATS] {
        kernel!(self.0, logits(rows, head, inputs))
    }

    /// The logit of one seat.
    #[inline]
    pub fn logit(self, rows: &Rows, head: &Head, inputs: &Inputs, seat: usize) -> i32 {
        kernel!(self.0, logit(rows, head, inputs, seat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_chosen_by_name() {
        assert_eq!(SimdPath::of_name("".as_ref()).unwrap(), None);
        assert_eq!(SimdPath::of_name("scalar".as_ref()).unwrap(), Some(Kernels::SCALAR));
        for path in SimdPath::ALL {
            match SimdPath::of_name(path.name().as_ref()) {
                Ok(kernels) => assert_eq!(kernels.map(Kernels::path), Some(path)),
                Err(error) => {
                    assert!(!path.is_available());
                    assert!(error.to_string().starts_with("this machine cannot run the path "), "{error}");
                }
            }
        }
        let error = SimdPath::of_name("sse".as_ref()).unwrap_err().to_string();
        assert!(error.starts_with("RINGRIFT_NNUE_SIMD is \"sse\"\nhint: "), "{error}");
    }
}
