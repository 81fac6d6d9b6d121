//! Batches of random games.

use std::sync::atomic::Ordering;

use numpy::{IntoPyArray as _, PyArrayMethods as _};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ringrift_selfplay::random_playouts as play;

use crate::position::Position;
use crate::run;

/// Random games from a position: see the stub for its documentation.
#[pyfunction]
#[pyo3(signature = (position, count, *, seed = 0, max_moves = None, threads = 0))]
pub(crate) fn random_playouts<'py>(
    py: Python<'py>,
    position: &Position,
    count: u64,
    seed: u64,
    max_moves: Option<u32>,
    threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    if threads > 4096 {
        return Err(PyValueError::new_err("threads is at most 4096"));
    }
    let start = position.inner.clone();
    let players = start.players();
    let limit = max_moves.unwrap_or_else(|| start.board().spec().move_limit(players));
    let games = run::interruptible(py, |stop| {
        run::on_threads(threads, || play(&start, count, seed, limit, || !stop.load(Ordering::Relaxed)))
    })??;
    let plies: Vec<i32> = games.iter().map(|game| game.plies as i32).collect();
    let winners: Vec<i8> =
        games.iter().map(|game| game.outcome.map_or(-1, |outcome| outcome.winner.index() as i8)).collect();
    let returns: Vec<f32> = games.iter().flat_map(|game| game.returns.of(players).to_vec()).collect();
    let keys: Vec<u64> = games.iter().map(|game| game.key).collect();
    let result = PyDict::new(py);
    result.set_item("plies", plies.into_pyarray(py))?;
    result.set_item("winners", winners.into_pyarray(py))?;
    result.set_item("returns", returns.into_pyarray(py).reshape([games.len(), players.get()])?)?;
    result.set_item("keys", keys.into_pyarray(py))?;
    Ok(result)
}
