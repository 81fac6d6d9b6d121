//! Text boards, plain and coloured.

use ringrift_render::{Palette, TextOptions, render_text};
use ringrift_rules::{BoardKind, PlayerCount};

use crate::{initial, play, position, positions};

/// The text without escape sequences.
fn stripped(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('m').expect("a colour sequence").1);
    }
    out
}

#[test]
fn recorded_positions_look_as_reviewed() {
    for (name, position) in positions() {
        insta::assert_snapshot!(name, render_text(&position, &TextOptions::default()));
    }
}

#[test]
fn narrow_boards_look_as_reviewed() {
    let options = TextOptions { width: 80, status: false, ..TextOptions::default() };
    for name in ["square19-2p", "hexagonal-4p"] {
        insta::assert_snapshot!(format!("{name}-80"), render_text(&position(name), &options));
    }
}

#[test]
fn coloured_boards_look_as_reviewed() {
    let (after, played) = play(&position("square8-2p"), "M0,1>3,1");
    for (name, palette) in
        [("ansi16", Palette::Ansi16), ("ansi256", Palette::Ansi256), ("truecolor", Palette::TrueColor)]
    {
        let options = TextOptions { palette, legend: false, played: Some(played.clone()), ..TextOptions::default() };
        let text = render_text(&after, &options).replace('\u{1b}', "^");
        insta::assert_snapshot!(format!("square8-2p-{name}"), text);
    }
}

#[test]
fn colours_change_nothing_else() {
    for (name, position) in positions() {
        let plain = render_text(&position, &TextOptions::default());
        assert!(!plain.contains('\u{1b}'), "{name}");
        for palette in [Palette::Ansi16, Palette::Ansi256, Palette::TrueColor] {
            let coloured = render_text(&position, &TextOptions { palette, ..TextOptions::default() });
            let lines: Vec<String> = stripped(&coloured).lines().map(|line| line.trim_end().to_owned()).collect();
            assert_eq!(lines, plain.lines().collect::<Vec<_>>(), "{name}");
            assert!(coloured.lines().all(|line| !line.contains('\u{1b}') || line.contains("\u{1b}[0m")), "{name}");
        }
    }
}

#[test]
fn every_board_fits_its_width() {
    for (name, position) in positions() {
        for width in [80, 100, 120, 160, 200] {
            let text = render_text(&position, &TextOptions { width, ..TextOptions::default() });
            assert!(text.lines().all(|line| line.chars().count() <= width), "{name} in {width} columns:\n{text}");
            assert!(text.lines().all(|line| line.trim_end() == line), "{name}: spaces at an end of line");
        }
    }
}

#[test]
fn a_wider_board_says_no_less() {
    let tall = "hexagonal:2 1:movement 50/0/0,50/0/0 0,0,0:111111111112222;1,-1,0:2222222222;2,-2,0:12 - -";
    let tall = tall.parse().expect("a position");
    for width in [0, 60, 80, 100, 200] {
        let text = render_text(&tall, &TextOptions { width, ..TextOptions::default() });
        assert!(text.contains("0,0,0 B15/4") || text.contains("B15/4 "), "{width} columns:\n{text}");
        assert!(text.contains("B10"), "{width} columns:\n{text}");
    }
}

#[test]
fn marks_show_the_move_and_the_highlights() {
    let board = position("square8-2p");
    let (after, played) = play(&board, "M0,1>3,1");
    let key = |text: &str| board.geometry().parse_key(text).expect("a cell");
    let options = TextOptions {
        played: Some(played),
        highlights: vec![key("7,7"), key("7,0")],
        status: false,
        legend: false,
        ..TextOptions::default()
    };
    insta::assert_snapshot!("square8-2p-marks", render_text(&after, &options));
}

#[test]
fn a_move_of_another_position_is_not_shown() {
    let (_, played) = play(&initial(BoardKind::Square8, PlayerCount::Two), "P3,4x2");
    for board in [position("hex8-3p-over"), initial(BoardKind::Square19, PlayerCount::Two)] {
        let options = TextOptions { played: Some(played.clone()), ..TextOptions::default() };
        assert_eq!(render_text(&board, &options), render_text(&board, &TextOptions::default()));
    }
    let mut illegal = played;
    illegal.before = position("square8-2p");
    let options = TextOptions { played: Some(illegal.clone()), ..TextOptions::default() };
    assert_eq!(render_text(&illegal.before, &options), render_text(&illegal.before, &TextOptions::default()));
}

#[test]
fn names_cannot_carry_escape_sequences() {
    let names = vec!["\u{1b}[31mred\u{202e}\n".to_owned(), String::new()];
    let text = render_text(&position("square8-2p"), &TextOptions { names, ..TextOptions::default() });
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("A [31mred"), "{text}");
    assert!(text.contains("B player 2"), "{text}");
}

#[test]
fn parts_can_be_left_out() {
    let bare = TextOptions { coordinates: false, status: false, legend: false, ..TextOptions::default() };
    for board in BoardKind::ALL {
        let text = render_text(&initial(board, PlayerCount::Three), &bare);
        assert_eq!(text.lines().count(), usize::from(board.spec().size));
        assert_eq!(text.chars().filter(|&c| c == '.').count(), usize::from(board.spec().cells));
        assert!(text.chars().all(|c| matches!(c, '.' | ' ' | '\n')), "{text}");
    }
}
