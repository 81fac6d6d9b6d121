//! Ratings that move with every game, by the system of Weng and Lin for any number of players (crate `skillratings`).

use skillratings::MultiTeamOutcome;
use skillratings::weng_lin::{WengLinConfig, WengLinRating, weng_lin_multi_team};

use super::RATING_CENTRE;
use super::fit::{ELO, Ranking};

/// Rating and uncertainty of every engine in Elo, after these games in their order.
pub(super) fn rate(engines: usize, rankings: &[Ranking]) -> Vec<(f64, f64)> {
    let config = WengLinConfig::new();
    let mut ratings = vec![WengLinRating::new(); engines];
    for ranking in rankings {
        let seats: Vec<[WengLinRating; 1]> = ranking.engines.iter().map(|&engine| [ratings[engine]]).collect();
        let teams: Vec<(&[WengLinRating], MultiTeamOutcome)> = (seats.iter().zip(&ranking.ranks))
            .map(|(seat, &rank)| (&seat[..], MultiTeamOutcome::new(usize::from(rank))))
            .collect();
        let after = weng_lin_multi_team(&teams, &config);
        // An engine of several seats takes the mean of what became of them.
        for (engine, rating) in ratings.iter_mut().enumerate() {
            let own: Vec<WengLinRating> = (ranking.engines.iter().zip(&after))
                .filter(|(seat, _)| **seat == engine)
                .filter_map(|(_, team)| team.first().copied())
                .collect();
            if !own.is_empty() {
                let count = own.len() as f64;
                *rating = WengLinRating {
                    rating: own.iter().map(|one| one.rating).sum::<f64>() / count,
                    uncertainty: own.iter().map(|one| one.uncertainty).sum::<f64>() / count,
                };
            }
        }
    }
    // Two engines whose ratings are certain win by the logistic function of their distance over beta * sqrt(2).
    let scale = ELO / (config.beta * 2.0_f64.sqrt());
    let start = WengLinRating::new().rating;
    ratings.iter().map(|one| (RATING_CENTRE + (one.rating - start) * scale, one.uncertainty * scale)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_rise_and_become_certain() {
        let game = |ranks: &[u8]| Ranking { engines: vec![0, 1, 1], ranks: ranks.to_vec(), block: 0 };
        let games: Vec<Ranking> =
            (0..40).map(|number| if number % 4 == 0 { game(&[3, 1, 2]) } else { game(&[1, 2, 3]) }).collect();
        let rated = rate(3, &games);
        assert!(rated[0].0 > 1_600.0 && rated[1].0 < 1_450.0, "{rated:?}");
        assert!(rated[0].1 < rated[2].1 / 2.0, "{rated:?}");
        assert!((rated[2].0 - 1_500.0).abs() < 1e-9);
    }
}
