//! `NnueSamples`: positions of recorded games, and batches of them. See the stub for its documentation.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use numpy::{Element, IntoPyArray as _, PyArray1, PyArray2, PyArrayMethods as _};
use pyo3::prelude::*;
use ringrift_dataset::nnue::{SampleOptions, Samples, open};
use ringrift_dataset::{Observer, Progress, Selection, Split};
use ringrift_rules::PlayerCount;

use super::kernels::{readable, slice};
use crate::errors::{self, OrRaise as _};
use crate::host::Poll;
use crate::lifetime::Call;
use crate::position::parse_board;
use crate::run;

/// Samples of one board and number of players.
#[pyclass(frozen, module = "ringrift_core._native")]
pub(crate) struct NnueSamples {
    samples: Samples,
}

/// Offsets, features, buckets, targets.
type Arrays<'py> =
    (Bound<'py, PyArray1<i32>>, Bound<'py, PyArray1<u16>>, Bound<'py, PyArray1<u8>>, Bound<'py, PyArray2<f32>>);

#[pymethods]
impl NnueSamples {
    #[staticmethod]
    #[pyo3(signature = (
        databases, board, players, *, min_moves = None, max_moves = None, sources = None, exclude_sources = None,
        max_games = None, forced = false, every = 1, min_ply = None, max_ply = None,
        failed_share_max = 0.001, cache = None, threads = 0, progress = None
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments")]
    fn open(
        py: Python<'_>,
        databases: Vec<PathBuf>,
        board: &str,
        players: u64,
        min_moves: Option<u64>,
        max_moves: Option<u64>,
        sources: Option<Vec<String>>,
        exclude_sources: Option<Vec<String>>,
        max_games: Option<u64>,
        forced: bool,
        every: u32,
        min_ply: Option<u32>,
        max_ply: Option<u32>,
        failed_share_max: f64,
        cache: Option<PathBuf>,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let board = parse_board(board)?;
        let players = PlayerCount::try_from(players).or_raise(errors::value_error)?;
        let options = SampleOptions {
            selection: Selection {
                moves_min: min_moves,
                moves_max: max_moves,
                sources: sources.map(|sources| sources.into_iter().collect()),
                exclude_sources: exclude_sources.into_iter().flatten().collect(),
                ..Selection::default()
            },
            games_max: max_games,
            with_forced: forced,
            every,
            ply_min: min_ply,
            ply_max: max_ply,
            failed_share_max,
            jobs: threads,
            cache,
            ..SampleOptions::new(databases, board, players)
        };
        let counts = Arc::new(Counts::default());
        let poll = progress.map(|callback| {
            let counts = Arc::clone(&counts);
            Box::new(move |py: Python<'_>| counts.tell(&callback, py)) as Poll
        });
        let opened = run::interruptible_with(py, poll, |stop| open(&options, stop, &mut &*counts))?;
        opened.map(|samples| Self { samples }).map_err(|error| errors::samples(&error))
    }

    fn __len__(&self) -> usize {
        self.samples.len()
    }

    #[getter]
    fn board(&self) -> &'static str {
        self.samples.features().board().name()
    }

    #[getter]
    fn players(&self) -> usize {
        self.samples.features().players().get()
    }

    #[getter]
    fn feature_count(&self) -> usize {
        self.samples.features().len()
    }

    #[getter]
    fn feature_hash(&self) -> u64 {
        self.samples.features().hash()
    }

    #[getter]
    fn game_count(&self) -> usize {
        self.samples.games().len()
    }

    #[getter]
    fn memory_bytes(&self) -> usize {
        self.samples.bytes()
    }

    #[getter]
    fn cache(&self) -> String {
        self.samples.report().cache.to_string()
    }

    fn report_json(&self) -> PyResult<String> {
        serde_json::to_string(self.samples.report()).or_raise(errors::value_error)
    }

    fn game_ids(&self) -> Vec<&str> {
        self.samples.games().iter().map(|game| &*game.id).collect()
    }

    fn games<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u32>>> {
        column(py, || self.samples.game_of_rows().collect())
    }

    fn plies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u32>>> {
        column(py, || self.samples.plies().collect())
    }

    fn plies_left<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u32>>> {
        column(py, || self.samples.plies_left().collect())
    }

    fn movers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        column(py, || self.samples.movers().collect())
    }

    fn buckets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        column(py, || self.samples.buckets().collect())
    }

    fn has_search<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        column(py, || self.samples.has_search().collect())
    }

    fn search_values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let values = column(py, || self.samples.search_values())?;
        values.reshape([self.samples.len(), self.players()])
    }

    fn split<'py>(&self, py: Python<'py>, shares: &str) -> PyResult<[Bound<'py, PyArray1<i64>>; 3]> {
        let _call = Call::begin(py)?;
        let split: Split = shares.parse().or_raise(errors::value_error)?;
        Ok(py.detach(|| self.samples.split(split)).map(|rows| rows.into_pyarray(py)))
    }

    #[pyo3(signature = (rows, symmetries = None, value_lambda = 1.0, threads = 0))]
    fn batch<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyArray1<i64>>,
        symmetries: Option<&Bound<'py, PyArray1<u8>>>,
        value_lambda: f32,
        threads: usize,
    ) -> PyResult<Arrays<'py>> {
        let _call = Call::begin(py)?;
        let rows = readable("rows", rows)?;
        let rows = slice("rows", &rows)?;
        let symmetries = symmetries.map(|symmetries| readable("symmetries", symmetries)).transpose()?;
        let symmetries = symmetries.as_ref().map(|symmetries| slice("symmetries", symmetries)).transpose()?;
        let make = || self.samples.batch(rows, symmetries, value_lambda, threads != 1);
        // A pool of one thread would take longer than a small batch.
        let made = if threads == 1 { py.detach(make) } else { py.detach(|| run::on_threads(threads, make))? };
        let batch = made.or_raise(errors::value_error)?;
        let targets = batch.targets.into_pyarray(py).reshape([rows.len(), self.players()])?;
        let (offsets, features) = (batch.offsets.into_pyarray(py), batch.features.into_pyarray(py));
        Ok((offsets, features, batch.buckets.into_pyarray(py), targets))
    }

    #[pyo3(signature = (rows, value_lambda = 1.0))]
    fn targets<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyArray1<i64>>,
        value_lambda: f32,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let _call = Call::begin(py)?;
        let rows = readable("rows", rows)?;
        let rows = slice("rows", &rows)?;
        let targets = py.detach(|| self.samples.targets(rows, value_lambda)).or_raise(errors::value_error)?;
        targets.into_pyarray(py).reshape([rows.len(), self.players()])
    }

    fn __repr__(&self) -> String {
        let (rows, games) = (self.samples.len(), self.game_count());
        format!("NnueSamples({rows} rows of {games} games of {} with {} players)", self.board(), self.players())
    }
}

fn column<T: Element + Send>(py: Python<'_>, make: impl FnOnce() -> Vec<T> + Send) -> PyResult<Bound<'_, PyArray1<T>>> {
    let _call = Call::begin(py)?;
    Ok(py.detach(make).into_pyarray(py))
}

/// How far the replay is.
#[derive(Default)]
struct Counts {
    games: AtomicU64,
    games_total: AtomicU64,
    rows: AtomicU64,
}

impl Counts {
    fn tell(&self, callback: &Py<PyAny>, py: Python<'_>) -> PyResult<()> {
        let now = [&self.games, &self.games_total, &self.rows].map(|count| count.load(Ordering::Relaxed));
        if now[1] > 0 {
            callback.call1(py, (now[0], now[1], now[2]))?;
        }
        Ok(())
    }
}

impl Observer for &Counts {
    fn tick(&mut self, progress: Progress) {
        self.games.store(progress.games, Ordering::Relaxed);
        self.games_total.store(progress.games_total, Ordering::Relaxed);
        self.rows.store(progress.rows, Ordering::Relaxed);
    }
}
