//! Settings of the tree searches that a specification may give.

use std::fmt;

use ringrift_eval::Scale;
use ringrift_rules::BoardKind;
use ringrift_search::mcts::{Gumbel, MctsOptions, Priors, Puct, Selection, Widening, leaf_scale};

use super::spec::EngineKind;

/// Temperature of one-ply priors, in points, if none is given.
const ONE_PLY_POINTS: f64 = 30.0;

/// Moves per square root of the visits where a node is widened. Source: search.md section 4.
const WIDENING_FACTOR: f64 = 2.0;

/// What differs from the defaults of `mcts` and `gumbel_mcts`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TreeSettings {
    /// `c`: weight of exploration (`mcts`).
    pub exploration: Option<f64>,
    /// `fpu`: what a move without visits is worth less than its node (`mcts`).
    pub fpu_reduction: Option<f64>,
    /// `considered`: most moves of the root that are looked at (`gumbel_mcts`).
    pub considered: Option<u32>,
    /// `c_scale`: weight of values against priors (`gumbel_mcts`).
    pub value_scale: Option<f64>,
    /// `priors`: where the priors of moves come from.
    pub priors: Option<Priors>,
    /// `scale`: points of the evaluation that are one unit of the logarithm of the odds.
    pub scale: Option<Scale>,
    /// `widen`: moves of a node that are open from the start, others following with its visits.
    pub widen: Option<u32>,
}

/// Names of the settings.
pub(super) const NAMES: [&str; 7] = ["c", "fpu", "considered", "c_scale", "priors", "scale", "widen"];

/// A value that a setting cannot have: the setting, and what it expects.
pub(super) type Bad = (&'static str, &'static str);

impl TreeSettings {
    /// Takes one setting; none if there is no such one.
    pub(super) fn set(&mut self, kind: EngineKind, key: &str, value: &str) -> Option<Result<(), Bad>> {
        let &name = NAMES.iter().find(|name| **name == key)?;
        Some(self.take(kind, name, value).map_err(|expected| (name, expected)))
    }

    fn take(&mut self, kind: EngineKind, name: &str, value: &str) -> Result<(), &'static str> {
        let number = |expected| value.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or(expected);
        let count = |expected| value.parse::<u32>().map_err(|_| expected);
        match (name, kind) {
            (_, kind) if !kind.is_tree_search() => return Err("this is a setting of mcts and gumbel_mcts"),
            ("c", EngineKind::Mcts) => self.exploration = Some(number("give a number from 0 to 1000")?),
            ("fpu", EngineKind::Mcts) => self.fpu_reduction = Some(number("give a number from 0 to 1000")?),
            ("c" | "fpu", _) => return Err("this is a setting of mcts; gumbel_mcts has considered and c_scale"),
            ("considered", EngineKind::Gumbel) => self.considered = Some(count("give a number of moves, at least 1")?),
            ("c_scale", EngineKind::Gumbel) => self.value_scale = Some(number("give a number above 0, up to 1000")?),
            ("considered" | "c_scale", _) => return Err("this is a setting of gumbel_mcts; mcts has c and fpu"),
            ("scale", _) => {
                let expected = "give points above 0, such as 300";
                self.scale = Some(Scale::new(number(expected)?).map_err(|_| expected)?);
            }
            ("widen", _) => self.widen = Some(count("give a number of moves, at least 1")?),
            _ => {
                let expected = "give light, uniform, one_ply, or one_ply@POINTS with a temperature in points";
                self.priors = Some(match value.split_once('@') {
                    None if value == "light" => Priors::Light,
                    None if value == "uniform" => Priors::Uniform,
                    None if value == "one_ply" => Priors::OnePly(ONE_PLY_POINTS),
                    Some(("one_ply", points)) => {
                        let points = points.parse().ok().filter(|points: &f64| points.is_finite() && *points > 0.0);
                        Priors::OnePly(points.ok_or(expected)?)
                    }
                    _ => return Err(expected),
                });
            }
        }
        Ok(())
    }

    /// Where priors come from.
    pub(super) fn priors(&self) -> Priors {
        self.priors.unwrap_or_default()
    }

    /// What the points of leaves mean, those of a network or of the heuristic evaluation.
    pub(super) fn leaf_scale(&self, is_network: bool) -> Scale {
        self.scale.unwrap_or_else(|| if is_network { Scale::HEURISTIC } else { leaf_scale() })
    }

    /// The settings of a search of this kind.
    pub(super) fn options(&self, kind: EngineKind, board: BoardKind, explores: bool, threads: u32) -> MctsOptions {
        let mut options = match (kind, explores) {
            (EngineKind::Gumbel, noise) => MctsOptions::gumbel(Gumbel { noise, ..Gumbel::default() }),
            (_, true) => MctsOptions::self_play(board),
            (_, false) => MctsOptions::default(),
        };
        match &mut options.selection {
            Selection::Puct(Puct { exploration, fpu_reduction, .. }) => {
                *exploration = self.exploration.unwrap_or(*exploration);
                *fpu_reduction = self.fpu_reduction.unwrap_or(*fpu_reduction);
            }
            Selection::Gumbel(Gumbel { considered, value_scale, .. }) => {
                *considered = self.considered.unwrap_or(*considered);
                *value_scale = self.value_scale.unwrap_or(*value_scale);
            }
        }
        let widening = self.widen.map(|first| Widening { first, factor: WIDENING_FACTOR });
        MctsOptions { threads, widening: widening.or(options.widening), ..options }
    }
}

impl fmt::Display for TreeSettings {
    /// The settings as [`super::EngineSpec::parse`] takes them, each with a comma before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [
            ("c", self.exploration),
            ("fpu", self.fpu_reduction),
            ("considered", self.considered.map(f64::from)),
            ("c_scale", self.value_scale),
            ("scale", self.scale.map(Scale::points)),
            ("widen", self.widen.map(f64::from)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                write!(f, ",{name}={number}")?;
            }
        }
        match self.priors {
            None => Ok(()),
            Some(Priors::Light) => f.write_str(",priors=light"),
            Some(Priors::Uniform) => f.write_str(",priors=uniform"),
            Some(Priors::OnePly(points)) => write!(f, ",priors=one_ply@{points}"),
        }
    }
}
