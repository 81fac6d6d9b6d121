//! `rrpipe replay show`: a position of a stored game.

use ringrift_replay::GameFilter;

use super::{FileArg, open, store_failure};
use crate::commands::position::Found;
use crate::commands::show::{Drawing, draw};
use crate::{Context, ExitCode, Failure, exit};

/// Draw a position of a game
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe replay show games.db --game-id 0 --ply 40 --format svg --output board.svg")]
pub(super) struct Args {
    #[command(flatten)]
    file: FileArg,
    /// Which game: its name, or its number from 0 in the order in which the games were stored
    #[arg(long, value_name = "GAME", default_value = "0")]
    game_id: String,
    /// How many plies to replay; the default is all
    #[arg(long, value_name = "N")]
    ply: Option<usize>,
    #[command(flatten)]
    drawing: Drawing,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let mut reader = open(&args.file.path)?;
    let named = GameFilter { ids: vec![args.game_id.clone()], ..GameFilter::default() };
    let mut id = reader.ids(&named).map_err(store_failure)?.pop();
    if id.is_none()
        && let Ok(number) = args.game_id.parse::<u64>()
    {
        let filter = GameFilter { limit: Some(number.saturating_add(1)), ..GameFilter::default() };
        let ids = reader.ids(&filter).map_err(store_failure)?;
        id = ids.get(usize::try_from(number).unwrap_or(usize::MAX)).cloned();
    }
    let game = reader.game(id.as_deref().unwrap_or(&args.game_id)).map_err(store_failure)?;
    let plies = args.ply.unwrap_or(game.moves.len());
    if plies > game.moves.len() {
        let text = format!("game {} has {} plies, not {plies}", game.row.id, game.moves.len());
        return Err(Failure::message(exit::BAD_INPUT, text));
    }
    let replayed = game.replay(plies).map_err(store_failure)?;
    let mut before = replayed.start.position.clone();
    let last = replayed.moves.split_last().map(|(&last, earlier)| {
        for &mv in earlier {
            before.make_move(mv);
        }
        (before, last)
    });
    draw(&args.drawing, Found { position: replayed.end, last }, &game.seat_names(), context)
}
