//! `rrpipe gate`: whether a candidate takes the place of a champion.

use std::io::Write as _;
use std::time::Instant;

use clap::ValueEnum;
use ringrift_tournament::{
    BlockShape, EloModel, FixedRule, Forecast, Gate, GateError, GateReport, GateRule, LineUps, Sprt, Verdict,
};
use serde_json::{Value, json};

use super::field::{FieldArgs, Reporter, field_class, tell_repair};
use crate::output::{Format, write_file};
use crate::{Context, ExitCode, Failure, OrFail as _, exit, interrupt};

/// How many times the games that are expected halfway between the hypotheses a test may take, if nothing is said.
const CAP_FACTOR: f64 = 3.0;

/// Strengths at which a fixed rule is described.
const FIXED_ELO: [f64; 3] = [0.0, 20.0, 50.0];

/// Decide whether a candidate takes the place of a champion
///
/// A sequential test on fresh games: a candidate that is no stronger than --elo0 is accepted with probability --alpha at most, one
/// that is --elo1 stronger with 1 - --beta at least. Every opening is played in every assignment of the seats; with three and four
/// players by one candidate against champions, and by one champion against candidates. The cap rejects. The same command again
/// goes on where it ended. Exit status 0 if the candidate is accepted, 7 if not; anything else is no verdict.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe gate heuristic:weights=new.json#x heuristic --board-type hex8 --elo1 30")]
pub(crate) struct Args {
    /// The engine that wants the place
    candidate: String,
    /// The engine that has it
    champion: String,
    /// How to decide: sprt, or fixed:GAMES:SHARE (more than this share of so many games; fixed:20:0.55 is what upstream's loop does)
    #[arg(long, value_name = "RULE", default_value = "sprt", value_parser = parse_rule)]
    rule: RuleArg,
    /// Elo of the hypothesis that is rejected
    #[arg(long, value_name = "ELO", default_value_t = 0.0, allow_negative_numbers = true)]
    elo0: f64,
    /// Elo of the hypothesis that is accepted
    #[arg(long, value_name = "ELO", default_value_t = 30.0, allow_negative_numbers = true)]
    elo1: f64,
    /// Which Elo
    #[arg(long, value_enum, default_value_t = Model::Logistic)]
    elo_model: Model,
    /// Probability of accepting a candidate that is no stronger
    #[arg(long, value_name = "P", default_value_t = 0.05, allow_negative_numbers = true)]
    alpha: f64,
    /// Probability of rejecting one that is
    #[arg(long, value_name = "P", default_value_t = 0.05, allow_negative_numbers = true)]
    beta: f64,
    /// Games after which the candidate is rejected; the default is three times what is expected halfway between the hypotheses
    #[arg(long, value_name = "N")]
    max_games: Option<u64>,
    /// Line-ups of three and four players
    #[arg(long, value_enum, default_value_t = LineUpArg::Both)]
    line_ups: LineUpArg,
    /// Seed of openings and engines [default: made of both engines, so that their games are fresh]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Say what to expect, and play nothing
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    field: FieldArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Model {
    /// Of the expected score
    Logistic,
    /// Of the expected score in standard deviations of a game
    Normalised,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum LineUpArg {
    /// Both of the others
    Both,
    /// One candidate against champions
    OneCandidate,
    /// One champion against candidates
    OneChampion,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum RuleArg {
    Sprt,
    Fixed { games: u64, threshold: f64 },
}

fn parse_rule(text: &str) -> Result<RuleArg, String> {
    let wrong = || "write sprt, or fixed:GAMES:SHARE such as fixed:20:0.55".to_owned();
    if text == "sprt" {
        return Ok(RuleArg::Sprt);
    }
    let (games, share) = text.strip_prefix("fixed:").and_then(|rest| rest.split_once(':')).ok_or_else(wrong)?;
    let games = games.parse().ok().filter(|games| (1..=1_000_000).contains(games)).ok_or_else(wrong)?;
    let threshold = share.parse().ok().filter(|share| (0.0..1.0).contains(share)).ok_or_else(wrong)?;
    Ok(RuleArg::Fixed { games, threshold })
}

impl Args {
    fn rule(&self) -> Result<GateRule, Failure> {
        let line_ups = match self.line_ups {
            LineUpArg::Both => LineUps::Both,
            LineUpArg::OneCandidate => LineUps::OneCandidate,
            LineUpArg::OneChampion => LineUps::OneChampion,
        };
        let shape = BlockShape::new(self.field.num_players, line_ups);
        let model = match self.elo_model {
            Model::Logistic => EloModel::Logistic,
            Model::Normalised => EloModel::Normalised,
        };
        match self.rule {
            RuleArg::Fixed { games, threshold } => Ok(GateRule::Fixed(FixedRule { shape, games, threshold })),
            RuleArg::Sprt => {
                let test =
                    |games_max| Sprt::new(shape, model, [self.elo0, self.elo1], (self.alpha, self.beta), games_max);
                let games_max = match self.max_games {
                    Some(games) => games,
                    None => {
                        let [_, middle, _] = test(u64::MAX).or_fail(exit::USAGE)?.forecasts(shape.variance_even());
                        let blocks = (CAP_FACTOR * middle.games / shape.games() as f64).ceil();
                        // As many as there can be openings.
                        (blocks as u64).min(ringrift_tournament::OPENINGS_MAX) * shape.games() as u64
                    }
                };
                Ok(GateRule::Sprt(test(games_max).or_fail(exit::USAGE)?))
            }
        }
    }
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let rule = args.rule()?;
    let engines = [&args.candidate, &args.champion].map(|text| (text.clone(), text.clone()));
    let gate = Gate { field: args.field.field(&engines, args.seed)?, rule };
    gate.check().map_err(failure)?;
    let expected = expectation(&gate.rule);
    if args.field.format == Format::Text {
        for line in expectation_lines(&gate.rule) {
            writeln!(context.terminal.out(), "{line}")?;
        }
    }
    if args.plan {
        if args.field.format == Format::Json {
            writeln!(context.terminal.out(), "{}", json!({"settings": gate.settings(), "expected": expected}))?;
        }
        return Ok(exit::OK);
    }
    let folder = args.field.folder("gates", &gate.run_id());
    let log = folder.join("games.jsonl");
    let began = Instant::now();
    let (host, terminal) = (context.host, &mut *context.terminal);
    let mut reporter = Reporter::new(terminal, !args.field.no_progress);
    let watched = interrupt::watch(host, |stop| {
        gate.play(&log, stop, |progress| {
            reporter.tick(progress.games, progress.games_max, false, || {
                let ratio = progress.ratio.map(|ratio| format!(", LLR {ratio:.2}")).unwrap_or_default();
                vec![format!("{} blocks{ratio}", progress.blocks)]
            });
        })
    })?;
    reporter.finish();
    let report = watched.value.map_err(failure)?;
    tell_repair(report.repaired_bytes, &log, context.terminal);
    let Some(verdict) = report.verdict else {
        return Err(Failure::interrupted().hint(format!(
            "no verdict yet; {} games are in {}, and the same command goes on there",
            report.games.len(),
            log.display()
        )));
    };
    let result = result_json(&gate, &report, verdict, &expected, began.elapsed().as_secs_f64());
    write_file(&folder.join("result.json"), format!("{result:#}\n").as_bytes())?;
    match args.field.format {
        Format::Json => writeln!(context.terminal.out(), "{result}")?,
        Format::Text => {
            for line in result_lines(&gate, &report, verdict) {
                writeln!(context.terminal.out(), "{line}")?;
            }
            writeln!(context.terminal.out(), "log and result: {}", folder.display())?;
        }
    }
    Ok(if verdict.is_accepted() { exit::OK } else { exit::REJECTED })
}

fn failure(error: GateError) -> Failure {
    let class = match &error {
        GateError::Field(error) => field_class(error),
        GateError::Repeats { .. } => exit::BAD_INPUT,
        _ => exit::USAGE,
    };
    Failure::new(class, error)
}

/// What to expect of candidates by their strength: games, and the probability of being accepted.
fn forecasts(rule: &GateRule) -> Vec<Forecast> {
    match rule {
        GateRule::Sprt(sprt) => sprt.forecasts(sprt.shape().variance_even()).to_vec(),
        GateRule::Fixed(fixed) => {
            let games = (fixed.blocks() * fixed.shape.games() as u64) as f64;
            FIXED_ELO.map(|elo| Forecast { elo, acceptance: fixed.acceptance(elo), games }).to_vec()
        }
    }
}

fn expectation(rule: &GateRule) -> Value {
    let one = |forecast: Forecast| json!({"elo": forecast.elo, "acceptance": forecast.acceptance, "games": forecast.games.round()});
    json!(forecasts(rule).into_iter().map(one).collect::<Vec<_>>())
}

fn expectation_lines(rule: &GateRule) -> Vec<String> {
    let shape = rule.shape();
    let games_max = rule.blocks_max() * shape.games() as u64;
    let first = match rule {
        GateRule::Sprt(sprt) => {
            let ([elo0, elo1], (alpha, beta), (lower, upper)) = (sprt.elo(), sprt.rates(), sprt.bounds());
            let model = sprt.model().name();
            format!(
                "SPRT of {elo0} against {elo1} {model} Elo, alpha {alpha}, beta {beta}, LLR from {lower:.2} to {upper:.2}, cap of {games_max} games"
            )
        }
        GateRule::Fixed(fixed) => {
            format!("more than {} of {games_max} games; no error rates are promised", fixed.threshold)
        }
    };
    let line = |forecast: Forecast| {
        format!(
            "  a candidate of {:+} Elo: accepted with {:.0} %, {:.0} games",
            forecast.elo,
            forecast.acceptance * 100.0,
            forecast.games
        )
    };
    std::iter::once(first).chain(forecasts(rule).into_iter().map(line)).collect()
}

fn result_lines(gate: &Gate, report: &GateReport, verdict: Verdict) -> Vec<String> {
    let shape = gate.rule.shape();
    let (score, interval) = report.score();
    let ratio = report.trail.last().map(|ratio| format!(", LLR {ratio:.2}")).unwrap_or_default();
    vec![
        format!("{verdict}: {} games in {} blocks{ratio}", report.games.len(), report.counts.blocks()),
        format!(
            "candidate's side: {} wins, {} losses, {} undecided; score {:.1} % ({:.1} to {:.1}; {:.1} if equal), {:+.0} Elo",
            report.wins,
            report.losses,
            report.undecided(),
            score * 100.0,
            interval.low * 100.0,
            interval.high * 100.0,
            shape.even() * 100.0,
            shape.elo(score)
        ),
    ]
}

fn result_json(gate: &Gate, report: &GateReport, verdict: Verdict, expected: &Value, elapsed: f64) -> Value {
    let shape = gate.rule.shape();
    let (score, interval) = report.score();
    let engines: Vec<Value> = (gate.field.participants.iter())
        .map(|one| json!({"name": one.name(), "id": one.id().as_str(), "spec": one.spec().to_string()}))
        .collect();
    let bounds = match &gate.rule {
        GateRule::Sprt(sprt) => json!([sprt.bounds().0, sprt.bounds().1]),
        GateRule::Fixed(_) => Value::Null,
    };
    // JSON has no infinity.
    let elo = |score: f64| Some(shape.elo(score)).filter(|elo| elo.is_finite());
    json!({
        "decision": if verdict.is_accepted() { "accept" } else { "reject" },
        "verdict": verdict.name(),
        "run_id": report.run_id,
        "candidate": engines[0],
        "champion": engines[1],
        "settings": gate.settings(),
        "bounds": bounds,
        "llr_trail": report.trail,
        "score_counts": report.counts.counts(),
        "blocks": report.counts.blocks(),
        "games": report.games.len(),
        "wins": report.wins,
        "losses": report.losses,
        "undecided": report.undecided(),
        "score": score,
        "score_low": interval.low,
        "score_high": interval.high,
        "score_if_equal": shape.even(),
        "elo": elo(score),
        "elo_low": elo(interval.low),
        "elo_high": elo(interval.high),
        "expected": expected,
        "elapsed_seconds": elapsed,
        "game_ids": report.games.iter().map(|game| game.game_id.as_str()).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn stronger_candidate_is_accepted_and_weaker_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let output = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let test = ["--board", "hex8", "--elo1", "150", "--format", "json"];
        let better = output("better");
        let args = [&["gate", "minimax:nodes=50", "random", "--output", &better][..], &test].concat();
        let ran = rrpipe(&args);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let result: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&result["decision"], &result["verdict"]), (&"accept".into(), &"accept".into()));
        let trail = result["llr_trail"].as_array().unwrap();
        assert!(trail.last().unwrap().as_f64().unwrap() >= result["bounds"][1].as_f64().unwrap());
        assert_eq!(result["game_ids"].as_array().unwrap().len() as u64, result["games"].as_u64().unwrap());
        // Half of the log: the same verdict by the same games.
        let log = folder.path().join("better/games.jsonl");
        let whole = std::fs::read(&log).unwrap();
        std::fs::write(&log, &whole[..whole.len() / 2]).unwrap();
        let again: Value = serde_json::from_str(&rrpipe(&args).out).unwrap();
        assert_eq!((&again["game_ids"], &again["llr_trail"]), (&result["game_ids"], &result["llr_trail"]));
        // A changed line.
        std::fs::write(&log, String::from_utf8(whole).unwrap().replacen("\"plies\":", "\"plies\":1", 1)).unwrap();
        let ran = rrpipe(&args);
        assert_eq!(ran.exit, exit::BAD_INPUT, "{}", ran.err);
        assert!(ran.err.contains("the line was changed"), "{}", ran.err);
        let worse = output("worse");
        let ran = rrpipe(&[&["gate", "random", "minimax:nodes=50", "--output", &worse][..], &test].concat());
        assert_eq!(ran.exit, exit::REJECTED, "{}", ran.err);
        let result: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(result["decision"], "reject");
    }

    #[test]
    fn fixed_rule_and_plans_say_what_to_expect() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("g").to_string_lossy().into_owned();
        let ran =
            rrpipe(&["gate", "heuristic", "random", "--board", "hex8", "--rule", "fixed:20:0.55", "--output", &output]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(
            ran.out.contains("accepted with 25 %, 20 games") && ran.out.contains("accept: 20 games"),
            "{}",
            ran.out
        );
        let plan = folder.path().join("p").to_string_lossy().into_owned();
        let ran = rrpipe(&["gate", "heuristic", "random", "--num-players", "3", "--plan", "--output", &plan]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.contains("+30 Elo: accepted with 95 %"), "{}", ran.out);
        assert!(!folder.path().join("p").exists());
    }

    #[test]
    fn gates_without_a_verdict_are_errors() {
        for (args, class, says) in [
            (&["d1", "random"][..], exit::USAGE, "d1 and random are the same engine"),
            (&["random", "minmax"], exit::USAGE, "there is no engine"),
            (&["random", "heuristic", "--elo1", "-5"], exit::USAGE, "hypotheses of 0 and -5 Elo"),
            (&["random", "heuristic", "--alpha", "2"], exit::USAGE, "error rates of 2"),
            (&["random", "heuristic", "--max-games", "1"], exit::USAGE, "a cap of 1 games"),
            (&["random", "heuristic", "--rule", "fixed:20"], exit::USAGE, "fixed:20:0.55"),
            (&["heuristic:weights=no.json#x", "heuristic"], exit::BAD_INPUT, "no.json"),
        ] {
            let ran = rrpipe(&[&["gate", "--output", "never/made"], args].concat());
            assert_eq!(ran.exit, class, "{args:?}: {}", ran.err);
            assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
        }
    }
}
