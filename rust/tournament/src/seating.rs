//! Line-ups, and the assignments of their engines to seats.

/// Which assignments of its seats a line-up plays from every opening.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Seating {
    /// Every different one.
    All,
    /// Those that keep the order around the board.
    Rotations,
}

/// The place in its line-up of the engine in every seat, for every assignment.
///
/// `line_up` is the engine in every place. Places of one engine are alike, so that assignments that differ in them only come
/// once. Rotations come first.
pub(crate) fn assignments(line_up: &[usize], seating: Seating) -> Vec<Vec<usize>> {
    let seats = line_up.len();
    let rotations = (0..seats).map(|rotation| (0..seats).map(|seat| (seat + seats - rotation) % seats).collect());
    let mut all: Vec<Vec<usize>> = rotations.collect();
    if seating == Seating::All {
        permutations(&mut (0..seats).collect(), 0, &mut all);
    }
    let mut seen: Vec<Vec<usize>> = Vec::new();
    all.retain(|places| {
        let engines: Vec<usize> = places.iter().map(|&place| line_up[place]).collect();
        let is_new = !seen.contains(&engines);
        if is_new {
            seen.push(engines);
        }
        is_new
    });
    all
}

fn permutations(places: &mut Vec<usize>, fixed: usize, out: &mut Vec<Vec<usize>>) {
    if fixed == places.len() {
        out.push(places.clone());
        return;
    }
    for next in fixed..places.len() {
        places.swap(fixed, next);
        permutations(places, fixed + 1, out);
        places.swap(fixed, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_assignment_is_there_once() {
        for (line_up, all, rotations) in [
            (&[0, 1][..], 2, 2),
            (&[0, 1, 1], 3, 3),
            (&[0, 1, 2], 6, 3),
            (&[0, 1, 1, 1], 4, 4),
            (&[0, 0, 1, 1], 6, 4),
            (&[0, 1, 2, 3], 24, 4),
            (&[5, 5], 1, 1),
        ] {
            let found = assignments(line_up, Seating::All);
            assert_eq!(found.len(), all, "{line_up:?}");
            assert_eq!(assignments(line_up, Seating::Rotations).len(), rotations, "{line_up:?}");
            // Every engine sits equally often in every seat.
            for seat in 0..line_up.len() {
                for &engine in line_up {
                    let held = found.iter().filter(|places| line_up[places[seat]] == engine).count();
                    let places = line_up.iter().filter(|&&other| other == engine).count();
                    assert_eq!(held * line_up.len(), all * places, "{line_up:?}");
                }
            }
        }
    }
}
