//! Why a network of upstream cannot be read, written or evaluated.

use std::path::PathBuf;

use ringrift_rules::BoardKind;

use crate::torch_file::TorchFileError;

/// What is wrong with a network of upstream, or with what it is asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The system refuses the file.
    #[error("cannot read {}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no checkpoint that is safe to read.
    #[error(transparent)]
    TorchFile(#[from] TorchFileError),
    /// The file is no sound safetensors file.
    #[error("not a sound safetensors file: {what}\nhint: the file is incomplete or was changed; convert it again")]
    Safetensors {
        /// What is wrong.
        what: String,
    },
    /// The file has tensors, but none of an NNUE.
    #[error("not an NNUE: its {tensors} tensors, such as {example:?}, are those of {looks_like}\nhint: {hint}")]
    NotNnue {
        /// Number of tensors.
        tensors: usize,
        /// The first one.
        example: String,
        /// What they look like.
        looks_like: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// The file has no weights at all.
    #[error(
        "the checkpoint has no model_state_dict\nhint: save {{\"model_state_dict\": model.state_dict(), \"board_type\": ...}}"
    )]
    NoWeights,
    /// A variant of the network that upstream can train but its loader does not know.
    #[error("the network has {variant} (tensor {example:?})\nhint: {hint}")]
    Variant {
        /// Which variant.
        variant: &'static str,
        /// A tensor that shows it.
        example: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// Tensors are missing.
    #[error("tensors are missing: {}\nhint: the file is incomplete, or of an unknown architecture", names.join(", "))]
    Missing {
        /// Their names.
        names: Vec<String>,
    },
    /// Tensors that no version of upstream's networks has.
    #[error("unknown tensors: {}\nhint: the architecture is another one; leaving them out would give other values", names.join(", "))]
    Unknown {
        /// Their names; the first 8.
        names: Vec<String>,
    },
    /// A tensor has another shape than the rest of the network needs.
    #[error(
        "tensor {name:?} has shape {got:?}, expected {expected}\nhint: the parts of the file do not belong together"
    )]
    Shape {
        /// Its name.
        name: String,
        /// The shape needed.
        expected: String,
        /// Its shape.
        got: Vec<usize>,
    },
    /// The first layer has a width that the board does not have.
    #[error("the first layer has {inputs} inputs, which {board} does not have\nhint: {hint}")]
    Inputs {
        /// Number of inputs.
        inputs: usize,
        /// The board of the file, or words for all boards.
        board: String,
        /// What has so many.
        hint: String,
    },
    /// What the file says about itself is not so.
    #[error(
        "{key} is {says} in the file, but its tensors have {found}\nhint: the file was put together from two, or changed"
    )]
    Contradiction {
        /// The key in the file.
        key: &'static str,
        /// Its value.
        says: String,
        /// What it should be.
        found: String,
    },
    /// Weights that are no numbers.
    #[error(
        "tensor {name:?} has {count} elements that are no finite numbers\nhint: the training went astray; use an earlier checkpoint"
    )]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// How many.
        count: usize,
    },
    /// A tensor does not have as many elements as its shape says.
    #[error("tensor {name:?} has {got} elements, its shape {expected}\nhint: give one element for every place")]
    Elements {
        /// Name of the tensor.
        name: String,
        /// Elements of the shape.
        expected: usize,
        /// Elements there are.
        got: usize,
    },
    /// Metadata that a checkpoint cannot have.
    #[error("the metadata cannot be written: {what}\nhint: it holds texts, numbers, lists and dictionaries")]
    Metadata {
        /// What is wrong.
        what: String,
    },
    /// A position is on another board.
    #[error("the network is for {network}, the position on {position}\nhint: a network belongs to one board")]
    OtherBoard {
        /// Board of the network.
        network: BoardKind,
        /// Board of the position.
        position: BoardKind,
    },
    /// A position has another number of players than the network has values.
    #[error(
        "the network is for {network} players, the position has {position}\nhint: a network with several values belongs to one number of players"
    )]
    OtherPlayers {
        /// Players of the network.
        network: usize,
        /// Players of the position.
        position: usize,
    },
    /// There is no such player.
    #[error("player {seat} in a game of {players}\nhint: players count from 1")]
    NoSuchSeat {
        /// Number of the player, from 1.
        seat: u8,
        /// Players of the game.
        players: usize,
    },
    /// A buffer has the wrong length.
    #[error(
        "the buffer for features has {got} elements, expected {expected}\nhint: UpstreamFeatures::len has the length"
    )]
    BufferLength {
        /// Elements needed.
        expected: usize,
        /// Elements there are.
        got: usize,
    },
}
