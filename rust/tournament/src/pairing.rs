//! Who plays whom: round robin, gauntlet, Swiss.

/// How line-ups are chosen.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Pairing {
    /// Every choice of as many engines as there are seats; if there are fewer engines, every way to fill the seats with all of
    /// them.
    RoundRobin,
    /// Each of the first engines against each of the others; with more than two seats, one against the other in all other
    /// seats.
    Gauntlet {
        /// How many engines the challengers are.
        challengers: usize,
    },
    /// Rounds in which engines of like scores meet.
    Swiss {
        /// Number of rounds.
        rounds: u32,
    },
}

impl Pairing {
    /// Name on command lines and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::Gauntlet { .. } => "gauntlet",
            Self::Swiss { .. } => "swiss",
        }
    }

    /// Number of rounds; every round is known when the ones before are over.
    pub(crate) const fn rounds(self) -> u32 {
        match self {
            Self::RoundRobin | Self::Gauntlet { .. } => 1,
            Self::Swiss { rounds } => rounds,
        }
    }
}

/// The line-ups of a round: engines by index.
pub(crate) fn line_ups(pairing: Pairing, engines: usize, seats: usize, history: &History) -> Vec<Vec<usize>> {
    match pairing {
        Pairing::RoundRobin if engines >= seats => choices(engines, seats),
        Pairing::RoundRobin => fillings(engines, seats),
        Pairing::Gauntlet { challengers } => (0..challengers)
            .flat_map(|challenger| (challengers..engines).map(move |other| (challenger, other)))
            .map(|(challenger, other)| (0..seats).map(|seat| if seat == 0 { challenger } else { other }).collect())
            .collect(),
        Pairing::Swiss { .. } => swiss(engines, seats, history),
    }
}

/// Number of line-ups of a round, at most.
pub(crate) fn line_up_count(pairing: Pairing, engines: usize, seats: usize) -> u64 {
    match pairing {
        // Factors of a binomial coefficient; those of few engines in many seats are few.
        Pairing::RoundRobin => (0..seats as u64).fold(1, |count: u64, place| {
            count.saturating_mul((engines.max(seats) as u64).saturating_sub(place)) / (place + 1)
        }),
        Pairing::Gauntlet { challengers } => (challengers as u64).saturating_mul(engines as u64),
        Pairing::Swiss { .. } => engines as u64,
    }
}

/// All ascending choices of `size` of `count`.
fn choices(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    let mut chosen: Vec<usize> = (0..size).collect();
    loop {
        out.push(chosen.clone());
        let Some(place) = (0..size).rev().find(|&place| chosen[place] < count - size + place) else { return out };
        chosen[place] += 1;
        for next in place + 1..size {
            chosen[next] = chosen[next - 1] + 1;
        }
    }
}

/// All ways to fill `seats` with `engines`, each of which is there: ascending.
fn fillings(engines: usize, seats: usize) -> Vec<Vec<usize>> {
    fn fill(engine: usize, engines: usize, left: usize, line_up: &mut Vec<usize>, out: &mut Vec<Vec<usize>>) {
        let rest = engines - engine - 1;
        let counts = if rest == 0 { left..=left } else { 1..=left - rest };
        for count in counts {
            line_up.extend(std::iter::repeat_n(engine, count));
            if rest == 0 {
                out.push(line_up.clone());
            } else {
                fill(engine + 1, engines, left - count, line_up, out);
            }
            line_up.truncate(line_up.len() - count);
        }
    }
    let mut out = Vec::new();
    fill(0, engines, seats, &mut Vec::new(), &mut out);
    out
}

/// What happened in the rounds before.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct History {
    /// Win shares over the even ones, by engine.
    surplus: Vec<f64>,
    /// How often two engines met.
    met: Vec<Vec<u32>>,
    /// How often an engine sat out.
    byes: Vec<u32>,
}

impl History {
    pub fn new(engines: usize) -> Self {
        Self { surplus: vec![0.0; engines], met: vec![vec![0; engines]; engines], byes: vec![0; engines] }
    }

    /// Counts the win share of an engine in a game.
    pub fn add_share(&mut self, engine: usize, share: f64, seats: usize) {
        self.surplus[engine] += share - 1.0 / seats as f64;
    }

    /// Counts the meetings of a round.
    pub fn add_round(&mut self, line_ups: &[Vec<usize>]) {
        let mut sat_out = vec![true; self.byes.len()];
        for line_up in line_ups {
            for &one in line_up {
                sat_out[one] = false;
                for &other in line_up {
                    self.met[one][other] += u32::from(one != other);
                }
            }
        }
        for (byes, sat_out) in self.byes.iter_mut().zip(sat_out) {
            *byes += u32::from(sat_out);
        }
    }
}

/// Engines by score, each with those next to it that it met least. Who is left over sits out: the last ones of those that did so
/// least often; that counts as an even result.
fn swiss(engines: usize, seats: usize, history: &History) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..engines).collect();
    // Sums of shares are rounded, so that how they were added up does not order equals.
    let score = |engine: usize| (history.surplus[engine] * 1e6).round() as i64;
    order.sort_by_key(|&engine| (-score(engine), engine));
    for _ in 0..engines % seats {
        let least = order.iter().map(|&engine| history.byes[engine]).min().unwrap_or_default();
        if let Some(place) = order.iter().rposition(|&engine| history.byes[engine] == least) {
            order.remove(place);
        }
    }
    let mut out = Vec::new();
    while !order.is_empty() {
        let mut line_up = vec![order.remove(0)];
        while line_up.len() < seats {
            let meetings = |&place: &usize| line_up.iter().map(|&one| history.met[one][order[place]]).sum::<u32>();
            let Some(place) = (0..order.len()).min_by_key(meetings) else { return out };
            line_up.push(order.remove(place));
        }
        out.push(line_up);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairing: Pairing, engines: usize, seats: usize) -> Vec<Vec<usize>> {
        line_ups(pairing, engines, seats, &History::new(engines))
    }

    #[test]
    fn round_robin_has_every_line_up_once() {
        assert_eq!(all(Pairing::RoundRobin, 3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(all(Pairing::RoundRobin, 8, 3).len(), 56);
        assert_eq!(all(Pairing::RoundRobin, 8, 4).len(), 70);
        assert_eq!(line_up_count(Pairing::RoundRobin, 8, 4), 70);
        assert!(line_up_count(Pairing::RoundRobin, 100_000, 4) > 1_000_000_000_000);
        assert_eq!(all(Pairing::RoundRobin, 4, 4), [[0, 1, 2, 3]]);
        assert_eq!(all(Pairing::RoundRobin, 2, 3), [[0, 1, 1], [0, 0, 1]]);
        assert_eq!(all(Pairing::RoundRobin, 2, 4), [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]]);
        assert_eq!(all(Pairing::RoundRobin, 3, 4).len(), 3);
    }

    #[test]
    fn gauntlet_has_challengers_against_the_others() {
        assert_eq!(all(Pairing::Gauntlet { challengers: 1 }, 3, 2), [[0, 1], [0, 2]]);
        assert_eq!(all(Pairing::Gauntlet { challengers: 2 }, 3, 3), [[0, 2, 2], [1, 2, 2]]);
    }

    #[test]
    fn swiss_rounds_bring_equals_together_and_repeat_late() {
        let (engines, seats) = (7, 2);
        let mut history = History::new(engines);
        let mut met = std::collections::HashSet::new();
        for _ in 0..5 {
            let round = line_ups(Pairing::Swiss { rounds: 5 }, engines, seats, &history);
            assert_eq!(round.len(), 3);
            for line_up in &round {
                assert!(met.insert((line_up[0].min(line_up[1]), line_up[0].max(line_up[1]))), "{line_up:?} again");
                // The lower number is the stronger engine.
                let winner = line_up[0].min(line_up[1]);
                for &engine in line_up {
                    history.add_share(engine, if engine == winner { 1.0 } else { 0.0 }, seats);
                }
            }
            history.add_round(&round);
        }
        assert!(history.byes.iter().all(|&byes| byes <= 1), "{history:?}");
        let best = (0..engines).max_by(|&a, &b| history.surplus[a].total_cmp(&history.surplus[b])).unwrap();
        assert_eq!(best, 0);
        // Three seats: nobody plays twice in a round.
        let round = all(Pairing::Swiss { rounds: 1 }, 7, 3);
        assert_eq!(round, [[0, 1, 2], [3, 4, 5]]);
    }
}
