//! What is known of each exported game: a table in memory, some 150 bytes a game.

use std::collections::HashMap;

/// An exported game.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GameEntry {
    /// Its name.
    pub id: Box<str>,
    /// Rows that it gave.
    pub rows: u32,
    /// Its length, as the `total_game_moves` column has it.
    pub total_moves: i32,
    /// `f32[4] in [-1, 1]`: what the scalar target is worth to each seat.
    pub value: [f32; 4],
    /// `f32[4] in [-1, 1]`: the vector target.
    pub values_mp: [f32; 4],
    /// How it ended, a text of the table.
    pub victory: u16,
    /// What played it, a text of the table.
    pub engine: u16,
    /// Kind of the opponent, a text of the table.
    pub opponent: u16,
    /// Strength of the opponent.
    pub opponent_elo: f32,
    /// Strength of the generator.
    pub generator_elo: f32,
    /// Quality for training.
    pub quality: f32,
    /// When it ended, in seconds since 1970.
    pub time: f64,
}

/// Texts that many games share, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    list: Vec<String>,
    numbers: HashMap<String, u16>,
}

impl Texts {
    /// Number of a text. Texts beyond the 65,535th share the last number; no database has as many kinds of opponents.
    pub fn number(&mut self, text: &str) -> u16 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u16::try_from(self.list.len()).unwrap_or(u16::MAX);
        if usize::from(number) == self.list.len() {
            self.list.push(text.to_owned());
            self.numbers.insert(text.to_owned(), number);
        }
        number.min((self.list.len() - 1) as u16)
    }

    /// The text of a number.
    pub fn get(&self, number: u16) -> &str {
        self.list.get(usize::from(number)).map_or("", String::as_str)
    }
}
