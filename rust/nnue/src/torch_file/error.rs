//! What can be wrong with a file of `torch.save`.

use super::FILE_BYTES_MAX;

/// Why a file of `torch.save` cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TorchFileError {
    /// The file does not begin like a ZIP archive.
    #[error("not a file of torch.save: {what}\nhint: {hint}")]
    NotZip {
        /// What it is instead.
        what: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// The ZIP archive is damaged.
    #[error("damaged archive: {what}\nhint: the file is incomplete or was changed; fetch it again")]
    Archive {
        /// What is wrong.
        what: String,
    },
    /// The file, or a part of it, is too large.
    #[error("{what} has {bytes} bytes\nhint: at most {max} are read")]
    TooLarge {
        /// The file, or a part of it.
        what: String,
        /// Its size.
        bytes: u64,
        /// Largest size.
        max: u64,
    },
    /// An entry that torch does not write.
    #[error(
        "entry {name:?} of the archive is {how}\nhint: torch.save stores entries as they are; save the file again with it"
    )]
    Entry {
        /// Name of the entry.
        name: String,
        /// What it is.
        how: &'static str,
    },
    /// An entry is missing.
    #[error("the archive has no entry {name:?}\nhint: it is not a file of torch.save, or incomplete")]
    MissingEntry {
        /// Name of the entry.
        name: String,
    },
    /// The pickle is damaged, or asks for something that plain values do not need.
    #[error(
        "byte {at} of data.pkl: {what}\nhint: only dictionaries, lists, tensors, numbers and texts are read; nothing is run"
    )]
    Pickle {
        /// Place in the pickle.
        at: usize,
        /// What is wrong.
        what: String,
    },
    /// The pickle names things that are not on the list of allowed ones.
    #[error(
        "the file wants {} of Python, which is never done here\nhint: save tensors, numbers and texts only: torch.load(..., weights_only=True) has the same limits",
        .globals.join(", ")
    )]
    Foreign {
        /// The names, in the order of their first use; the first 8.
        globals: Vec<String>,
        /// The names of tensors that were seen in a dictionary `model_state_dict` all the same; the first 64.
        tensors: Vec<String>,
    },
    /// A tensor that does not fit its elements.
    #[error("tensor {name:?}: {what}\nhint: the file is damaged or was made to deceive")]
    Tensor {
        /// Its name, or the number of its storage where the name is not known.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// An element type that is not read as `f32`.
    #[error(
        "tensor {name:?} has elements of type {got}\nhint: weights are read from float32, float64, float16 and bfloat16"
    )]
    ElementType {
        /// Its name.
        name: String,
        /// Its type.
        got: &'static str,
    },
    /// The outermost object, or one that should be a dictionary of tensors, is something else.
    #[error("{what} is {got}, not {expected}\nhint: a checkpoint is a dictionary with texts as keys")]
    Structure {
        /// Which object.
        what: String,
        /// What it is.
        got: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

impl TorchFileError {
    pub(super) fn archive(what: impl Into<String>) -> Self {
        Self::Archive { what: what.into() }
    }

    pub(super) fn file_size(bytes: u64) -> Self {
        Self::TooLarge { what: "the file".to_owned(), bytes, max: FILE_BYTES_MAX }
    }
}

/// A text of a file, cut to a length that fits a message.
pub(crate) fn shown(text: &str) -> String {
    const LEN_MAX: usize = 80;
    match text.char_indices().nth(LEN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
