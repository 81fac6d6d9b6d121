//! Ratings as a function of logs: the same games, the same ratings, in whatever order and however often the lines come.

mod figure;
mod fit;
mod matrix;
mod online;
mod store;
#[cfg(test)]
mod tests;
pub mod upstream;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::log::{GameRecord, LogContent};
use crate::participant::ParticipantId;
pub use figure::figure;
use fit::{Fit, Ranking, fit, is_tied};
pub use store::{EloStoreError, write_elo_store};

/// Rating of the mean engine where nobody is anchored.
pub const RATING_CENTRE: f64 = 1_500.0;

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Ratings of the engines of one board and number of players.
#[derive(Clone, PartialEq, Debug)]
pub struct Pool {
    /// The board.
    pub board_type: String,
    /// Number of players.
    pub num_players: u8,
    /// Different games.
    pub games: u64,
    /// The engines, strongest first.
    pub engines: Vec<Rated>,
    /// Covariance of their ratings by the information of the games, in the same order.
    pub covariance: Vec<Vec<f64>>,
    /// Cross table: how every engine did against every other, in the same order.
    pub meetings: Vec<Vec<Meetings>>,
}

/// How an engine did against another, or against itself in another seat.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub struct Meetings {
    /// Pairs of their seats in one game.
    pub count: u64,
    /// Those in which it had the better rank; equal ranks are half.
    pub points: f64,
}

/// An engine and its rating.
#[derive(Clone, PartialEq, Debug)]
pub struct Rated {
    /// Its id.
    pub id: ParticipantId,
    /// The name that logs give it.
    pub name: String,
    /// Rating in Elo by maximum likelihood.
    pub rating: f64,
    /// Standard error; 0 for anchors.
    pub error: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Whether its rating was given.
    pub is_anchor: bool,
    /// Whether wins and losses tie it to the others; if not, only the prior keeps its rating finite.
    pub is_tied: bool,
    /// Seats that it had.
    pub seats: u64,
    /// Games that it won.
    pub wins: u64,
    /// Seats in games that nobody won.
    pub undecided: u64,
    /// Mean win share of its seats.
    pub share: f64,
    /// Mean share that it would have among equals.
    pub even: f64,
    /// Rating and uncertainty by an online system (Weng and Lin 2011), in Elo, after the games in the order of their runs.
    pub online: (f64, f64),
}

/// Ratings that cannot be made.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RatingError {
    /// An anchor that did not play.
    #[error(
        "nobody called {0} played\nhint: anchor an engine of the log by its name or id; `rrpipe ratings LOG` lists them"
    )]
    UnknownAnchor(String),
    /// An anchor without a number.
    #[error("an anchor at {0}\nhint: give a rating from -10000 to 10000")]
    Anchor(f64),
}

/// Ratings of all pools of these logs. `anchors` are ratings by name or id of an engine.
///
/// # Errors
/// [`RatingError`] for anchors that cannot be.
pub fn rate(content: &LogContent, anchors: &[(String, f64)]) -> Result<Vec<Pool>, RatingError> {
    if let Some((_, rating)) = anchors.iter().find(|(_, rating)| !(rating.is_finite() && rating.abs() <= 10_000.0)) {
        return Err(RatingError::Anchor(*rating));
    }
    let mut pools: BTreeMap<(&str, u8), Vec<&GameRecord>> = BTreeMap::new();
    for game in content.distinct_games() {
        pools.entry((&game.board_type, game.num_players)).or_default().push(game);
    }
    let played: BTreeSet<&ParticipantId> = content.games.iter().flat_map(|game| &game.seats).collect();
    let is_called = |id: &ParticipantId, name: &str| id.as_str() == name || content.name(id) == name;
    for (name, _) in anchors {
        if !played.iter().any(|id| is_called(id, name)) {
            return Err(RatingError::UnknownAnchor(name.clone()));
        }
    }
    Ok(pools.into_iter().map(|((board, players), games)| rate_pool(content, board, players, &games, anchors)).collect())
}

fn rate_pool(content: &LogContent, board: &str, players: u8, games: &[&GameRecord], anchors: &[(String, f64)]) -> Pool {
    // Engines in the order of their ids, so that nothing hangs on the order of the games.
    let ids: Vec<&ParticipantId> =
        games.iter().flat_map(|game| &game.seats).collect::<BTreeSet<_>>().into_iter().collect();
    let index: HashMap<&ParticipantId, usize> = ids.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let rankings = rankings(games, &index);
    let anchored: BTreeMap<usize, f64> = (ids.iter().enumerate())
        .filter_map(|(engine, id)| {
            let called = |(name, _): &&(String, f64)| id.as_str() == name || content.name(id) == name;
            anchors.iter().find(called).map(|(_, rating)| (engine, *rating))
        })
        .collect();
    let Fit { ratings, covariance, errors } = fit(ids.len(), &rankings, &anchored, RATING_CENTRE);
    let roots: Vec<usize> =
        if anchored.is_empty() { largest_tied(ids.len(), &rankings) } else { anchored.keys().copied().collect() };
    let tied = is_tied(ids.len(), &rankings, &roots);
    let online = online::rate(ids.len(), &rankings);
    let mut engines: Vec<(usize, Rated)> = (ids.iter().enumerate())
        .map(|(engine, id)| {
            let (rating, error) = (ratings[engine], errors[engine]);
            let mut rated = Rated {
                id: (*id).clone(),
                name: content.name(id).to_owned(),
                rating,
                error,
                low: rating - Z * error,
                high: rating + Z * error,
                is_anchor: anchored.contains_key(&engine),
                is_tied: tied[engine],
                seats: 0,
                wins: 0,
                undecided: 0,
                share: 0.0,
                even: 1.0 / f64::from(players),
                online: online[engine],
            };
            for game in games {
                for seat in (0..game.players()).filter(|&seat| game.seats[seat] == **id) {
                    rated.seats += 1;
                    rated.wins += u64::from(game.is_decided() && game.ranks[seat] == 1);
                    rated.undecided += u64::from(!game.is_decided());
                    rated.share += game.share(seat);
                }
            }
            rated.share /= rated.seats.max(1) as f64;
            (engine, rated)
        })
        .collect();
    engines.sort_by(|(_, a), (_, b)| b.rating.total_cmp(&a.rating).then_with(|| a.id.cmp(&b.id)));
    let order: Vec<usize> = engines.iter().map(|(engine, _)| *engine).collect();
    let meetings = meetings(ids.len(), &rankings);
    Pool {
        board_type: board.to_owned(),
        num_players: players,
        games: games.len() as u64,
        engines: engines.into_iter().map(|(_, rated)| rated).collect(),
        covariance: order.iter().map(|&one| order.iter().map(|&other| covariance[one][other]).collect()).collect(),
        meetings: order.iter().map(|&one| order.iter().map(|&other| meetings[one][other]).collect()).collect(),
    }
}

fn meetings(engines: usize, rankings: &[Ranking]) -> Vec<Vec<Meetings>> {
    let mut out = vec![vec![Meetings::default(); engines]; engines];
    for ranking in rankings {
        let seats = || ranking.engines.iter().zip(&ranking.ranks).enumerate();
        for (seat, (&one, rank)) in seats() {
            for (_, (&other, other_rank)) in seats().filter(|(other_seat, _)| *other_seat != seat) {
                let entry = &mut out[one][other];
                entry.count += 1;
                entry.points += match rank.cmp(other_rank) {
                    std::cmp::Ordering::Less => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 0.0,
                };
            }
        }
    }
    out
}

/// The games as rankings, with a number for every line-up and opening.
fn rankings(games: &[&GameRecord], index: &HashMap<&ParticipantId, usize>) -> Vec<Ranking> {
    let mut blocks: HashMap<(Vec<usize>, &str), usize> = HashMap::new();
    games
        .iter()
        .map(|game| {
            let engines: Vec<usize> = game.seats.iter().map(|id| index[id]).collect();
            let mut line_up = engines.clone();
            line_up.sort_unstable();
            let next = blocks.len();
            let block = *blocks.entry((line_up, game.opening_id.as_str())).or_insert(next);
            Ranking { engines, ranks: game.ranks.clone(), block }
        })
        .collect()
}

/// An engine of the largest group whose members games tie together.
fn largest_tied(engines: usize, rankings: &[Ranking]) -> Vec<usize> {
    let size = |&engine: &usize| is_tied(engines, rankings, &[engine]).iter().filter(|&&tied| tied).count();
    (0..engines).rev().max_by_key(size).into_iter().collect()
}
