//! Many positions at a time, on any board.

use ringrift_rules::{AnyPosition, BoardKind, PlayerId, with_position};

use super::error::UpstreamError;
use super::features::UpstreamFeatures;
use super::network::{Forward, UpstreamNetwork};

/// A position, and the player who looks at it.
pub type View<'a> = (&'a AnyPosition, PlayerId);

/// `f32[rows, D]`: the features of positions on one board, row by row.
///
/// # Errors
/// A position is on another board, or has no such player.
pub fn features_of_views(
    version: UpstreamFeatures,
    board: BoardKind,
    views: &[View<'_>],
) -> Result<Vec<f32>, UpstreamError> {
    let len = version.len(board);
    let mut features = vec![0.0; len * views.len()];
    for (&(position, seat), row) in views.iter().zip(features.chunks_exact_mut(len)) {
        if position.board() != board {
            return Err(UpstreamError::OtherBoard { network: board, position: position.board() });
        }
        with_position!(position, position => version.write(position, seat, row))?;
    }
    Ok(features)
}

impl UpstreamNetwork {
    /// Evaluates positions and hands each result to `each`, in order.
    ///
    /// # Errors
    /// A position is on another board, or has another number of players, or no such player.
    pub fn evaluate_views(&self, views: &[View<'_>], mut each: impl FnMut(&Forward)) -> Result<(), UpstreamError> {
        let architecture = self.architecture();
        let mut forward = Forward::default();
        for &(position, seat) in views {
            self.check(position.board(), position.players())?;
            let features = features_of_views(architecture.features, architecture.board, &[(position, seat)])?;
            self.forward(&features, &mut forward)?;
            each(&forward);
        }
        Ok(())
    }
}
