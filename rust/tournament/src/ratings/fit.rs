//! Strengths by maximum likelihood: Bradley-Terry for two seats, Plackett-Luce for more.
//!
//! A game is a ranking of its seats: the first is drawn in proportion to strength, then the second from the rest, and so on.
//! Seats that share a rank count as the mean over the orders that they could have; for a game of two that nobody won this is
//! half a win for each. Sources: Plackett 1975; Luce 1959; for the sums over orders, Hunter 2004.

use std::collections::BTreeMap;

use super::matrix::Cholesky;

/// Standard deviation of the prior of strengths, in Elo: wide enough to be nothing beside some dozens of games, and a bound for
/// engines that won or lost all of theirs.
pub(super) const PRIOR_ELO: f64 = 1_500.0;

/// Elo of a factor e of strength.
pub(super) const ELO: f64 = 400.0 / std::f64::consts::LN_10;

/// Rounds of Newton's method.
const ROUNDS_MAX: usize = 200;

/// A game as a ranking.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Ranking {
    /// Engine of every seat.
    pub engines: Vec<usize>,
    /// Rank of every seat.
    pub ranks: Vec<u8>,
    /// Games that share a line-up and an opening are no independent evidence: they have the same number.
    pub block: usize,
}

/// Strengths with their uncertainty, in Elo.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Fit {
    /// Rating of every engine.
    pub ratings: Vec<f64>,
    /// Covariance of the ratings: the inverse of the information.
    pub covariance: Vec<Vec<f64>>,
    /// Standard errors: the larger one of that by the information, and of that by the scatter between blocks.
    pub errors: Vec<f64>,
}

/// Orders of the seats that agree with the ranks.
fn orders(ranks: &[u8]) -> Vec<Vec<usize>> {
    fn extend(ranks: &[u8], order: &mut Vec<usize>, out: &mut Vec<Vec<usize>>) {
        if order.len() == ranks.len() {
            out.push(order.clone());
            return;
        }
        let left = || (0..ranks.len()).filter(|seat| !order.contains(seat));
        let Some(best) = left().map(|seat| ranks[seat]).min() else { return };
        for seat in left().filter(|&seat| ranks[seat] == best).collect::<Vec<_>>() {
            order.push(seat);
            extend(ranks, order, out);
            order.pop();
        }
    }
    let mut out = Vec::new();
    extend(ranks, &mut Vec::new(), &mut out);
    out
}

/// Log-likelihood with its derivatives.
struct Derivatives {
    value: f64,
    gradient: Vec<f64>,
    /// Negative second derivatives.
    information: Vec<Vec<f64>>,
}

impl Derivatives {
    fn new(engines: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; engines], information: vec![vec![0.0; engines]; engines] }
    }

    /// Adds a game.
    fn add(&mut self, ranking: &Ranking, strengths: &[f64]) {
        let orders = orders(&ranking.ranks);
        let weight = 1.0 / orders.len() as f64;
        for order in &orders {
            for place in 0..order.len() - 1 {
                let left = &order[place..];
                let most = left.iter().map(|&seat| strengths[ranking.engines[seat]]).fold(f64::NEG_INFINITY, f64::max);
                let parts: Vec<f64> =
                    left.iter().map(|&seat| (strengths[ranking.engines[seat]] - most).exp()).collect();
                let sum: f64 = parts.iter().sum();
                let first = ranking.engines[left[0]];
                self.value += weight * (strengths[first] - most - sum.ln());
                self.gradient[first] += weight;
                for (one, &seat) in left.iter().enumerate() {
                    let (engine, part) = (ranking.engines[seat], parts[one] / sum);
                    self.gradient[engine] -= weight * part;
                    self.information[engine][engine] += weight * part;
                    for (other, &other_seat) in left.iter().enumerate() {
                        let other_part = parts[other] / sum;
                        self.information[engine][ranking.engines[other_seat]] -= weight * part * other_part;
                    }
                }
            }
        }
    }

    /// Adds the prior.
    fn add_prior(&mut self, strengths: &[f64], centre: f64) {
        let precision = (ELO / PRIOR_ELO).powi(2);
        for (engine, strength) in strengths.iter().enumerate() {
            self.value -= precision * (strength - centre).powi(2) / 2.0;
            self.gradient[engine] -= precision * (strength - centre);
            self.information[engine][engine] += precision;
        }
    }
}

fn all(rankings: &[Ranking], strengths: &[f64], centre: f64) -> Derivatives {
    let mut sum = Derivatives::new(strengths.len());
    for ranking in rankings {
        sum.add(ranking, strengths);
    }
    sum.add_prior(strengths, centre);
    sum
}

/// The ratings of `engines` engines: `anchors` have theirs; without anchors the mean is `centre`.
pub(super) fn fit(engines: usize, rankings: &[Ranking], anchors: &BTreeMap<usize, f64>, centre: f64) -> Fit {
    let centre = if anchors.is_empty() { centre } else { anchors.values().sum::<f64>() / anchors.len() as f64 };
    let free: Vec<usize> = (0..engines).filter(|engine| !anchors.contains_key(engine)).collect();
    let mut strengths: Vec<f64> =
        (0..engines).map(|engine| anchors.get(&engine).map_or(0.0, |rating| (rating - centre) / ELO)).collect();
    let restricted = |matrix: &[Vec<f64>]| -> Vec<Vec<f64>> {
        free.iter().map(|&row| free.iter().map(|&column| matrix[row][column]).collect()).collect()
    };
    let mut now = all(rankings, &strengths, 0.0);
    for _ in 0..ROUNDS_MAX {
        let Some(factor) = Cholesky::new(&restricted(&now.information)) else { break };
        let gradient: Vec<f64> = free.iter().map(|&engine| now.gradient[engine]).collect();
        let step = factor.solve(&gradient);
        let gain: f64 = step.iter().zip(&gradient).map(|(step, gradient)| step * gradient).sum();
        // So near the top the whole step is right, and rounding hides whether it goes up.
        if gain < 1e-8 {
            for (&engine, step) in free.iter().zip(&step) {
                strengths[engine] += step;
            }
            now = all(rankings, &strengths, 0.0);
            break;
        }
        // The likelihood is concave, but a whole step may overshoot.
        let mut scale = 1.0;
        let next = loop {
            let mut moved = strengths.clone();
            for (&engine, step) in free.iter().zip(&step) {
                moved[engine] += scale * step;
            }
            let next = all(rankings, &moved, 0.0);
            if next.value >= now.value || scale < 1e-6 {
                strengths = moved;
                break next;
            }
            scale /= 2.0;
        };
        now = next;
    }
    let mut ratings: Vec<f64> = strengths.iter().map(|strength| centre + strength * ELO).collect();
    if anchors.is_empty() {
        let mean = ratings.iter().sum::<f64>() / engines.max(1) as f64;
        for rating in &mut ratings {
            *rating += centre - mean;
        }
    }
    for (&engine, &rating) in anchors {
        ratings[engine] = rating;
    }
    let inverse = Cholesky::new(&restricted(&now.information)).map(|factor| factor.inverse()).unwrap_or_default();
    let scatter = scatter(rankings, &strengths, &free);
    let robust = product(&product(&inverse, &scatter), &inverse);
    let spread = |covariance: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        let covariance = if anchors.is_empty() { centred(&covariance) } else { covariance };
        let mut full = vec![vec![0.0; engines]; engines];
        for (row, &one) in free.iter().enumerate() {
            for (column, &other) in free.iter().enumerate() {
                full[one][other] = covariance[row][column] * ELO * ELO;
            }
        }
        full
    };
    let (covariance, robust) = (spread(inverse), spread(robust));
    let errors = (0..engines).map(|one| f64::max(covariance[one][one], robust[one][one]).max(0.0).sqrt()).collect();
    Fit { ratings, covariance, errors }
}

/// Sum over blocks of the outer products of their gradients, with the usual correction for few blocks.
fn scatter(rankings: &[Ranking], strengths: &[f64], free: &[usize]) -> Vec<Vec<f64>> {
    let mut blocks: BTreeMap<usize, Derivatives> = BTreeMap::new();
    for ranking in rankings {
        blocks.entry(ranking.block).or_insert_with(|| Derivatives::new(strengths.len())).add(ranking, strengths);
    }
    let count = blocks.len() as f64;
    let correction = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
    let mut out = vec![vec![0.0; free.len()]; free.len()];
    for block in blocks.values() {
        for (row, &one) in free.iter().enumerate() {
            for (column, &other) in free.iter().enumerate() {
                out[row][column] += correction * block.gradient[one] * block.gradient[other];
            }
        }
    }
    out
}

fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let size = a.len();
    let entry = |row: usize, column: usize| (0..size).map(|k| a[row][k] * b[k][column]).sum();
    (0..size).map(|row| (0..size).map(|column| entry(row, column)).collect()).collect()
}

/// Covariance of the distances from the mean.
fn centred(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let size = matrix.len() as f64;
    let rows: Vec<f64> = matrix.iter().map(|row| row.iter().sum::<f64>() / size).collect();
    let all = rows.iter().sum::<f64>() / size;
    let of = |row: usize, column: usize| matrix[row][column] - rows[row] - rows[column] + all;
    (0..matrix.len()).map(|row| (0..matrix.len()).map(|column| of(row, column)).collect()).collect()
}

/// Whether games tie the rating of an engine to `root` from both sides, so that it would be finite without a prior: there are
/// chains of engines that did not lose to the next, both ways.
pub(super) fn is_tied(engines: usize, rankings: &[Ranking], roots: &[usize]) -> Vec<bool> {
    let mut beats = vec![vec![false; engines]; engines];
    for ranking in rankings {
        for (one, &engine) in ranking.engines.iter().enumerate() {
            for (other, &opponent) in ranking.engines.iter().enumerate() {
                beats[engine][opponent] |= one != other && ranking.ranks[one] <= ranking.ranks[other];
            }
        }
    }
    let reached = |forward: bool| {
        let mut found = vec![false; engines];
        let mut open: Vec<usize> = roots.to_vec();
        while let Some(engine) = open.pop() {
            if !std::mem::replace(&mut found[engine], true) {
                let next = |&other: &usize| if forward { beats[engine][other] } else { beats[other][engine] };
                open.extend((0..engines).filter(next));
            }
        }
        found
    };
    let (down, up) = (reached(true), reached(false));
    down.into_iter().zip(up).map(|(down, up)| down && up).collect()
}

#[cfg(test)]
mod tests {
    use ringrift_eval::GameRng;

    use super::*;

    fn pair(winner: usize, loser: usize, block: usize) -> Ranking {
        Ranking { engines: vec![winner, loser], ranks: vec![1, 2], block }
    }

    #[test]
    fn two_engines_differ_by_the_odds() {
        let mut games: Vec<Ranking> = (0..300).map(|game| pair(0, 1, game)).collect();
        games.extend((300..400).map(|game| pair(1, 0, game)));
        games.extend((400..500).map(|block| Ranking { engines: vec![0, 1], ranks: vec![1, 1], block }));
        let fitted = fit(2, &games, &BTreeMap::new(), 1_500.0);
        // Draws are half a win for each: 350 to 150.
        let expected = 400.0 * (350.0_f64 / 150.0).log10();
        assert!((fitted.ratings[0] - fitted.ratings[1] - expected).abs() < 0.2, "{fitted:?}");
        assert!((fitted.ratings.iter().sum::<f64>() - 3_000.0).abs() < 1e-9);
        // The information of a share of 0.7 in 500 games; each rating has half of the distance.
        let error = ELO / (500.0_f64 * 0.7 * 0.3).sqrt() / 2.0;
        assert!((fitted.covariance[0][0].sqrt() / error - 1.0).abs() < 0.01, "{fitted:?} {error}");
    }

    #[test]
    fn anchors_are_exact_and_their_engines_certain() {
        let games: Vec<Ranking> =
            (0..30).map(|game| if game % 3 == 0 { pair(1, 0, game) } else { pair(0, 1, game) }).collect();
        let fitted = fit(2, &games, &BTreeMap::from([(1, 400.0)]), 1_500.0);
        assert!((fitted.ratings[1] - 400.0).abs() < 1e-9 && fitted.errors[1] == 0.0, "{fitted:?}");
        assert!((fitted.ratings[0] - 400.0 - 400.0 * 2.0_f64.log10()).abs() < 1.0, "{fitted:?}");
    }

    /// Against the probability of each ranking, written out.
    #[test]
    fn three_seats_have_the_likelihood_of_plackett_and_luce() {
        let strengths = [0.3, -0.2, 0.9];
        let weight = strengths.map(f64::exp);
        let ranking = Ranking { engines: vec![0, 1, 2], ranks: vec![2, 3, 1], block: 0 };
        let mut found = Derivatives::new(3);
        found.add(&ranking, &strengths);
        let expected =
            (weight[2] / (weight[0] + weight[1] + weight[2])).ln() + (weight[0] / (weight[0] + weight[1])).ln();
        assert!((found.value - expected).abs() < 1e-12);
        // Derivatives by differences.
        for engine in 0..3 {
            let at = |step: f64| {
                let mut moved = strengths;
                moved[engine] += step;
                let mut found = Derivatives::new(3);
                found.add(&ranking, &moved);
                found
            };
            let slope = (at(1e-5).value - at(-1e-5).value) / 2e-5;
            assert!((slope - found.gradient[engine]).abs() < 1e-8);
            for other in 0..3 {
                let bend = (at(1e-5).gradient[other] - at(-1e-5).gradient[other]) / -2e-5;
                assert!((bend - found.information[engine][other]).abs() < 1e-7);
            }
        }
    }

    /// Rankings drawn from known strengths: estimates near them, and 95 % of the intervals over them.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let truth = [250.0, 100.0, 0.0, -120.0, -230.0];
        for seats in 2..=4 {
            let (mut held, mut all) = (0, 0);
            for world in 0..120 {
                let mut rng = GameRng::new(9, world, seats as u64);
                let games: Vec<Ranking> = (0..150)
                    .map(|block| {
                        let mut engines: Vec<usize> = (0..truth.len()).collect();
                        for place in 0..seats {
                            let other = place + rng.below(engines.len() - place);
                            engines.swap(place, other);
                        }
                        engines.truncate(seats);
                        let mut ranks = vec![0; seats];
                        for rank in 1..=seats {
                            let strength = |seat: &usize| 10_f64.powf(truth[engines[*seat]] / 400.0);
                            let left: Vec<usize> = (0..seats).filter(|&seat| ranks[seat] == 0).collect();
                            let mut drawn = rng.unit() * left.iter().map(strength).sum::<f64>();
                            let next = left.iter().find(|seat| {
                                drawn -= strength(seat);
                                drawn < 0.0
                            });
                            ranks[*next.unwrap_or(&left[left.len() - 1])] = rank as u8;
                        }
                        Ranking { engines, ranks, block }
                    })
                    .collect();
                let fitted = fit(truth.len(), &games, &BTreeMap::new(), 0.0);
                for (engine, true_rating) in truth.iter().enumerate() {
                    all += 1;
                    held += u32::from((fitted.ratings[engine] - true_rating).abs() <= 1.96 * fitted.errors[engine]);
                }
            }
            let share = f64::from(held) / f64::from(all);
            assert!((0.93..=0.985).contains(&share), "{seats} seats: {share}");
        }
    }

    #[test]
    fn games_of_one_block_are_less_evidence_than_as_many_alone() {
        let games = |block: &dyn Fn(usize) -> usize| -> Vec<Ranking> {
            (0..200)
                .map(|game| if game / 2 % 4 == 0 { pair(1, 0, block(game)) } else { pair(0, 1, block(game)) })
                .collect()
        };
        let (alone, pairs) = (games(&|game| game), games(&|game| game / 2));
        let error = |games: &[Ranking]| fit(2, games, &BTreeMap::new(), 0.0).errors[0];
        // Pairs of equal results: half of the evidence.
        assert!((error(&pairs) / error(&alone) - 2.0_f64.sqrt()).abs() < 0.02);
    }

    #[test]
    fn engines_without_a_loss_or_win_are_bounded_by_the_prior_alone() {
        let games = [pair(0, 1, 0), pair(1, 0, 1), pair(2, 0, 2), pair(2, 1, 3)];
        assert_eq!(is_tied(3, &games, &[0]), [true, true, false]);
        let fitted = fit(3, &games, &BTreeMap::new(), 1_500.0);
        assert!(fitted.ratings[2] > fitted.ratings[0] + 200.0 && fitted.ratings[2] < 4_000.0, "{fitted:?}");
        assert!(fitted.errors[2] > 300.0);
    }
}
