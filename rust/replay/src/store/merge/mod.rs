//! Merges replay databases into one: every game is replayed, none is taken twice, and what is not taken is kept aside.
//!
//! Each input is copied as it is at one moment ([`StoreSnapshot`]), brought up to the present schema in the copy, and read in
//! the order in which its games were stored. Threads replay the games ([`check`]); one thread decides in order what becomes
//! of each ([`stage`]) and copies its rows ([`copy`]) into a work file in a folder beside the output ([`work`]). Only when all
//! inputs are through does the work file become the output, or its games go into the one that exists ([`mod@finish`]).

mod check;
mod copy;
mod error;
mod finish;
mod report;
mod stage;
mod work;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

pub use error::MergeError;
pub use report::{MergeFault, MergeOutcome, MergeProgress, MergeReport, SourceCounts, SourceReport, SourceState};

use self::{check::Checker, finish::finish, stage::Stager, work::Work};
use super::{connection::Stamp, error::StoreError, filter::GameFilter, reader::StoreReader, snapshot::StoreSnapshot};

/// What becomes of a game whose name another game has.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum OnConflict {
    /// It is not taken: its rows go to the quarantine.
    #[default]
    Skip,
    /// It gets a name made from its own and its content.
    Rename,
}

/// What to merge, and how.
#[derive(Clone, PartialEq, Debug)]
pub struct MergeOptions {
    /// The databases, in the order in which their games go into the output.
    pub inputs: Vec<PathBuf>,
    /// The database to make or to add to.
    pub output: PathBuf,
    /// What becomes of a game whose name another game has.
    pub on_conflict: OnConflict,
    /// Games whose name was met before in the same merge are not renamed.
    pub dedupe_by_game_id: bool,
    /// Greatest share of rejected games among those looked at; beyond it nothing is merged.
    pub max_reject_share: f64,
    /// Threads that replay games; 0 = one per core.
    pub jobs: usize,
    /// Leave out inputs that cannot be read, instead of stopping.
    pub skip_unreadable: bool,
    /// Find out what would become of the games, and leave the output alone.
    pub dry_run: bool,
}

/// The share of rejected games that is accepted unless told otherwise.
pub const MAX_REJECT_SHARE: f64 = 0.001;

impl MergeOptions {
    /// The defaults.
    pub fn new(inputs: Vec<PathBuf>, output: PathBuf) -> Self {
        Self {
            inputs,
            output,
            on_conflict: OnConflict::default(),
            dedupe_by_game_id: false,
            max_reject_share: MAX_REJECT_SHARE,
            jobs: 0,
            skip_unreadable: false,
            dry_run: false,
        }
    }
}

/// An input that was looked at.
struct Source {
    path: PathBuf,
    report: SourceReport,
    games: u64,
}

/// Merges databases. A merge that `stop` ended, or that was killed, goes on where it was when it is started again with the
/// same inputs; the output has nothing of it before all inputs are through.
///
/// # Errors
/// [`MergeError`]; the output is then as before.
pub fn merge(
    options: &MergeOptions,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&MergeProgress),
) -> Result<MergeReport, MergeError> {
    let output = resolve(&options.output)?;
    let mut sources = look_at_inputs(options, &output)?;
    let games_total: u64 = sources.iter().map(|source| source.games).sum();
    let mut work = Work::open(options, &output)?;
    let resumed = work.resumes();
    let checker = Checker::new(options.jobs)?;
    let mut report = MergeReport::new(&output, resumed);
    // Whatever the games that are still to come may be.
    let is_too_many = |rejected: u64| rejected as f64 > options.max_reject_share * games_total as f64;
    let mut shown = MergeProgress { games_total, ..MergeProgress::default() };
    if work.is_applying()? {
        work.recall(&mut sources)?;
        report.total = sources.iter().fold(report.total, |sum, source| sum.plus(&source.report.counts));
    } else {
        work.learn_output(&checker, stop)?;
        for (number, source) in sources.iter_mut().enumerate() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if source.report.state == SourceState::Pending {
                let before = report.total;
                take(options, &mut work, number, source, &checker, stop, &mut |counts| {
                    shown.counts = before.plus(counts);
                    progress(&shown);
                    !is_too_many(shown.counts.rejected)
                })?;
            }
            report.total = report.total.plus(&source.report.counts);
            report.faults.append(&mut source.report.faults);
            report.faults.truncate(report::FAULTS_MAX);
            if is_too_many(report.total.rejected) {
                break;
            }
        }
    }
    report.sources = sources.into_iter().map(|source| source.report).collect();
    let has_too_many = report.total.reject_share() > options.max_reject_share;
    if stop.load(Ordering::Relaxed) || has_too_many || options.dry_run {
        // What was found out is of use to the next try, unless it was to be found out only.
        if options.dry_run {
            work.remove()?;
        }
        if stop.load(Ordering::Relaxed) {
            report.outcome = MergeOutcome::Interrupted;
            return Ok(report);
        }
        report.outcome = MergeOutcome::DryRun;
        return if has_too_many { Err(MergeError::too_many_rejects(options, report)) } else { Ok(report) };
    }
    report.outcome = if work.has_output { MergeOutcome::Extended } else { MergeOutcome::Created };
    report.games_in_output = finish(work, &output)?;
    Ok(report)
}

/// The file that an output path leads to: links stay, and what they lead to is written.
fn resolve(output: &Path) -> Result<PathBuf, StoreError> {
    let cannot = |error: std::io::Error| StoreError::of_io(output, &error);
    let folder = |message: &str| StoreError::CannotOpen { path: output.to_owned(), message: message.into() };
    if output.file_name().is_none() {
        return Err(folder("it is a folder"));
    }
    if output.to_str().is_none() {
        return Err(folder("its name is not UTF-8"));
    }
    match output.metadata() {
        Ok(found) if found.is_dir() => Err(folder("it is a folder")),
        Ok(found) if !found.is_file() => Err(folder("it is no file")),
        Ok(_) => output.canonicalize().map_err(cannot),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !output.is_symlink() => {
            let parent = super::connection::folder(output);
            std::fs::create_dir_all(parent).map_err(|error| StoreError::of_io(parent, &error))?;
            let parent = parent.canonicalize().map_err(cannot)?;
            Ok(parent.join(output.file_name().unwrap_or_default()))
        }
        Err(error) => Err(cannot(error)),
    }
}

/// Looks at all inputs before anything is done, so that a wrong one is said at once.
fn look_at_inputs(options: &MergeOptions, output: &Path) -> Result<Vec<Source>, MergeError> {
    if options.inputs.is_empty() {
        return Err(MergeError::NoInputs);
    }
    let (mut sources, mut faults, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for path in &options.inputs {
        let mut source = Source { path: path.clone(), report: SourceReport::new(path), games: 0 };
        match StoreReader::open(path).and_then(|mut reader| reader.info()) {
            Ok(info) => {
                let real = path.canonicalize().map_err(|error| StoreError::of_io(path, &error))?;
                if is_same_file(&real, output) {
                    return Err(MergeError::OutputIsInput { path: path.clone() });
                }
                if seen.contains(&real) {
                    source.report.state = SourceState::Repeated;
                } else {
                    source.games = info.games;
                    seen.push(real);
                }
            }
            Err(error) if options.skip_unreadable => source.report.state = SourceState::Unreadable(error.to_string()),
            Err(error) => faults.push(error),
        }
        sources.push(source);
    }
    if faults.is_empty() { Ok(sources) } else { Err(MergeError::Inputs { inputs: options.inputs.len(), faults }) }
}

/// Whether two paths lead to one file, by whatever names.
fn is_same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) {
            return (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    a == b
}

/// Takes the games of one input into the work file. `go_on` hears the counts so far and says whether to go on.
fn take(
    options: &MergeOptions,
    work: &mut Work,
    number: usize,
    source: &mut Source,
    checker: &Checker,
    stop: &AtomicBool,
    go_on: &mut dyn FnMut(&SourceCounts) -> bool,
) -> Result<(), MergeError> {
    let stamp = Stamp::of(&source.path)?.to_string();
    if let Some(counts) = work.source_if_done(number, &stamp)? {
        source.report.counts = counts;
        source.report.faults = work.faults(&source.report.path)?;
        source.report.state = SourceState::Merged;
        return Ok(());
    }
    let opened = StoreSnapshot::take(&source.path, work.folder()).and_then(|snapshot| {
        // With the indexes: rows are looked up by them, and by which one is for SQLite to choose.
        match snapshot.reader()?.integrity_faults()?.into_iter().next() {
            Some(message) => Err(StoreError::Damaged { path: source.path.clone(), message }),
            None => Ok(snapshot),
        }
    });
    let snapshot = match opened {
        Ok(snapshot) => snapshot,
        Err(StoreError::Full { path }) => return Err(StoreError::Full { path }.into()),
        Err(error) if options.skip_unreadable => {
            work.forget_source(number, &source.report.path)?;
            source.report.state = SourceState::Unreadable(error.to_string());
            return Ok(());
        }
        Err(error) => return Err(MergeError::Inputs { inputs: options.inputs.len(), faults: vec![error] }),
    };
    let mut stager = Stager::begin(work, number, &source.report.path, &stamp, &snapshot, options)?;
    source.report.left_behind = stager.left_behind();
    let rows = snapshot.reader()?.row_numbers(&GameFilter::default())?;
    let rows = stager.rows_to_come(rows);
    let enough = checker.run(&snapshot, rows, stop, &mut |batch| {
        stager.batch(batch)?;
        Ok::<_, MergeError>(go_on(stager.counts()))
    })?;
    let is_done = !stop.load(Ordering::Relaxed) && enough;
    source.report.counts = stager.finish(is_done)?;
    source.report.faults = work.faults(&source.report.path)?;
    if is_done {
        source.report.state = SourceState::Merged;
    }
    Ok(())
}
