//! `NnueNetwork`: a network of a `.nnue` file.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{
    Element, IntoPyArray as _, PyArray1, PyArray2, PyArrayDescrMethods as _, PyArrayDyn, PyArrayMethods as _, PyUntypedArray,
    PyUntypedArrayMethods as _, dtype,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use ringrift_nnue::architecture::{L1, L2, OUTPUT_SCALE};
use ringrift_nnue::{FeatureSet, Network, NetworkParts, logits_of};
use ringrift_replay::files::write_atomic;
use ringrift_rules::{AnyPosition, PlayerCount};

use super::kernels::{readable, slice};
use crate::errors::{self, OrRaise as _};
use crate::lifetime::Call;
use crate::position::{Position, parse_board};

/// A network: see the stub for its documentation.
#[pyclass(frozen, module = "ringrift_core", name = "NnueNetwork")]
pub(crate) struct NnueNetwork {
    inner: Arc<Network>,
}

impl From<Network> for NnueNetwork {
    fn from(network: Network) -> Self {
        Self { inner: Arc::new(network) }
    }
}

fn features(board: &str, players: u64) -> PyResult<FeatureSet> {
    let players = PlayerCount::try_from(players).or_raise(errors::value_error)?;
    Ok(FeatureSet::new(parse_board(board)?, players))
}

/// The numbers of an array of type `T` and this shape.
fn numbers<T: Element + Copy>(name: &str, given: &Bound<'_, PyAny>, shape: &[usize]) -> PyResult<Vec<T>> {
    let wanted = dtype::<T>(given.py());
    let Some(array) = given.cast::<PyUntypedArray>().ok().filter(|array| array.dtype().is_equiv_to(&wanted)) else {
        let got = match given.cast::<PyUntypedArray>() {
            Ok(array) => array.dtype().to_string(),
            Err(_) => given.get_type().name()?.to_string(),
        };
        return Err(PyTypeError::new_err(format!("{name} is {got}, expected an array of {wanted}")));
    };
    if array.shape() != shape {
        let text = format!("{name} has shape {:?}, expected {shape:?}", array.shape());
        return Err(errors::value_error(text + "\nhint: the shapes follow from board, players and width"));
    }
    Ok(array.cast::<PyArrayDyn<T>>()?.readonly().as_array().iter().copied().collect())
}

#[pymethods]
impl NnueNetwork {
    #[staticmethod]
    #[allow(clippy::needless_pass_by_value, reason = "taken from Python")]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| Network::load(&path)).map(Self::from).map_err(|error| errors::network(&error))
    }

    #[staticmethod]
    #[pyo3(signature = (
        path, *, board, players, feature_weights, feature_biases, l1_weights, l1_biases, l2_weights, l2_biases,
        out_weights, out_biases, lineage
    ))]
    #[allow(clippy::too_many_arguments, reason = "the arrays of a network")]
    #[allow(clippy::needless_pass_by_value, reason = "taken from Python")]
    fn save_parts(
        py: Python<'_>,
        path: PathBuf,
        board: &str,
        players: u64,
        feature_weights: &Bound<'_, PyAny>,
        feature_biases: &Bound<'_, PyAny>,
        l1_weights: &Bound<'_, PyAny>,
        l1_biases: &Bound<'_, PyAny>,
        l2_weights: &Bound<'_, PyAny>,
        l2_biases: &Bound<'_, PyAny>,
        out_weights: &Bound<'_, PyAny>,
        out_biases: &Bound<'_, PyAny>,
        lineage: String,
    ) -> PyResult<Self> {
        let features = features(board, players)?;
        // Whatever it is, all the other shapes must fit it.
        let width = feature_biases.len()?;
        let (buckets, inputs) = (features.bucket_count(), features.players().get() * width / 2);
        let parts = NetworkParts {
            board: features.board(),
            players: features.players(),
            width,
            feature_weights: numbers("feature_weights", feature_weights, &[features.len(), width])?,
            feature_biases: numbers("feature_biases", feature_biases, &[width])?,
            l1_weights: numbers("l1_weights", l1_weights, &[buckets, L1, inputs])?,
            l1_biases: numbers("l1_biases", l1_biases, &[buckets, L1])?,
            l2_weights: numbers("l2_weights", l2_weights, &[buckets, L2, L1])?,
            l2_biases: numbers("l2_biases", l2_biases, &[buckets, L2])?,
            out_weights: numbers("out_weights", out_weights, &[buckets, L2])?,
            out_biases: numbers("out_biases", out_biases, &[buckets])?,
            lineage,
        };
        py.detach(|| {
            let network = Network::from_parts(&parts).map_err(|error| errors::network(&error))?;
            write_atomic(&path, &network.to_bytes()).map_err(|source| {
                let text = format!("{} cannot be written: {source}", path.display());
                errors::os(&source, text + "\nhint: check the path and the permissions of its folder")
            })?;
            Ok(network.into())
        })
    }

    #[staticmethod]
    #[pyo3(signature = (board, players, width = 256, seed = 0))]
    fn random(py: Python<'_>, board: &str, players: u64, width: usize, seed: u64) -> PyResult<Self> {
        let features = features(board, players)?;
        py.detach(|| Network::random(features.board(), features.players(), width, seed))
            .map(Self::from)
            .map_err(|error| errors::network(&error))
    }

    #[staticmethod]
    fn feature_count(board: &str, players: u64) -> PyResult<usize> {
        features(board, players).map(FeatureSet::len)
    }

    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let parts = self.inner.to_parts();
        let (features, width) = (self.inner.features(), self.inner.width());
        let (buckets, inputs) = (features.bucket_count(), features.players().get() * width / 2);
        let arrays = PyDict::new(py);
        arrays.set_item("feature_weights", parts.feature_weights.into_pyarray(py).reshape([features.len(), width])?)?;
        arrays.set_item("feature_biases", parts.feature_biases.into_pyarray(py))?;
        arrays.set_item("l1_weights", parts.l1_weights.into_pyarray(py).reshape([buckets, L1, inputs])?)?;
        arrays.set_item("l1_biases", parts.l1_biases.into_pyarray(py).reshape([buckets, L1])?)?;
        arrays.set_item("l2_weights", parts.l2_weights.into_pyarray(py).reshape([buckets, L2, L1])?)?;
        arrays.set_item("l2_biases", parts.l2_biases.into_pyarray(py).reshape([buckets, L2])?)?;
        arrays.set_item("out_weights", parts.out_weights.into_pyarray(py).reshape([buckets, L2])?)?;
        arrays.set_item("out_biases", parts.out_biases.into_pyarray(py))?;
        Ok(arrays)
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.to_bytes())
    }

    fn evaluate<'py>(&self, py: Python<'py>, positions: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let _call = Call::begin(py)?;
        let mut rows: Vec<Arc<AnyPosition>> = Vec::with_capacity(positions.len().unwrap_or(0));
        for item in positions.try_iter()? {
            let item = item?;
            let position = item.cast::<Position>().map_err(|_| {
                let got = item.get_type();
                PyTypeError::new_err(format!("row {} is {got}, expected a Position", rows.len()))
            })?;
            rows.push(Arc::clone(&position.get().inner));
        }
        let logits = py
            .detach(|| logits_of(&self.inner, rows.iter().map(|position| &**position)))
            .map_err(|error| errors::network(&error))?;
        let logits: Vec<f32> = logits.into_iter().map(|logit| logit as f32 / OUTPUT_SCALE as f32).collect();
        logits.into_pyarray(py).reshape([rows.len(), self.players()])
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
            py.detach(|| self.inner.logits_of_batch(offsets, features, buckets))
        };
        let logits = logits.ok_or("offsets, features and buckets do not fit together or the network\n\
             hint: they are a batch of NnueSamples of the same board and number of players");
        logits.or_raise(errors::value_error)?.into_pyarray(py).reshape([buckets.len(), self.players()])
    }

    #[getter]
    fn board(&self) -> &'static str {
        self.inner.board().name()
    }

    #[getter]
    fn players(&self) -> usize {
        self.inner.players().get()
    }

    #[getter]
    fn width(&self) -> usize {
        self.inner.width()
    }

    #[getter]
    fn feature_hash(&self) -> u64 {
        self.inner.features().hash()
    }

    #[getter]
    fn sha256(&self) -> String {
        self.inner.sha256_hex()
    }

    #[getter]
    fn lineage(&self) -> &str {
        self.inner.lineage()
    }

    #[getter]
    fn simd(&self) -> &'static str {
        self.inner.simd().name()
    }

    fn __repr__(&self) -> String {
        let (board, players, width) = (self.board(), self.players(), self.width());
        format!("<NnueNetwork {board} {players}p, width {width}, {}>", &self.sha256()[..16])
    }
}
