//! From flags and environment to what is to be played.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringrift_replay::{RecordForm, SNAPSHOT_INTERVAL_VARIABLE};
use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_search::Limits;
use ringrift_selfplay::{
    Band, EngineMode, GameSettings, MODELS_VARIABLE, ModeError, Models, NamedWeights, NetworkChoice,
    NetworkChoiceError, RunOptions, Sampling, SeedError, check_outputs, choose_seed, default_jsonl,
};
use serde_json::{Map, Value, json};

use super::args::{Args, DifficultyBand, Pools, Profile};
use super::inert;
use crate::commands::matches::network_class;
use crate::{Failure, OrFail as _, exit};

/// Seed of the profiles. Source: selfplay.md section 3.
const PROFILE_SEED: i64 = 1_764_142_864;

/// Everything that one command plays.
pub(crate) struct Plan {
    pub runs: Vec<(GameSettings, RunOptions)>,
    /// The settings as upstream prints them.
    pub config: Map<String, Value>,
    /// Things to tell before the first game.
    pub notices: Vec<String>,
    /// Warnings, for standard error.
    pub warnings: Vec<String>,
    pub profile: Option<Profile>,
}

/// Whether a variable is set to something that means yes.
fn is_truthy(variable: &impl Fn(&str) -> Option<String>, name: &str) -> bool {
    variable(name).is_some_and(|text| ["1", "true", "yes", "on"].contains(&text.trim().to_lowercase().as_str()))
}

fn usage(text: impl std::fmt::Display) -> Failure {
    Failure::message(exit::USAGE, text)
}

/// Makes the plan of a command. `variable` reads the environment.
pub(crate) fn plan(args: &Args, variable: &impl Fn(&str) -> Option<String>) -> Result<Plan, Failure> {
    let mut args = args.clone();
    if args.gpu {
        return Err(Failure::message(exit::UNAVAILABLE, "--gpu: there is no self-play on the GPU")
            .hint("leave it out: heuristic-only on the CPU plays the same policy, and writes the JSONL file as well"));
    }
    if args.memory_constrained {
        args.difficulty_band = DifficultyBand::Light;
    }
    apply_profile(&mut args, variable)?;
    let mode: EngineMode = args.engine_mode.parse().map_err(|error: ModeError| {
        let class = if matches!(error, ModeError::NeedsNetwork { .. }) { exit::UNAVAILABLE } else { exit::USAGE };
        Failure::new(class, error)
    })?;
    let limits = match (args.nodes, args.think_time_ms) {
        (None, None) => None,
        (nodes, time) => Some(Limits::new(nodes, time.map(Duration::from_millis), None).or_fail(exit::USAGE)?),
    };
    if !(0.0..=1.0).contains(&args.swap_sides_probability) {
        return Err(usage(format!("--swap-sides-probability {} is no probability", args.swap_sides_probability))
            .hint("give a number from 0 to 1"));
    }
    let weights = weights(&args)?;
    let models = Models::of_variable(variable(MODELS_VARIABLE).map(Into::into));
    let choice = NetworkChoice::of_text(args.nnue.as_deref());
    let full = args.no_lean_db;
    let form = RecordForm::from_request(full, variable(SNAPSHOT_INTERVAL_VARIABLE).as_deref()).map_err(usage)?;
    let recording = variable("RINGRIFT_RECORD_SELFPLAY_GAMES")
        .is_none_or(|text| !["false", "0", "no", "off", "disabled"].contains(&text.trim().to_lowercase().as_str()));
    let database = (!args.no_record_db && recording).then(|| (args.record_db.clone(), form));
    let swap_rule = is_truthy(variable, "RINGRIFT_TRAINING_ENABLE_SWAP_RULE")
        && !is_truthy(variable, "RINGRIFT_TRAINING_DISABLE_SWAP_RULE");
    let seed = seed(&args)?;
    if i64::try_from(args.num_games).ok().and_then(|games| seed.checked_add(games)).is_none() {
        return Err(usage(format!("--seed {seed} leaves no room for {} games", args.num_games))
            .hint("game i has the seed of the run plus i; give a smaller one"));
    }
    let boards: Vec<BoardKind> = match args.profile {
        Some(Profile::AiHealthcheck) => vec![BoardKind::Square8, BoardKind::Square19, BoardKind::Hexagonal],
        _ => vec![args.board_type],
    };
    let jsonl = (!args.no_log)
        .then(|| args.log_jsonl.clone().unwrap_or_else(|| default_jsonl(args.board_type, args.num_players, seed)));
    let jsonl = jsonl.as_deref();
    let mut runs = Vec::new();
    for (i, &board) in boards.iter().enumerate() {
        let mut settings = GameSettings::new(board, args.num_players, mode, seed.wrapping_add(100_000 * i as i64));
        settings.swap_rule = swap_rule;
        settings.weights = weights.clone();
        settings.moves_max = args.max_moves.unwrap_or(settings.moves_max);
        settings.opening_random_moves = args.opening_random_moves;
        settings.swap_probability = args.swap_sides_probability;
        settings.band = args.difficulty_band.into();
        settings.limits = limits;
        settings.choose_network(&choice, &models).map_err(network_failure)?;
        let options = RunOptions {
            jobs: args.jobs,
            jsonl: jsonl.map(|path| if boards.len() > 1 { beside(path, board) } else { path.to_owned() }),
            resume: args.resume_from_jsonl,
            database: database.clone(),
            pool: pool(&args.pools, board),
            metadata: metadata(variable),
            checkpoint_interval: args.checkpoint_interval,
            stops_at_skip: args.fail_on_anomaly,
            is_timed: args.profile_timing,
            ..RunOptions::new(args.num_games)
        };
        runs.push((settings, options));
    }
    let config = config(&args, mode, seed, jsonl, variable);
    let mut notices = notices(&args, swap_rule, jsonl);
    notices.extend(runs.iter().filter_map(|(settings, _)| network_notice(settings)));
    let others = [
        ("--summary-json", &args.summary_json),
        ("--heuristic-weights-file", &args.heuristic_weights_file),
        ("--nnue", &args.nnue),
    ];
    let others: Vec<_> =
        others.into_iter().filter_map(|(what, path)| path.as_deref().map(|path| (what, path))).collect();
    check_outputs(&runs, &others).or_fail(exit::USAGE)?;
    let warnings = inert::warnings(&args, mode, database.is_some(), variable);
    Ok(Plan { runs, config, notices, warnings, profile: args.profile })
}

/// Source: selfplay.md section 3. The mode of the command line is kept, other than upstream's profiles do.
fn apply_profile(args: &mut Args, variable: &impl Fn(&str) -> Option<String>) -> Result<(), Failure> {
    match args.profile {
        None => {}
        Some(Profile::PythonStrict) => {
            args.num_games = 6;
            args.board_type = BoardKind::Square8;
            args.num_players = PlayerCount::Two;
            args.max_moves = Some(10_000);
            args.seed = args.seed.or(Some(PROFILE_SEED));
            if args.gc_interval == 0 {
                args.gc_interval = 10;
            }
        }
        Some(Profile::AiHealthcheck) => {
            let games = variable("RINGRIFT_AI_HEALTHCHECK_GAMES").unwrap_or_else(|| "2".into());
            let games: i64 = games.trim().parse().map_err(|_| {
                usage(format!("RINGRIFT_AI_HEALTHCHECK_GAMES={games} is no number"))
                    .hint("give a number of games, such as 2")
            })?;
            args.num_games = games.max(1) as u64;
            args.difficulty_band = DifficultyBand::Light;
            args.num_players = PlayerCount::Two;
            args.seed = args.seed.or(Some(PROFILE_SEED));
            if args.gc_interval == 0 {
                args.gc_interval = 3;
            }
        }
    }
    Ok(())
}

fn seed(args: &Args) -> Result<i64, Failure> {
    choose_seed(args.seed, args.resume_from_jsonl, args.log_jsonl.as_deref()).map_err(|error| {
        let class = match &error {
            SeedError::WhichRun => exit::USAGE,
            SeedError::Identity(_) => exit::BAD_INPUT,
            _ => exit::UNEXPECTED,
        };
        Failure::new(class, error)
    })
}

fn weights(args: &Args) -> Result<NamedWeights, Failure> {
    let (Some(path), Some(name)) = (&args.heuristic_weights_file, &args.heuristic_profile) else {
        return Ok(NamedWeights::default());
    };
    NamedWeights::load(path, name).map_err(|error| {
        let class = if path.is_file() { exit::BAD_INPUT } else { exit::IO };
        Failure::new(class, error)
    })
}

fn network_failure(error: NetworkChoiceError) -> Failure {
    let class = match &error {
        NetworkChoiceError::File(error) => network_class(error),
        _ => exit::USAGE,
    };
    Failure::new(class, error)
}

fn network_notice(settings: &GameSettings) -> Option<String> {
    let network = settings.nnue.as_ref()?;
    Some(format!("[nnue] {}: {} (SHA-256 {})", settings.configuration(), network.path().display(), network.sha256()))
}

/// `games.jsonl` as `games.<board>.jsonl`. Source: selfplay.md section 3.
fn beside(jsonl: &Path, board: BoardKind) -> PathBuf {
    let stem = jsonl.file_stem().unwrap_or_default().to_string_lossy();
    jsonl.with_file_name(format!("{stem}.{board}.jsonl"))
}

/// Source: selfplay.md section 10.
fn pool(pools: &Pools, board: BoardKind) -> Option<(PathBuf, Sampling)> {
    let (path, states_max, interval) = match board {
        BoardKind::Square8 => (
            &pools.square8_state_pool_output,
            pools.square8_state_pool_max_states,
            pools.square8_state_pool_sampling_interval.max(1),
        ),
        BoardKind::Square19 => (
            &pools.square19_state_pool_output,
            pools.square19_state_pool_max_states,
            pools.square19_state_pool_sampling_interval,
        ),
        BoardKind::Hexagonal => {
            (&pools.hex_state_pool_output, pools.hex_state_pool_max_states, pools.hex_state_pool_sampling_interval)
        }
        BoardKind::Hex8 => return None,
    };
    let path = path.clone().filter(|_| states_max > 0 && interval > 0)?;
    let interval = u32::try_from(interval).unwrap_or(u32::MAX);
    Some((path, Sampling { interval, states_max: states_max as u64 }))
}

/// Source: selfplay.md section 12.
fn metadata(variable: &impl Fn(&str) -> Option<String>) -> Map<String, Value> {
    let names = [
        ("RINGRIFT_RULES_ENGINE_VERSION", "rules_engine_version"),
        ("RINGRIFT_TS_ENGINE_VERSION", "ts_engine_version"),
        ("RINGRIFT_AI_SERVICE_VERSION", "ai_service_version"),
    ];
    let mut out = Map::new();
    for (from, to) in names {
        if let Some(text) = variable(from) {
            out.insert(to.into(), text.into());
        }
    }
    out.insert("ringrift_core_version".into(), env!("CARGO_PKG_VERSION").into());
    out
}

fn text_of(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn config(
    args: &Args,
    mode: EngineMode,
    seed: i64,
    jsonl: Option<&Path>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Map<String, Value> {
    let json = json!({
        "num_games": args.num_games,
        "board_type": args.board_type.name(),
        "engine_mode": mode.name(),
        "difficulty_band": Band::from(args.difficulty_band).name(),
        "num_players": args.num_players.get(),
        "max_moves": args.max_moves,
        "seed": seed,
        "log_jsonl": jsonl.map(text_of),
        "summary_json": args.summary_json.as_deref().map(text_of),
        "gc_interval": args.gc_interval,
        "strict_no_move_invariant": is_truthy(variable, "RINGRIFT_STRICT_NO_MOVE_INVARIANT"),
        "profile": args.profile.map(Profile::name),
        "profile_timing": args.profile_timing,
    });
    match json {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The lines that upstream prints before the first game. Source: selfplay.md section 8.6.
fn notices(args: &Args, swap_rule: bool, jsonl: Option<&Path>) -> Vec<String> {
    let mut out = Vec::new();
    if let (None, Some(jsonl)) = (&args.log_jsonl, jsonl) {
        out.push(format!("[log-jsonl] Writing games to {} (choose with --log-jsonl)", jsonl.display()));
    }
    if args.opening_random_moves > 0 {
        let count = args.opening_random_moves;
        out.push(format!("[opening-diversity] Enabled: first {count} moves will be randomly selected"));
    }
    // Upstream prints this without the swap rule as well, where it means nothing.
    if swap_rule && args.num_players == PlayerCount::Two && args.swap_sides_probability > 0.0 {
        let percent = args.swap_sides_probability * 100.0;
        out.push(format!("[player-balance] swap_sides probability: {percent:.0}% (helps balance P1/P2 win rates)"));
    }
    if let Some(time) = args.think_time_ms {
        out.push(format!("[think-time] Override: {time}ms"));
    }
    if args.memory_constrained {
        out.push("[memory-constrained] Enabled: difficulty_band=light".into());
    }
    out
}
