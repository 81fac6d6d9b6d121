//! Ctrl-C outside Python: a flag set by the signal, looked at by long commands.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// Whether SIGINT has come, once it is watched.
#[derive(Debug, Default)]
pub(crate) struct Interrupts {
    seen: OnceLock<Arc<AtomicBool>>,
}

impl Interrupts {
    /// From now on the first SIGINT is only noted. The second ends the process, in case the command does not react.
    pub(crate) fn watch(&self) -> io::Result<()> {
        if self.seen.get().is_none() {
            let seen = Arc::new(AtomicBool::new(false));
            // In this order: the shutdown asks whether an earlier signal has set the flag.
            flag::register_conditional_shutdown(
                SIGINT,
                ringrift_cli::exit::INTERRUPTED.code().into(),
                Arc::clone(&seen),
            )?;
            flag::register(SIGINT, Arc::clone(&seen))?;
            self.seen.get_or_init(|| seen);
        }
        Ok(())
    }

    /// Whether SIGINT has come since [`Self::watch`].
    pub(crate) fn seen(&self) -> bool {
        self.seen.get().is_some_and(|seen| seen.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_signal_is_noted() {
        let interrupts = Interrupts::default();
        assert!(!interrupts.seen());
        interrupts.watch().unwrap();
        interrupts.watch().unwrap();
        assert!(!interrupts.seen());
        signal_hook::low_level::raise(SIGINT).unwrap();
        assert!(interrupts.seen());
    }
}
