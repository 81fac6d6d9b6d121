//! Searches of positions, called from Python and from coroutines.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use numpy::{IntoPyArray as _, PyArray1};
use pyo3::prelude::*;
use ringrift_rules::{AnyPosition, BoardKind, PlayerCount};
use ringrift_search::{Limits, RootLine, Stop};
use ringrift_selfplay::{AnalysisError, Analyst, EngineSpec, GameRng, whole_line};

use crate::errors::{self, OrRaise as _};
use crate::moves::Move;
use crate::position::{Position, parse_board};
use crate::run;

/// What a search knows of one move: see the stub.
#[pyclass(frozen, module = "ringrift_core")]
pub(crate) struct SearchLine {
    line: RootLine,
    position: Arc<AnyPosition>,
}

#[pymethods]
impl SearchLine {
    #[getter(r#move)]
    fn mv(&self) -> Move {
        Move { inner: self.line.mv, position: Arc::clone(&self.position) }
    }

    #[getter]
    fn visits(&self) -> u64 {
        self.line.visits
    }

    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.line.values.of(self.position.players()).to_vec().into_pyarray(py)
    }

    #[getter]
    fn exact(&self) -> bool {
        self.line.is_exact
    }

    #[getter]
    fn policy(&self) -> f64 {
        self.line.policy
    }

    #[getter]
    fn pv(&self) -> Vec<Move> {
        let mut position = Arc::clone(&self.position);
        let step = |inner| {
            let mv = Move { inner, position: Arc::clone(&position) };
            Arc::make_mut(&mut position).make_move(inner);
            mv
        };
        whole_line(&self.position, &self.line.pv).into_iter().map(step).collect()
    }

    fn __repr__(&self) -> String {
        let RootLine { mv, visits, policy, .. } = &self.line;
        format!("<SearchLine {}, {visits} visits, policy {policy:.3}>", self.position.format_move(*mv))
    }
}

/// What a search found: see the stub.
#[pyclass(frozen, module = "ringrift_core")]
pub(crate) struct SearchResult {
    found: ringrift_search::SearchResult,
    position: Arc<AnyPosition>,
}

#[pymethods]
impl SearchResult {
    #[getter]
    fn position(&self) -> Position {
        Position { inner: Arc::clone(&self.position) }
    }

    #[getter]
    fn best(&self) -> Move {
        Move { inner: self.found.best, position: Arc::clone(&self.position) }
    }

    #[getter]
    fn score(&self) -> f64 {
        self.found.score
    }

    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.found.values.of(self.position.players()).to_vec().into_pyarray(py)
    }

    #[getter]
    fn lines(&self) -> Vec<SearchLine> {
        let line = |line: RootLine| SearchLine { line, position: Arc::clone(&self.position) };
        self.found.best_first(self.position.to_move()).into_iter().cloned().map(line).collect()
    }

    #[getter]
    fn nodes(&self) -> u64 {
        self.found.nodes
    }

    #[getter]
    fn evaluations(&self) -> u64 {
        self.found.evaluations
    }

    #[getter]
    fn depth(&self) -> u32 {
        self.found.depth
    }

    #[getter]
    fn elapsed(&self) -> f64 {
        self.found.elapsed.as_secs_f64()
    }

    #[getter]
    fn ended(&self) -> &'static str {
        self.found.ended.name()
    }

    fn __repr__(&self) -> String {
        let best = self.position.format_move(self.found.best);
        format!("<SearchResult {best}, {} nodes, ended by {}>", self.found.nodes, self.found.ended.name())
    }
}

/// An engine for one board and number of players: see the stub.
#[pyclass(frozen, module = "ringrift_core._native")]
pub(crate) struct SearchEngine {
    spec: EngineSpec,
    board: BoardKind,
    players: PlayerCount,
}

#[pymethods]
impl SearchEngine {
    #[new]
    #[allow(clippy::needless_pass_by_value, reason = "values are taken from Python")]
    fn new(spec: &str, board: &str, players: u64, nnue: Option<PathBuf>) -> PyResult<Self> {
        let board = parse_board(board)?;
        let players = PlayerCount::try_from(players).or_raise(errors::value_error)?;
        let spec = match &nnue {
            None => EngineSpec::parse(spec, board, players),
            Some(file) => EngineSpec::parse_with_network(spec, file, board, players),
        };
        let spec = spec.map_err(|error| errors::spec(&error))?;
        Ok(Self { spec, board, players })
    }

    #[getter]
    fn spec(&self) -> String {
        self.spec.to_string()
    }

    /// Searches in this thread, the interpreter released.
    fn search(
        &self,
        py: Python<'_>,
        position: &Position,
        nodes: Option<i64>,
        time_ms: Option<i64>,
        seed: u64,
    ) -> PyResult<SearchResult> {
        let search = self.prepare(position, nodes, time_ms, seed)?;
        run::interruptible(py, |stop| search.run(stop))?
    }

    /// Searches on a thread of the runtime; the future belongs to the running loop.
    fn start<'py>(
        &self,
        py: Python<'py>,
        position: &Position,
        nodes: Option<i64>,
        time_ms: Option<i64>,
        seed: u64,
    ) -> PyResult<(Bound<'py, PyAny>, SearchStop)> {
        let search = self.prepare(position, nodes, time_ms, seed)?;
        let stop = Arc::new(AtomicBool::new(false));
        let future = run::awaitable(py, &stop, move |stop| search.run(stop))?;
        Ok((future, SearchStop(stop)))
    }
}

impl SearchEngine {
    fn prepare(
        &self,
        position: &Position,
        nodes: Option<i64>,
        time_ms: Option<i64>,
        seed: u64,
    ) -> PyResult<PreparedSearch> {
        let nodes = at_least_zero("nodes", nodes)?;
        let time = at_least_zero("time_ms", time_ms)?.map(Duration::from_millis);
        let limits = match (nodes, time) {
            (None, None) => None,
            _ => Some(Limits::new(nodes, time, None).or_raise(errors::value_error)?),
        };
        let position = Arc::clone(&position.inner);
        AnalysisError::check(&position, self.board, self.players).or_raise(errors::value_error)?;
        Ok(PreparedSearch { spec: self.spec.clone(), position, limits, seed })
    }
}

/// A limit; [`Limits`] says what is wrong with 0.
fn at_least_zero(name: &str, value: Option<i64>) -> PyResult<Option<u64>> {
    let convert = |value: i64| {
        u64::try_from(value).map_err(|_| errors::value_error(format!("{name} is {value}\nhint: the least is 1")))
    };
    value.map(convert).transpose()
}

/// Ends a search that was started: see the stub.
#[pyclass(frozen, module = "ringrift_core._native")]
pub(crate) struct SearchStop(Arc<AtomicBool>);

#[pymethods]
impl SearchStop {
    fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A search whose arguments are right. It has an engine of its own, so that nothing depends on earlier searches.
struct PreparedSearch {
    spec: EngineSpec,
    position: Arc<AnyPosition>,
    limits: Option<Limits>,
    seed: u64,
}

impl PreparedSearch {
    fn run(self, stop: &Arc<AtomicBool>) -> PyResult<SearchResult> {
        let Self { spec, position, limits, seed } = self;
        let mut rng = GameRng::new(seed, 0, 0);
        let mut analyst =
            Analyst::new(&spec, position.board(), position.players(), &mut rng).or_raise(errors::value_error)?;
        let limits = limits.unwrap_or(*analyst.limits());
        let stop = Stop::from(Arc::clone(stop));
        let found = analyst.search(&position, &limits, &stop, &mut rng).or_raise(errors::value_error)?;
        Ok(SearchResult { found, position })
    }
}
