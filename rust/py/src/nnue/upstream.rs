//! `UpstreamNnue`: a network in upstream's layout.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{IntoPyArray as _, PyArray2, PyArrayDyn, PyArrayMethods as _};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ringrift_nnue::upstream::{
    NamedTensor, UpstreamCheckpoint, UpstreamFeatures, UpstreamNetwork, View, features_of_views,
};
use ringrift_replay::files::write_atomic;
use ringrift_rules::{AnyPosition, PlayerCount, PlayerId};

use crate::errors::{self, OrRaise as _};
use crate::lifetime::Call;
use crate::position::{Position, parse_board};

/// A network of upstream: see the stub for its documentation.
#[pyclass(frozen, module = "ringrift_core", name = "UpstreamNnue")]
pub(crate) struct UpstreamNnue {
    checkpoint: UpstreamCheckpoint,
    network: UpstreamNetwork,
}

impl From<UpstreamCheckpoint> for UpstreamNnue {
    fn from(checkpoint: UpstreamCheckpoint) -> Self {
        let network = UpstreamNetwork::new(&checkpoint);
        Self { checkpoint, network }
    }
}

/// Scores of the cells that moves start from, and of those that they end on.
type Policies<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<f32>>);

/// Positions, each with the player who looks at it.
struct Views(Vec<(Arc<AnyPosition>, PlayerId)>);

impl Views {
    fn gather(positions: &Bound<'_, PyAny>, seats: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut views = Vec::with_capacity(positions.len().unwrap_or(0));
        let mut seats = seats.try_iter()?;
        for item in positions.try_iter()? {
            let (item, row) = (item?, views.len());
            let position = item
                .cast::<Position>()
                .map_err(|_| PyTypeError::new_err(format!("row {row} is {}, expected a Position", item.get_type())))?;
            let seat: i64 = match seats.next() {
                Some(seat) => seat?.extract()?,
                None => {
                    return Err(errors::value_error(format!(
                        "{row} seats for more positions\nhint: give one for each"
                    )));
                }
            };
            let players = position.get().inner.players();
            let found = usize::try_from(seat).ok().filter(|&seat| seat < players.get());
            let Some(seat) = found.and_then(PlayerId::try_from_index) else {
                let last = players.get() - 1;
                return Err(errors::value_error(format!(
                    "row {row} has seat {seat}\nhint: they count from 0 to {last}"
                )));
            };
            views.push((Arc::clone(&position.get().inner), seat));
        }
        if seats.next().is_some() {
            let text = format!("more seats than the {} positions\nhint: give one for each", views.len());
            return Err(errors::value_error(text));
        }
        Ok(Self(views))
    }

    fn views(&self) -> Vec<View<'_>> {
        self.0.iter().map(|(position, seat)| (&**position, *seat)).collect()
    }
}

#[pymethods]
impl UpstreamNnue {
    #[staticmethod]
    #[allow(clippy::needless_pass_by_value, reason = "taken from Python")]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| UpstreamCheckpoint::load(&path)).map(Self::from).map_err(|error| errors::upstream_network(&error))
    }

    #[staticmethod]
    #[pyo3(signature = (path, tensors, *, players = None, metadata = "{}"))]
    #[allow(clippy::needless_pass_by_value, reason = "taken from Python")]
    fn save(
        py: Python<'_>,
        path: PathBuf,
        tensors: &Bound<'_, PyDict>,
        players: Option<u64>,
        metadata: &str,
    ) -> PyResult<Self> {
        let players = players.map(PlayerCount::try_from).transpose().or_raise(errors::value_error)?;
        let metadata = serde_json::from_str(metadata)
            .map_err(|error| format!("metadata is no JSON object: {error}\nhint: json.dumps({{...}}) makes one"))
            .or_raise(errors::value_error)?;
        let mut named = Vec::with_capacity(tensors.len());
        for (name, value) in tensors {
            let name: String = name.extract()?;
            let Ok(array) = value.cast::<PyArrayDyn<f32>>() else {
                let got = value.get_type();
                return Err(PyTypeError::new_err(format!("tensor {name:?} is {got}, expected an array of float32")));
            };
            let array = array.try_readonly().or_raise(errors::value_error)?;
            let view = array.as_array();
            named.push(NamedTensor { name, shape: view.shape().to_vec(), data: view.iter().copied().collect() });
        }
        py.detach(|| {
            let made = UpstreamCheckpoint::from_parts(named, players, metadata)
                .and_then(|checkpoint| checkpoint.to_torch_file())
                .map_err(|error| errors::upstream_network(&error))?;
            write_atomic(&path, &made).map_err(|source| {
                let text = format!("{} cannot be written: {source}", path.display());
                errors::os(&source, text + "\nhint: check the path and the permissions of its folder")
            })?;
            // What was written is read again, so that no file is left behind that would be refused.
            UpstreamCheckpoint::from_bytes(&made).map(Self::from).map_err(|error| errors::upstream_network(&error))
        })
    }

    #[staticmethod]
    #[pyo3(signature = (board, positions, seats, *, version = 3))]
    fn features<'py>(
        py: Python<'py>,
        board: &str,
        positions: &Bound<'py, PyAny>,
        seats: &Bound<'py, PyAny>,
        version: u64,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let _call = Call::begin(py)?;
        let board = parse_board(board)?;
        let version = UpstreamFeatures::from_number(version)
            .ok_or_else(|| errors::value_error(format!("version is {version}\nhint: there are 1, 2 and 3")))?;
        let views = Views::gather(positions, seats)?;
        let features = py
            .detach(|| features_of_views(version, board, &views.views()))
            .map_err(|error| errors::upstream_network(&error))?;
        features.into_pyarray(py).reshape([views.0.len(), version.len(board)])
    }

    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        positions: &Bound<'py, PyAny>,
        seats: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let _call = Call::begin(py)?;
        let views = Views::gather(positions, seats)?;
        let mut values = Vec::with_capacity(views.0.len() * self.outputs());
        py.detach(|| self.network.evaluate_views(&views.views(), |forward| values.extend(&forward.values)))
            .map_err(|error| errors::upstream_network(&error))?;
        values.into_pyarray(py).reshape([views.0.len(), self.outputs()])
    }

    fn policy<'py>(
        &self,
        py: Python<'py>,
        positions: &Bound<'py, PyAny>,
        seats: &Bound<'py, PyAny>,
    ) -> PyResult<Policies<'py>> {
        let _call = Call::begin(py)?;
        if !self.network.has_policy() {
            let text = format!("a {} has no policy\nhint: RingRiftNNUEWithPolicy has one", self.kind());
            return Err(errors::value_error(text));
        }
        let views = Views::gather(positions, seats)?;
        let (mut from, mut to) = (Vec::new(), Vec::new());
        let each = |forward: &ringrift_nnue::upstream::Forward| {
            from.extend(&forward.from_logits);
            to.extend(&forward.to_logits);
        };
        py.detach(|| self.network.evaluate_views(&views.views(), each))
            .map_err(|error| errors::upstream_network(&error))?;
        let shape = [views.0.len(), self.network.architecture().grid()];
        Ok((from.into_pyarray(py).reshape(shape)?, to.into_pyarray(py).reshape(shape)?))
    }

    fn tensors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tensors = PyDict::new(py);
        for tensor in self.checkpoint.tensors() {
            tensors.set_item(&tensor.name, tensor.data.clone().into_pyarray(py).reshape(tensor.shape.clone())?)?;
        }
        Ok(tensors)
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.network.architecture().kind.class_name()
    }

    #[getter]
    fn board(&self) -> &'static str {
        self.network.architecture().board.name()
    }

    #[getter]
    fn players(&self) -> Option<usize> {
        self.network.players().map(PlayerCount::get)
    }

    #[getter]
    fn width(&self) -> usize {
        self.network.architecture().width
    }

    #[getter]
    fn outputs(&self) -> usize {
        self.network.architecture().outputs()
    }

    #[getter]
    fn version(&self) -> &'static str {
        self.network.architecture().version()
    }

    #[getter]
    fn feature_version(&self) -> u8 {
        self.network.architecture().features.number()
    }

    #[getter]
    fn sha256(&self) -> Option<&str> {
        self.network.sha256()
    }

    #[getter]
    fn metadata(&self) -> PyResult<String> {
        serde_json::to_string(self.checkpoint.metadata()).or_raise(errors::value_error)
    }

    fn __repr__(&self) -> String {
        let (kind, board, width) = (self.kind(), self.board(), self.width());
        format!("<UpstreamNnue {kind} {board}, width {width}, features of version {}>", self.feature_version())
    }
}
