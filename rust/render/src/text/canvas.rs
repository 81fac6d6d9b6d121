//! Lines of characters, each with its colours.

use ringrift_rules::PlayerId;

use super::palette::Palette;

/// A colour by its meaning.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ink {
    /// A player's colour.
    Player(PlayerId),
    /// A darker one, for areas.
    PlayerDim(PlayerId),
    /// What is read well on a player's colour.
    OnPlayer(PlayerId),
    /// What is read well on the darker one.
    OnPlayerDim(PlayerId),
    /// What may be overlooked.
    Faint,
}

/// Colours of a character.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Paint {
    pub fore: Option<Ink>,
    pub back: Option<Ink>,
    pub bold: bool,
}

impl Paint {
    pub const fn ink(ink: Ink) -> Self {
        Self { fore: Some(ink), back: None, bold: false }
    }

    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub const fn stack(owner: PlayerId) -> Self {
        Self { fore: Some(Ink::OnPlayer(owner)), back: Some(Ink::Player(owner)), bold: true }
    }

    pub const fn territory(owner: PlayerId) -> Self {
        Self { fore: Some(Ink::OnPlayerDim(owner)), back: Some(Ink::PlayerDim(owner)), bold: false }
    }
}

/// Lines that can be written anywhere.
#[derive(Default, Debug)]
pub(crate) struct Canvas {
    rows: Vec<Vec<(char, Paint)>>,
}

impl Canvas {
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// The characters of a row.
    pub fn row(&self, row: usize) -> &[(char, Paint)] {
        self.rows.get(row).map_or(&[], Vec::as_slice)
    }

    /// Writes over what is there.
    pub fn put(&mut self, row: usize, column: usize, text: &str, paint: Paint) {
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let line = &mut self.rows[row];
        let end = column + text.chars().count();
        if line.len() < end {
            line.resize(end, (' ', Paint::default()));
        }
        for (slot, c) in line[column..].iter_mut().zip(text.chars()) {
            *slot = (c, paint);
        }
    }

    /// Writes a bold character that keeps the background of what is there.
    pub fn mark(&mut self, row: usize, column: usize, mark: char) {
        let there = self.row(row).get(column).map_or(Paint::default(), |&(_, paint)| paint);
        let paint = if there.back.is_some() { there } else { Paint::default() };
        self.put(row, column, mark.encode_utf8(&mut [0; 4]), paint.bold());
    }

    /// Whether nothing stands at a place.
    pub fn is_blank(&self, row: usize, column: usize) -> bool {
        self.row(row).get(column).is_none_or(|&(c, paint)| c == ' ' && paint.back.is_none())
    }

    /// Writes at the end of the last line.
    pub fn append(&mut self, text: &str, paint: Paint) {
        let row = self.rows.len().saturating_sub(1);
        let column = self.row(row).len();
        self.put(row, column, text, paint);
    }

    /// Begins a line.
    pub fn line(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Leaves a line empty, unless nothing stands above it.
    pub fn blank_line(&mut self) {
        if !self.rows.is_empty() {
            self.line();
        }
    }

    /// The lines without trailing spaces, each ended by a newline, with the escape sequences of a palette.
    pub fn into_text(self, palette: Palette) -> String {
        let mut out = String::new();
        for mut line in self.rows {
            let visible = |&(c, paint): &(char, Paint)| c != ' ' || (palette != Palette::Plain && paint.back.is_some());
            line.truncate(line.iter().rposition(visible).map_or(0, |last| last + 1));
            let mut current = Paint::default();
            for (c, paint) in line {
                // A blank without background shows no ink: it goes with the characters before it.
                let paint = match (c, paint.back, current.back) {
                    (' ', None, None) => current,
                    (' ', None, Some(_)) => Paint::default(),
                    _ => paint,
                };
                if paint != current {
                    change(&mut out, palette, current, paint);
                    current = paint;
                }
                out.push(c);
            }
            change(&mut out, palette, current, Paint::default());
            out.push('\n');
        }
        out
    }
}

/// Appends the escape sequences between characters of two paints.
fn change(out: &mut String, palette: Palette, from: Paint, to: Paint) {
    if !palette.codes(from).is_empty() {
        out.push_str("\u{1b}[0m");
    }
    let codes = palette.codes(to);
    if !codes.is_empty() {
        out.push_str("\u{1b}[");
        out.push_str(&codes);
        out.push('m');
    }
}
