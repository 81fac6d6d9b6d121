//! Files of `torch.save`: tensors, numbers and texts, read without running anything that the file asks for.
//!
//! A file is a ZIP archive of stored entries. `data.pkl` is a pickle, a program for a small stack machine that can call
//! anything; `data/0`, `data/1` and so on are the elements of its tensors. [`TorchFile`] runs the part of that machine that
//! builds plain values and knows a handful of callables by name. Nothing is imported or called, whatever the file says, and
//! everything is checked against the length of the file before memory is taken for it.
//!
//! Source: PyTorch's notes on serialization, Python's documentation of pickle protocols 2 to 5 (module `pickletools`).

mod archive;
mod error;
mod pickle;
mod tensor;
mod value;
mod write;

use serde_json::{Map, Value as Json};

use archive::Archive;
use pickle::Machine;
use value::Root;

pub use error::TorchFileError;
pub(crate) use error::shown;
pub use tensor::{ElementType, TensorInfo};
pub(crate) use write::{TensorData, write_torch_file};

/// Longest file that is read.
pub const FILE_BYTES_MAX: u64 = 512 << 20;

/// A file of `torch.save` whose outermost object is a dictionary with texts as keys.
#[derive(Debug)]
pub struct TorchFile<'a> {
    archive: Archive<'a>,
    root: Root<'a>,
}

impl<'a> TorchFile<'a> {
    /// Reads the structure of a file; the elements of tensors are read by [`TorchFile::elements`].
    ///
    /// # Errors
    /// The file is damaged, or holds anything but dictionaries, lists, tuples, tensors, numbers, texts and None.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, TorchFileError> {
        let archive = Archive::open(bytes)?;
        let root = Machine::run(archive.get("data.pkl")?)?;
        Ok(Self { archive, root })
    }

    /// Names, shapes and types of the tensors in the dictionary under `key`, or in the outermost one; in the order of the
    /// file. None if there is no such dictionary.
    ///
    /// # Errors
    /// Something in the dictionary is not a tensor, or has no text as its name, or a name comes twice.
    pub fn tensors(&self, key: Option<&str>) -> Result<Option<Vec<TensorInfo<'_>>>, TorchFileError> {
        self.root.tensors(key)
    }

    /// The elements of a tensor, row by row, as `f32`.
    ///
    /// # Errors
    /// The elements are no numbers with a fraction, are missing in the file, or are not as many as it says.
    pub fn elements(&self, tensor: &TensorInfo<'_>) -> Result<Vec<f32>, TorchFileError> {
        let stored = &tensor.storage;
        let bytes = self.archive.get(&format!("data/{}", stored.key))?;
        tensor.read(bytes)
    }

    /// Everything in the outermost dictionary that is neither a tensor nor a dictionary of tensors. Tensors deeper inside
    /// are told by their shapes; numbers that JSON does not have, by texts.
    ///
    /// # Errors
    /// A value contains itself, or is absurdly large or deep.
    pub fn metadata(&self) -> Result<Map<String, Json>, TorchFileError> {
        self.root.metadata()
    }
}
