//! The option `--jobs` of commands that use several threads.

use ringrift_selfplay::JOBS_MAX;

/// A number of threads; 0 = one per core.
pub(crate) fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if jobs <= JOBS_MAX => Ok(jobs),
        _ => Err(format!("give a number of threads from 1 to {JOBS_MAX}, or 0 for one per core")),
    }
}
