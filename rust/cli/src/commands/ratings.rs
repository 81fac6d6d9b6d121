//! `rrpipe ratings`: how strong the engines of logs are.

use std::io::Write as _;
use std::path::PathBuf;

use ringrift_tournament::{LogContent, Pool, RatingError, figure, rate, write_elo_store};
use serde_json::{Value, json};

use super::field::log_class;
use crate::output::{Format, Out, write_file};
use crate::{Context, ExitCode, Failure, OrFail as _, exit};

/// Longest name in a table.
const NAME_WIDTH_MAX: usize = 44;

/// Rate the engines of game logs
///
/// Ratings are a function of the games: neither the order of logs and lines nor repeated lines matter. Bradley-Terry for two
/// players, Plackett-Luce for more, by maximum likelihood, one pool for each board and number of players. Without anchors the
/// mean is 1500.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe ratings logs/*/*/games.jsonl --anchor random=400 --figure ratings.svg")]
pub(crate) struct Args {
    /// Logs of tournaments and gates
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Rating of an engine that is given, by its name or id; may be given several times
    #[arg(long = "anchor", value_name = "NAME=ELO", value_parser = parse_anchor, allow_hyphen_values = true)]
    anchors: Vec<(String, f64)>,
    /// File for the ratings and the cross table, as JSON
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// File for a picture of the ratings (SVG); of several pools, one file each, with the pool in its name
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    /// File in the shape of upstream's `unified_elo.db`, made anew
    #[arg(long, value_name = "FILE")]
    elo_db: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn parse_anchor(text: &str) -> Result<(String, f64), String> {
    let parsed = text.rsplit_once('=').and_then(|(name, rating)| Some((name.to_owned(), rating.trim().parse().ok()?)));
    parsed.ok_or_else(|| "write a name and a rating, such as random=400".to_owned())
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let content = LogContent::load(&args.logs).map_err(|error| Failure::new(log_class(&error), error))?;
    let pools = rate(&content, &args.anchors).map_err(rating_failure)?;
    let result = json!(pools.iter().map(pool_json).collect::<Vec<_>>());
    if let Some(path) = &args.output {
        write_file(path, format!("{result:#}\n").as_bytes())?;
    }
    if let Some(path) = &args.figure {
        for pool in &pools {
            let path = match pools.len() {
                1 => path.clone(),
                _ => path.with_extension(format!("{}_{}p.svg", pool.board_type, pool.num_players)),
            };
            write_file(&path, figure(pool).as_bytes())?;
        }
    }
    if let Some(path) = &args.elo_db {
        write_elo_store(path, &content, &pools).or_fail(exit::IO)?;
    }
    let mut out = context.terminal.out();
    match args.format {
        Format::Json => writeln!(out, "{result}")?,
        Format::Text => {
            for pool in &pools {
                print_pool(pool, &mut out)?;
            }
        }
    }
    Ok(exit::OK)
}

/// Ratings that cannot be made.
pub(crate) fn rating_failure(error: RatingError) -> Failure {
    Failure::new(exit::USAGE, error)
}

/// A pool as JSON.
pub(crate) fn pool_json(pool: &Pool) -> Value {
    let engines: Vec<Value> = (pool.engines.iter())
        .map(|engine| {
            json!({
                "id": engine.id.as_str(),
                "name": engine.name,
                "rating": engine.rating,
                "error": engine.error,
                "low": engine.low,
                "high": engine.high,
                "is_anchor": engine.is_anchor,
                "is_tied": engine.is_tied,
                "seats": engine.seats,
                "wins": engine.wins,
                "undecided": engine.undecided,
                "share": engine.share,
                "share_if_equal": engine.even,
                "online_rating": engine.online.0,
                "online_uncertainty": engine.online.1,
            })
        })
        .collect();
    let cross: Vec<Vec<Value>> = (pool.meetings.iter())
        .map(|row| row.iter().map(|entry| json!({"count": entry.count, "points": entry.points})).collect())
        .collect();
    json!({
        "board_type": pool.board_type,
        "num_players": pool.num_players,
        "games": pool.games,
        "engines": engines,
        "covariance": pool.covariance,
        "cross_table": cross,
    })
}

/// Ratings and cross table as text.
pub(crate) fn print_pool(pool: &Pool, out: &mut Out<'_>) -> Result<(), Failure> {
    let cut = |name: &str| name.chars().take(NAME_WIDTH_MAX).collect::<String>();
    let width = pool.engines.iter().map(|engine| cut(&engine.name).chars().count()).max().unwrap_or(0).max(6);
    writeln!(out, "{} {}p, {} different games", pool.board_type, pool.num_players, pool.games)?;
    writeln!(
        out,
        "{:>3} {:width$} {:>7} {:>7} {:>6} {:>7} {:>7} {:>7}",
        "#", "engine", "Elo", "± 95 %", "seats", "share", "equal", "online"
    )?;
    for (place, engine) in (1..).zip(&pool.engines) {
        let error = match (engine.is_anchor, engine.is_tied) {
            (true, _) => "anchor".to_owned(),
            (false, true) => format!("{:.0}", engine.rating - engine.low),
            (false, false) => format!("{:.0}?", engine.rating - engine.low),
        };
        writeln!(
            out,
            "{place:>3} {:width$} {:>7.0} {error:>7} {:>6} {:>6.1}% {:>6.1}% {:>7.0}",
            cut(&engine.name),
            engine.rating,
            engine.seats,
            engine.share * 100.0,
            engine.even * 100.0,
            engine.online.0
        )?;
    }
    if pool.engines.iter().any(|engine| !engine.is_tied && !engine.is_anchor) {
        writeln!(out, "?: all won or all lost against the others, so that only the prior bounds the rating")?;
    }
    writeln!(out, "better ranked than the engine of the column, in percent:")?;
    write!(out, "{:>3} {:width$}", "", "")?;
    for place in 1..=pool.engines.len() {
        write!(out, " {place:>5}")?;
    }
    writeln!(out)?;
    for (place, (engine, row)) in (1..).zip(pool.engines.iter().zip(&pool.meetings)) {
        write!(out, "{place:>3} {:width$}", cut(&engine.name))?;
        for (column, entry) in (1..).zip(row) {
            match entry.count {
                _ if column == place => write!(out, "     -")?,
                0 => write!(out, "      ")?,
                count => write!(out, " {:>5.1}", entry.points / count as f64 * 100.0)?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn logs_that_are_none_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("games.jsonl").to_string_lossy().into_owned();
        let ran = rrpipe(&["ratings", &path]);
        assert_eq!(ran.exit, exit::IO, "{}", ran.err);
        for (text, says) in
            [("", "has no games"), ("words\n", "line 1: no line of a log"), ("{\"kind\":\"game\"}\n", "line 1: ")]
        {
            std::fs::write(&path, text).unwrap();
            let ran = rrpipe(&["ratings", &path]);
            assert_eq!(ran.exit, exit::BAD_INPUT, "{}", ran.err);
            assert!(ran.err.contains(says) && ran.err.contains("hint: "), "{}", ran.err);
        }
        assert!(rrpipe(&["ratings", &path, "--anchor", "random"]).err.contains("such as random=400"));
    }
}
