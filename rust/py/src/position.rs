//! `Position`: a game state as a Python value.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use numpy::{IntoPyArray as _, PyArray1, PyArray2, PyArrayMethods as _};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ringrift_render::{PlayedMove, Scheme, SvgOptions, TextOptions, render_svg, render_text};
use ringrift_replay::{Nulls, RingOrder, StateDocument, canonical_text, move_from_json_text};
use ringrift_rules::{
    AnyPosition, BoardKind, ByPlayer, CellContent, PlayerCount, PlayerId, RuleOptions, with_position,
};

use crate::errors::{self, OrRaise as _};
use crate::moves::{Move, MoveSequence};
use crate::run;

/// A game state: see the stub for its documentation.
#[pyclass(frozen, eq, hash, module = "ringrift_core", name = "Position")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    pub(crate) inner: Arc<AnyPosition>,
}

impl From<AnyPosition> for Position {
    fn from(position: AnyPosition) -> Self {
        Self { inner: Arc::new(position) }
    }
}

impl Position {
    fn counters(&self, value: impl Fn(&AnyPosition, PlayerId) -> u16) -> Vec<u16> {
        self.inner.players().seats().map(|player| value(&self.inner, player)).collect()
    }

    fn seats<T: Copy>(&self, values: &ByPlayer<T>) -> Vec<T> {
        values.of(self.inner.players()).to_vec()
    }
}

/// A move as Python gives it.
#[derive(FromPyObject)]
enum MoveLike<'py> {
    Move(PyRef<'py, Move>),
    Text(String),
}

pub(crate) fn parse_board(name: &str) -> PyResult<BoardKind> {
    name.parse::<BoardKind>().or_raise(errors::value_error)
}

fn read_state(text: &str, ring_order: &str) -> PyResult<StateDocument> {
    let order = match ring_order {
        "bottom_to_top" => RingOrder::BottomToTop,
        "top_to_bottom" => RingOrder::TopToBottom,
        _ => {
            let text = format!("unknown ring order {ring_order:?}: bottom_to_top or top_to_bottom");
            return Err(PyValueError::new_err(text));
        }
    };
    StateDocument::from_json(text, order).or_raise(errors::setup)
}

/// The position of a state file and its marker order: see the stub for its documentation.
#[pyfunction]
#[pyo3(signature = (text, *, ring_order = "bottom_to_top"))]
pub(crate) fn read_state_json(text: &str, ring_order: &str) -> PyResult<(Position, Vec<String>)> {
    let document = read_state(text, ring_order)?;
    let geometry = document.position.geometry();
    let markers = document.marker_order.iter().map(|&cell| geometry.key(cell)).collect();
    Ok((document.position.into(), markers))
}

/// Coordinates of a board's cells: see the stub for its documentation.
#[pyfunction]
pub(crate) fn cell_coordinates<'py>(py: Python<'py>, board: &str) -> PyResult<Bound<'py, PyArray2<i16>>> {
    let geometry = parse_board(board)?.geometry();
    let rows: Vec<i16> =
        geometry.cells().map(|cell| geometry.coord(cell)).flat_map(|at| [at.x as i16, at.y as i16]).collect();
    rows.into_pyarray(py).reshape([geometry.cell_count(), 2])
}

#[pymethods]
impl Position {
    #[new]
    #[pyo3(signature = (board = "square8", players = 2, *, rings_per_player = None, lps_rounds = 3, swap_rule = false))]
    fn new(
        board: &str,
        players: u64,
        rings_per_player: Option<u16>,
        lps_rounds: u16,
        swap_rule: bool,
    ) -> PyResult<Self> {
        let board = parse_board(board)?;
        let players = PlayerCount::try_from(players).or_raise(errors::value_error)?;
        let mut rules = RuleOptions::standard(board, players);
        if let Some(rings) = rings_per_player {
            rules = rules.with_rings_per_player(rings, players);
        }
        rules.lps_rounds = lps_rounds;
        rules.swap_rule = swap_rule;
        // Through the setup, which refuses parameters that no game can have.
        let setup = ringrift_rules::Setup::initial(board, players, rules);
        setup.into_position().map(Self::from).or_raise(errors::setup)
    }

    #[staticmethod]
    fn from_text(text: &str) -> PyResult<Self> {
        AnyPosition::from_str(text).map(Self::from).or_raise(errors::setup)
    }

    #[staticmethod]
    #[pyo3(signature = (text, *, ring_order = "bottom_to_top"))]
    fn from_json(text: &str, ring_order: &str) -> PyResult<Self> {
        read_state(text, ring_order).map(|document| document.position.into())
    }

    fn to_json(&self) -> String {
        StateDocument::new((*self.inner).clone()).to_json(Nulls::Write)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((py.get_type::<Self>().getattr("from_text")?, (self.to_text(),)))
    }

    fn to_text(&self) -> String {
        self.inner.to_string()
    }

    fn to_canonical(&self) -> String {
        canonical_text(&self.inner)
    }

    fn __str__(&self) -> String {
        render_text(&self.inner, &TextOptions::default())
    }

    fn __repr__(&self) -> String {
        format!("Position.from_text({:?})", self.to_text())
    }

    fn _repr_svg_(&self) -> String {
        render_svg(&self.inner, &SvgOptions::default())
    }

    #[pyo3(signature = (*, width = None, scheme = "auto", before = None, played = None))]
    fn to_svg(
        &self,
        width: Option<u32>,
        scheme: &str,
        before: Option<&Self>,
        played: Option<&Move>,
    ) -> PyResult<String> {
        let scheme = match scheme {
            "auto" => Scheme::Auto,
            "light" => Scheme::Light,
            "dark" => Scheme::Dark,
            _ => return Err(PyValueError::new_err(format!("unknown scheme {scheme:?}: auto, light or dark"))),
        };
        let played = match (before, played) {
            (Some(before), Some(mv)) => {
                let before = (*before.inner).clone();
                if !before.is_legal(mv.inner) {
                    return Err(PyValueError::new_err("the move played is not legal in the position before"));
                }
                Some(PlayedMove { before, mv: mv.inner })
            }
            (None, None) => None,
            _ => return Err(PyValueError::new_err("give both before and played, or neither")),
        };
        Ok(render_svg(&self.inner, &SvgOptions { width, scheme, played, ..SvgOptions::default() }))
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
    fn phase(&self) -> &'static str {
        self.inner.phase().name()
    }

    #[getter]
    fn to_move(&self) -> usize {
        self.inner.to_move().index()
    }

    #[getter]
    fn plies(&self) -> u32 {
        self.inner.plies()
    }

    #[getter]
    fn turn(&self) -> u32 {
        self.inner.turn()
    }

    #[getter]
    fn is_over(&self) -> bool {
        self.inner.outcome().is_some()
    }

    #[getter]
    fn winner(&self) -> Option<usize> {
        self.inner.outcome().map(|outcome| outcome.winner.index())
    }

    #[getter]
    fn end_reason(&self) -> Option<&'static str> {
        self.inner.outcome().map(|outcome| outcome.reason.name())
    }

    #[getter]
    fn ranks(&self) -> Option<Vec<u32>> {
        self.inner.ranks().map(|ranks| self.seats(&ranks).into_iter().map(u32::from).collect())
    }

    fn returns<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.seats(&self.inner.returns()).into_pyarray(py)
    }

    #[getter]
    fn hands(&self) -> Vec<u16> {
        self.counters(AnyPosition::hand)
    }

    #[getter]
    fn eliminated(&self) -> Vec<u16> {
        self.counters(AnyPosition::eliminated)
    }

    #[getter]
    fn territory(&self) -> Vec<u16> {
        self.counters(AnyPosition::territory)
    }

    #[getter]
    fn victory_threshold(&self) -> u16 {
        self.inner.rules().victory_threshold
    }

    #[getter]
    fn territory_needed(&self) -> u16 {
        self.inner.rules().territory_needed()
    }

    fn cells<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i16>>> {
        let rows: Vec<i16> = with_position!(&*self.inner, position => {
            let seat = |player: PlayerId| player.index() as i16;
            self.inner.geometry().cells().flat_map(|cell| match position.content(cell) {
                CellContent::Empty => [0, -1, 0, 0],
                CellContent::Marker(owner) => [1, seat(owner), 0, 0],
                CellContent::Stack(stack) => {
                    [2, seat(stack.owner()), stack.height() as i16, stack.cap_height() as i16]
                }
                CellContent::Collapsed(owner) => [3, seat(owner), 0, 0],
            }).collect()
        });
        rows.into_pyarray(py).reshape([self.inner.geometry().cell_count(), 4])
    }

    fn rings(&self, cell: &str) -> PyResult<Vec<usize>> {
        let Some(cell) = self.inner.geometry().parse_key(cell) else {
            return Err(PyValueError::new_err(format!("{cell:?} is no cell of {}", self.inner.board())));
        };
        Ok(with_position!(&*self.inner, position => position.rings(cell).into_iter().map(PlayerId::index).collect()))
    }

    fn legal_moves(&self) -> MoveSequence {
        let mut moves = Vec::new();
        self.inner.legal_moves(&mut moves);
        MoveSequence { moves, position: self.inner.clone() }
    }

    fn parse_move(&self, text: &str) -> PyResult<Move> {
        let inner = self.inner.parse_move(text).or_raise(errors::illegal_move)?;
        Ok(Move { inner, position: self.inner.clone() })
    }

    fn move_from_json(&self, text: &str) -> PyResult<Move> {
        let inner = move_from_json_text(&self.inner, text).or_raise(errors::illegal_move)?;
        Ok(Move { inner, position: self.inner.clone() })
    }

    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
    fn make_move(&self, played: MoveLike<'_>) -> PyResult<Self> {
        let mut next = self.inner.clone();
        // The position is copied here, once, into its new place.
        let position = Arc::make_mut(&mut next);
        match played {
            // Moves are made from lists of legal moves only, so this position's own moves need no test.
            MoveLike::Move(mv) if Arc::ptr_eq(&mv.position, &self.inner) => position.make_move(mv.inner),
            MoveLike::Move(mv) => position
                .play(mv.inner)
                .map_err(|mut error| {
                    error.text = mv.text();
                    error
                })
                .or_raise(errors::illegal_move)?,
            MoveLike::Text(text) => {
                let mv = position.parse_move(&text).or_raise(errors::illegal_move)?;
                position.make_move(mv);
            }
        }
        Ok(Self { inner: next })
    }

    #[getter]
    fn state_hash(&self) -> String {
        self.inner.state_hash()
    }

    #[getter]
    fn zobrist(&self) -> u64 {
        self.inner.persisted_zobrist()
    }

    #[getter]
    fn key(&self) -> u64 {
        self.inner.key()
    }

    fn perft(&self, py: Python<'_>, depth: u32) -> PyResult<u64> {
        if depth > 64 {
            return Err(PyValueError::new_err("depth is at most 64"));
        }
        let nodes =
            run::interruptible(py, |stop| self.inner.divide(depth, &|| stop.load(Ordering::Relaxed), |_, _| {}))?;
        Ok(nodes.unwrap_or_default())
    }
}
