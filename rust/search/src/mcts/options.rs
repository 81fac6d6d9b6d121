//! Settings of the tree searches.

use std::fmt;

use ringrift_rules::BoardKind;

use crate::searcher::InvalidSetting;
use crate::threads;

/// Settings of [`super::Mcts`]. The defaults play as well as they can; [`MctsOptions::self_play`] explores.
#[derive(Clone, PartialEq, Debug)]
pub struct MctsOptions {
    /// How the tree is walked.
    pub selection: Selection,
    /// How a move is drawn from the visits; none takes the best. Gumbel search draws by its own noise, and has no use for it.
    pub temperature: Option<Temperature>,
    /// Opens the moves of a node one by one as visits come in; none may open all.
    pub widening: Option<Widening>,
    /// Keeps the part of the tree that is below the next position searched. Gumbel search always begins anew.
    pub reuse: bool,
    /// Losses that a simulation in progress counts for where it passes, from 0; only batches and threads notice.
    pub virtual_loss: f64,
    /// Threads that search the same tree, `1..=256`; results repeat with 1 only.
    pub threads: u32,
    /// Size that the tree may grow to, in MiB, from 1; the search ends when it is reached.
    pub memory_mib: u32,
}

impl Default for MctsOptions {
    fn default() -> Self {
        Self {
            selection: Selection::Puct(Puct::default()),
            temperature: None,
            widening: None,
            reuse: true,
            virtual_loss: 1.0,
            threads: 1,
            memory_mib: 256,
        }
    }
}

/// The rule by which a simulation goes down the tree.
#[derive(Clone, PartialEq, Debug)]
pub enum Selection {
    /// Upper confidence bounds with priors.
    Puct(Puct),
    /// Gumbel search: planned visits at the root, deterministic below.
    Gumbel(Gumbel),
}

/// Selection by `q + exploration * prior * sqrt(visits of the node) / (1 + visits of the move)`, `q` being the mean win share
/// of the seat to move. Source: Silver et al. 2018 (`AlphaZero`).
#[derive(Clone, PartialEq, Debug)]
pub struct Puct {
    /// Weight of the second term, from 0; shares are in `[0, 1]`.
    pub exploration: f64,
    /// What a move without visits is worth less than its node, times the square root of the priors that have visits; from 0.
    pub fpu_reduction: f64,
    /// Noise on the priors of the root, for self-play.
    pub noise: Option<RootNoise>,
}

impl Default for Puct {
    fn default() -> Self {
        Self { exploration: 0.6, fpu_reduction: 0.1, noise: None }
    }
}

/// Dirichlet noise mixed into the priors of the root. Source: Silver et al. 2018.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct RootNoise {
    /// Concentration, above 0: small numbers favour few moves.
    pub alpha: f64,
    /// Part of the noise in the mix, `0..=1`.
    pub fraction: f64,
}

impl RootNoise {
    /// Upstream's numbers for a board. Source: search.md section 4.
    pub const fn of_board(board: BoardKind) -> Self {
        let alpha = match board {
            BoardKind::Square8 => 0.3,
            _ => 0.15,
        };
        Self { alpha, fraction: 0.25 }
    }
}

/// Selection of Gumbel search. Source: Danihelka et al. 2022, "Policy improvement by planning with Gumbel".
#[derive(Clone, PartialEq, Debug)]
pub struct Gumbel {
    /// Most moves of the root that are looked at, from 1.
    pub considered: u32,
    /// `c_visit` of the transform of values, from 0.
    pub visit_offset: f64,
    /// `c_scale` of the transform of values, above 0; values are win shares in `[0, 1]`.
    pub value_scale: f64,
    /// Whether the moves of the root are drawn; if not, those with the greatest priors are looked at.
    pub noise: bool,
    /// Simulations that the halving of the root is planned for when the limits name none, from 1.
    pub planned: u32,
}

impl Default for Gumbel {
    fn default() -> Self {
        Self { considered: 16, visit_offset: 50.0, value_scale: 1.0, noise: false, planned: 800 }
    }
}

/// Draws the move with probability in proportion to `visits^(1/t)`.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Temperature {
    /// `t` up to ply [`Temperature::plies`] of the game; 0 takes the most visits.
    pub opening: f64,
    /// Recorded moves of the game, bookkeeping included, that the opening lasts.
    pub plies: u32,
    /// `t` afterwards.
    pub later: f64,
}

impl Temperature {
    /// The temperature after so many recorded moves.
    pub const fn at(&self, plies: u32) -> f64 {
        if plies < self.plies { self.opening } else { self.later }
    }
}

/// Progressive widening: a node with `n` visits may have `max(first, factor * sqrt(n))` of its moves open. Source: Coulom 2007;
/// the numbers of upstream are 8 (hexagonal) or 10 and 2.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Widening {
    /// Moves that are open from the start, from 1.
    pub first: u32,
    /// Moves per square root of the visits, above 0.
    pub factor: f64,
}

impl MctsOptions {
    /// Settings for self-play on a board: Dirichlet noise, and moves drawn by visits in the opening.
    #[must_use]
    pub fn self_play(board: BoardKind) -> Self {
        let plies = 2 * u32::from(board.spec().cells);
        Self {
            selection: Selection::Puct(Puct { noise: Some(RootNoise::of_board(board)), ..Puct::default() }),
            temperature: Some(Temperature { opening: 1.0, plies, later: 0.1 }),
            ..Self::default()
        }
    }

    /// Settings of Gumbel search.
    #[must_use]
    pub fn gumbel(gumbel: Gumbel) -> Self {
        Self { selection: Selection::Gumbel(gumbel), ..Self::default() }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidSetting`] names the first one that cannot be.
    pub fn check(&self) -> Result<(), InvalidSetting> {
        let check = InvalidSetting::check;
        let not_negative = "a number from 0 to 1000";
        let small = |value: f64| (0.0..=1000.0).contains(&value);
        match &self.selection {
            Selection::Puct(Puct { exploration, fpu_reduction, noise }) => {
                check("exploration", *exploration, small(*exploration), not_negative)?;
                check("FPU reduction", *fpu_reduction, small(*fpu_reduction), not_negative)?;
                if let Some(RootNoise { alpha, fraction }) = *noise {
                    check("noise alpha", alpha, (0.001..=1000.0).contains(&alpha), "a number from 0.001 to 1000")?;
                    check("noise fraction", fraction, (0.0..=1.0).contains(&fraction), "a part, 0 to 1")?;
                }
            }
            Selection::Gumbel(Gumbel { considered, visit_offset, value_scale, planned, noise: _ }) => {
                check("considered moves", f64::from(*considered), *considered > 0, "a number of moves, at least 1")?;
                check("visit offset", *visit_offset, small(*visit_offset), not_negative)?;
                let scaled = small(*value_scale) && *value_scale > 0.0;
                check("value scale", *value_scale, scaled, "a number above 0, up to 1000")?;
                check("planned simulations", f64::from(*planned), *planned > 0, "a number of simulations, at least 1")?;
            }
        }
        if let Some(Temperature { opening, later, plies: _ }) = self.temperature {
            check("temperature", opening, (0.0..=100.0).contains(&opening), "a number from 0 to 100")?;
            check("later temperature", later, (0.0..=100.0).contains(&later), "a number from 0 to 100")?;
        }
        if let Some(Widening { first, factor }) = self.widening {
            check("widening first", f64::from(first), first > 0, "a number of moves, at least 1")?;
            check("widening factor", factor, small(factor) && factor > 0.0, "a number above 0, up to 1000")?;
        }
        check("virtual loss", self.virtual_loss, small(self.virtual_loss), not_negative)?;
        threads::check(self.threads)?;
        check("tree memory", f64::from(self.memory_mib), self.memory_mib > 0, "a number of MiB, at least 1")
    }
}

impl fmt::Display for MctsOptions {
    /// As in `puct(exploration=0.6, ...)`: what decides the moves, so neither memory nor, with one thread, virtual loss.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selection {
            Selection::Puct(Puct { exploration, fpu_reduction, noise }) => {
                write!(f, "puct(exploration={exploration}, fpu={fpu_reduction}")?;
                if let Some(RootNoise { alpha, fraction }) = noise {
                    write!(f, ", noise={fraction}*dirichlet({alpha})")?;
                }
            }
            Selection::Gumbel(Gumbel { considered, visit_offset, value_scale, noise, planned }) => {
                write!(f, "gumbel(considered={considered}, c_visit={visit_offset}, c_scale={value_scale}")?;
                write!(f, ", noise={noise}, planned={planned}")?;
            }
        }
        if let Some(Temperature { opening, plies, later }) = self.temperature {
            write!(f, ", temperature={opening} to ply {plies} then {later}")?;
        }
        if let Some(Widening { first, factor }) = self.widening {
            write!(f, ", widening={first}+{factor}")?;
        }
        if !self.reuse {
            f.write_str(", reuse=false")?;
        }
        if self.threads > 1 {
            write!(f, ", threads={}, virtual_loss={}", self.threads, self.virtual_loss)?;
        }
        f.write_str(")")
    }
}
