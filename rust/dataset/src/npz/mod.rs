//! NPZ files: ZIP archives of NumPy arrays, written without knowing in advance how many rows there will be, in memory that
//! does not grow with them.

mod column;
mod deflate;
mod file;
mod npy;
mod object;
mod pickle;

pub(crate) use column::{Column, Entry, check_stop, hex};
pub use deflate::Method;
pub(crate) use deflate::{Piece, Squeezer};
pub use file::Written;
pub(crate) use file::write_npz;
pub use npy::DType;
pub(crate) use object::{ObjectColumn, text_bytes};
pub(crate) use pickle::Scalar;
