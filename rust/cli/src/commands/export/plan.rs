//! From flags and environment to what is to be exported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ringrift_dataset::{
    Encoder, ExportOptions, HeuristicFeatures, Layout, Method, Output, Part, RowPlan, Selection, ValueRule,
};
use ringrift_encode::{FeatureVersion, HistoryMode, PolicyLayout, UpstreamEncoder};
use ringrift_replay::{GameFilter, StoreReader, is_database};
use ringrift_rules::{BoardKind, BoardShape, PlayerCount};
use serde_json::Value;

use super::args::{Args, Compat, EncoderArg, Storage};
use super::failure;
use crate::{Failure, exit};

/// Where databases are looked for.
const GAMES: &str = "data/games";

/// Everything that one command exports.
pub(super) struct Plan {
    pub exports: Vec<ExportOptions>,
    /// Defaults that were taken.
    pub notices: Vec<String>,
    /// Flags without effect.
    pub warnings: Vec<String>,
}

pub(super) fn plan(args: &Args, variable: &impl Fn(&str) -> Option<String>) -> Result<Plan, Failure> {
    refuse(args)?;
    let mut notices = Vec::new();
    let databases = databases(args, &mut notices)?;
    let layout = layout(args);
    let selection = if layout == Layout::UpstreamParallel { parallel_selection(args) } else { selection(args)? };
    let rows_max = match args.max_samples {
        Some(rows) => Some(rows),
        None => rows_of_environment(layout, variable, &mut notices)?,
    };
    let jobs = if args.single_threaded { Some(1) } else { args.jobs.or(args.workers) };
    let mut exports = Vec::new();
    let configuration = if args.all_configs { None } else { Some(configuration(args, &databases, &mut notices)?) };
    for (board, players, path) in files(args, configuration, &mut notices) {
        let outputs = outputs(args, path);
        if let Some(output) = outputs.iter().find(|output| args.append && output.path.exists()) {
            let text = format!("--append: {} is there, and its rows cannot be added to", output.path.display());
            return Err(Failure::message(exit::USAGE, text).hint(
                "give all databases in one command, which exports each game once; without --append the file is replaced",
            ));
        }
        exports.push(ExportOptions {
            databases: databases.clone(),
            outputs,
            plan: rows(args, layout, board, players),
            selection: selection.clone(),
            split: args.split,
            games_max: args.max_games,
            rows_max,
            is_strict: !args.no_strict,
            jobs: jobs.unwrap_or(0),
        });
    }
    Ok(Plan { exports, notices, warnings: warnings(args, layout) })
}

fn usage(text: impl std::fmt::Display) -> Failure {
    Failure::message(exit::USAGE, text)
}

/// Flags that cannot be obeyed are refused, not passed over.
fn refuse(args: &Args) -> Result<(), Failure> {
    let remote = [
        ("--include-remote", args.include_remote),
        ("--include-s3", args.include_s3),
        ("--include-owc", args.include_owc),
        ("--fetch-target-dir", args.fetch_target_dir.is_some()),
    ];
    if let Some((flag, _)) = remote.iter().find(|(_, given)| *given) {
        return Err(usage(format!("{flag}: games are read from local databases only"))
            .hint("copy the databases here, and give them by --db"));
    }
    if args.canonical_model.is_some() {
        return Err(usage("--canonical-model: checkpoints are not read to find out what they were trained on")
            .hint("say --encoder-version v2 or v3"));
    }
    if !(0.0..=1.0).contains(&args.sample_rate) {
        return Err(usage(format!("--sample-rate {} is no share", args.sample_rate)).hint("give a number from 0 to 1"));
    }
    let is_own = args.encoder_version == EncoderArg::Rr1;
    let conflicts = [
        (is_own && args.compat.is_some(), "--compat upstream: upstream has no encoder rr1"),
        (is_own && args.legacy_max_n_encoding, "--legacy-max-n-encoding: rr1 has its own policy indices"),
        (
            is_own && HistoryMode::from(args.history_mode) != HistoryMode::Recorded,
            "--history-mode: rr1 holds the positions before, seen by the player to move; --history-length 0 leaves them out",
        ),
        (
            args.compat.is_some() && HistoryMode::from(args.history_mode) != HistoryMode::Recorded,
            "--history-mode: upstream's exporter writes recorded frames only",
        ),
        (args.compat.is_some() && args.sample_rate < 1.0, "--sample-rate: upstream's exporter draws nothing"),
    ];
    match conflicts.into_iter().find(|(holds, _)| *holds) {
        Some((_, text)) => Err(usage(text).hint("leave one of the two out")),
        None => Ok(()),
    }
}

fn databases(args: &Args, notices: &mut Vec<String>) -> Result<Vec<PathBuf>, Failure> {
    let mut databases = args.databases.clone();
    if args.use_discovery {
        let found = discover(Path::new(GAMES));
        notices.push(format!("Found {} replay databases below {GAMES}", found.len()));
        if found.is_empty() && databases.is_empty() {
            return Err(
                Failure::message(exit::IO, format!("no replay database below {GAMES}")).hint("give databases by --db")
            );
        }
        databases.extend(found.into_iter().filter(|path| !args.databases.contains(path)));
    } else if databases.is_empty() {
        let merged = Path::new(GAMES).join("merged.db");
        let path = if merged.exists() { merged } else { Path::new(GAMES).join("selfplay.db") };
        notices.push(format!("No --db: reading {}", path.display()));
        databases.push(path);
    }
    Ok(databases)
}

/// Every database file below a folder, in the order of their paths.
fn discover(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(discover(&path)),
            Ok(_) if path.extension().is_some_and(|end| end == "db") && is_database(&path) => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

fn layout(args: &Args) -> Layout {
    let is_single = args.single_threaded || args.workers == Some(1);
    match (args.compat, args.encoder_version) {
        (Some(Compat::Upstream), _) if is_single => Layout::UpstreamSingle,
        (Some(Compat::Upstream), _) => Layout::UpstreamParallel,
        (None, EncoderArg::Rr1) => Layout::Packed,
        (None, _) => Layout::Plain,
    }
}

/// The filters that upstream's parallel exporter knows.
fn parallel_selection(args: &Args) -> Selection {
    Selection {
        require_completed: args.require_completed,
        moves_min: args.min_moves,
        moves_max: args.max_moves,
        ..Selection::default()
    }
}

fn selection(args: &Args) -> Result<Selection, Failure> {
    let included: Vec<&str> =
        [(args.include_gauntlet, "gauntlet"), (args.include_tournaments, "tournament"), (args.include_human, "human")]
            .into_iter()
            .filter_map(|(given, source)| given.then_some(source))
            .collect();
    let named = |list: &[String]| -> BTreeSet<String> {
        list.iter().map(|source| source.trim().to_lowercase()).filter(|source| !source.is_empty()).collect()
    };
    let mut sources = named(&args.sources);
    for source in sources.iter().chain(&named(&args.exclude_sources)) {
        if !["selfplay", "gauntlet", "tournament", "human", "all"].contains(&source.as_str()) {
            return Err(usage(format!("there are no sources {source:?}"))
                .hint("the kinds of sources are selfplay, gauntlet, tournament, human and all"));
        }
    }
    sources.extend(included.iter().map(|&source| source.to_owned()));
    if !sources.is_empty() {
        sources.insert("selfplay".to_owned());
    }
    Ok(Selection {
        elo_min: args.min_elo,
        quality_min: args.min_quality,
        tier: args.quality_tier.map(Into::into),
        sources: (!sources.is_empty()).then_some(sources),
        exclude_sources: named(&args.exclude_sources),
        exclude_recovery: args.exclude_recovery,
        cutoffs: args.parity_fixtures_dir.as_deref().map_or(Ok(BTreeMap::new()), cutoffs)?,
        ..parallel_selection(args)
    })
}

/// The last safe move of each game that a fixture names. Source: npz.md section 2, `--parity-fixtures-dir`.
fn cutoffs(folder: &Path) -> Result<BTreeMap<String, u32>, Failure> {
    let mut cutoffs: BTreeMap<String, u32> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::cannot("read", folder, error))? {
        let path = entry.map_err(|error| Failure::cannot("read", folder, error))?.path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| Failure::cannot("read", &path, error))?;
        let fixture: Value = serde_json::from_str(&text).map_err(|error| {
            Failure::message(exit::BAD_INPUT, format!("{} is no JSON: {error}", path.display()))
                .hint("a fixture is an object with game_id and diverged_at")
        })?;
        let Some(game) = fixture["game_id"].as_str() else { continue };
        let Some(diverged) = fixture["diverged_at"].as_u64().filter(|&at| at > 0) else { continue };
        let safe = u32::try_from(diverged - 1).unwrap_or(u32::MAX);
        let known = cutoffs.entry(game.to_owned()).or_insert(safe);
        *known = safe.min(*known);
    }
    Ok(cutoffs)
}

/// Source: npz.md section 2, environment; upstream's single-threaded exporter only.
fn rows_of_environment(
    layout: Layout,
    variable: &impl Fn(&str) -> Option<String>,
    notices: &mut Vec<String>,
) -> Result<Option<u64>, Failure> {
    const NAME: &str = "RINGRIFT_MAX_EXPORT_SAMPLES";
    let Some(text) = variable(NAME).filter(|text| !text.is_empty() && layout != Layout::UpstreamParallel) else {
        return Ok(None);
    };
    let rows = text.trim().parse().ok().filter(|&rows| rows > 0);
    let rows =
        rows.ok_or_else(|| usage(format!("{NAME}={text} is no number of rows")).hint("give a number above 0"))?;
    notices.push(format!("{NAME}: at most {rows} rows"));
    Ok(Some(rows))
}

/// Board and number of players: those that are named, or the only ones of which the databases have games.
fn configuration(
    args: &Args,
    databases: &[PathBuf],
    notices: &mut Vec<String>,
) -> Result<(BoardKind, PlayerCount), Failure> {
    if let (Some(board), Some(players)) = (args.board_type, args.num_players) {
        return Ok((board, players));
    }
    let boards = BoardKind::ALL.into_iter().filter(|&board| args.board_type.is_none_or(|named| named == board));
    let mut candidates: Vec<_> = boards
        .flat_map(|board| PlayerCount::ALL.map(|players| (board, players)))
        .filter(|&(_, players)| args.num_players.is_none_or(|named| named == players))
        .collect();
    let mut found = BTreeSet::new();
    for path in databases {
        let mut reader = StoreReader::open(path).map_err(|error| failure(error.into()))?;
        for (index, (board, players)) in candidates.iter().enumerate() {
            let filter = GameFilter {
                board: Some(board.name().to_owned()),
                num_players: Some(players.get() as u64),
                limit: Some(1),
                ..GameFilter::default()
            };
            if !reader.ids(&filter).map_err(|error| failure(error.into()))?.is_empty() {
                found.insert(index);
            }
        }
    }
    candidates = found.into_iter().map(|index| candidates[index]).collect();
    let text =
        |&(board, players): &(BoardKind, PlayerCount)| format!("--board-type {board} --num-players {}", players.get());
    match candidates[..] {
        [only] => {
            notices.push(format!("The games are of {}", text(&only)));
            Ok(only)
        }
        [] => {
            Err(Failure::message(exit::BAD_INPUT, "the databases have no games of such a board and number of players")
                .hint("`rrpipe replay list FILE` shows what a database has"))
        }
        _ => {
            let named: Vec<String> = candidates.iter().map(text).collect();
            Err(usage("the databases have games of several boards or numbers of players")
                .hint(format!("say which: {}; or --all-configs", named.join(", "))))
        }
    }
}

/// The configurations, each with its file.
fn files(
    args: &Args,
    configuration: Option<(BoardKind, PlayerCount)>,
    notices: &mut Vec<String>,
) -> Vec<(BoardKind, PlayerCount, PathBuf)> {
    let name = |board: BoardKind, players: PlayerCount| format!("{board}_{}p.npz", players.get());
    match configuration {
        Some((board, players)) => {
            let path = args.output.clone().unwrap_or_else(|| {
                let path = Path::new("data/training").join(name(board, players));
                notices.push(format!("No --output: writing {}", path.display()));
                path
            });
            vec![(board, players, path)]
        }
        None => {
            let boards = [BoardKind::Square8, BoardKind::Square19, BoardKind::Hexagonal];
            let boards = boards.into_iter().chain(args.with_hex8.then_some(BoardKind::Hex8));
            let each = boards.flat_map(|board| PlayerCount::ALL.map(|players| (board, players)));
            each.map(|(board, players)| (board, players, args.output_dir.join(name(board, players)))).collect()
        }
    }
}

/// The files of a configuration: one, or one for each part.
fn outputs(args: &Args, path: PathBuf) -> Vec<Output> {
    let Some(split) = args.split else { return vec![Output { path, part: Part::Train }] };
    if let Some(part) = args.split_part {
        return vec![Output { path, part: part.into() }];
    }
    let parts = Part::ALL.into_iter().zip(split.shares()).filter(|(_, share)| *share > 0.0);
    parts
        .map(|(part, _)| {
            let end = path.extension().map_or("npz".into(), |end| end.to_string_lossy().into_owned());
            Output { path: path.with_extension(format!("{}.{end}", part.name())), part }
        })
        .collect()
}

fn rows(args: &Args, layout: Layout, board: BoardKind, players: PlayerCount) -> RowPlan {
    let is_hex = board.spec().shape == BoardShape::Hex;
    let is_v3 = match args.encoder_version {
        EncoderArg::V3 => true,
        // What upstream's two exporters make of it.
        EncoderArg::Default => layout == Layout::UpstreamSingle,
        EncoderArg::V2 | EncoderArg::Rr1 => false,
    };
    let upstream = match (is_hex, is_v3) {
        (false, _) => UpstreamEncoder::Square,
        (true, false) => UpstreamEncoder::HexV2,
        (true, true) => UpstreamEncoder::HexV3,
    };
    let is_parallel = layout == Layout::UpstreamParallel;
    let heuristics = match (args.include_heuristics, args.full_heuristics) {
        (_, true) => Some(HeuristicFeatures::Full),
        (true, false) => Some(HeuristicFeatures::Fast),
        (false, false) => None,
    };
    RowPlan {
        layout,
        encoder: if layout == Layout::Packed { Encoder::Rr1 } else { Encoder::Upstream(upstream) },
        is_labelled_v2: args.encoder_version == EncoderArg::V2,
        history_length: args.history_length.into(),
        history_mode: args.history_mode.into(),
        feature_version: if args.feature_version == 1 { FeatureVersion::V1 } else { FeatureVersion::V2 },
        policy: if args.legacy_max_n_encoding { PolicyLayout::LegacyMaxN } else { PolicyLayout::BoardAware },
        sample_every: args.sample_every,
        sample_rate: args.sample_rate,
        seed: args.seed,
        move_index_max: args.max_move_index.filter(|_| !is_parallel),
        values: if args.no_rank_aware_values && !is_parallel { ValueRule::Winner } else { ValueRule::Ranks },
        soft_targets: !args.no_soft_targets && !is_parallel,
        packed_method: match args.storage {
            Storage::Stored => Method::Stored,
            Storage::Deflated => Method::Deflated,
        },
        heuristics,
        quality_weighted: args.quality_weighted && !is_parallel,
        has_checksums: !args.no_checksums,
        ..RowPlan::new(board, players)
    }
}

/// Flags that have no effect together with others.
fn warnings(args: &Args, layout: Layout) -> Vec<String> {
    let mut out = Vec::new();
    if layout == Layout::UpstreamParallel {
        let ignored = [
            ("--min-elo", args.min_elo.is_some()),
            ("--min-quality", args.min_quality.is_some()),
            ("--quality-tier", args.quality_tier.is_some()),
            ("--max-move-index", args.max_move_index.is_some()),
            ("--no-rank-aware-values", args.no_rank_aware_values),
            ("--parity-fixtures-dir", args.parity_fixtures_dir.is_some()),
            ("--exclude-recovery", args.exclude_recovery),
            ("--sources", !args.sources.is_empty()),
            ("--exclude-sources", !args.exclude_sources.is_empty()),
            ("--include-gauntlet", args.include_gauntlet),
            ("--include-tournaments", args.include_tournaments),
            ("--include-human", args.include_human),
            ("--quality-weighted", args.quality_weighted),
        ];
        let flags: Vec<&str> = ignored.into_iter().filter_map(|(flag, given)| given.then_some(flag)).collect();
        if !flags.is_empty() {
            out.push(format!("warning: without effect, as in upstream's parallel exporter: {}", flags.join(", ")));
        }
    }
    if args.force_export && !args.use_cache {
        out.push("warning: --force-export has no effect without --use-cache".into());
    }
    if args.storage == Storage::Deflated && layout != Layout::Packed {
        out.push("warning: --storage has no effect: only arrays of rr1 are stored otherwise".into());
    }
    out
}
