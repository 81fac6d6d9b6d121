//! Straight lines of a board as the policy numbers what lies on them: pairs of cells, neighbours, middles.

use ringrift_rules::{BoardKind, Cell, Coord, Geometry};

/// A direction: an axis (see [`ringrift_rules::BoardShape::axes`]), forwards or backwards.
pub(crate) const fn direction(axis: usize, forward: bool) -> usize {
    2 * axis + !forward as usize
}

/// Tables of one board, by dense index of cells.
#[derive(Debug)]
pub(crate) struct Lanes {
    geometry: &'static Geometry,
    axes: &'static [(i32, i32)],
    /// Per cell and direction: number of the step of length 1 in that direction among all steps, and how far the board
    /// goes there.
    rays: Vec<Ray>,
    /// Per cell and axis: number of the first middle of its line, and the place of the cell on the line, from 0.
    places: Vec<(u32, u32)>,
    steps: u32,
    neighbours: u32,
    middles: u32,
}

/// What lies in one direction from a cell.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Ray {
    /// Number of the step to the next cell, among all steps of any length.
    pub first_step: u32,
    /// Number of the step to the next cell, among those of length 1.
    pub neighbour: u32,
    /// Cells in that direction.
    pub reach: u32,
}

impl Lanes {
    pub(crate) fn new(board: BoardKind) -> Self {
        let geometry = board.geometry();
        let axes = board.spec().shape.axes();
        let mut lanes = Self {
            geometry,
            axes,
            rays: Vec::with_capacity(geometry.cell_count() * 2 * axes.len()),
            places: vec![(0, 0); geometry.cell_count() * axes.len()],
            steps: 0,
            neighbours: 0,
            middles: 0,
        };
        for cell in geometry.cells() {
            for axis in 0..axes.len() {
                for forward in [true, false] {
                    let mut reach = 0;
                    while lanes.walk(cell, direction(axis, forward), reach + 1).is_some() {
                        reach += 1;
                    }
                    lanes.rays.push(Ray { first_step: lanes.steps, neighbour: lanes.neighbours, reach });
                    lanes.steps += reach;
                    lanes.neighbours += u32::from(reach > 0);
                }
            }
        }
        for axis in 0..axes.len() {
            for cell in geometry.cells() {
                if lanes.ray(cell, direction(axis, false)).reach > 0 {
                    continue;
                }
                let last = lanes.ray(cell, direction(axis, true)).reach;
                for place in 0..=last {
                    if let Some(at) = lanes.walk(cell, direction(axis, true), place) {
                        lanes.places[geometry.dense(at) * axes.len() + axis] = (lanes.middles, place);
                    }
                }
                lanes.middles += 2 * last + 1;
            }
        }
        lanes
    }

    pub(crate) fn geometry(&self) -> &'static Geometry {
        self.geometry
    }

    /// Number of axes.
    pub(crate) fn axes(&self) -> usize {
        self.axes.len()
    }

    /// Number of steps of any length between cells of one line.
    pub(crate) fn steps(&self) -> u32 {
        self.steps
    }

    /// Number of steps to a neighbour.
    pub(crate) fn neighbours(&self) -> u32 {
        self.neighbours
    }

    /// Number of middles: cells, and gaps between neighbouring cells, on each line.
    pub(crate) fn middles(&self) -> u32 {
        self.middles
    }

    #[inline]
    pub(crate) fn ray(&self, cell: Cell, direction: usize) -> Ray {
        self.rays[self.geometry.dense(cell) * 2 * self.axes.len() + direction]
    }

    /// The cell some steps away.
    pub(crate) fn walk(&self, cell: Cell, direction: usize, distance: u32) -> Option<Cell> {
        let (dx, dy) = self.axes[direction / 2];
        let along = if direction.is_multiple_of(2) { distance as i32 } else { -(distance as i32) };
        let from = self.geometry.coord(cell);
        self.geometry.cell(Coord { x: from.x + along * dx, y: from.y + along * dy })
    }

    /// Number of the first middle of the line through the cell, and the cell's place on it.
    #[inline]
    fn place(&self, cell: Cell, axis: usize) -> (u32, u32) {
        self.places[self.geometry.dense(cell) * self.axes.len() + axis]
    }

    /// Direction and distance from one cell to another on a line with it.
    #[inline]
    pub(crate) fn step(&self, from: Cell, to: Cell) -> Option<(usize, u32)> {
        for axis in 0..self.axes.len() {
            let ((line, at), (other, place)) = (self.place(from, axis), self.place(to, axis));
            if line == other && at != place {
                return Some((direction(axis, place > at), at.abs_diff(place)));
            }
        }
        None
    }

    /// The middle between two cells of a line, or the cell itself if they are the same.
    #[inline]
    pub(crate) fn middle(&self, first: Cell, last: Cell, axis: usize) -> u32 {
        let ((line, at), (_, place)) = (self.place(first, axis), self.place(last, axis));
        line + at + place
    }
}
