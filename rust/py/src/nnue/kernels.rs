//! The first layer in training, on NumPy arrays: see the stub for its documentation.

use numpy::ndarray::Dimension;
use numpy::{
    Element, PyArray, PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArray, PyReadwriteArray,
    PyUntypedArrayMethods as _,
};
use pyo3::prelude::*;
use ringrift_nnue::simd::sparse::{Bags, backward, forward};

use crate::errors::{self, OrRaise as _};
use crate::lifetime::Call;

/// Sums of the rows of features.
#[pyfunction]
#[pyo3(signature = (weights, biases, offsets, features, threads = 0, out = None))]
pub(crate) fn nnue_forward<'py>(
    py: Python<'py>,
    weights: &Bound<'py, PyArray2<f32>>,
    biases: &Bound<'py, PyArray1<f32>>,
    offsets: &Bound<'py, PyArray1<i32>>,
    features: &Bound<'py, PyArray1<u16>>,
    threads: usize,
    out: Option<Bound<'py, PyArray2<f32>>>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let _call = Call::begin(py)?;
    let (rows, width) = (weights.shape()[0], biases.len());
    let shape = [offsets.len().saturating_sub(1), width];
    let out = out.unwrap_or_else(|| PyArray2::zeros(py, shape, false));
    check_shape("weights", weights.shape(), [rows, width])?;
    check_shape("out", out.shape(), shape)?;
    {
        let (weights, biases) = (readable("weights", weights)?, readable("biases", biases)?);
        let (offsets, features) = (readable("offsets", offsets)?, readable("features", features)?);
        let mut out = writable("out", &out)?;
        let (weights, biases) = (slice("weights", &weights)?, slice("biases", &biases)?);
        let (offsets, features) = (slice("offsets", &offsets)?, slice("features", &features)?);
        let out = slice_mut("out", &mut out)?;
        let work = || Bags::new(offsets, features, rows).and_then(|bags| forward(weights, biases, bags, out, threads));
        py.detach(work).or_raise(errors::value_error)?;
    }
    Ok(out)
}

/// Gradients of the rows.
#[pyfunction]
#[pyo3(signature = (gradients, offsets, features, grad_weights, threads = 0, grad_biases = None))]
pub(crate) fn nnue_backward<'py>(
    py: Python<'py>,
    gradients: &Bound<'py, PyArray2<f32>>,
    offsets: &Bound<'py, PyArray1<i32>>,
    features: &Bound<'py, PyArray1<u16>>,
    grad_weights: &Bound<'py, PyArray2<f32>>,
    threads: usize,
    grad_biases: Option<Bound<'py, PyArray1<f32>>>,
) -> PyResult<()> {
    let _call = Call::begin(py)?;
    let (rows, width) = (grad_weights.shape()[0], grad_weights.shape()[1]);
    let grad_biases = grad_biases.unwrap_or_else(|| PyArray1::zeros(py, [width], false));
    check_shape("gradients", gradients.shape(), [offsets.len().saturating_sub(1), width])?;
    check_shape("grad_biases", grad_biases.shape(), [width])?;
    let gradients = readable("gradients", gradients)?;
    let (offsets, features) = (readable("offsets", offsets)?, readable("features", features)?);
    let mut weights = writable("grad_weights", grad_weights)?;
    let mut biases = writable("grad_biases", &grad_biases)?;
    let gradients = slice("gradients", &gradients)?;
    let (offsets, features) = (slice("offsets", &offsets)?, slice("features", &features)?);
    let (weights, biases) = (slice_mut("grad_weights", &mut weights)?, slice_mut("grad_biases", &mut biases)?);
    let work =
        || Bags::new(offsets, features, rows).and_then(|bags| backward(gradients, bags, weights, biases, threads));
    py.detach(work).or_raise(errors::value_error)
}

fn check_shape<const N: usize>(what: &str, got: &[usize], expected: [usize; N]) -> PyResult<()> {
    if got == expected {
        return Ok(());
    }
    let text =
        format!("{what} has shape {got:?}, expected {expected:?}\nhint: the shapes of the arguments belong together");
    Err(errors::value_error(text))
}

/// The right to read an array.
pub(super) fn readable<'py, T: Element, D: Dimension>(
    what: &str,
    array: &Bound<'py, PyArray<T, D>>,
) -> PyResult<PyReadonlyArray<'py, T, D>> {
    let borrowed = array.try_readonly();
    borrowed.map_err(|error| format!("{what} cannot be read: {error}")).or_raise(errors::value_error)
}

fn writable<'py, T: Element, D: Dimension>(
    what: &str,
    array: &Bound<'py, PyArray<T, D>>,
) -> PyResult<PyReadwriteArray<'py, T, D>> {
    let borrowed = array.try_readwrite();
    let told = borrowed.map_err(|error| format!("{what} cannot be written: {error}\nhint: outputs share no memory"));
    told.or_raise(errors::value_error)
}

fn not_contiguous(what: &str) -> PyErr {
    errors::value_error(format!("{what} is not contiguous\nhint: numpy.ascontiguousarray({what}) is"))
}

/// The numbers of an array in C order.
pub(super) fn slice<'a, T: Element, D: Dimension>(
    what: &str,
    array: &'a PyReadonlyArray<'_, T, D>,
) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| not_contiguous(what))
}

fn slice_mut<'a, T: Element, D: Dimension>(
    what: &str,
    array: &'a mut PyReadwriteArray<'_, T, D>,
) -> PyResult<&'a mut [T]> {
    array.as_slice_mut().map_err(|_| not_contiguous(what))
}
