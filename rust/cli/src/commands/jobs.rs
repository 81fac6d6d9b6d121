//! The option `--jobs` of commands that use several threads.

/// More threads than any machine has cores; far above it, starting them takes minutes.
const JOBS_MAX: usize = 1024;

/// A number of threads; 0 = one per core.
pub(crate) fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if jobs <= JOBS_MAX => Ok(jobs),
        _ => Err(format!("give a number of threads from 1 to {JOBS_MAX}, or 0 for one per core")),
    }
}
