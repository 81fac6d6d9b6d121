//! `Encoder`: positions as network inputs and moves as policy indices, many at a time.
//!
//! Calls are counted from their beginning: the first one loads NumPy, and whoever gives positions may run Python code too.

mod buffers;
mod plan;

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{Element, IntoPyArray as _, PyArray1, PyArray2, PyArrayMethods as _};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use ringrift_encode::{EncodeError, FeatureVersion, HistoryMode, PolicyLayout, Symmetry, UpstreamEncoder};
use ringrift_replay::StoreReader;
use ringrift_rules::{AnyPosition, PlayerCount};

use crate::errors::{self, OrRaise as _};
use crate::lifetime::Call;
use crate::moves::{Move, MoveSequence};
use crate::position::{Position, parse_board};
use crate::run;
use plan::{Family, Order, Plan};

/// Encodes positions of one board and number of players: see the stub for its documentation.
#[pyclass(frozen, eq, hash, module = "ringrift_core", name = "Encoder")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Encoder {
    plan: Plan,
}

/// Arguments that make an encoder again.
type Arguments = (&'static str, &'static str, usize, usize, u8, &'static str, &'static str);

/// Most earlier positions, as in exports.
const HISTORY_MAX: u64 = 32;

/// Arrays for the planes and globals of rows.
type Arrays<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

#[pymethods]
impl Encoder {
    #[new]
    #[pyo3(signature = (
        name, board, players, history = 3, feature_version = 2, policy = None, history_mode = "recorded"
    ))]
    fn new(
        name: &str,
        board: &str,
        players: u64,
        history: u64,
        feature_version: u64,
        policy: Option<&str>,
        history_mode: &str,
    ) -> PyResult<Self> {
        let board = parse_board(board)?;
        let players = PlayerCount::try_from(players).or_raise(errors::value_error)?;
        if history > HISTORY_MAX {
            let text = format!("history is {history}\nhint: the most is {HISTORY_MAX}");
            return Err(errors::value_error(text));
        }
        let mode: HistoryMode = history_mode.parse().or_raise(errors::value_error)?;
        let version = FeatureVersion::from_number(feature_version)
            .ok_or_else(|| errors::value_error(format!("feature_version is {feature_version}\nhint: it is 1 or 2")))?;
        let family = if name == "rr1" {
            if mode != HistoryMode::Recorded {
                let text = format!("rr1 has no history mode {mode}\nhint: history=0 leaves earlier positions out");
                return Err(errors::value_error(text));
            }
            if let Some(policy) = policy.filter(|&policy| policy != "rr1") {
                let text = format!("rr1 has no policy layout {policy:?}\nhint: its own is rr1; leave it out");
                return Err(errors::value_error(text));
            }
            Family::Rr1
        } else {
            let encoder: UpstreamEncoder = name
                .parse()
                .map_err(|_| format!("unknown encoder {name:?}\nhint: it is one of square, hex_v2, hex_v3 and rr1"))
                .or_raise(errors::value_error)?;
            if !encoder.serves(board) {
                let serves = if encoder == UpstreamEncoder::Square { "square" } else { "hex" };
                let text = format!("encoder {encoder} does not serve {board}\nhint: it is made for {serves} boards");
                return Err(errors::value_error(text));
            }
            let policy: PolicyLayout = policy.unwrap_or("board_aware").parse().or_raise(errors::value_error)?;
            Family::Upstream { encoder, mode, version, policy }
        };
        Ok(Self { plan: Plan { board, players, earlier: history as usize, family } })
    }

    #[getter]
    fn name(&self) -> &'static str {
        match self.plan.family {
            Family::Upstream { encoder, .. } => encoder.name(),
            Family::Rr1 => "rr1",
        }
    }

    #[getter]
    fn board(&self) -> &'static str {
        self.plan.board.name()
    }

    #[getter]
    fn players(&self) -> usize {
        self.plan.players.get()
    }

    #[getter]
    fn history(&self) -> usize {
        self.plan.earlier
    }

    #[getter]
    fn history_mode(&self) -> &'static str {
        match self.plan.family {
            Family::Upstream { mode, .. } => mode.name(),
            Family::Rr1 => HistoryMode::Recorded.name(),
        }
    }

    #[getter]
    fn feature_version(&self) -> u8 {
        match self.plan.family {
            Family::Upstream { version, .. } => version.number(),
            Family::Rr1 => FeatureVersion::default().number(),
        }
    }

    #[getter]
    fn policy(&self) -> &'static str {
        match self.plan.family {
            Family::Upstream { policy, .. } => policy.name(),
            Family::Rr1 => "rr1",
        }
    }

    #[getter]
    fn planes(&self) -> usize {
        self.plan.planes()
    }

    #[getter]
    fn side(&self) -> usize {
        self.plan.side()
    }

    #[getter]
    fn packed_bytes(&self) -> Option<usize> {
        (self.plan.family == Family::Rr1).then(|| self.plan.rr1().plane_bytes())
    }

    #[getter]
    fn globals(&self) -> usize {
        self.plan.globals()
    }

    #[getter]
    fn policy_size(&self) -> u32 {
        self.plan.policy_size()
    }

    #[getter]
    fn layout_digest(&self) -> Option<String> {
        (self.plan.family == Family::Rr1).then(|| self.plan.rr1().digest())
    }

    #[getter]
    fn plane_names(&self) -> Option<Vec<String>> {
        (self.plan.family == Family::Rr1).then(|| self.plan.rr1().plane_names())
    }

    #[getter]
    fn global_names(&self) -> Option<Vec<String>> {
        (self.plan.family == Family::Rr1).then(|| self.plan.rr1().global_names())
    }

    #[getter]
    fn description(&self) -> Option<String> {
        (self.plan.family == Family::Rr1).then(|| self.plan.rr1().describe())
    }

    #[getter]
    fn symmetries(&self) -> u8 {
        Symmetry::count(self.plan.board)
    }

    fn plane_symmetries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i32>>> {
        let _call = Call::begin(py)?;
        let shape = [usize::from(self.symmetries()), self.plan.side().pow(2)];
        py.detach(|| self.plan.plane_table()).into_pyarray(py).reshape(shape)
    }

    fn policy_symmetries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i32>>> {
        let _call = Call::begin(py)?;
        let shape = [usize::from(self.symmetries()), self.policy_size() as usize];
        py.detach(|| self.plan.policy_table()).into_pyarray(py).reshape(shape)
    }

    fn image(&self, position: &Position, symmetry: i64) -> PyResult<Position> {
        self.check(&position.inner, "the position")?;
        let number = u8::try_from(symmetry).ok();
        let Some(symmetry) = number.and_then(|number| Symmetry::new(self.plan.board, number)) else {
            let last = self.symmetries() - 1;
            return Err(errors::value_error(format!("symmetry is {symmetry}\nhint: they count from 0 to {last}")));
        };
        symmetry.position(&position.inner).map(Position::from).or_raise(errors::value_error)
    }

    #[pyo3(signature = (positions, *, out = None, packed = false, threads = 1))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        positions: &Bound<'py, PyAny>,
        out: Option<Arrays<'py>>,
        packed: bool,
        threads: usize,
    ) -> PyResult<Arrays<'py>> {
        let _call = Call::begin(py)?;
        let mut rows = Vec::with_capacity(positions.len().unwrap_or(0));
        self.gather(positions, &mut rows)?;
        self.write(py, Request { rows, order: Order::Alone, ends: Vec::new(), out, packed, threads })
    }

    #[pyo3(signature = (line, *, out = None, packed = false))]
    fn encode_line<'py>(
        &self,
        py: Python<'py>,
        line: &Bound<'py, PyAny>,
        out: Option<Arrays<'py>>,
        packed: bool,
    ) -> PyResult<Arrays<'py>> {
        let _call = Call::begin(py)?;
        let mut rows = Vec::with_capacity(line.len().unwrap_or(0));
        self.gather(line, &mut rows)?;
        let ends = vec![rows.len()];
        self.write(py, Request { rows, order: Order::Line, ends, out, packed, threads: 1 })
    }

    #[pyo3(signature = (lines, *, out = None, packed = false, threads = 1))]
    fn encode_games<'py>(
        &self,
        py: Python<'py>,
        lines: &Bound<'py, PyAny>,
        out: Option<Arrays<'py>>,
        packed: bool,
        threads: usize,
    ) -> PyResult<Arrays<'py>> {
        let _call = Call::begin(py)?;
        let (mut rows, mut ends) = (Vec::new(), Vec::new());
        for line in lines.try_iter()? {
            self.gather(&line?, &mut rows)?;
            ends.push(rows.len());
        }
        self.write(py, Request { rows, order: Order::Line, ends, out, packed, threads })
    }

    fn policy_index<'py>(
        &self,
        py: Python<'py>,
        position: &Position,
        moves: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let _call = Call::begin(py)?;
        let position = &position.inner;
        self.check(position, "the position")?;
        let mut indices = Vec::with_capacity(moves.len().unwrap_or(0));
        if let Ok(sequence) = moves.cast::<MoveSequence>() {
            let sequence = sequence.get();
            for &mv in &sequence.moves {
                let mv = Move { inner: mv, position: sequence.position.clone() };
                indices.push(self.plan.index(position, legal(position, &mv)?));
            }
        } else {
            for item in moves.try_iter()? {
                let item = item?;
                let mv = match item.cast::<Move>() {
                    Ok(mv) => legal(position, mv.get())?,
                    Err(_) => position.parse_move(item.extract()?).or_raise(errors::illegal_move)?,
                };
                indices.push(self.plan.index(position, mv));
            }
        }
        Ok(indices.into_pyarray(py))
    }

    fn legal_indices<'py>(&self, py: Python<'py>, position: &Position) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let _call = Call::begin(py)?;
        self.check(&position.inner, "the position")?;
        let mut moves = Vec::new();
        position.inner.legal_moves(&mut moves);
        let indices: Vec<i64> = moves.into_iter().map(|mv| self.plan.index(&position.inner, mv)).collect();
        Ok(indices.into_pyarray(py))
    }

    fn moves_at(&self, position: &Position, index: i64) -> PyResult<Vec<Move>> {
        self.check(&position.inner, "the position")?;
        let Some(index) = u32::try_from(index).ok().filter(|&index| index < self.policy_size()) else {
            let last = self.policy_size() - 1;
            return Err(errors::value_error(format!("policy index {index}\nhint: they count from 0 to {last}")));
        };
        let found = self.plan.moves_at(&position.inner, index);
        Ok(found.into_iter().map(|inner| Move { inner, position: position.inner.clone() }).collect())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyAny>, Arguments) {
        (py.get_type::<Self>().into_any(), self.arguments())
    }

    fn __repr__(&self) -> String {
        let (name, board, players, history, version, policy, mode) = self.arguments();
        format!(
            "Encoder({name:?}, {board:?}, {players}, history={history}, feature_version={version}, policy={policy:?}, \
             history_mode={mode:?})"
        )
    }
}

/// Rows that are asked for.
struct Request<'py> {
    rows: Vec<Arc<AnyPosition>>,
    order: Order,
    /// Ends of the lines of play.
    ends: Vec<usize>,
    out: Option<Arrays<'py>>,
    packed: bool,
    threads: usize,
}

impl Encoder {
    fn arguments(&self) -> Arguments {
        (
            self.name(),
            self.board(),
            self.players(),
            self.history(),
            self.feature_version(),
            self.policy(),
            self.history_mode(),
        )
    }

    fn check(&self, position: &AnyPosition, what: impl std::fmt::Display) -> PyResult<()> {
        let (board, players) = (position.board(), position.players());
        if (board, players) == (self.plan.board, self.plan.players) {
            return Ok(());
        }
        let (players, expected, expected_players) = (players.get(), self.plan.board, self.plan.players.get());
        Err(errors::value_error(format!(
            "{what} is on {board} with {players} players, expected {expected} with {expected_players}\n\
             hint: an encoder serves one board and number of players"
        )))
    }

    /// Adds positions, given as such or by the moves that are made from them.
    fn gather(&self, items: &Bound<'_, PyAny>, rows: &mut Vec<Arc<AnyPosition>>) -> PyResult<()> {
        for item in items.try_iter()? {
            let item = item?;
            let position = if let Ok(position) = item.cast::<Position>() {
                &position.get().inner
            } else if let Ok(mv) = item.cast::<Move>() {
                &mv.get().position
            } else {
                let (row, got) = (rows.len(), item.get_type().name()?);
                let text = format!("row {row} is {got}, expected a Position or a Move");
                return Err(PyTypeError::new_err(text));
            };
            self.check(position, format_args!("the position of row {}", rows.len()))?;
            rows.push(Arc::clone(position));
        }
        Ok(())
    }

    fn write<'py>(&self, py: Python<'py>, request: Request<'py>) -> PyResult<Arrays<'py>> {
        let (plan, side) = (self.plan, self.plan.side());
        if request.threads > 4096 {
            return Err(errors::value_error("threads is at most 4096".into()));
        }
        if !request.packed {
            let shape = [request.rows.len(), plan.planes(), side, side];
            return write_as(py, &plan, request, &shape, Plan::write_floats);
        }
        let Some(bytes) = self.packed_bytes() else {
            let text = format!("encoder {} has no packed form\nhint: rr1 has one", self.name());
            return Err(errors::value_error(text));
        };
        let shape = [request.rows.len(), plan.planes(), bytes];
        write_as(py, &plan, request, &shape, Plan::write_bits)
    }
}

/// Writes rows whose planes are made of `T`.
fn write_as<'py, T: Element>(
    py: Python<'py>,
    plan: &Plan,
    request: Request<'py>,
    shape: &[usize],
    write: impl Fn(&Plan, &[Arc<AnyPosition>], Order, &[usize], &mut [T], &mut [f32], bool) -> Result<(), EncodeError>
    + Sync,
) -> PyResult<Arrays<'py>> {
    let Request { rows, order, ends, out, threads, .. } = request;
    let (planes, globals) = out.unzip();
    let planes = buffers::array::<T>(py, "planes", planes.as_ref(), shape)?;
    let globals = buffers::array::<f32>(py, "globals", globals.as_ref(), &[rows.len(), plan.globals()])?;
    {
        let (mut planes, mut globals) =
            (buffers::writable("planes", &planes)?, buffers::writable("globals", &globals)?);
        let (planes, globals) = (planes.as_slice_mut()?, globals.as_slice_mut()?);
        py.detach(|| {
            let mut write = |is_parallel| write(plan, &rows, order, &ends, planes, globals, is_parallel);
            if threads == 1 { Ok(write(false)) } else { run::on_threads(threads, || write(true)) }
        })?
        .or_raise(errors::value_error)?;
    }
    Ok((planes.into_any(), globals.into_any()))
}

/// A move, if it is legal in the position.
fn legal(position: &Arc<AnyPosition>, mv: &Move) -> PyResult<ringrift_rules::Move> {
    if Arc::ptr_eq(&mv.position, position) || position.is_legal(mv.inner) {
        return Ok(mv.inner);
    }
    Err(errors::illegal_move(format!(
        "{} is not legal in the position\nhint: moves and position belong together",
        mv.text()
    )))
}

/// The moves of a stored game, each with the position it is made from: see the stub for its documentation.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "taken from Python")]
pub(crate) fn read_game(py: Python<'_>, database: PathBuf, game_id: &str) -> PyResult<Vec<Move>> {
    let _call = Call::begin(py)?;
    let game = py
        .detach(|| StoreReader::open(&database)?.game(game_id)?.replay_all())
        .map_err(|error| errors::store(&error, error.to_string()))?;
    let mut position = Arc::new(game.start.position);
    let step = |inner| {
        let mv = Move { inner, position: Arc::clone(&position) };
        Arc::make_mut(&mut position).make_move(inner);
        mv
    };
    Ok(game.moves.into_iter().map(step).collect())
}
