//! Recorded self-play: the runner of `rrpipe selfplay`, called from Python and from coroutines.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use ringrift_replay::RecordForm;
use ringrift_rules::PlayerCount;
use ringrift_search::Limits;
use ringrift_selfplay::{
    CutGames, EarlyStop, EngineMode, GameRecord, GameSettings, JOBS_MAX, Models, NamedWeights, NetworkChoice,
    NetworkChoiceError, Observer, Run, RunOptions, Sampling, Summary, check_outputs, check_resources, choose_seed,
    default_jsonl,
};
use serde_json::{Map, Value};

use crate::errors::{self, OrRaise as _};
use crate::host::Poll;
use crate::position::parse_board;
use crate::run;

/// A run of recorded games: see the stub.
#[pyclass(frozen, module = "ringrift_core._native")]
pub(crate) struct SelfplayRun {
    work: Arc<Work>,
    stop: Arc<AtomicBool>,
}

#[pymethods]
impl SelfplayRun {
    #[new]
    #[pyo3(signature = (
        *, board_type, num_players, num_games, engine_mode, max_moves, seed, jobs, log_jsonl, no_log, record_db,
        lean_db,
        nodes, think_time_ms, nnue, opening_random_moves, swap_rule, swap_sides_probability, heuristic_weights_file,
        heuristic_profile,
        state_pool_output, state_pool_max_states, state_pool_sampling_interval, resume_from_jsonl, checkpoint_interval,
        fail_on_anomaly
    ))]
    #[allow(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "the options of the command line")]
    #[allow(clippy::needless_pass_by_value, reason = "values are taken from Python")]
    fn new(
        board_type: &str,
        num_players: u64,
        num_games: u64,
        engine_mode: &str,
        max_moves: Option<u32>,
        seed: Option<i64>,
        jobs: usize,
        log_jsonl: Option<PathBuf>,
        no_log: bool,
        record_db: Option<PathBuf>,
        lean_db: bool,
        nodes: Option<u64>,
        think_time_ms: Option<u64>,
        nnue: Option<PathBuf>,
        opening_random_moves: u32,
        swap_rule: bool,
        swap_sides_probability: f64,
        heuristic_weights_file: Option<PathBuf>,
        heuristic_profile: Option<String>,
        state_pool_output: Option<PathBuf>,
        state_pool_max_states: u64,
        state_pool_sampling_interval: u32,
        resume_from_jsonl: bool,
        checkpoint_interval: u64,
        fail_on_anomaly: bool,
    ) -> PyResult<Self> {
        at_least_one("num_games", num_games)?;
        at_least_one("max_moves", max_moves.map_or(1, u64::from))?;
        at_least_one("state_pool_max_states", state_pool_max_states)?;
        at_least_one("state_pool_sampling_interval", u64::from(state_pool_sampling_interval))?;
        if jobs > JOBS_MAX {
            return Err(errors::value_error(format!("jobs is at most {JOBS_MAX}\nhint: 0 takes one thread per core")));
        }
        if !(0.0..=1.0).contains(&swap_sides_probability) {
            let text = format!("swap_sides_probability {swap_sides_probability} is no probability");
            return Err(errors::value_error(text + "\nhint: give a number from 0 to 1"));
        }
        if no_log && (log_jsonl.is_some() || resume_from_jsonl || checkpoint_interval > 0) {
            let text = "no_log contradicts log_jsonl, resume_from_jsonl and checkpoint_interval";
            return Err(errors::value_error(format!(
                "{text}\nhint: without a log a run cannot be resumed; leave one out"
            )));
        }
        let board = parse_board(board_type)?;
        let players = PlayerCount::try_from(num_players).or_raise(errors::value_error)?;
        let mode: EngineMode = engine_mode.parse().or_raise(errors::value_error)?;
        let seed = choose_seed(seed, resume_from_jsonl, log_jsonl.as_deref()).map_err(|error| errors::seed(&error))?;
        let mut settings = GameSettings::new(board, players, mode, seed);
        let heuristic_weights_file = heuristic_weights_file.as_deref();
        settings.swap_rule = swap_rule;
        settings.weights = weights(mode, heuristic_weights_file, heuristic_profile)?;
        settings.moves_max = max_moves.unwrap_or(settings.moves_max);
        if nodes.is_some() && think_time_ms.is_some() {
            let text = "nodes contradicts think_time_ms\nhint: give one budget";
            return Err(errors::value_error(text.into()));
        }
        if nodes.is_some() || think_time_ms.is_some() {
            let limits = Limits::new(nodes, think_time_ms.map(Duration::from_millis), None);
            settings.limits = Some(limits.or_raise(errors::value_error)?);
        }
        let choice = NetworkChoice::of_text(nnue.as_deref());
        settings.choose_network(&choice, &Models::of_environment()).map_err(|error| match &error {
            NetworkChoiceError::File(source) => errors::network_file(source, error.to_string()),
            _ => errors::value_error(error.to_string()),
        })?;
        settings.opening_random_moves = opening_random_moves;
        settings.swap_probability = swap_sides_probability;
        let form = if lean_db { RecordForm::LEAN } else { RecordForm::FULL };
        let sampling = Sampling { interval: state_pool_sampling_interval, states_max: state_pool_max_states };
        let options = RunOptions {
            jobs,
            jsonl: (!no_log).then(|| log_jsonl.unwrap_or_else(|| default_jsonl(board, players, seed))),
            resume: resume_from_jsonl,
            database: record_db.map(|path| (path, form)),
            pool: state_pool_output.map(|path| (path, sampling)),
            checkpoint_interval,
            stops_at_skip: fail_on_anomaly,
            ..RunOptions::new(num_games)
        };
        let run = [(settings, options)];
        let read = [("--heuristic-weights-file", heuristic_weights_file), ("--nnue", nnue.as_deref())];
        let read: Vec<_> = read.into_iter().filter_map(|(what, path)| Some((what, path?))).collect();
        check_outputs(&run, &read).map_err(|error| errors::outputs(&error))?;
        let work = Work { run, progress: Progress::default() };
        Ok(Self { work: Arc::new(work), stop: Arc::default() })
    }

    /// Games recorded so far, those of the run before a resume included, and moves recorded by this call.
    #[getter]
    fn progress(&self) -> (u64, u64) {
        self.work.progress.now()
    }

    /// Plays the games in this thread, the interpreter released.
    fn play(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<String> {
        let poll = progress.as_ref().map(|callback| {
            let (work, callback) = (Arc::clone(&self.work), callback.clone_ref(py));
            Box::new(move |py: Python<'_>| work.progress.tell(&callback, py)) as Poll
        });
        let text = run::interruptible_with(py, poll, |stop| self.work.play(stop))??;
        progress.map_or(Ok(()), |callback| self.work.progress.tell(&callback, py))?;
        Ok(text)
    }

    /// Plays the games on threads of the runtime; the future belongs to the running loop.
    fn start<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let work = Arc::clone(&self.work);
        run::awaitable(py, &self.stop, move |stop| work.play(stop))
    }

    /// Ends a run that was started: games in progress vanish, those before them are recorded.
    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn at_least_one(name: &str, value: u64) -> PyResult<()> {
    if value == 0 { Err(errors::value_error(format!("{name} is 0\nhint: the least is 1"))) } else { Ok(()) }
}

fn weights(mode: EngineMode, file: Option<&Path>, profile: Option<String>) -> PyResult<NamedWeights> {
    match (file, profile) {
        (None, None) => Ok(NamedWeights::default()),
        (Some(_), Some(_)) if mode != EngineMode::HeuristicOnly => Err(errors::value_error(format!(
            "engine mode {mode} has no weights\nhint: leave out heuristic_weights_file and heuristic_profile"
        ))),
        (Some(file), Some(name)) => NamedWeights::load(file, &name).map_err(|error| errors::profiles(&error)),
        _ => Err(errors::value_error(
            "heuristic_weights_file and heuristic_profile belong together\nhint: give both, or neither".into(),
        )),
    }
}

struct Work {
    run: [(GameSettings, RunOptions); 1],
    progress: Progress,
}

impl Work {
    /// Plays the games and returns the summary as JSON.
    fn play(&self, stop: &AtomicBool) -> PyResult<String> {
        let [(settings, options)] = &self.run;
        check_resources(&self.run).map_err(|error| PyOSError::new_err(error.to_string()))?;
        let run = Run::open(settings.clone(), options.clone()).map_err(|error| errors::run(&error))?;
        let mut warnings = Vec::new();
        if let (Some(repair), Some(path)) = (run.repair(), &options.jsonl) {
            let (path, bytes) = (path.display(), repair.bytes);
            warnings.push(format!("a torn last line of {bytes} bytes was removed from {path}"));
        }
        let about = run.about();
        let report = run.play(stop, &mut &self.progress).map_err(|error| errors::run(&error))?;
        if options.stops_at_skip && report.summary.anomalies() > 0 {
            let (faults, games) = (report.summary.anomalies(), report.summary.games());
            let text = format!("{faults} of {games} games show a fault");
            return Err(errors::ringrift(text + "\nhint: their `termination_reason` in the log says which"));
        }
        if let Some(EarlyStop::Short(shortage)) = &report.early {
            warnings.push(format!("stopped early: {shortage}"));
        }
        if let Some(cut) = CutGames::find(&report.summary, settings) {
            warnings.push(format!("{cut}\nhint: use max_moves={}", cut.better_limit));
        }
        let mut summary = report.summary.to_json(&Map::new());
        summary.shift_remove("config");
        if let Value::Object(about) = about {
            summary.extend(about);
        }
        summary.insert("engine_mode".into(), settings.mode.name().into());
        summary.insert("anomalies".into(), report.summary.anomalies().into());
        summary.insert("elapsed_seconds".into(), report.seconds.into());
        summary.insert("stopped_early".into(), report.early.as_ref().map(EarlyStop::name).into());
        summary.insert("warnings".into(), warnings.into());
        Ok(Value::Object(summary).to_string())
    }
}

/// How far a run is.
#[derive(Default)]
struct Progress {
    games: AtomicU64,
    moves: AtomicU64,
    /// Games when a callback was last called.
    told: AtomicU64,
}

impl Progress {
    fn now(&self) -> (u64, u64) {
        (self.games.load(Ordering::Relaxed), self.moves.load(Ordering::Relaxed))
    }

    /// Calls a callback if there is news.
    fn tell(&self, callback: &Py<PyAny>, py: Python<'_>) -> PyResult<()> {
        let now = self.now();
        if self.told.swap(now.0, Ordering::Relaxed) != now.0 {
            callback.call1(py, now)?;
        }
        Ok(())
    }
}

impl Observer for &Progress {
    fn game(&mut self, _: &GameRecord, games: u64, summary: &Summary) {
        self.moves.store(summary.plies(), Ordering::Relaxed);
        self.games.store(games, Ordering::Relaxed);
    }

    fn tick(&mut self, _: &Summary) {}
}
