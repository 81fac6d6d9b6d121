//! Tests against published values.

use ringrift_rules::PlayerCount;

use super::*;

const PAIR: BlockShape = BlockShape::new(PlayerCount::Two, LineUps::Both);

fn test(model: EloModel, elo: [f64; 2]) -> Sprt {
    Sprt::new(PAIR, model, elo, (0.05, 0.05), 1_000_000).unwrap()
}

/// Of the two middle numbers one is pairs of a win and a loss, the other pairs of draws.
fn pairs(counts: [u64; 6]) -> ScoreCounts {
    let [two_losses, loss_draw, win_loss, draws, win_draw, two_wins] = counts;
    let counts = vec![two_losses, loss_draw, win_loss + draws, win_draw, two_wins];
    ScoreCounts { blocks: counts.iter().sum(), counts }
}

/// Whether a ratio is a published one: to its two digits, and where only one score was seen, so that all rests on how the others
/// are made likely, to 3 in 10,000 (fastchess' own tests allow 1 in 100).
fn is_published(found: f64, published: f64) -> bool {
    (found - published).abs() < f64::max(0.0051, published.abs() * 3e-4)
}

/// The cases named "pentanomial" of fastchess (`app/tests/sprt_test.cpp`, which holds values of fishtest).
#[test]
fn ratios_are_those_that_fastchess_publishes() {
    use EloModel::{Logistic, Normalised};
    for (counts, model, elo, expected) in [
        ([365, 16618, 36029, 200, 16974, 390], Normalised, [0.0, 2.0], 2.25),
        ([127, 4883, 10311, 401, 5150, 104], Normalised, [-1.75, 0.25], 3.01),
        ([0, 0, 0, 0, 0, 5550], Normalised, [0.0, 5.0], 111.82),
        ([223, 9863, 20279, 1000, 10037, 246], Logistic, [0.5, 2.5], -3.07),
        ([871, 26175, 55003, 980, 26678, 821], Logistic, [0.0, 2.0], -4.98),
    ] {
        let found = test(model, elo).ratio(&pairs(counts));
        assert!(is_published(found, expected), "{counts:?}: {found}, not {expected}");
    }
}

/// Its cases named "trinomial": three scores of single games. The deviation of a game is then that of the score itself.
#[test]
fn ratios_of_single_games_are_those_that_fastchess_publishes() {
    for ([wins, losses, draws], elo, expected) in [
        ([36433, 36027, 68692], [0.0, 2.0], 0.92),
        ([10871, 10650, 20431], [-1.75, 0.25], 2.30),
        ([4250, 0, 0], [0.0, 10.0], 120.56),
    ] {
        let [t0, t1] = elo.map(|elo: f64| elo / NORMALISED_ELO);
        let found = Frequencies::new(&[losses, draws, wins]).ratio_of_t_values(0.5, t0, t1);
        assert!(is_published(found, expected), "{found}, not {expected}");
    }
    for ([wins, losses, draws], elo, expected) in
        [([21404, 21184, 40708], [0.5, 2.5], -1.57), ([57433, 57030, 106_593], [0.0, 2.0], -2.59)]
    {
        let [score0, score1] = elo.map(|elo| PAIR.expected(elo));
        let found = Frequencies::new(&[losses, draws, wins]).ratio_of_means(score0, score1);
        assert!(is_published(found, expected), "{found}, not {expected}");
    }
}

/// Bounds as every tool prints them for error rates of 5 %.
#[test]
fn bounds_are_walds() {
    let (lower, upper) = test(EloModel::Logistic, [0.0, 5.0]).bounds();
    assert!((lower + 2.944).abs() < 1e-3 && (upper - 2.944).abs() < 1e-3, "{lower} {upper}");
}

#[test]
fn cap_rejects_and_wins_accept() {
    let sprt = Sprt::new(PAIR, EloModel::Logistic, [0.0, 100.0], (0.05, 0.05), 20).unwrap();
    let mut counts = ScoreCounts::new(PAIR);
    for block in 0..10 {
        assert_eq!(sprt.verdict(&counts), None, "{block}");
        counts.add(if block % 2 == 0 { 4 } else { 1 });
    }
    assert_eq!(sprt.verdict(&counts), Some(Verdict::RejectAtCap));
    let mut wins = ScoreCounts::new(PAIR);
    while sprt.verdict(&wins).is_none() {
        wins.add(4);
    }
    assert_eq!(sprt.verdict(&wins), Some(Verdict::RejectAtCap));
    let longer = Sprt { blocks_max: 100, ..sprt };
    while longer.verdict(&wins).is_none() {
        wins.add(4);
    }
    assert_eq!(longer.verdict(&wins), Some(Verdict::Accept));
    assert!(wins.blocks() < 20, "{}", wins.blocks());
}

#[test]
fn impossible_tests_are_refused() {
    let test = |elo, rates, games| Sprt::new(PAIR, EloModel::Logistic, elo, rates, games);
    for (sprt, says) in [
        (test([5.0, 5.0], (0.05, 0.05), 100), "hypotheses of 5 and 5 Elo"),
        (test([0.0, f64::NAN], (0.05, 0.05), 100), "NaN"),
        (test([0.0, 5.0], (0.0, 0.05), 100), "error rates of 0 and 0.05"),
        (test([0.0, 5.0], (0.5, 0.5), 100), "whose sum is below 1"),
        (test([0.0, 5.0], (0.05, 0.05), 1), "a cap of 1 games"),
    ] {
        let message = sprt.unwrap_err().to_string();
        assert!(message.contains(says) && message.contains("hint: "), "{message}");
    }
}

/// Van den Bergh's rule of thumb for chess is 4.0 * 10^6 / elo1^2 pairs at equality; here for independent decisive games.
#[test]
fn forecast_follows_walds_formulas() {
    let sprt = test(EloModel::Logistic, [0.0, 5.0]);
    let [null, middle, stronger] = sprt.forecasts(PAIR.variance_even());
    assert!((null.acceptance - 0.05).abs() < 1e-3 && (stronger.acceptance - 0.95).abs() < 1e-3);
    assert!((middle.acceptance - 0.5).abs() < 1e-3);
    // By hand: the ratio walks 2.65 against a drift of d^2 / (2 v) a pair, d = 0.007195, v = 1/8.
    let expected = 2.0 * 2.65 / (0.007_195_f64.powi(2) / 0.25);
    assert!((null.games / expected - 1.0).abs() < 0.01, "{} {expected}", null.games);
    assert!(middle.games > stronger.games);
}
