//! `rrpipe tournament`: games between many engines, and what they say.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ringrift_rules::PlayerCount;
use ringrift_selfplay::{EngineKind, rung};
use ringrift_tournament::{
    DISTINCT_SHARE_MIN, GameRecord, LogContent, Pairing, ParticipantId, Tournament, TournamentError, distinct_share,
    figure, rate, write_elo_store,
};
use serde_json::json;

use super::field::{FieldArgs, Reporter, field_class, log_class, tell_repair};
use super::ratings::{parse_anchor, pool_json, print_pool, rating_failure};
use crate::output::{Format, write_file};
use crate::{Context, ExitCode, Failure, OrFail as _, exit, interrupt};

/// Games of a line-up of two.
const GAMES_OF_TWO: u64 = 20;

/// Play a tournament and rate its engines
///
/// Every line-up plays every assignment of its seats from the same openings. All games go into an append-only log; the same
/// command again goes on where it ended, and an interrupted tournament comes to the same log as any other. Results are refused if
/// less than 95 % of the games differ. docs/tournaments.md describes the files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe tournament random heuristic d4 d6 --board-type hex8 --num-games 40")]
pub(crate) struct Args {
    /// The engines, as for `rrpipe match`
    #[arg(value_name = "ENGINE")]
    engines: Vec<String>,
    /// All kinds of engines, in place of a list
    #[arg(long, conflicts_with_all = ["engines", "p1", "p2"])]
    all_engines: bool,
    /// With --all-engines: budget of those that search
    #[arg(long, value_name = "N", default_value_t = 2_000, requires = "all_engines", value_parser = clap::value_parser!(u64).range(1..))]
    nodes: u64,
    /// Every choice of engines plays (the default)
    #[arg(long, conflicts_with_all = ["gauntlet", "swiss"])]
    round_robin: bool,
    /// The first N engines play each of the others; with more than two seats, one against the other on all other seats
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", require_equals = true, conflicts_with = "swiss")]
    gauntlet: Option<usize>,
    /// Rounds in which engines of like scores meet
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    swiss: Option<u32>,
    /// First engine, in place of a list: Random, Heuristic, Minimax, MCTS, Descent, Neural, or any engine of ours
    #[arg(long, value_name = "ENGINE", requires = "p2", conflicts_with = "engines")]
    p1: Option<String>,
    /// Network of the first engine
    #[arg(long, value_name = "FILE", requires = "p1")]
    p1_model: Option<String>,
    /// Rung of the ladder whose budget the first engine gets
    #[arg(long, value_name = "N", requires = "p1")]
    p1_diff: Option<u8>,
    /// Second engine
    #[arg(long, value_name = "ENGINE", requires = "p1")]
    p2: Option<String>,
    /// Network of the second engine
    #[arg(long, value_name = "FILE", requires = "p2")]
    p2_model: Option<String>,
    /// Rung of the ladder whose budget the second engine gets
    #[arg(long, value_name = "N", requires = "p2")]
    p2_diff: Option<u8>,
    /// Games of every line-up, rounded up to whole openings; the default is 20 with two players, and one opening with more
    #[arg(long, alias = "games", value_name = "N")]
    num_games: Option<u64>,
    /// Seed of openings and engines
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Rating of an engine that is given, by its name or id; may be given several times
    #[arg(long = "anchor", value_name = "NAME=ELO", value_parser = parse_anchor, allow_hyphen_values = true)]
    anchors: Vec<(String, f64)>,
    /// File in the shape of upstream's `unified_elo.db`, made anew
    #[arg(long, value_name = "FILE")]
    elo_db: Option<PathBuf>,
    #[command(flatten)]
    field: FieldArgs,
}

impl Args {
    /// Names and texts of the engines.
    fn engines(&self) -> Result<Vec<(String, String)>, Failure> {
        if let (Some(p1), Some(p2)) = (&self.p1, &self.p2) {
            let first = self.upstream_engine(p1, self.p1_model.as_deref(), self.p1_diff)?;
            let second = self.upstream_engine(p2, self.p2_model.as_deref(), self.p2_diff)?;
            return Ok(vec![first, second]);
        }
        if self.all_engines {
            let text = |kind: EngineKind| {
                if kind.is_search() { format!("{kind}:nodes={}", self.nodes) } else { kind.name().to_owned() }
            };
            return Ok(EngineKind::ALL.into_iter().map(|kind| (kind.name().to_owned(), text(kind))).collect());
        }
        if self.engines.is_empty() {
            return Err(Failure::message(exit::USAGE, "a tournament of no engines")
                .hint("name engines, or say --all-engines, or --p1 and --p2"));
        }
        Ok(self.engines.iter().map(|text| (text.clone(), text.clone())).collect())
    }

    /// An engine as upstream's script names it.
    fn upstream_engine(
        &self,
        name: &str,
        model: Option<&str>,
        difficulty: Option<u8>,
    ) -> Result<(String, String), Failure> {
        let lower = name.to_lowercase();
        let kind = if lower == "neural" { "minimax" } else { lower.as_str() };
        let mut settings: Vec<String> = Vec::new();
        match model {
            None if lower == "neural" => {
                return Err(Failure::message(exit::USAGE, "Neural without a network")
                    .hint("name its file with --p1-model or --p2-model"));
            }
            Some(path) if Path::new(path).extension().is_none_or(|end| end != "nnue") => {
                return Err(Failure::message(
                    exit::UNAVAILABLE,
                    format!("{path}: networks of policy and value cannot be played yet"),
                )
                .hint("a .nnue file can"));
            }
            Some(path) => settings.push(format!("nnue={path}")),
            None => {}
        }
        if let Some(difficulty) = difficulty {
            let rung = rung(difficulty, self.field.board_type, self.field.num_players).or_fail(exit::USAGE)?;
            let searches = EngineKind::from_name(kind).is_some_and(EngineKind::is_search);
            settings.extend(rung.nodes.filter(|_| searches).map(|nodes| format!("nodes={nodes}")));
        }
        let joined = settings.join(",");
        let text = match (settings.is_empty(), kind.contains(':')) {
            (true, _) => kind.to_owned(),
            (false, false) => format!("{kind}:{joined}"),
            (false, true) => format!("{kind},{joined}"),
        };
        // Names of settings and files keep their case.
        let text = if lower.contains(':') { text.replacen(&lower, name, 1) } else { text };
        Ok((model.map_or_else(|| name.to_owned(), |path| format!("{name} {path}")), text))
    }

    fn tournament(&self) -> Result<Tournament, Failure> {
        let field = self.field.field(&self.engines()?, Some(self.seed))?;
        let pairing = match (self.gauntlet, self.swiss) {
            (Some(challengers), _) => Pairing::Gauntlet { challengers: challengers.max(1) },
            (None, Some(rounds)) => Pairing::Swiss { rounds },
            (None, None) => Pairing::RoundRobin,
        };
        let default = if self.field.num_players == PlayerCount::Two { GAMES_OF_TWO } else { 1 };
        Ok(Tournament { field, pairing, games_per_line_up: self.num_games.unwrap_or(default) })
    }
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let tournament = args.tournament()?;
    let folder = args.field.folder("tournaments", &tournament.run_id());
    let openings = tournament.openings().map_err(failure)?;
    let log = folder.join("games.jsonl");
    let began = Instant::now();
    let mut live = Live::new(&tournament);
    let (host, terminal) = (context.host, &mut *context.terminal);
    let mut reporter = Reporter::new(terminal, !args.field.no_progress);
    let watched = interrupt::watch(host, |stop| {
        tournament.play(&log, stop, |progress| {
            live.add(progress.game);
            reporter.tick(progress.games, progress.games_total, progress.is_old, || live.table());
        })
    })?;
    reporter.finish();
    let report = watched.value.map_err(failure)?;
    tell_repair(report.repaired_bytes, &log, context.terminal);
    write_file(&folder.join("openings.json"), format!("{:#}\n", openings.to_json()).as_bytes())?;
    if !report.is_complete {
        return Err(Failure::interrupted().hint(format!(
            "{} games are in {}; the same command goes on there",
            report.games.len(),
            log.display()
        )));
    }
    let distinct = distinct_share(&report.games);
    if distinct < DISTINCT_SHARE_MIN {
        let text = format!("only {:.1} % of {} games differ", distinct * 100.0, report.games.len());
        return Err(Failure::message(exit::BAD_INPUT, text)
            .hint("repeated games are no evidence; make more decisions of the openings at random"));
    }
    let content =
        LogContent::load(std::slice::from_ref(&log)).map_err(|error| Failure::new(log_class(&error), error))?;
    let pools = rate(&content, &args.anchors).map_err(rating_failure)?;
    let result = json!({
        "run_id": report.run_id,
        "settings": tournament.settings(),
        "games": report.games.len(),
        "distinct_share": distinct,
        "is_deterministic": tournament.field.participants.iter().all(|one| one.spec().is_deterministic()),
        "elapsed_seconds": began.elapsed().as_secs_f64(),
        "pools": pools.iter().map(pool_json).collect::<Vec<_>>(),
    });
    write_file(&folder.join("result.json"), format!("{result:#}\n").as_bytes())?;
    for pool in &pools {
        write_file(&folder.join("ratings.svg"), figure(pool).as_bytes())?;
    }
    if let Some(path) = &args.elo_db {
        write_elo_store(path, &content, &pools).or_fail(exit::IO)?;
    }
    let mut out = context.terminal.out();
    match args.field.format {
        Format::Json => writeln!(out, "{result}")?,
        Format::Text => {
            if args.p1.is_some() {
                for line in live.wins() {
                    writeln!(out, "{line}")?;
                }
            }
            for pool in &pools {
                print_pool(pool, &mut out)?;
            }
            writeln!(out, "log, result and figure: {}", folder.display())?;
        }
    }
    Ok(exit::OK)
}

fn failure(error: TournamentError) -> Failure {
    let class = match &error {
        TournamentError::Field(error) => field_class(error),
        _ => exit::USAGE,
    };
    Failure::new(class, error)
}

/// Win shares by now.
struct Live {
    engines: Vec<(ParticipantId, String)>,
    seats: Vec<u64>,
    shares: Vec<f64>,
    wins: Vec<u64>,
    games: u64,
    even: f64,
}

impl Live {
    fn new(tournament: &Tournament) -> Self {
        let engines: Vec<_> =
            tournament.field.participants.iter().map(|one| (one.id().clone(), one.name().to_owned())).collect();
        let count = engines.len();
        let even = 1.0 / tournament.field.players.get() as f64;
        Self { engines, seats: vec![0; count], shares: vec![0.0; count], wins: vec![0; count], games: 0, even }
    }

    fn add(&mut self, game: &GameRecord) {
        self.games += 1;
        for (engine, (id, _)) in self.engines.iter().enumerate() {
            for seat in (0..game.players()).filter(|&seat| game.seats[seat] == *id) {
                self.seats[engine] += 1;
                self.shares[engine] += game.share(seat);
                self.wins[engine] += u64::from(game.is_decided() && game.ranks[seat] == 1);
            }
        }
    }

    fn share(&self, engine: usize) -> f64 {
        self.shares[engine] / self.seats[engine].max(1) as f64
    }

    /// Engines by their win share.
    fn table(&self) -> Vec<String> {
        let mut order: Vec<usize> = (0..self.engines.len()).collect();
        order.sort_by(|&a, &b| self.share(b).total_cmp(&self.share(a)));
        let line = |engine: usize| {
            format!(
                "{:>6.1} % ({:.1} if equal) of {:>5} seats  {}",
                self.share(engine) * 100.0,
                self.even * 100.0,
                self.seats[engine],
                self.engines[engine].1
            )
        };
        order.into_iter().map(line).collect()
    }

    /// The lines that callers of upstream's script look for.
    fn wins(&self) -> Vec<String> {
        let line = |(number, wins): (usize, &u64)| {
            let percent = *wins as f64 / self.games.max(1) as f64 * 100.0;
            format!("P{number} wins: {wins}/{} ({percent:.1}%)", self.games)
        };
        (1..).zip(&self.wins).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn tournament_is_rated_and_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (output, store) = (path("t"), path("elo.db"));
        let args = [
            "tournament",
            "random",
            "heuristic",
            "minimax:nodes=50",
            "--board",
            "hex8",
            "--games",
            "6",
            "--output",
            &output,
            "--anchor",
            "random=400",
        ];
        let ran = rrpipe(&[&args[..], &["--elo-db", &store]].concat());
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.starts_with("hex8 2p, 18 different games\n"), "{}", ran.out);
        let result: Value = serde_json::from_str(&std::fs::read_to_string(path("t/result.json")).unwrap()).unwrap();
        assert_eq!(result["pools"][0]["engines"][2]["rating"], 400.0, "{result}");
        assert!(std::fs::read_to_string(path("t/ratings.svg")).unwrap().contains("400 (anchor)"));
        assert!(std::fs::read(&store).unwrap().starts_with(b"SQLite format 3"));
        let log = std::fs::read(path("t/games.jsonl")).unwrap();
        std::fs::write(path("t/games.jsonl"), &log[..log.len() / 2]).unwrap();
        let again = rrpipe(&[&args[..], &["--format", "json", "--jobs", "1"]].concat());
        assert_eq!(again.exit, exit::OK, "{}", again.err);
        assert!(again.err.contains("removed a torn last line"), "{}", again.err);
        assert_eq!(std::fs::read(path("t/games.jsonl")).unwrap(), log);
        // The same from the log alone.
        let figure = path("figure.svg");
        let ran = rrpipe(&[
            "ratings",
            &path("t/games.jsonl"),
            &path("t/games.jsonl"),
            "--anchor",
            "random=400",
            "--format",
            "json",
            "--figure",
            &figure,
        ]);
        let rated: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(rated, result["pools"]);
        assert_eq!(std::fs::read(figure).unwrap(), std::fs::read(path("t/ratings.svg")).unwrap());
    }

    /// The first lines are what the plan's loop parses: "P1 wins" and the first percentage.
    #[test]
    fn upstreams_command_line_has_upstreams_words() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("t").to_string_lossy().into_owned();
        let ran = rrpipe(&[
            "tournament",
            "--p1",
            "Heuristic",
            "--p2",
            "Random",
            "--board",
            "Square8",
            "--games",
            "8",
            "--output-dir",
            &output,
        ]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let first: Vec<&str> = ran.out.lines().take(2).collect();
        assert!(
            first[0].starts_with("P1 wins: ") && first[0].contains("/8 (") && first[0].ends_with("%)"),
            "{first:?}"
        );
        assert!(first[1].starts_with("P2 wins: "), "{first:?}");
    }

    #[test]
    fn wrong_tournaments_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("t").to_string_lossy().into_owned();
        for (args, class, says) in [
            (&[][..], exit::USAGE, "a tournament of no engines"),
            (&["random", "minmax"], exit::USAGE, "there is no engine \"minmax\""),
            (&["random", "d1"], exit::USAGE, "random and d1 are the same engine"),
            (&["random", "heuristic", "--swiss", "0"], exit::USAGE, "--swiss"),
            (&["random", "heuristic", "--openings", "no.json"], exit::IO, "cannot read no.json"),
            (&["--p1", "Neural", "--p2", "Random"], exit::USAGE, "Neural without a network"),
            (
                &["--p1", "Neural", "--p1-model", "best.pth", "--p2", "Random"],
                exit::UNAVAILABLE,
                "best.pth: networks of policy",
            ),
            (&["--p1", "MCTS", "--p1-diff", "99", "--p2", "Random"], exit::USAGE, "d99"),
            (&["random", "heuristic", "--num-players", "4", "--swiss", "2"], exit::USAGE, "hint: name at least 4"),
        ] {
            let ran = rrpipe(&[&["tournament", "--output", &output], args].concat());
            assert_eq!(ran.exit, class, "{args:?}: {}", ran.err);
            assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
            assert!(!folder.path().join("t").exists(), "{args:?}");
        }
    }
}
