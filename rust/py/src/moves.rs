//! `Move` and the sequence of legal moves.

use std::sync::Arc;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};
use ringrift_replay::{MoveJsonOptions, move_to_json};
use ringrift_rules::{AnyPosition, Cell};

use crate::position::Position;

/// A legal move of a position: see the stub for its documentation.
#[pyclass(frozen, eq, hash, module = "ringrift_core", name = "Move")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Move {
    pub(crate) inner: ringrift_rules::Move,
    /// The position that the move is legal in, from which its text follows.
    pub(crate) position: Arc<AnyPosition>,
}

impl Move {
    fn key(&self, cell: Option<Cell>) -> Option<String> {
        cell.map(|cell| self.position.geometry().key(cell))
    }
}

#[pymethods]
impl Move {
    #[getter]
    pub(crate) fn text(&self) -> String {
        self.position.format_move(self.inner)
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.inner.kind().name()
    }

    #[getter]
    fn position(&self) -> Position {
        Position { inner: Arc::clone(&self.position) }
    }

    #[getter]
    fn player(&self) -> usize {
        self.position.to_move().index()
    }

    #[getter]
    fn origin(&self) -> Option<String> {
        self.key(self.inner.origin())
    }

    #[getter]
    fn target(&self) -> Option<String> {
        self.key(self.inner.target())
    }

    #[getter]
    fn landing(&self) -> Option<String> {
        self.key(self.inner.landing())
    }

    #[getter]
    fn is_bookkeeping(&self) -> bool {
        self.inner.kind().is_bookkeeping()
    }

    fn to_json(&self) -> String {
        let number = u64::from(self.position.plies()) + 1;
        move_to_json(&self.position, self.inner, number, &MoveJsonOptions::default()).to_string()
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        format!("<Move {} {}>", self.kind(), self.text())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let position = Bound::new(py, Position { inner: self.position.clone() })?;
        Ok((position.getattr("parse_move")?, (self.text(),)))
    }
}

/// The legal moves of a position: a sequence whose items are made when asked for.
#[pyclass(frozen, sequence, module = "ringrift_core", name = "MoveSequence")]
pub(crate) struct MoveSequence {
    pub(crate) moves: Vec<ringrift_rules::Move>,
    pub(crate) position: Arc<AnyPosition>,
}

#[pymethods]
impl MoveSequence {
    fn __len__(&self) -> usize {
        self.moves.len()
    }

    fn __getitem__(&self, index: isize) -> PyResult<Move> {
        let place = if index < 0 { index.checked_add_unsigned(self.moves.len()) } else { Some(index) };
        let found = place.and_then(|place| self.moves.get(usize::try_from(place).ok()?));
        match found {
            Some(&inner) => Ok(Move { inner, position: self.position.clone() }),
            None => Err(PyIndexError::new_err(format!("move {index} of {}", self.moves.len()))),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let moves = self.moves.iter().map(|&inner| Move { inner, position: self.position.clone() });
        PyList::new(py, moves.collect::<Vec<_>>())?.try_iter()
    }

    fn __contains__(&self, item: &Bound<'_, PyAny>) -> bool {
        match item.cast::<Move>() {
            Ok(mv) => self.moves.contains(&mv.get().inner),
            Err(_) => item.extract::<String>().is_ok_and(|text| self.texts().contains(&text)),
        }
    }

    fn texts(&self) -> Vec<String> {
        self.moves.iter().map(|&mv| self.position.format_move(mv)).collect()
    }

    fn __repr__(&self) -> String {
        format!("<{} legal moves of player {}>", self.moves.len(), self.position.to_move().index())
    }
}
