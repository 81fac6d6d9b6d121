//! Ratings with their intervals as a picture (SVG).

use std::fmt::Write as _;

use super::Pool;

/// Height of an engine's line.
const LINE: f64 = 26.0;
/// Space above and below the lines.
const MARGIN: f64 = 46.0;
/// Width of the names.
const NAMES: f64 = 270.0;
/// Width of the scale.
const SCALE: f64 = 520.0;
/// Width of the numbers.
const NUMBERS: f64 = 150.0;
/// Distances of the marks of a scale, in Elo.
const STEPS: [f64; 9] = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];
/// Most marks of a scale.
const MARKS_MAX: f64 = 9.0;

/// The ratings of a pool with their 95 % intervals, strongest first. Engines whose rating only the prior bounds have an open
/// dot, anchors a square.
pub fn figure(pool: &Pool) -> String {
    let ends = pool.engines.iter().flat_map(|engine| [engine.low, engine.high]);
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)));
    let (low, high) = if low < high { (low, high) } else { (low - 10.0, low + 10.0) };
    let step = STEPS.into_iter().find(|step| (high - low) / step < MARKS_MAX).unwrap_or(10_000.0);
    let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
    let x = |rating: f64| NAMES + (rating - low) / (high - low) * SCALE;
    let (width, height) = (NAMES + SCALE + NUMBERS, 2.0 * MARGIN + LINE * pool.engines.len() as f64);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n<title>Ratings, {board} with {players} players</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"26\" font-weight=\"bold\">{board}, {players} players: Elo with 95 % intervals, {games} games</text>\n",
        board = escaped(&pool.board_type),
        players = pool.num_players,
        games = pool.games,
    );
    let mut add = |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("writing to a string cannot fail");
    let (top, bottom) = (MARGIN, height - MARGIN);
    let marks = ((high - low) / step).round() as u32;
    for mark in 0..=marks {
        let rating = low + f64::from(mark) * step;
        let at = x(rating);
        add(format_args!("<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top}\" y2=\"{bottom}\" stroke=\"#dddddd\"/>\n"));
        let below = bottom + 18.0;
        add(format_args!(
            "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\" fill=\"#555555\">{rating:.0}</text>\n"
        ));
    }
    for (number, engine) in pool.engines.iter().enumerate() {
        let y = top + LINE * (number as f64 + 0.5);
        let (left, right, at, base) = (x(engine.low), x(engine.high), x(engine.rating), y + 4.5);
        let name: String = if engine.name.chars().count() > 36 {
            engine.name.chars().take(35).chain(['…']).collect()
        } else {
            engine.name.clone()
        };
        add(format_args!(
            "<text x=\"{:.1}\" y=\"{base}\" text-anchor=\"end\">{}</text>\n",
            NAMES - 12.0,
            escaped(&name)
        ));
        add(format_args!(
            "<line x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#1f5f99\" stroke-width=\"2\"/>\n"
        ));
        if engine.is_anchor {
            let (x, y) = (at - 4.5, y - 4.5);
            add(format_args!("<rect x=\"{x:.1}\" y=\"{y}\" width=\"9\" height=\"9\" fill=\"#1f5f99\"/>\n"));
        } else {
            let fill = if engine.is_tied { "#1f5f99" } else { "#ffffff" };
            add(format_args!(
                "<circle cx=\"{at:.1}\" cy=\"{y}\" r=\"5\" fill=\"{fill}\" stroke=\"#1f5f99\" stroke-width=\"2\"/>\n"
            ));
        }
        let right = NAMES + SCALE + 14.0;
        let error =
            if engine.is_anchor { " (anchor)".to_owned() } else { format!(" ± {:.0}", engine.rating - engine.low) };
        add(format_args!("<text x=\"{right:.1}\" y=\"{base}\">{:.0}{error}</text>\n", engine.rating));
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::participant::ParticipantId;
    use crate::ratings::Rated;

    #[test]
    fn every_engine_has_its_line_within_the_scale() {
        let engine = |name: &str, rating: f64, error: f64| Rated {
            id: ParticipantId::from_log(name),
            name: name.into(),
            rating,
            error,
            low: rating - 2.0 * error,
            high: rating + 2.0 * error,
            is_anchor: error == 0.0,
            is_tied: rating < 2_000.0,
            seats: 10,
            wins: 5,
            undecided: 0,
            share: 0.5,
            even: 0.5,
            online: (1_500.0, 100.0),
        };
        let engines =
            vec![engine("a<b & c", 2_300.0, 300.0), engine("plain", 1_500.0, 20.0), engine("anchor", 400.0, 0.0)];
        let pool = Pool {
            board_type: "hex8".into(),
            num_players: 2,
            games: 20,
            engines,
            covariance: Vec::new(),
            meetings: Vec::new(),
        };
        let picture = figure(&pool);
        assert!(
            picture.contains("a&lt;b &amp; c") && picture.contains("400 (anchor)") && picture.contains("1500 ± 40")
        );
        assert_eq!((picture.matches("<circle").count(), picture.matches("<rect").count()), (2, 2));
        let ends = picture.split("x1=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse::<f64>().unwrap());
        assert!(ends.clone().all(|x| (NAMES..=NAMES + SCALE).contains(&x)), "{:?}", ends.collect::<Vec<_>>());
        // One engine alone has a picture, too.
        let alone = Pool { engines: vec![engine("anchor", 400.0, 0.0)], ..pool };
        assert!(figure(&alone).ends_with("</svg>\n"));
    }
}
