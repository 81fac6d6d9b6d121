//! SVG pictures: their structure, not their looks.

use std::collections::{BTreeMap, HashSet};

use ringrift_render::{Scheme, SvgOptions, render_svg};
use ringrift_rules::{AnyPosition, BoardKind, CellContent, PlayerCount, RuleOptions, Setup, SetupStack, with_position};
use roxmltree::{Document, Node};

use crate::{initial, play, position, positions};

/// Bytes that no picture exceeds.
const BYTES_MOST: usize = 200_000;

fn group<'a>(document: &'a Document<'a>, name: &str) -> Option<Node<'a, 'a>> {
    let id = format!("ringrift-{name}");
    document.descendants().find(|node| node.attribute("id") == Some(&id))
}

/// Cells that a group shows, with the elements that show them.
fn shown<'a>(document: &'a Document<'a>, name: &str) -> BTreeMap<String, Vec<Node<'a, 'a>>> {
    let mut shown = BTreeMap::<String, Vec<_>>::new();
    for node in group(document, name).into_iter().flat_map(|group| group.children()) {
        if let Some(key) = node.attribute("data-cell") {
            shown.entry(key.to_owned()).or_default().push(node);
        }
    }
    shown
}

fn classes<'a>(node: Node<'a, 'a>) -> Vec<&'a str> {
    node.attribute("class").unwrap_or_default().split(' ').collect()
}

fn options_to_try() -> Vec<SvgOptions> {
    let mut all = Vec::new();
    for scheme in [Scheme::Auto, Scheme::Light, Scheme::Dark] {
        all.push(SvgOptions { scheme, ..SvgOptions::default() });
        all.push(SvgOptions { scheme, coordinates: false, panel: false, ..SvgOptions::default() });
        let caption = Some("a caption".into());
        all.push(SvgOptions { scheme, caption, width: Some(300), ..SvgOptions::default() });
    }
    all
}

#[test]
fn pictures_are_well_formed_and_self_contained() {
    let starts = BoardKind::ALL.into_iter().map(|board| ("start", initial(board, PlayerCount::Four)));
    for (name, position) in positions().chain(starts) {
        for options in options_to_try() {
            let svg = render_svg(&position, &options);
            let document = Document::parse(&svg).unwrap_or_else(|e| panic!("{name}: {e}"));
            let root = document.root_element();
            assert_eq!(root.tag_name().name(), "svg");
            let mut ids = HashSet::new();
            for node in document.descendants().filter(Node::is_element) {
                let tag = node.tag_name().name();
                assert!(!matches!(tag, "script" | "image" | "foreignObject" | "a"), "{name}: <{tag}>");
                assert!(node.attributes().all(|a| !a.name().starts_with("on")), "{name}: an event handler");
                if let Some(id) = node.attribute("id") {
                    assert!(id.starts_with("ringrift-"), "{name}: id {id}");
                    assert!(ids.insert(id), "{name}: id {id} twice");
                }
            }
            for node in document.descendants() {
                for reference in node.attribute("href").into_iter().map(|href| href.trim_start_matches('#')) {
                    assert!(ids.contains(reference), "{name}: no {reference}");
                }
                for id in node.attribute("aria-labelledby").into_iter().flat_map(str::split_whitespace) {
                    assert!(ids.contains(id), "{name}: no {id}");
                }
            }
            assert!(!svg.contains("url(") && !svg.contains("@import"), "{name}");
            assert_eq!(svg.matches("http").count(), 1, "{name}: only the name space");
            assert!(svg.len() < BYTES_MOST, "{name}: {} bytes", svg.len());
        }
    }
}

#[test]
fn every_piece_is_shown_once_in_its_owners_colours() {
    for (name, position) in positions() {
        let svg = render_svg(&position, &SvgOptions::default());
        let document = Document::parse(&svg).expect("XML");
        let [territory, markers, stacks] = ["territory", "markers", "stacks"].map(|group| shown(&document, group));
        let mut counts = [0; 3];
        for cell in position.geometry().cells() {
            let key = position.geometry().key(cell);
            let content = with_position!(&position, position => position.content(cell));
            let (group, class) = match content {
                CellContent::Empty => continue,
                CellContent::Collapsed(owner) => (0, format!("f{owner}")),
                CellContent::Marker(owner) => (1, format!("p{owner}")),
                CellContent::Stack(stack) => (2, format!("t{}", stack.owner())),
            };
            counts[group] += 1;
            let [node] = [&territory, &markers, &stacks][group][&key][..] else { panic!("{name}: {key} twice") };
            if group == 2 {
                let rings = with_position!(&position, position => position.rings(cell));
                let bands: Vec<String> = rings.chunk_by(|a, b| a == b).map(|run| format!("p{}", run[0])).collect();
                let drawn: Vec<&str> =
                    node.children().flat_map(classes).filter(|class| class.starts_with('p')).collect();
                assert_eq!(drawn, bands, "{name}: {key}");
                let top = node.children().filter(|node| classes(*node).contains(&class.as_str())).count();
                assert_eq!(top, 1, "{name}: {key}");
            } else {
                assert!(classes(node).contains(&class.as_str()), "{name}: {key}");
            }
        }
        assert_eq!(counts, [territory.len(), markers.len(), stacks.len()], "{name}");
    }
}

#[test]
fn heights_are_written_below_stacks_of_more_than_one_ring() {
    let position = "square8:2 1:movement 5/0/0,5/0/0 0,0:1;1,1:11;2,2:122;3,3:1222222222222 - -";
    let svg = render_svg(&position.parse().expect("a position"), &SvgOptions::default());
    let document = Document::parse(&svg).expect("XML");
    let heights: Vec<&str> =
        group(&document, "heights").expect("heights").children().filter_map(|node| node.text()).collect();
    assert_eq!(heights, ["2", "3/2", "13/12"]);
}

#[test]
fn text_from_outside_is_escaped() {
    let bad = "</text><script>alert('1 & \"2\"')</script>\u{0}\u{1b}\u{202e}";
    let options = SvgOptions {
        names: vec![bad.into(), "b".into()],
        caption: Some(bad.into()),
        id: "x\" onload=\"alert(1)".into(),
        ..SvgOptions::default()
    };
    let svg = render_svg(&position("square8-2p"), &options);
    let document = Document::parse(&svg).expect("XML");
    assert!(!svg.contains("<script") && !svg.contains('\u{202e}'));
    assert!(document.descendants().all(|node| node.attribute("onload").is_none()));
    let caption = document.descendants().find(|node| node.attribute("class") == Some("cap")).expect("a caption");
    assert_eq!(caption.text(), Some("</text><script>alert('1 & \"2\"')</script>"));
    assert!(document.descendants().any(|node| node.attribute("id") == Some("xonloadalert1-stacks")));
}

#[test]
fn the_last_move_is_marked() {
    let (after, played) = play(&position("square8-2p"), "M0,1>3,1");
    let options = SvgOptions { played: Some(played), ..SvgOptions::default() };
    let svg = render_svg(&after, &options);
    let document = Document::parse(&svg).expect("XML");
    let marks = group(&document, "marks").expect("marks");
    let marked: Vec<Vec<&str>> = marks.children().map(classes).collect();
    assert_eq!(marked, [vec!["o", "q"], vec!["o", "g"], vec!["o"]], "a turned marker, origin and landing cell");
    assert!(group(&document, "arrow").is_some());
    assert!(svg.contains("M0,1&gt;3,1"));

    let (after, played) = play(&initial(BoardKind::Hex8, PlayerCount::Two), "P0,0,0x3");
    let svg = render_svg(&after, &SvgOptions { played: Some(played), ..SvgOptions::default() });
    let document = Document::parse(&svg).expect("XML");
    assert!(group(&document, "marks").is_some());
    assert!(group(&document, "arrow").is_none(), "a placement comes from nowhere");
}

#[test]
fn highlights_are_tinted() {
    let position = position("hex8-3p-over");
    let cells: Vec<_> = ["0,0,0", "1,0,-1"].map(|key| position.geometry().parse_key(key).expect("a cell")).into();
    let svg = render_svg(&position, &SvgOptions { highlights: cells, ..SvgOptions::default() });
    let document = Document::parse(&svg).expect("XML");
    let keys: Vec<String> = shown(&document, "highlights").into_keys().collect();
    assert_eq!(keys, ["0,0,0", "1,0,-1"]);
}

#[test]
fn the_panel_tells_the_state_of_the_game() {
    let text = |position: &AnyPosition| {
        let svg = render_svg(position, &SvgOptions::default());
        let document = Document::parse(&svg).expect("XML");
        let panel = group(&document, "panel").expect("a panel");
        panel.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!("panel-in-progress", text(&position("square8-4p")));
    insta::assert_snapshot!("panel-over", text(&position("hex8-3p-over")));
}

#[test]
fn the_height_follows_the_width() {
    let size = |width| {
        let svg = render_svg(&position("square8-2p"), &SvgOptions { width, ..SvgOptions::default() });
        let document = Document::parse(&svg).expect("XML");
        let number = |name| document.root_element().attribute(name).expect("a size").parse::<f64>().expect("a number");
        (number("width"), number("height"))
    };
    let natural = size(None);
    let doubled = size(Some(2 * natural.0 as u32));
    assert!((doubled.0 - 2.0 * natural.0).abs() < 1.0);
    assert!((doubled.1 - 2.0 * natural.1).abs() < 1.0);
}

#[test]
fn equal_positions_give_equal_pictures() {
    for (name, position) in positions() {
        let again: AnyPosition = position.to_string().parse().expect("a position");
        assert_eq!(render_svg(&position, &SvgOptions::default()), render_svg(&again, &SvgOptions::default()), "{name}");
    }
}

/// Each player's 96 rings as stacks of `height` rings, and a marker or territory on every other cell.
fn crowded(height: usize, marker: bool) -> AnyPosition {
    let board = BoardKind::Hexagonal;
    let mut setup = Setup::initial(board, PlayerCount::Four, {
        RuleOptions { territory_threshold: 469, ..RuleOptions::standard(board, PlayerCount::Four) }
    });
    let geometry = board.geometry();
    let stacks = 4 * 96 / height;
    for (i, cell) in geometry.cells().enumerate() {
        let at = geometry.coord(cell);
        let owner = i as u64 % 4 + 1;
        if i < stacks {
            let rings = (0..height as u64).map(|ring| (owner + ring) % 4 + 1).collect();
            setup.stacks.push(SetupStack { cell: at, rings });
        } else if marker {
            setup.markers.push((at, owner));
        } else if i < 460 {
            setup.collapsed.push((at, owner));
        }
    }
    setup.hand = vec![0; 4];
    setup.into_position().expect("a possible position")
}

#[test]
fn the_most_crowded_boards_stay_small() {
    for (height, marker) in [(1, true), (2, true), (2, false), (8, false), (96, false)] {
        let svg = render_svg(&crowded(height, marker), &SvgOptions::default());
        assert!(svg.len() < BYTES_MOST, "stacks of {height}: {} bytes", svg.len());
        Document::parse(&svg).expect("XML");
    }
}
