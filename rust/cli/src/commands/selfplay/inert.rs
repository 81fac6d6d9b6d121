//! Flags and environment variables of upstream's soak that have nothing to do here, and what is said of them.

use ringrift_rules::BoardKind;
use ringrift_selfplay::EngineMode;

use super::args::{Args, Profile};

const NO_NETWORK: &str = "this mode plays without a policy network";
const ALWAYS_CHECKED: &str = "every game is replayed on this engine before it is stored; use `rrpipe verify` for more";

/// Variables that change what is played or recorded there. Source: selfplay.md section 12.
const VARIABLES: [(&str, &str); 6] = [
    ("RINGRIFT_PARITY_VALIDATION", ALWAYS_CHECKED),
    ("RINGRIFT_REPETITION_THRESHOLD", "games do not end by repetition"),
    ("RINGRIFT_SKIP_PHASE_INVARIANT", "phases are always checked"),
    ("RINGRIFT_SOAK_FAILURE_DIR", "every game replays cleanly, or the run stops"),
    ("RINGRIFT_FORCE_BOOKKEEPING_MOVES", "bookkeeping moves are those of the rules"),
    ("RINGRIFT_SKIP_MOVE_VALIDATION", "moves are always checked"),
];

/// Variables that change something there when they say no.
const VARIABLES_OF_NO: [(&str, &str); 2] = [
    ("RINGRIFT_FSM_VALIDATION_MODE", "phases are always checked"),
    ("RINGRIFT_RECOVERY_STACK_STRIKE_V1", "stack strikes belong to the rules"),
];

/// Variables that tune or guard the Python engine; they change no game.
const TUNING: [&str; 28] = [
    "AI_ENGINE_NEURAL_DEMO_ENABLED",
    "RINGRIFT_BATCH_EVAL_THRESHOLD",
    "RINGRIFT_COORDINATOR_MIN_FREE_DISK_PERCENT",
    "RINGRIFT_COORDINATOR_MIN_FREE_RAM_PERCENT",
    "RINGRIFT_DEBUG_ENGINE",
    "RINGRIFT_DISABLE_MPS",
    "RINGRIFT_DISABLE_NEURAL_NET",
    "RINGRIFT_EARLY_TERM_MIN_MOVES",
    "RINGRIFT_EARLY_TERM_THRESHOLD",
    "RINGRIFT_FORCE_CPU",
    "RINGRIFT_IS_COORDINATOR",
    "RINGRIFT_MOVE_CACHE_SIZE",
    "RINGRIFT_NPX_PATH",
    "RINGRIFT_PARALLEL_MIN_MOVES",
    "RINGRIFT_PARALLEL_WORKERS",
    "RINGRIFT_PARITY_BACKEND",
    "RINGRIFT_PARITY_DUMP_DIR",
    "RINGRIFT_REQUIRE_NEURAL_NET",
    "RINGRIFT_RULES_MUTATOR_FIRST",
    "RINGRIFT_RULES_VERSION",
    "RINGRIFT_SELFPLAY_DB_PATH",
    "RINGRIFT_SKIP_PARITY",
    "RINGRIFT_USE_BATCH_EVAL",
    "RINGRIFT_USE_FAST_TERRITORY",
    "RINGRIFT_USE_MAKE_UNMAKE",
    "RINGRIFT_USE_MOVE_CACHE",
    "RINGRIFT_USE_PARALLEL_EVAL",
    "RINGRIFT_VECTOR_VALUE_HEAD",
];

/// A warning for each of them that is given. `variable` reads the environment.
pub(super) fn warnings(
    args: &Args,
    mode: EngineMode,
    has_database: bool,
    variable: &impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let is_heuristic = matches!(mode, EngineMode::HeuristicOnly | EngineMode::Mixed);
    let flags = [
        (args.emit_events, "--emit-events", "there is no event bus to publish to"),
        (args.watch_model_updates, "--watch-model-updates", NO_NETWORK),
        (args.model_alias_path.is_some(), "--model-alias-path", NO_NETWORK),
        (args.nn_pool_size > 0, "--nn-pool-size", NO_NETWORK),
        (args.nn_pool_dir.is_some(), "--nn-pool-dir", NO_NETWORK),
        (args.opening_top_k > 0, "--opening-top-k", "no engine ranks its moves; opening moves are uniformly random"),
        (
            !mode.searches() && args.think_time_ms.is_some(),
            "--think-time-ms",
            "the engines of this mode do not look at the clock",
        ),
        (!mode.searches() && args.nodes.is_some(), "--nodes", "the engines of this mode do not search"),
        (args.intra_game_gc_interval > 0, "--intra-game-gc-interval", "there is no garbage to collect"),
        (
            !is_heuristic && args.heuristic_profile.is_some(),
            "--heuristic-profile",
            "only heuristic seats of heuristic-only and mixed have weights",
        ),
        (args.no_lean_db && !has_database, "--no-lean-db", "no replay database is recorded"),
    ];
    let flags = flags.into_iter().filter(|(is_given, ..)| *is_given).map(|(_, flag, why)| (flag, why));
    let lower = |name: &str| variable(name).map(|text| text.trim().to_lowercase());
    let says_no = |text: &String| ["0", "off", "false", "no"].contains(&text.as_str());
    let says_yes = |text: &String| !text.is_empty() && !says_no(text);
    let of_yes = VARIABLES.into_iter().filter(|(name, _)| lower(name).as_ref().is_some_and(says_yes));
    let of_no = VARIABLES_OF_NO.into_iter().filter(|(name, _)| lower(name).as_ref().is_some_and(says_no));
    let mut out: Vec<String> = flags
        .chain(pools(args))
        .chain(of_yes)
        .chain(of_no)
        .map(|(name, why)| format!("warning: {name} has no effect: {why}"))
        .collect();
    let tuning: Vec<&str> =
        TUNING.into_iter().filter(|name| variable(name).is_some_and(|text| !text.is_empty())).collect();
    if !tuning.is_empty() {
        out.push(format!("warning: without effect, since the Python engine does not play: {}", tuning.join(", ")));
    }
    out
}

/// Files for positions that get none.
fn pools(args: &Args) -> impl Iterator<Item = (&'static str, &'static str)> {
    let pools = &args.pools;
    let plays = |board| match args.profile {
        Some(Profile::AiHealthcheck) => board != BoardKind::Hex8,
        _ => board == args.board_type,
    };
    let is_on = |states: i64, interval: i64| states > 0 && interval > 0;
    let off = "its ...-max-states and ...-sampling-interval must be above 0";
    [
        (
            "--square8-state-pool-output",
            pools.square8_state_pool_output.is_some(),
            BoardKind::Square8,
            // An interval of 0 or less counts as 1 here.
            is_on(pools.square8_state_pool_max_states, 1),
        ),
        (
            "--square19-state-pool-output",
            pools.square19_state_pool_output.is_some(),
            BoardKind::Square19,
            is_on(pools.square19_state_pool_max_states, pools.square19_state_pool_sampling_interval),
        ),
        (
            "--hex-state-pool-output",
            pools.hex_state_pool_output.is_some(),
            BoardKind::Hexagonal,
            is_on(pools.hex_state_pool_max_states, pools.hex_state_pool_sampling_interval),
        ),
    ]
    .into_iter()
    .filter(move |&(_, is_given, board, is_on)| is_given && !(plays(board) && is_on))
    .map(move |(flag, _, board, _)| (flag, if plays(board) { off } else { "no game is played on its board" }))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn said(flags: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
        let args = Line::parse_from(["selfplay"].iter().chain(flags)).args;
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        warnings(&args, EngineMode::RandomOnly, !args.no_record_db, &variable)
    }

    #[test]
    fn nothing_is_said_without_a_reason() {
        assert_eq!(said(&[], &[]), [""; 0]);
        let environment = [
            ("RINGRIFT_PARITY_VALIDATION", "off"),
            ("RINGRIFT_FSM_VALIDATION_MODE", "active"),
            ("RINGRIFT_RECOVERY_STACK_STRIKE_V1", "1"),
            ("RINGRIFT_IS_COORDINATOR", ""),
        ];
        let pool = ["--square8-state-pool-output", "pool.jsonl", "--square8-state-pool-sampling-interval", "0"];
        assert_eq!(said(&pool, &environment), [""; 0]);
    }

    #[test]
    fn variables_are_named() {
        let environment = [
            ("RINGRIFT_PARITY_VALIDATION", "strict"),
            ("RINGRIFT_FSM_VALIDATION_MODE", "off"),
            ("RINGRIFT_RULES_VERSION", "v1"),
            ("RINGRIFT_IS_COORDINATOR", "1"),
        ];
        let said = said(&[], &environment);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].starts_with("warning: RINGRIFT_PARITY_VALIDATION has no effect: "), "{said:?}");
        assert_eq!(said[1], "warning: RINGRIFT_FSM_VALIDATION_MODE has no effect: phases are always checked");
        assert!(said[2].ends_with("RINGRIFT_IS_COORDINATOR, RINGRIFT_RULES_VERSION"), "{said:?}");
    }

    #[test]
    fn files_that_get_nothing_are_named() {
        for (flags, words) in [
            (
                &["--square19-state-pool-output", "a"][..],
                "--square19-state-pool-output has no effect: no game is played",
            ),
            (&["--board-type", "square19", "--square19-state-pool-output", "a"], "must be above 0"),
            (&["--board-type", "hex8", "--square8-state-pool-output"], "--square8-state-pool-output has no effect"),
            (&["--no-record-db", "--no-lean-db"], "--no-lean-db has no effect: no replay database"),
        ] {
            let said = said(flags, &[]);
            assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
        }
    }
}
