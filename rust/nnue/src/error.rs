//! What can be wrong with a network.

use std::io;
use std::path::PathBuf;

use ringrift_rules::BoardKind;

/// A network, or a file of one, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Reading failed.
    #[error("{} cannot be read: {source}\nhint: check the path and its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A fault in a file, which is named.
    #[error("in {}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// The fault.
        #[source]
        source: Box<NetworkError>,
    },
    /// More bytes than any network has.
    #[error("the file has more than {most} bytes\nhint: no network is so large; is this another file?")]
    TooLarge {
        /// Most bytes that are read.
        most: u64,
    },
    /// Fewer bytes than the header announces, or than a header has.
    #[error("the network is cut off: it has {got} bytes of {expected}\nhint: copy or write the file again")]
    Truncated {
        /// Bytes that a whole file has.
        expected: usize,
        /// Bytes that there are.
        got: usize,
    },
    /// More bytes than the header announces.
    #[error("the network has {got} bytes, expected {expected}\nhint: something was added to the file; copy it again")]
    TrailingBytes {
        /// Bytes of the network.
        expected: usize,
        /// Bytes that there are.
        got: usize,
    },
    /// The file does not begin as networks do.
    #[error(
        "this is no .nnue file of ringrift: it begins with {got:02x?}\nhint: rrpipe nnue convert makes one of a checkpoint"
    )]
    Magic {
        /// The first bytes.
        got: Vec<u8>,
    },
    /// A version that this program cannot read.
    #[error(
        "the network has format version {got}, expected {expected}\nhint: it was written by another version of ringrift"
    )]
    Version {
        /// Version of the file.
        got: u32,
        /// The version that is read.
        expected: u32,
    },
    /// A number of the header that networks do not have.
    #[error(
        "the header says that {what} is {got}, expected {expected}\nhint: the file is damaged, or not of this program"
    )]
    Header {
        /// What it is of.
        what: &'static str,
        /// The number.
        got: u64,
        /// What it may be.
        expected: String,
    },
    /// The layers are others than those of this program.
    #[error(
        "the architecture is {got:016x}, expected {expected:016x}\nhint: train or export the network with this version of ringrift"
    )]
    Architecture {
        /// Hash of the file.
        got: u64,
        /// Hash of the layers that this program computes.
        expected: u64,
    },
    /// The features mean something else than those of this program.
    #[error(
        "the features are {got:016x}, expected {expected:016x}\nhint: train or export the network with this version of ringrift"
    )]
    Features {
        /// Hash of the file.
        got: u64,
        /// Hash of the features that this program computes.
        expected: u64,
    },
    /// A section that is not where it should be.
    #[error(
        "section {got:?} of the network stands where {expected:?} belongs\nhint: the file is damaged; copy or write it again"
    )]
    Section {
        /// The section that belongs there.
        expected: &'static str,
        /// What there is.
        got: String,
    },
    /// The bytes are not those that were written.
    #[error("the checksum of the network is wrong\nhint: the file is damaged; copy or write it again")]
    Checksum,
    /// An array of another size.
    #[error(
        "{part} has {got} numbers, expected {expected}\nhint: the sizes follow from board, players and width; see docs/nnue-format.md"
    )]
    Length {
        /// The array.
        part: &'static str,
        /// Numbers that belong in it.
        expected: usize,
        /// Numbers that there are.
        got: usize,
    },
    /// A width that accumulators cannot have.
    #[error("width {0} of the accumulators\nhint: a width is a multiple of 64, from 64 to 1024")]
    Width(usize),
    /// Accumulators that could leave 16 bits.
    #[error(
        "accumulator {index} could reach {reach}, beyond {limit}\nhint: clip the weights of the features closer to 0 in training"
    )]
    AccumulatorOverflow {
        /// Which of the accumulators.
        index: usize,
        /// The sum that cannot be ruled out.
        reach: i64,
        /// What it may be.
        limit: i64,
    },
    /// A bias of a head beyond [`crate::BIAS_MAX`].
    #[error("{part} has a bias of {got}\nhint: a bias is at most 2^30 either way")]
    BiasOverflow {
        /// The array.
        part: &'static str,
        /// The bias.
        got: i32,
    },
    /// The lineage is not what it should be.
    #[error("the lineage of the network {reason}\nhint: it is a JSON object of at most {most} bytes", most = crate::file::LINEAGE_MAX)]
    Lineage {
        /// Why.
        reason: String,
    },
    /// The network is for another board.
    #[error("the network is for {network}, not for {wanted}\nhint: choose one for this board")]
    OtherBoard {
        /// Board of the network.
        network: BoardKind,
        /// Board of the game.
        wanted: BoardKind,
    },
    /// The network is for another number of players.
    #[error("the network is for {network} players, not for {wanted}\nhint: choose one for this number of players")]
    OtherPlayers {
        /// Players of the network.
        network: usize,
        /// Players of the game.
        wanted: usize,
    },
    /// `RINGRIFT_NNUE_SIMD` names no path.
    #[error("RINGRIFT_NNUE_SIMD is {0:?}\nhint: leave it out, or take one of scalar, avx2, avx512, neon")]
    UnknownPath(String),
    /// A path that this machine does not have was asked for.
    #[error(
        "this machine cannot run the path {0}\nhint: leave RINGRIFT_NNUE_SIMD out to take the best one that it can"
    )]
    MissingPath(&'static str),
    /// The path that `RINGRIFT_NNUE_SIMD` names computes something else than it should.
    #[error(
        "RINGRIFT_NNUE_SIMD is {0}, whose results on this machine are wrong\nhint: set it to scalar, and report this"
    )]
    WrongPath(&'static str),
}

impl NetworkError {
    /// Whether the file could not be read at all, rather than being no network.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::InFile { source, .. } => source.io(),
            _ => None,
        }
    }
}
