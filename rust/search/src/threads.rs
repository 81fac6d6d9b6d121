//! The threads of one search.

use std::thread;

use crate::searcher::InvalidSetting;

/// Most threads of a search.
const THREADS_MAX: u32 = 256;

/// Stack of a thread: that of a main thread, since searches recurse.
const STACK_BYTES: usize = 8 << 20;

/// Checks a number of threads.
pub(crate) fn check(threads: u32) -> Result<(), InvalidSetting> {
    let is_valid = (1..=THREADS_MAX).contains(&threads);
    InvalidSetting::check("threads", f64::from(threads), is_valid, "a number of threads, 1 to 256")
}

/// What descriptions say of a number of threads: something only if there are several.
pub(crate) fn text(threads: u32) -> String {
    if threads > 1 { format!(", threads={threads}") } else { String::new() }
}

/// Works on every item, on this thread on the first one and on threads of their own on the others, and waits for all of them.
///
/// Items for which the system has no thread are left out: a search with fewer threads is as good, only slower.
pub(crate) fn on_each<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    match items {
        [] => {}
        [only] => work(only),
        [first, others @ ..] => thread::scope(|scope| {
            let work = &work;
            for other in others {
                let thread = thread::Builder::new().stack_size(STACK_BYTES);
                if thread.spawn_scoped(scope, move || work(other)).is_err() {
                    break;
                }
            }
            work(first);
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_by_a_thread_of_its_own() {
        for count in 0..5 {
            let mut items = vec![None; count];
            on_each(&mut items, |item| *item = Some(thread::current().id()));
            let mut ids: Vec<_> = items.iter().map(|id| format!("{:?}", id.expect("worked on"))).collect();
            assert!(count == 0 || items[0] == Some(thread::current().id()));
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), count);
        }
    }
}
