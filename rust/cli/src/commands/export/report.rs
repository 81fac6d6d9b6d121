//! What an export prints while it runs.

use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ringrift_dataset::{Observer, Progress};

use crate::commands::selfplay::duration;
use crate::output::Terminal;

/// Time between two lines, where there is no bar.
const LINE_INTERVAL: Duration = Duration::from_mins(1);

/// Shows a bar on a terminal, and a line a minute elsewhere.
pub(super) struct Reporter<'a> {
    terminal: &'a mut Terminal,
    bar: Option<ProgressBar>,
    label: String,
    began: Instant,
    line_at: Instant,
}

impl<'a> Reporter<'a> {
    pub fn new(terminal: &'a mut Terminal, label: String, show_bar: bool) -> Self {
        let bar = (show_bar && terminal.err_is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} games, {msg}, ETA {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(label.clone());
            bar
        });
        let now = Instant::now();
        Self { terminal, bar, label, began: now, line_at: now }
    }

    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Reporter<'_> {
    fn tick(&mut self, progress: Progress) {
        let Progress { games, games_total, rows, is_finishing } = progress;
        let seconds = self.began.elapsed().as_secs_f64().max(1e-9);
        let rate = rows as f64 / seconds;
        if let Some(bar) = &self.bar {
            bar.set_length(games_total);
            bar.set_position(games);
            bar.set_message(if is_finishing {
                format!("{rows} rows, putting the file together")
            } else {
                format!("{rows} rows, {rate:.0} rows/s")
            });
        } else if self.line_at.elapsed() >= LINE_INTERVAL {
            self.line_at = Instant::now();
            let left = games_total.saturating_sub(games) as f64;
            let eta = if games > 0 { duration(left * seconds / games as f64) } else { "?".into() };
            let (label, elapsed) = (&self.label, duration(seconds));
            let line = format!(
                "[{label}] {games}/{games_total} games | {rows} rows | {rate:.0} rows/s | elapsed: {elapsed} | ETA: {eta}"
            );
            // A reader that went away does not end the export, whose result is in files.
            let mut out = self.terminal.out();
            drop(writeln!(out, "{line}").and_then(|()| out.flush()));
        }
    }
}
