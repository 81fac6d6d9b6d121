//! Settings of descent.

use std::num::NonZeroUsize;

use crate::searcher::InvalidSetting;

/// Settings of [`super::Descent`].
#[derive(Clone, PartialEq, Debug)]
pub struct DescentOptions {
    /// How far an iteration goes down.
    pub strategy: Strategy,
    /// Looks at so many moves of a node, those with the best light priors; all of them if none. Nodes with moves left out are
    /// proven by wins only.
    pub moves_max: Option<NonZeroUsize>,
    /// Size that the tree may grow to, in MiB, from 1; the search ends when it is reached.
    pub memory_mib: u32,
}

impl Default for DescentOptions {
    fn default() -> Self {
        Self { strategy: Strategy::BestFirst, moves_max: None, memory_mib: 256 }
    }
}

/// Where an iteration ends. Source: Cohen-Solal 2020, "Learning to play two-player perfect-information games without
/// knowledge".
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// At the first node whose moves were not looked at: unbounded best-first minimax. For play.
    BestFirst,
    /// At the end of the game, looking at the moves of every node on the way: `descent`. For learning, as values of ends reach
    /// the root at once.
    ToTheEnd,
}

impl Strategy {
    /// Spelling in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BestFirst => "best_first",
            Self::ToTheEnd => "to_the_end",
        }
    }
}

impl DescentOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidSetting`] names the first one that cannot be.
    pub fn check(&self) -> Result<(), InvalidSetting> {
        InvalidSetting::check(
            "tree memory",
            f64::from(self.memory_mib),
            self.memory_mib > 0,
            "a number of MiB, at least 1",
        )
    }
}
