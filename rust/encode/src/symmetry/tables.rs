//! Tables of each symmetry, made when first asked for.

use std::sync::OnceLock;

use ringrift_rules::{BoardShape, Cell, Coord};

use super::{PlaneGrid, Symmetry, actions};
use crate::{
    policy::PolicyLayout,
    rr1::{Rr1Policy, direction},
};

/// Tables of one symmetry.
pub(super) struct Tables {
    /// Where cells go, by dense index.
    pub images: Vec<Cell>,
    /// Where directions go.
    pub directions: Vec<usize>,
    upstream_grid: OnceLock<Vec<(u16, u16)>>,
    rr1_grid: OnceLock<Vec<(u16, u16)>>,
    rr1_actions: OnceLock<Vec<u32>>,
    board_aware: OnceLock<Vec<u32>>,
    legacy: OnceLock<Vec<u32>>,
}

impl Tables {
    pub(super) fn of(symmetry: Symmetry) -> &'static Self {
        static TABLES: [[OnceLock<Tables>; 12]; 4] = [const { [const { OnceLock::new() }; 12] }; 4];
        TABLES[symmetry.board() as usize][usize::from(symmetry.number())].get_or_init(|| Self::new(symmetry))
    }

    fn new(symmetry: Symmetry) -> Self {
        let geometry = symmetry.board().geometry();
        let images = geometry
            .cells()
            .map(|cell| {
                geometry.cell(symmetry.coord(geometry.coord(cell))).expect("a symmetry keeps cells on the board")
            })
            .collect();
        Self {
            images,
            directions: directions(symmetry),
            upstream_grid: OnceLock::new(),
            rr1_grid: OnceLock::new(),
            rr1_actions: OnceLock::new(),
            board_aware: OnceLock::new(),
            legacy: OnceLock::new(),
        }
    }

    pub(super) fn grid(&self, symmetry: Symmetry, grid: PlaneGrid) -> &[(u16, u16)] {
        let table = match grid {
            PlaneGrid::Upstream => &self.upstream_grid,
            PlaneGrid::Rr1 => &self.rr1_grid,
        };
        table.get_or_init(|| grid.moves(symmetry))
    }

    pub(super) fn rr1_actions(&self, symmetry: Symmetry) -> &[u32] {
        self.rr1_actions.get_or_init(|| Rr1Policy::of(symmetry.board()).permutation(&self.images, &self.directions))
    }

    pub(super) fn actions(&self, symmetry: Symmetry, layout: PolicyLayout) -> &[u32] {
        let table = match layout {
            PolicyLayout::BoardAware => &self.board_aware,
            PolicyLayout::LegacyMaxN => &self.legacy,
        };
        table.get_or_init(|| actions::table(symmetry, layout))
    }
}

/// Where each direction goes: to the one that a step from the middle of the board takes on the image.
fn directions(symmetry: Symmetry) -> Vec<usize> {
    let spec = symmetry.board().spec();
    let middle = match spec.shape {
        BoardShape::Square => i32::from(spec.size) / 2,
        BoardShape::Hex => 0,
    };
    let from = symmetry.coord(Coord { x: middle, y: middle });
    let steps: Vec<(i32, i32)> = spec.shape.axes().iter().flat_map(|&(dx, dy)| [(dx, dy), (-dx, -dy)]).collect();
    debug_assert!(direction(0, true) == 0 && direction(0, false) == 1, "directions count forwards first");
    let image = |&(dx, dy): &(i32, i32)| {
        let to = symmetry.coord(Coord { x: middle + dx, y: middle + dy });
        let step = (to.x - from.x, to.y - from.y);
        steps.iter().position(|&other| other == step).expect("a symmetry keeps directions")
    };
    steps.iter().map(image).collect()
}
