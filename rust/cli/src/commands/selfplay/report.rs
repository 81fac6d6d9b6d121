//! What a run prints: a bar on a terminal, and the lines of upstream's soak. Source: selfplay.md section 8.6.

use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ringrift_selfplay::{GameRecord, GameSettings, Observer, Summary};

use crate::output::Terminal;

/// Shortest time between two progress lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Time after which a progress line is printed even if no game was finished.
const LINE_INTERVAL_MAX: Duration = Duration::from_mins(1);

/// Prints what happens in a run.
pub(crate) struct Reporter<'a> {
    terminal: &'a mut Terminal,
    bar: Option<ProgressBar>,
    label: String,
    target: u64,
    /// Print a line after every so many games; 0 = never.
    verbose: u64,
    began: Instant,
    line_at: Instant,
    games_at_line: u64,
    first: u64,
}

impl<'a> Reporter<'a> {
    /// A reporter of a run that begins with game `first`. On a terminal a bar takes the place of lines that were not
    /// asked for.
    pub fn new(
        terminal: &'a mut Terminal,
        settings: &GameSettings,
        games: std::ops::Range<u64>,
        verbose: Option<u64>,
        show_bar: bool,
    ) -> Self {
        let bar = (show_bar && terminal.err_is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(games.end), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} games, {msg}, ETA {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_position(games.start);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        Self {
            terminal,
            label: format!("{}_{}_{}p", settings.board, settings.mode, settings.players.get()),
            target: games.end,
            verbose: verbose.unwrap_or(u64::from(bar.is_none())),
            bar,
            began: now,
            line_at: now,
            games_at_line: 0,
            first: games.start,
        }
    }

    fn print(&mut self, line: &str) {
        // A reader that went away does not end the run, whose result is in files.
        let mut out = self.terminal.out();
        match &self.bar {
            Some(bar) => bar.suspend(|| drop(writeln!(out, "{line}").and_then(|()| out.flush()))),
            None => drop(writeln!(out, "{line}")),
        }
    }

    fn rates(&self, summary: &Summary) -> String {
        let (games, moves) = (summary.games() as f64, summary.length_total() as f64);
        let seconds = self.began.elapsed().as_secs_f64().max(1e-9);
        let per_game = |total: f64| if games > 0.0 { total / games } else { 0.0 };
        format!(
            "games/sec: {:.2} | moves/sec: {:.1} | avg moves/game: {:.1} | avg sec/game: {:.2}",
            games / seconds,
            moves / seconds,
            per_game(moves),
            per_game(seconds)
        )
    }

    /// Ends the display and prints the last line.
    pub fn finish(mut self, summary: &Summary) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let games = summary.games();
        let (seconds, moves) = (self.began.elapsed().as_secs_f64(), summary.length_total());
        let rates = self.rates(summary).replace("games/sec", "avg games/sec").replace("| moves/sec", "| avg moves/sec");
        let (label, time) = (&self.label, duration(seconds));
        let line = format!("[{label}] COMPLETED: {games} games | total time: {time} | total moves: {moves} | {rates}");
        self.print(&line);
    }
}

impl Observer for Reporter<'_> {
    fn game(&mut self, game: &GameRecord, games: u64, summary: &Summary) {
        if game.skipped {
            let line = format!("[soak-skip] game {} skipped: reason={}", game.index, game.termination_reason);
            let err = self.terminal.err();
            match &self.bar {
                Some(bar) => bar.suspend(|| drop(writeln!(err, "{line}"))),
                None => drop(writeln!(err, "{line}")),
            }
        }
        if self.verbose > 0 && games.is_multiple_of(self.verbose) {
            let line = format!(
                "[soak] completed {games}/{} games (last status={}, reason={}, length={})",
                self.target, game.status, game.termination_reason, game.length
            );
            self.print(&line);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(games);
            let rate = summary.games() as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
            bar.set_message(format!("{rate:.1} games/s"));
        }
    }

    fn tick(&mut self, summary: &Summary) {
        let waited = self.line_at.elapsed();
        let is_due = waited >= LINE_INTERVAL_MAX || waited >= LINE_INTERVAL && summary.games() > self.games_at_line;
        if is_due && self.bar.is_none() {
            self.line_at = Instant::now();
            self.games_at_line = summary.games();
            let (done, seconds) = (self.first + summary.games(), self.began.elapsed().as_secs_f64());
            let left = self.target.saturating_sub(done) as f64;
            let eta = if summary.games() > 0 { duration(left * seconds / summary.games() as f64) } else { "?".into() };
            let share = if self.target > 0 { done as f64 / self.target as f64 * 100.0 } else { 100.0 };
            let line = format!(
                "[{}] PROGRESS: {done}/{} games ({share:.1}%) | elapsed: {} | ETA: {eta} | {}",
                self.label,
                self.target,
                duration(seconds),
                self.rates(summary)
            );
            self.print(&line);
        }
        drop(self.terminal.out().flush());
    }
}

/// `45s`, `2m56s`, `1h5m`: as upstream prints times.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.0}s");
    }
    let whole = seconds as u64;
    match whole / 3600 {
        0 => format!("{}m{}s", whole / 60, whole % 60),
        hours => format!("{hours}h{}m", whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn times_are_short() {
        assert_eq!([44.6, 176.9, 3900.0].map(duration), ["45s", "2m56s", "1h5m"]);
    }
}
