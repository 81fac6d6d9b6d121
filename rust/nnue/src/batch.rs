//! Logits of positions whose board is known at run time only.

use std::sync::Arc;

use ringrift_rules::{AnyPosition, Board, BoardKind, Hex8, Hexagonal, Position, Square8, Square19};

use crate::error::NetworkError;
use crate::evaluator::NnueEvaluator;
use crate::network::Network;

/// Logits of the seats of each position, row by row, in units of [`crate::architecture::OUTPUT_SCALE`]; those of finished games
/// too. Neighbours that are alike are cheap.
///
/// # Errors
/// A position is of another board or number of players than the network.
pub fn logits_of<'p>(
    network: &Arc<Network>,
    positions: impl IntoIterator<Item = &'p AnyPosition>,
) -> Result<Vec<i32>, NetworkError> {
    macro_rules! rows {
        ($board:ident) => {
            rows::<$board>(network, positions, |any| match any {
                AnyPosition::$board(position) => Some(position),
                _ => None,
            })
        };
    }
    match network.board() {
        BoardKind::Square8 => rows!(Square8),
        BoardKind::Square19 => rows!(Square19),
        BoardKind::Hex8 => rows!(Hex8),
        BoardKind::Hexagonal => rows!(Hexagonal),
    }
}

fn rows<'p, B: Board>(
    network: &Arc<Network>,
    positions: impl IntoIterator<Item = &'p AnyPosition>,
    of_board: impl Fn(&AnyPosition) -> Option<&Position<B>>,
) -> Result<Vec<i32>, NetworkError> {
    let mut evaluator = NnueEvaluator::<B>::new(Arc::clone(network))?;
    let mut rows = Vec::new();
    for any in positions {
        network.check_game(any.board(), any.players())?;
        if let Some(position) = of_board(any) {
            rows.extend_from_slice(&evaluator.logits(position)[..any.players().get()]);
        }
    }
    Ok(rows)
}
