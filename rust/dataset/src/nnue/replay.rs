//! The samples of one game.

use ringrift_eval::Values;
use ringrift_nnue::FeatureSet;
use ringrift_replay::{StoredGame, move_from_json_text_among};
use ringrift_rules::{ByPlayer, MoveList, PlayerCount, PlayerId, with_position};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::options::SampleOptions;
use super::samples::{GameSample, Row, SHARE_PARTS};
use crate::game::first_line;
use crate::plan::Layout;
use crate::select::{Dropped, Facts};

/// The samples of a game; `start` of its rows counts from its first feature, and `game` is 0.
#[derive(Clone, Debug)]
pub(crate) struct GameRows {
    pub game: GameSample,
    pub rows: Vec<Row>,
    pub features: Vec<u16>,
    /// Rows with statistics of a search whose win shares cannot be used.
    pub unusable: u64,
}

/// What became of a game.
#[derive(Debug)]
pub(crate) enum Made {
    Rows(Box<GameRows>),
    Dropped(Dropped),
    /// It cannot be replayed.
    Failed(String),
}

/// Replays a game.
pub(crate) fn make(options: &SampleOptions, set: FeatureSet, game: &StoredGame) -> Made {
    if let Err(reason) = options.selection.check(game, &Facts::of(game), Layout::Packed) {
        return Made::Dropped(reason);
    }
    if game.moves.len() as i64 != game.row.total_moves {
        return Made::Failed(format!("it should have {} moves and has {}", game.row.total_moves, game.moves.len()));
    }
    match replay(options, set, game) {
        Ok(Ok(rows)) => Made::Rows(Box::new(rows)),
        Ok(Err(reason)) => Made::Dropped(reason),
        Err(what) => Made::Failed(what),
    }
}

fn replay(options: &SampleOptions, set: FeatureSet, game: &StoredGame) -> Result<Result<GameRows, Dropped>, String> {
    let start = game.start().map_err(|error| first_line(&error))?;
    let mut position = start.position;
    let (board, players) = (position.board(), position.players());
    if (board, players) != (options.board, options.players) {
        return Err(format!(
            "its state is of {board} with {} players, its row says {} with {}",
            players.get(),
            game.row.board,
            game.row.num_players
        ));
    }
    let last = [options.ply_max, options.selection.cutoffs.get(&game.row.id).copied()].into_iter().flatten().min();
    let wanted = options.ply_min.unwrap_or(0)..=last.unwrap_or(u32::MAX);
    let mut until_next = drawn(&game.row.id, options.every);
    let (mut rows, mut features, mut active) = (Vec::new(), Vec::new(), Vec::new());
    let (mut legal, mut unusable) = (MoveList::new(), 0);
    for (ply, stored) in (0_u32..).zip(&game.moves) {
        if stored.number != i64::from(ply) {
            return Err(format!("move {ply} is missing, the next one is {}", stored.number));
        }
        let mv = move_from_json_text_among(&position, &stored.json, &mut legal)
            .map_err(|error| format!("move {ply}: {}", first_line(&error)))?;
        if wanted.contains(&ply) && (options.with_forced || legal.len() > 1) {
            if until_next == 0 {
                until_next = options.every;
                let bucket = with_position!(&position, position => {
                    set.active(position, PlayerId::ALL[0], &mut active);
                    set.bucket(position)
                });
                let search = search_shares(stored.search_stats.as_deref(), players);
                unusable += u64::from(search.is_err());
                rows.push(Row {
                    start: features.len() as u64,
                    game: 0,
                    ply,
                    search: search.ok().flatten().unwrap_or_default(),
                    len: active.len() as u16,
                    bucket: bucket as u8,
                    mover: position.to_move().index() as u8,
                });
                features.extend_from_slice(&active);
            }
            until_next -= 1;
        }
        position.make_move(mv);
    }
    let (Some(outcome), Some(ranks)) = (position.outcome(), position.ranks()) else {
        return Ok(Err(Dropped::NoWinner));
    };
    let won = i64::from(outcome.winner.number());
    if let Some(recorded) = game.row.winner.filter(|&recorded| recorded != won) {
        return Err(format!("player {recorded} has won by its record and player {won} by its moves"));
    }
    if rows.is_empty() {
        return Ok(Err(Dropped::NoRows));
    }
    let result = Values::of_ranks(&ranks, players);
    let mut shares = [0.0; 4];
    for (share, value) in shares.iter_mut().zip(result.of(players)) {
        *share = *value as f32;
    }
    let game = GameSample { id: game.row.id.as_str().into(), shares, plies: game.moves.len() as u32 };
    Ok(Ok(GameRows { game, rows, features, unusable }))
}

/// Positions to leave out before the first sample of a game.
fn drawn(id: &str, every: u32) -> u32 {
    if every <= 1 {
        return 0;
    }
    let digest = Sha256::digest(id.as_bytes());
    let key = u64::from_le_bytes(digest[..8].try_into().expect("eight bytes"));
    (key % u64::from(every)) as u32
}

/// The part of the statistics of a search that is needed.
#[derive(Deserialize)]
struct Statistics {
    root_values: Option<Vec<f64>>,
}

/// The win shares that a search gave the position, in [`SHARE_PARTS`]; none if none are recorded.
fn search_shares(text: Option<&str>, players: PlayerCount) -> Result<Option<[u16; 4]>, ()> {
    let Some(text) = text else { return Ok(None) };
    let statistics: Statistics = serde_json::from_str(text).map_err(drop)?;
    let Some(values) = statistics.root_values else { return Ok(None) };
    if values.len() != players.get() {
        return Err(());
    }
    let mut numbers = ByPlayer::default();
    for (seat, value) in players.seats().zip(values) {
        numbers[seat] = value;
    }
    let values = Values::in_proportion(numbers, players).map_err(drop)?;
    let mut shares = [0; 4];
    for (share, value) in shares.iter_mut().zip(values.of(players)) {
        *share = (value * SHARE_PARTS).round() as u16;
    }
    Ok(Some(shares))
}
