//! `rrpipe selfplay`: games of engines against themselves, recorded.

mod args;
mod inert;
mod plan;
mod report;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::Path;

use ringrift_replay::StoreError;
use ringrift_selfplay::{
    CutGames, EarlyStop, GameSettings, IdentityError, JsonlError, RecordError, Resources, Run, RunError, RunOptions,
    RunReport, Summary, check_resources,
};
use serde_json::{Map, Value, json};

pub(crate) use args::Args;
use args::Profile;
use plan::{Plan, plan};
use report::Reporter;
pub(crate) use report::duration;

use crate::output::{cannot_write, write_file};
use crate::{Context, ExitCode, Failure, exit, files, interrupt};

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    run_with(args, context, &|name| std::env::var(name).ok())
}

fn run_with(
    args: &Args,
    context: &mut Context<'_>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<ExitCode, Failure> {
    let plan = plan(args, variable)?;
    check_summary_path(args.summary_json.as_deref())?;
    let found = check_resources(&plan.runs).map_err(|error| Failure::new(exit::IO, error))?;
    announce(&plan, &found, context)?;
    let mut total = Summary::default();
    let mut seconds = 0.0;
    let mut early = None;
    let mut runs = Vec::new();
    for (settings, options) in &plan.runs {
        let (report, about) = play(args, settings, options, context)?;
        total.merge(report.summary);
        seconds += report.seconds;
        runs.push(about);
        early = report.early;
        if early.is_some() {
            break;
        }
    }
    if args.profile_timing {
        print_timing(&total, context)?;
    }
    let summary = summary_json(args, &plan, &total, seconds, early.as_ref(), runs);
    print_summary(args, &plan, &summary, context)?;
    warn_of_cut_games(&plan, &total, context)?;
    match early {
        Some(EarlyStop::Interrupted) if args.no_log => {
            Err(Failure::interrupted().hint("the games so far are recorded; a run without a log cannot be resumed"))
        }
        Some(EarlyStop::Interrupted) => Err(Failure::interrupted()
            .hint("the games so far are recorded; the same command with --resume-from-jsonl plays the rest")),
        _ if args.fail_on_anomaly && total.anomalies() > 0 => {
            let text = format!("{} of {} games show a fault", total.anomalies(), total.games());
            Err(Failure::message(exit::UNEXPECTED, text).hint("the summary counts them by reason"))
        }
        _ => Ok(exit::OK),
    }
}

/// A summary that cannot be written is said before the first game, not after the last.
fn check_summary_path(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let cannot = |error| cannot_write(path, error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    // The temporary file of this one is gone at once.
    files::AtomicFile::create(path).map(drop).map_err(cannot)
}

fn announce(plan: &Plan, found: &Resources, context: &mut Context<'_>) -> Result<(), Failure> {
    let mut out = context.terminal.out();
    let disk = found.disks.iter().map(|(_, free)| *free).min();
    let gigabytes = |bytes: Option<u64>| bytes.map_or("?".into(), |bytes| format!("{:.1} GB", bytes as f64 / 1e9));
    let (disk, memory) = (gigabytes(disk), gigabytes(found.memory));
    writeln!(out, "Resource check passed: disk {disk} free, memory {memory} free")?;
    writeln!(out, "Self-play soak harness starting with config:")?;
    writeln!(out, "{}", pretty(&Value::Object(plan.config.clone())))?;
    for notice in &plan.notices {
        writeln!(out, "{notice}")?;
    }
    out.flush()?;
    for warning in &plan.warnings {
        writeln!(context.terminal.err(), "{warning}")?;
    }
    Ok(())
}

/// Sorted keys and two spaces of indent, as upstream prints JSON.
fn pretty(value: &Value) -> String {
    format!("{:#}", sorted(value))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        _ => value.clone(),
    }
}

/// Plays one run, and says what it was.
fn play(
    args: &Args,
    settings: &GameSettings,
    options: &RunOptions,
    context: &mut Context<'_>,
) -> Result<(RunReport, Value), Failure> {
    let run = Run::open(settings.clone(), options.clone()).map_err(failure)?;
    let first = run.first();
    if let (Some(repair), Some(path)) = (run.repair(), &options.jsonl) {
        let (path, bytes) = (path.display(), repair.bytes);
        writeln!(context.terminal.err(), "[resume] removed a torn last line of {bytes} bytes from {path}")?;
    }
    if options.resume {
        let mut out = context.terminal.out();
        writeln!(out, "[resume] {first} games are there; {} to play", options.games.saturating_sub(first))?;
    }
    let about = run.about();
    let (host, terminal) = (context.host, &mut *context.terminal);
    let games = first..options.games;
    let mut reporter = Reporter::new(terminal, settings, games, args.verbose, !args.no_progress);
    let played = interrupt::watch(host, |stop| run.play(stop, &mut reporter))?;
    let report = match played.value {
        Ok(report) => report,
        Err(error) => return Err(failure(error)),
    };
    reporter.finish(&report.summary);
    if let Some(EarlyStop::Short(shortage)) = &report.early {
        writeln!(context.terminal.err(), "[resource-guard] stopped early: {shortage}")?;
    }
    if let Some((path, _)) = &options.database {
        let (recorded, games, path) = (report.summary.recorded(), options.games, path.display());
        writeln!(context.terminal.out(), "[record-db] Recorded {recorded}/{games} games to {path}")?;
    }
    Ok((report, about))
}

/// The exit code of an error: what the system refuses, or files that are not what they should be.
fn failure(error: RunError) -> Failure {
    let of_store = |error: &StoreError| if error.is_environment() { exit::IO } else { exit::BAD_INPUT };
    let of_jsonl = |error: &JsonlError| match error {
        JsonlError::NotResumable { .. } => exit::BAD_INPUT,
        _ => exit::IO,
    };
    let class = match &error {
        RunError::Jsonl(error) | RunError::Record(RecordError::Jsonl(error)) => of_jsonl(error),
        RunError::Record(RecordError::Store(error)) => of_store(error),
        RunError::Record(_) | RunError::Identity(IdentityError::Io { .. }) => exit::IO,
        RunError::Identity(IdentityError::Different { .. }) => exit::USAGE,
        RunError::Identity(_) => exit::BAD_INPUT,
        _ => exit::UNEXPECTED,
    };
    Failure::new(class, error)
}

fn print_timing(total: &Summary, context: &mut Context<'_>) -> Result<(), Failure> {
    let timing = &total.timing;
    writeln!(
        context.terminal.out(),
        "[profile] Timing summary (seconds): ai_build={:.3} move_select={:.3} env_step={:.3} db_record={:.3}",
        timing.build,
        timing.select,
        timing.step,
        timing.record
    )?;
    Ok(())
}

fn summary_json(
    args: &Args,
    plan: &Plan,
    total: &Summary,
    seconds: f64,
    early: Option<&EarlyStop>,
    runs: Vec<Value>,
) -> Value {
    let mut map: Map<String, Value> = total.to_json(&plan.config);
    if args.profile_timing {
        map.insert("timing_profile".into(), total.timing_json());
    }
    map.insert("stopped_early".into(), early.map(EarlyStop::name).into());
    map.insert("elapsed_seconds".into(), seconds.into());
    map.insert("runs".into(), Value::Array(runs));
    if plan.profile == Some(Profile::AiHealthcheck) {
        let boards: std::collections::BTreeSet<&str> =
            plan.runs.iter().map(|(settings, _)| settings.board.name()).collect();
        let modes: std::collections::BTreeSet<String> = plan
            .runs
            .iter()
            .map(|(settings, _)| format!("{}_(light)_{}p", settings.mode, settings.players.get()))
            .collect();
        map.insert("profile".into(), Profile::AiHealthcheck.name().into());
        map.insert("board_types".into(), json!(boards));
        map.insert("engine_pairs".into(), json!(modes));
        map.insert("parity_mismatches".into(), json!({"hash": 0, "status": 0}));
        map.insert("parity_notes".into(), "every game was replayed on the engine when it was stored".into());
        let samples = map.get("invariant_violation_samples").cloned().unwrap_or_default();
        map.insert("samples".into(), samples);
    }
    sorted(&Value::Object(map))
}

fn print_summary(args: &Args, plan: &Plan, summary: &Value, context: &mut Context<'_>) -> Result<(), Failure> {
    let text = pretty(summary);
    if let Some(path) = &args.summary_json {
        write_file(path, text.as_bytes())?;
    }
    let title = match plan.profile {
        Some(Profile::AiHealthcheck) => "AI self-play healthcheck summary",
        _ => "Self-play soak summary",
    };
    writeln!(context.terminal.out(), "\n=== {title} ===\n{text}")?;
    Ok(())
}

fn warn_of_cut_games(plan: &Plan, total: &Summary, context: &mut Context<'_>) -> Result<(), Failure> {
    for cut in plan.runs.iter().filter_map(|(settings, _)| CutGames::find(total, settings)) {
        writeln!(context.terminal.err(), "warning: {cut}\n  hint: use --max-moves {}", cut.better_limit)?;
    }
    Ok(())
}
