//! Why a merge failed.

use std::path::PathBuf;

use super::{
    super::error::StoreError,
    MergeOptions,
    report::{MergeFault, MergeReport},
};

/// Why a merge failed. The output is as it was before.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Nothing to merge.
    #[error("no database to merge\nhint: name each one with --db")]
    NoInputs,
    /// Inputs are missing, damaged or something else.
    #[error("{} of {inputs} inputs cannot be merged, and nothing was: {}\nhint: mend or leave out what is named, or skip such inputs with --skip-unreadable", faults.len(), joined(faults))]
    Inputs {
        /// How many inputs there are.
        inputs: usize,
        /// What is wrong with some of them.
        faults: Vec<StoreError>,
    },
    /// An input is the output.
    #[error("{} is input and output\nhint: games of the output are kept anyway; leave it out of the inputs", .path.display())]
    OutputIsInput {
        /// The file.
        path: PathBuf,
    },
    /// Another merge into the same output.
    #[error("another merge into {} is at work\nhint: wait for it; merges into one output follow each other", .output.display())]
    AtWork {
        /// The output.
        output: PathBuf,
    },
    /// More games were rejected than may be.
    #[error(
        "{rejected} of {considered} games were rejected, {share:.2} %, more than the {allowed} % of --max-reject-share; nothing was merged: {}\nhint: mend or leave out their sources, or accept this share with a greater --max-reject-share; one bad game of few is much, and is a sign of damage or of other rules",
        first(faults)
    )]
    TooManyRejects {
        /// Games that were rejected so far.
        rejected: u64,
        /// Games that were looked at so far.
        considered: u64,
        /// Their share in per cent.
        share: f64,
        /// What may be, in per cent.
        allowed: f64,
        /// The first ones.
        faults: Vec<MergeFault>,
    },
    /// The threads cannot be started.
    #[error("cannot start threads: {0}\nhint: ask for fewer with --jobs")]
    Threads(String),
    /// A database cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MergeError {
    pub(super) fn too_many_rejects(options: &MergeOptions, report: MergeReport) -> Self {
        Self::TooManyRejects {
            rejected: report.total.rejected,
            considered: report.total.considered(),
            share: report.total.reject_share() * 100.0,
            allowed: options.max_reject_share * 100.0,
            faults: report.faults.into_iter().filter(|fault| fault.kind == "reject").collect(),
        }
    }

    /// Whether the operating system or another process is in the way, rather than the content of a file.
    pub fn is_environment(&self) -> bool {
        match self {
            Self::Store(error) => error.is_environment(),
            Self::Inputs { faults, .. } => faults.iter().all(StoreError::is_environment),
            Self::AtWork { .. } | Self::Threads(_) => true,
            _ => false,
        }
    }
}

/// The faults without their hints, one after the other.
fn joined(faults: &[StoreError]) -> String {
    let line = |fault: &StoreError| fault.to_string().lines().next().unwrap_or_default().to_owned();
    faults.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn first(faults: &[MergeFault]) -> String {
    let shown: Vec<String> = faults.iter().take(3).map(|fault| format!("{}: {}", fault.source, fault.reason)).collect();
    shown.join("; ")
}
