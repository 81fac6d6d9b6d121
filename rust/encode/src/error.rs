//! What can be wrong with a request to encode.

use ringrift_rules::BoardKind;

/// A position or a buffer does not fit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The encoder is made for other boards.
    #[error("encoder {encoder} cannot encode a position on {board}\nhint: it serves {serves}")]
    WrongBoard {
        /// Name of the encoder.
        encoder: &'static str,
        /// Board of the position.
        board: BoardKind,
        /// Boards that the encoder serves.
        serves: &'static str,
    },
    /// The boards of two arguments differ.
    #[error(
        "{what} is on {got}, expected {expected}\nhint: positions, layouts and symmetries of one call share a board"
    )]
    OtherBoard {
        /// The argument.
        what: &'static str,
        /// Board of the receiver.
        expected: BoardKind,
        /// Board of the argument.
        got: BoardKind,
    },
    /// The numbers of players of two arguments differ.
    #[error("the position has {got} players, expected {expected}\nhint: a layout is made for one number of players")]
    OtherPlayers {
        /// Players of the receiver.
        expected: usize,
        /// Players of the argument.
        got: usize,
    },
    /// A buffer has the wrong number of elements.
    #[error("the buffer for {what} has {got} elements, expected {expected}\nhint: {hint}")]
    WrongLength {
        /// What the buffer is for.
        what: &'static str,
        /// Elements needed.
        expected: usize,
        /// Elements there are.
        got: usize,
        /// How to get the right length.
        hint: &'static str,
    },
    /// A name that is none of the known ones.
    #[error("unknown {what} {name:?}\nhint: it is one of {known}")]
    UnknownName {
        /// What was to be named.
        what: &'static str,
        /// The name, cut after 40 characters.
        name: String,
        /// The known names.
        known: &'static str,
    },
}

/// Checks the length of a buffer.
pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    got: usize,
    hint: &'static str,
) -> Result<(), EncodeError> {
    if expected == got { Ok(()) } else { Err(EncodeError::WrongLength { what, expected, got, hint }) }
}

/// An unknown name, cut to a length that fits a message.
pub(crate) fn unknown(what: &'static str, name: &str, known: &'static str) -> EncodeError {
    EncodeError::UnknownName { what, name: name.chars().take(40).collect(), known }
}
