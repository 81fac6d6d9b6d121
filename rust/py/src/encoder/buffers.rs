//! NumPy arrays that are written in place: given by the caller and checked, or new.

use numpy::{
    Element, PyArray, PyArrayDescrMethods as _, PyArrayDyn, PyArrayMethods as _, PyReadwriteArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods as _, dtype, get_array_module,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors::{self, OrRaise as _};

/// The array `out` if it has the shape and type, a new one if there is none.
///
/// # Errors
/// `TypeError` if `out` is no array, `ValueError` if it is another one; `MemoryError`.
pub(super) fn array<'py, T: Element>(
    py: Python<'py>,
    what: &str,
    out: Option<&Bound<'py, PyAny>>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let wanted = dtype::<T>(py);
    let Some(out) = out else {
        let shape = PyTuple::new(py, shape)?;
        return Ok(get_array_module(py)?.call_method1("empty", (shape, wanted))?.cast_into()?);
    };
    let hint = || format!("hint: numpy.empty({}, numpy.{wanted}) makes one that fits", shown(shape));
    let Ok(array) = out.cast::<PyUntypedArray>() else {
        let got = out.get_type().name()?;
        let text = format!("the {what} of out are {got}, expected an array {wanted}{}\n{}", shown(shape), hint());
        return Err(PyTypeError::new_err(text));
    };
    let fits = array.dtype().is_equiv_to(&wanted) && array.shape() == shape && array.is_c_contiguous();
    if !fits {
        let order = if array.is_c_contiguous() { "" } else { ", not contiguous" };
        let (got, got_shape) = (array.dtype(), shown(array.shape()));
        return Err(errors::value_error(format!(
            "the {what} of out are {got}{got_shape}{order}, expected {wanted}{}\n{}",
            shown(shape),
            hint()
        )));
    }
    Ok(out.cast::<PyArray<T, _>>()?.clone())
}

/// The right to write an array.
///
/// # Errors
/// `ValueError`: it is read-only, or shares memory with one that is being written.
pub(super) fn writable<'py, T: Element>(
    what: &str,
    array: &Bound<'py, PyArrayDyn<T>>,
) -> PyResult<PyReadwriteArrayDyn<'py, T>> {
    let borrowed = array.try_readwrite();
    borrowed
        .map_err(|error| {
            format!("the {what} of out cannot be written: {error}\nhint: give arrays that share no memory")
        })
        .or_raise(errors::value_error)
}

/// A shape as Python writes it.
fn shown(shape: &[usize]) -> String {
    let inner: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({})", inner.join(", "))
}
