//! `rrpipe merge`: many replay databases into one.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ringrift_replay::{
    MAX_REJECT_SHARE, MergeError, MergeOptions, MergeOutcome, MergeProgress, MergeReport, OnConflict, SourceCounts,
    SourceState, merge,
};

use super::jobs::parse_jobs;
use crate::output::Terminal;
use crate::{Context, ExitCode, Failure, exit, interrupt};

/// Shortest time between two lines of progress.
const LINE_INTERVAL: Duration = Duration::from_mins(1);

/// Merge replay databases into one, replaying every game
///
/// Every game is replayed on the engine and compared with what its rows say. Games that are there already, by name or by
/// content, are left out; all rows of the others are taken over as they are. Games that the engine does not agree with, and
/// other games of a name that is taken, go to the quarantine of the output (a table) with all their rows and the reason. If
/// more than --max-reject-share of the games are rejected, nothing is merged.
///
/// An output that exists is added to. The output has nothing of a merge before all inputs are through; until then the games
/// are in the folder OUTPUT.merging, from which the same command goes on after a kill or Ctrl-C. See docs/data.md.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "one per flag")]
#[command(after_help = "Example: rrpipe merge --output merged.db --db host-a/selfplay.db --db host-b/selfplay.db")]
pub(crate) struct Args {
    /// Database to merge; may be given again. It may be written meanwhile, and is never written to
    #[arg(long = "db", value_name = "FILE", required = true)]
    inputs: Vec<PathBuf>,
    /// Database to make, or to add to
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// What becomes of a game whose name another game has: to quarantine, or a new name made from name and content
    #[arg(long, value_enum, value_name = "skip|rename", default_value_t = Conflict::Skip)]
    on_conflict: Conflict,
    /// Do not rename games whose name was met before in this merge. Equal games are left out in any case
    #[arg(long)]
    dedupe_by_game_id: bool,
    /// Greatest share of rejected games; beyond it nothing is merged. One bad game of ten is 0.1
    #[arg(long, value_name = "SHARE", default_value_t = MAX_REJECT_SHARE, value_parser = parse_share)]
    max_reject_share: f64,
    /// Leave out inputs that are missing, damaged or no replay databases, with a warning, instead of stopping
    #[arg(long)]
    skip_unreadable: bool,
    /// Say what would become of the games, and leave the output alone
    #[arg(long)]
    dry_run: bool,
    /// Threads; 0 = one per core. The output is the same for any number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_jobs, allow_negative_numbers = true)]
    jobs: usize,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long)]
    no_progress: bool,
    #[command(flatten)]
    inert: Inert,
}

/// Flags of upstream's script that have nothing to do here.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "one per flag")]
#[command(next_help_heading = "Taken for the sake of RingRift's merge_game_dbs.py, without effect")]
struct Inert {
    /// History rows of the inputs are always kept; none are made, since every state follows from the moves
    #[arg(long)]
    store_history_entries: bool,
    /// States are kept in the form that they have
    #[arg(long, overrides_with = "no_compress_states")]
    compress_states: bool,
    /// States are kept in the form that they have
    #[arg(long, overrides_with = "compress_states")]
    no_compress_states: bool,
    /// A merge always goes on from its work folder, if its inputs are the same; the state file of that script is not looked at
    #[arg(long)]
    resume: bool,
    /// Outputs are always in WAL mode
    #[arg(long)]
    wal_mode: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Conflict {
    Skip,
    Rename,
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a share from 0 to 1; 0.001 is 0.1 %".into()),
    }
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let options = MergeOptions {
        on_conflict: match args.on_conflict {
            Conflict::Skip => OnConflict::Skip,
            Conflict::Rename => OnConflict::Rename,
        },
        dedupe_by_game_id: args.dedupe_by_game_id,
        max_reject_share: args.max_reject_share,
        jobs: args.jobs,
        skip_unreadable: args.skip_unreadable,
        dry_run: args.dry_run,
        ..MergeOptions::new(args.inputs.clone(), args.output.clone())
    };
    let is_given = [
        (
            args.inert.store_history_entries,
            "--store-history-entries",
            "history rows of the inputs are kept, none are made",
        ),
        (args.inert.no_compress_states, "--no-compress-states", "states are kept in the form that they have"),
    ];
    for (_, flag, why) in is_given.into_iter().filter(|(is_given, ..)| *is_given) {
        writeln!(context.terminal.err(), "warning: {flag} has no effect: {why}")?;
    }
    let (host, terminal) = (context.host, &mut *context.terminal);
    let merged = interrupt::watch(host, |stop| {
        let mut shown = Shown::new(terminal, !args.no_progress);
        let merged = merge(&options, stop, &mut |progress| shown.update(progress));
        shown.finish();
        merged
    })?;
    let report = merged.value.map_err(failure)?;
    if report.outcome == MergeOutcome::Interrupted {
        let hint = "the output has nothing of it yet; the same command goes on where it was";
        return Err(Failure::interrupted().hint(hint));
    }
    if args.json {
        let text = serde_json::to_string(&report).map_err(|error| Failure::new(exit::UNEXPECTED, error))?;
        writeln!(context.terminal.out(), "{text}")?;
    } else {
        print(&report, context.terminal)?;
    }
    warn(&report, context.terminal)?;
    if report.sources.iter().all(|source| matches!(source.state, SourceState::Unreadable(_))) {
        let text = "none of the inputs can be read";
        return Err(Failure::message(exit::BAD_INPUT, text).hint("the warnings above say why"));
    }
    Ok(exit::OK)
}

fn failure(error: MergeError) -> Failure {
    let class = match &error {
        MergeError::NoInputs | MergeError::OutputIsInput { .. } => exit::USAGE,
        error if error.is_environment() => exit::IO,
        _ => exit::BAD_INPUT,
    };
    Failure::new(class, error)
}

/// What became of games, in words; only what there was.
fn words(counts: &SourceCounts) -> String {
    let said = [
        (counts.new, "new"),
        (counts.renamed, "of them renamed"),
        (counts.duplicate, "duplicate"),
        (counts.duplicate_content, "duplicate under another name"),
        (counts.enriched, "of these with notes of searches that were missing"),
        (counts.conflict, "in conflict"),
        (counts.rejected, "rejected"),
        (counts.skipped, "unfinished"),
    ];
    let said: Vec<String> =
        said.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    if said.is_empty() { "no games".into() } else { said.join(", ") }
}

fn print(report: &MergeReport, terminal: &mut Terminal) -> Result<(), Failure> {
    let mut out = terminal.out();
    for source in &report.sources {
        let what = match &source.state {
            SourceState::Repeated => "named before".to_owned(),
            SourceState::Unreadable(_) => "left out".to_owned(),
            SourceState::Merged | SourceState::Pending => words(&source.counts),
        };
        writeln!(out, "{}: {what}", source.path)?;
    }
    let (output, games, total) = (report.output.display(), report.games_in_output, words(&report.total));
    match report.outcome {
        MergeOutcome::DryRun | MergeOutcome::Interrupted => writeln!(out, "{output}: not touched; {total}")?,
        MergeOutcome::Created => writeln!(out, "{output}: made, {games} games; {total}")?,
        MergeOutcome::Extended => writeln!(out, "{output}: {games} games now; {total}")?,
    }
    Ok(())
}

fn warn(report: &MergeReport, terminal: &mut Terminal) -> Result<(), Failure> {
    let err = terminal.err();
    for source in &report.sources {
        if let SourceState::Unreadable(why) = &source.state {
            writeln!(err, "warning: left out: {}", why.lines().next().unwrap_or_default())?;
        }
        if !source.left_behind.is_empty() {
            let what = source.left_behind.join(", ");
            writeln!(err, "warning: {}: not taken over, since no replay database has it: {what}", source.path)?;
        }
    }
    for fault in &report.faults {
        writeln!(err, "{}: {}: {}", fault.kind, fault.source, fault.reason)?;
    }
    let kept = report.total.rejected + report.total.conflict;
    if kept > report.faults.len() as u64 {
        writeln!(err, "... and {} more", kept - report.faults.len() as u64)?;
    }
    if kept > 0 && report.outcome != MergeOutcome::DryRun {
        writeln!(err, "{kept} games are in the table rr_quarantine of {}", report.output.display())?;
    }
    Ok(())
}

/// A bar on a terminal, a line a minute elsewhere.
struct Shown<'a> {
    terminal: &'a mut Terminal,
    bar: Option<ProgressBar>,
    is_on: bool,
    began: Instant,
    line_at: Instant,
}

impl<'a> Shown<'a> {
    fn new(terminal: &'a mut Terminal, is_on: bool) -> Self {
        let bar = (is_on && terminal.err_is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} games, {msg}, ETA {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let now = Instant::now();
        Self { terminal, bar, is_on, began: now, line_at: now }
    }

    fn update(&mut self, progress: &MergeProgress) {
        let (games, total) = (progress.games(), progress.games_total);
        let rate = games as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(games);
            bar.set_message(format!("{rate:.0} games/s"));
        } else if self.is_on && self.line_at.elapsed() >= LINE_INTERVAL {
            self.line_at = Instant::now();
            let rejected = progress.counts.rejected;
            // Nobody may be listening.
            let _ =
                writeln!(self.terminal.err(), "[merge] {games}/{total} games, {rejected} rejected, {rate:.0} games/s");
        }
    }

    fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ringrift_replay::{NewGame, StateDocument, StoreReader, StoreWriter, WriterOptions};
    use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};
    use ringrift_selfplay::{GameRng, playout_moves};

    use crate::exit;
    use crate::testing::rrpipe;

    /// A database of games with these seeds.
    fn database(path: &Path, seeds: std::ops::Range<u64>) -> String {
        let writer = StoreWriter::open(path, WriterOptions::default()).unwrap();
        for seed in seeds {
            let (board, players) = (BoardKind::Square8, PlayerCount::Two);
            let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
            let (_, moves) =
                playout_moves(&start, &mut GameRng::new(seed, 0, GameRng::HOST), 5000, &mut MoveList::new());
            let moves = moves.into_iter().map(Into::into).collect();
            let metadata = serde_json::json!({"rng_seed": seed, "source": "test"}).as_object().unwrap().clone();
            writer.store(&NewGame::new(format!("game {seed}"), StateDocument::new(start), moves, metadata)).unwrap();
        }
        writer.close().unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn databases_are_merged_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let (a, b) = (database(&place("a.db"), 0..3), database(&place("b.db"), 2..5));
        let output = place("new/merged.db").to_str().unwrap().to_owned();
        let flags = ["--resume", "--wal-mode", "--compress-states", "--dedupe-by-game-id", "--on-conflict", "skip"];
        let line = [&["merge", "--output", &output, "--db", &a, "--db", &b, "--db", &a][..], &flags].concat();
        let ran = rrpipe(&line);
        assert_eq!((ran.exit, ran.err.as_str()), (exit::OK, ""), "{}", ran.out);
        let expected = format!("{a}: 3 new\n{b}: 2 new, 1 duplicate\n{a}: named before\n");
        assert!(ran.out.starts_with(&expected), "{}", ran.out);
        assert!(ran.out.ends_with("merged.db: made, 5 games; 5 new, 1 duplicate\n"), "{}", ran.out);
        assert_eq!(StoreReader::open(Path::new(&output)).unwrap().info().unwrap().games, 5);
        let ran = rrpipe(&["merge", "--output", &output, "--db", &b, "--json", "--store-history-entries"]);
        assert!(ran.err.contains("warning: --store-history-entries has no effect"), "{}", ran.err);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&report["total"]["duplicate"], &report["games_in_output"]), (&3.into(), &5.into()));
        assert_eq!((&report["outcome"], &report["sources"][0]["state"]), (&"extended".into(), &"merged".into()));
    }

    #[test]
    fn wrong_inputs_have_their_exit_codes() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (a, output) = (database(Path::new(&place("a.db")), 0..2), place("merged.db"));
        std::fs::write(place("text.db"), "no database").unwrap();
        for (inputs, exit, said) in [
            (
                &[a.as_str(), &place("none.db")][..],
                exit::IO,
                "1 of 2 inputs cannot be merged, and nothing was: no database at",
            ),
            (&[&place("text.db")], exit::BAD_INPUT, "is not an SQLite database"),
            (&[&place("text.db"), &place("none.db")], exit::BAD_INPUT, "2 of 2 inputs"),
            (&[], exit::USAGE, "--db"),
        ] {
            let inputs = inputs.iter().flat_map(|path| ["--db", path]);
            let line: Vec<&str> = ["merge", "--output", &output].into_iter().chain(inputs).collect();
            let ran = rrpipe(&line);
            assert_eq!((ran.exit, ran.out.as_str()), (exit, ""), "{}", ran.err);
            assert!(ran.err.contains(said), "{}", ran.err);
        }
        assert_eq!(rrpipe(&["merge", "--output", &a, "--db", &a]).exit, exit::USAGE);
        assert_eq!(rrpipe(&["merge", "--output", &output, "--db", &a, "--max-reject-share", "2"]).exit, exit::USAGE);
        let ran = rrpipe(&["merge", "--output", folder.path().to_str().unwrap(), "--db", &a]);
        assert_eq!(ran.exit, exit::IO, "{}", ran.err);
        let none = place("none.db");
        let ran = rrpipe(&["merge", "--output", &output, "--db", &none, "--db", &a, "--skip-unreadable", "--dry-run"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.ends_with("merged.db: not touched; 2 new\n") && ran.err.contains("left out: no database at"));
        assert!(!Path::new(&output).exists());
        let ran = rrpipe(&["merge", "--output", &output, "--db", &none, "--skip-unreadable"]);
        assert_eq!(ran.exit, exit::BAD_INPUT, "{}", ran.err);
    }

    #[test]
    fn rejects_are_named_with_game_ply_and_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let a = database(&path, 0..2);
        let bytes = std::fs::read(&path).unwrap();
        // Of another length in the text of a move, and nowhere else.
        let at = bytes.windows(16).rposition(|text| text == b"\"moveNumber\":20,").unwrap();
        let mut changed = bytes;
        changed[at + 14] = b'7';
        std::fs::write(&path, changed).unwrap();
        let output = folder.path().join("merged.db").to_str().unwrap().to_owned();
        let ran = rrpipe(&["merge", "--output", &output, "--db", &a]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("ply 19: moveNumber: expected 27, got 20"), "{}", ran.err);
        assert!(ran.err.contains("hint: ") && !Path::new(&output).exists(), "{}", ran.err);
        let ran = rrpipe(&["merge", "--output", &output, "--db", &a, "--max-reject-share", "0.5"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.ends_with("made, 1 games; 1 new, 1 rejected\n"), "{}", ran.out);
        assert!(ran.err.starts_with("reject: ") && ran.err.contains("rr_quarantine"), "{}", ran.err);
    }
}
