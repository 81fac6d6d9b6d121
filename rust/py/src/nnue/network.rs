//! `NnueNetwork`: networks from files and arrays. See the stub for its documentation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use numpy::{PyArray, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods as _, PyUntypedArrayMethods as _};
use pyo3::prelude::*;
use ringrift_nnue::{Network, NetworkError, NetworkParts};
use ringrift_replay::files::write_atomic;
use ringrift_rules::PlayerCount;

use super::kernels::{readable, slice};
use crate::errors::{self, OrRaise as _};
use crate::lifetime::Call;
use crate::position::parse_board;

/// A network for one board and number of players.
#[pyclass(frozen, module = "ringrift_core._native")]
pub(crate) struct NnueNetwork {
    network: Arc<Network>,
}

#[pymethods]
impl NnueNetwork {
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let _call = Call::begin(py)?;
        let network = py.detach(|| Network::load(&path)).map_err(|error| errors::network(&error))?;
        Ok(Self { network: Arc::new(network) })
    }

    #[staticmethod]
    #[pyo3(signature = (
        path, *, board, players, feature_weights, feature_biases, l1_weights, l1_biases, l2_weights, l2_biases,
        out_weights, out_biases, lineage
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments")]
    fn save_parts(
        py: Python<'_>,
        path: PathBuf,
        board: &str,
        players: u64,
        feature_weights: &Bound<'_, PyArrayDyn<i16>>,
        feature_biases: &Bound<'_, PyArrayDyn<i16>>,
        l1_weights: &Bound<'_, PyArrayDyn<i8>>,
        l1_biases: &Bound<'_, PyArrayDyn<i32>>,
        l2_weights: &Bound<'_, PyArrayDyn<i8>>,
        l2_biases: &Bound<'_, PyArrayDyn<i32>>,
        out_weights: &Bound<'_, PyArrayDyn<i8>>,
        out_biases: &Bound<'_, PyArrayDyn<i32>>,
        lineage: String,
    ) -> PyResult<()> {
        let _call = Call::begin(py)?;
        let parts = NetworkParts {
            board: parse_board(board)?,
            players: PlayerCount::try_from(players).or_raise(errors::value_error)?,
            width: feature_biases.len(),
            feature_weights: copied("feature_weights", feature_weights)?,
            feature_biases: copied("feature_biases", feature_biases)?,
            l1_weights: copied("l1_weights", l1_weights)?,
            l1_biases: copied("l1_biases", l1_biases)?,
            l2_weights: copied("l2_weights", l2_weights)?,
            l2_biases: copied("l2_biases", l2_biases)?,
            out_weights: copied("out_weights", out_weights)?,
            out_biases: copied("out_biases", out_biases)?,
            lineage,
        };
        py.detach(|| save(&path, &parts)).map_err(|error| errors::network(&error))
    }

    #[getter]
    fn board(&self) -> &'static str {
        self.network.board().name()
    }

    #[getter]
    fn players(&self) -> usize {
        self.network.players().get()
    }

    #[getter]
    fn width(&self) -> usize {
        self.network.width()
    }

    #[getter]
    fn sha256(&self) -> String {
        self.network.sha256_hex()
    }

    #[getter]
    fn lineage(&self) -> &str {
        self.network.lineage()
    }

    fn evaluate_features<'py>(
        &self,
        py: Python<'py>,
        offsets: &Bound<'py, PyArray1<i32>>,
        features: &Bound<'py, PyArray1<u16>>,
        buckets: &Bound<'py, PyArray1<u8>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let _call = Call::begin(py)?;
        let logits = {
            let (offsets, features) = (readable("offsets", offsets)?, readable("features", features)?);
            let buckets = readable("buckets", buckets)?;
            let (offsets, features) = (slice("offsets", &offsets)?, slice("features", &features)?);
            let buckets = slice("buckets", &buckets)?;
            py.detach(|| self.network.logits_of_batch(offsets, features, buckets)).ok_or_else(|| {
                errors::value_error(
                    "offsets, features and buckets do not fit together\n\
                     hint: they are those of a batch of NnueSamples of the same board and number of players"
                        .into(),
                )
            })?
        };
        PyArray::from_vec(py, logits).reshape([buckets.len(), self.players()])
    }
}

fn save(path: &Path, parts: &NetworkParts) -> Result<(), NetworkError> {
    let bytes = Network::from_parts(parts)?.to_bytes();
    write_atomic(path, &bytes).map_err(|source| NetworkError::Io { path: path.into(), source })
}

fn copied<T: numpy::Element + Copy>(what: &str, array: &Bound<'_, PyArrayDyn<T>>) -> PyResult<Vec<T>> {
    let array = readable(what, array)?;
    slice(what, &array).map(<[T]>::to_vec)
}
