//! The frames of a game so far, and the channels that they make together.

use crate::error::{EncodeError, check_length, unknown};

/// What stands in for the frames before the current one.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum HistoryMode {
    /// The frames of the positions before, each as it was encoded when it was current; zeros where there is none. What
    /// upstream's exporter writes.
    #[default]
    Recorded,
    /// Zeros. What upstream's searches feed.
    Zeros,
    /// The current frame again. What upstream's hex encoders feed outside of games.
    Repeat,
}

impl HistoryMode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Recorded, Self::Zeros, Self::Repeat];

    /// Spelling in manifests and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Zeros => "zeros",
            Self::Repeat => "repeat",
        }
    }
}

impl std::fmt::Display for HistoryMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for HistoryMode {
    type Err = EncodeError;

    fn from_str(name: &str) -> Result<Self, EncodeError> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| unknown("history mode", name, "recorded, zeros and repeat"))
    }
}

/// A ring of frames of one game. Frames stay as they were encoded: whose perspective they show does not change.
///
/// ```
/// use ringrift_encode::{EncodeError, History, HistoryMode};
///
/// let mut history = History::new(2, 1, HistoryMode::Recorded);
/// for value in [1.0, 2.0] {
///     history.push(|frame| {
///         frame.fill(value);
///         Ok::<(), EncodeError>(())
///     })?;
/// }
/// let mut row = [0.0; 4];
/// history.write(&mut row)?;
/// assert_eq!(row, [2.0, 2.0, 1.0, 1.0]);
/// # Ok::<(), EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct History {
    mode: HistoryMode,
    frame_len: usize,
    /// Frames before the current one.
    earlier: usize,
    slots: Vec<f32>,
    /// Slot of the current frame.
    current: usize,
    /// Frames pushed, at most one more than `earlier`.
    held: usize,
}

impl History {
    /// A history without frames: frames have `frame_len` elements, and `earlier` of them follow the current one.
    pub fn new(frame_len: usize, earlier: usize, mode: HistoryMode) -> Self {
        let kept = if mode == HistoryMode::Recorded { earlier } else { 0 };
        Self { mode, frame_len, earlier, slots: vec![0.0; frame_len * (kept + 1)], current: 0, held: 0 }
    }

    /// What stands in for earlier frames.
    pub fn mode(&self) -> HistoryMode {
        self.mode
    }

    /// Frames before the current one.
    pub fn earlier(&self) -> usize {
        self.earlier
    }

    /// Elements of a row: those of the current frame and of all earlier ones.
    pub fn row_len(&self) -> usize {
        self.frame_len * (self.earlier + 1)
    }

    /// Forgets all frames: a new game begins.
    pub fn clear(&mut self) {
        self.held = 0;
    }

    fn slot_count(&self) -> usize {
        if self.mode == HistoryMode::Recorded { self.earlier + 1 } else { 1 }
    }

    fn slot(&self, age: usize) -> &[f32] {
        let slots = self.slot_count();
        let slot = (self.current + slots - age) % slots;
        &self.slots[slot * self.frame_len..][..self.frame_len]
    }

    /// Makes room for a new current frame and lets `encode` fill it. The frame holds an old one's values before.
    ///
    /// # Errors
    /// Those of `encode`; the frame is dropped then, and the oldest frame with it.
    pub fn push<E>(&mut self, encode: impl FnOnce(&mut [f32]) -> Result<(), E>) -> Result<(), E> {
        let slots = self.slot_count();
        let slot = (self.current + 1) % slots;
        if let Err(error) = encode(&mut self.slots[slot * self.frame_len..][..self.frame_len]) {
            self.held = self.held.min(slots - 1);
            return Err(error);
        }
        self.current = slot;
        self.held = (self.held + 1).min(slots);
        Ok(())
    }

    /// Writes the current frame, then the earlier ones, newest first. Zeros, if nothing was pushed.
    ///
    /// # Errors
    /// The row does not have [`History::row_len`] elements.
    pub fn write(&self, row: &mut [f32]) -> Result<(), EncodeError> {
        check_length("a row of planes", self.row_len(), row.len(), "History::row_len has the length")?;
        if self.frame_len == 0 {
            return Ok(());
        }
        for (age, frame) in row.chunks_exact_mut(self.frame_len).enumerate() {
            match self.mode {
                HistoryMode::Repeat if self.held > 0 => frame.copy_from_slice(self.slot(0)),
                _ if age < self.held => frame.copy_from_slice(self.slot(age)),
                _ => frame.fill(0.0),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::convert::Infallible;

    use super::{History, HistoryMode};

    /// An encoder of frames that hold the value everywhere.
    fn all(value: f32) -> impl FnOnce(&mut [f32]) -> Result<(), Infallible> {
        move |frame| {
            frame.fill(value);
            Ok(())
        }
    }

    fn rows(mode: HistoryMode, earlier: usize, frames: &[f32]) -> Vec<Vec<f32>> {
        let mut history = History::new(1, earlier, mode);
        frames
            .iter()
            .map(|&value| {
                history.push(all(value)).unwrap();
                let mut row = vec![9.0; history.row_len()];
                history.write(&mut row).unwrap();
                row
            })
            .collect()
    }

    #[test]
    fn recorded_frames_follow_newest_first() {
        let want = [[1.0, 0.0, 0.0], [2.0, 1.0, 0.0], [3.0, 2.0, 1.0], [4.0, 3.0, 2.0]];
        assert_eq!(rows(HistoryMode::Recorded, 2, &[1.0, 2.0, 3.0, 4.0]), want);
    }

    #[test]
    fn zeros_and_repeats_ignore_the_past() {
        assert_eq!(rows(HistoryMode::Zeros, 2, &[1.0, 2.0]), [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]);
        assert_eq!(rows(HistoryMode::Repeat, 1, &[1.0, 2.0]), [[1.0, 1.0], [2.0, 2.0]]);
    }

    #[test]
    fn no_earlier_frames_is_a_length_too() {
        assert_eq!(rows(HistoryMode::Recorded, 0, &[1.0, 2.0]), [[1.0], [2.0]]);
    }

    #[test]
    fn a_new_game_has_no_past() {
        let mut history = History::new(1, 1, HistoryMode::Recorded);
        history.push(all(1.0)).unwrap();
        history.clear();
        let mut row = [9.0; 2];
        history.write(&mut row).unwrap();
        assert_eq!(row, [0.0, 0.0]);
    }

    #[test]
    fn a_failed_frame_leaves_the_newer_ones() {
        let mut history = History::new(1, 1, HistoryMode::Recorded);
        for value in [1.0, 2.0] {
            history.push(all(value)).unwrap();
        }
        assert_eq!(history.push(|_| Err("no")), Err("no"));
        let mut row = [9.0; 2];
        history.write(&mut row).unwrap();
        assert_eq!(row, [2.0, 0.0]);
    }

    #[test]
    fn a_row_of_the_wrong_length_is_refused() {
        let history = History::new(3, 1, HistoryMode::Zeros);
        let error = history.write(&mut [0.0; 5]).unwrap_err().to_string();
        assert!(error.contains("5 elements, expected 6"), "{error}");
    }
}
