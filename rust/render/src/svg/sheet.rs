//! The text of a picture as it grows.

use std::fmt::Write as _;

use super::Point;

/// SVG text under construction.
#[derive(Debug)]
pub(crate) struct Sheet {
    text: String,
    id: String,
}

impl Sheet {
    pub fn new(id: &str) -> Self {
        let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        Self { text: String::new(), id }
    }

    /// Beginning of the ids.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn into_text(self) -> String {
        self.text
    }

    /// Appends markup.
    pub fn push(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// Appends text that is not markup.
    pub fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                _ => self.text.push(c),
            }
        }
    }

    pub fn open_group(&mut self, name: &str, class: &str) {
        let _ = write!(self.text, "<g id=\"{}-{name}\"", self.id);
        if !class.is_empty() {
            let _ = write!(self.text, " class=\"{class}\"");
        }
        self.text.push('>');
    }

    pub fn close_group(&mut self) {
        self.text.push_str("</g>\n");
    }

    pub fn path(&mut self, class: &str, d: &str) {
        let _ = write!(self.text, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// Text at a point; the class says how it is aligned.
    pub fn label(&mut self, class: &str, (x, y): Point, text: &str) {
        self.text.push_str("<text");
        if !class.is_empty() {
            let _ = write!(self.text, " class=\"{class}\"");
        }
        let _ = write!(self.text, " x=\"{}\" y=\"{}\">", num(x), num(y));
        self.escaped(text);
        self.text.push_str("</text>");
    }
}

/// A number with at most one decimal, which is finer than a pixel.
pub(crate) fn num(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.abs() / 10, tenths.abs() % 10);
    if tenth == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{tenth}") }
}

#[cfg(test)]
mod tests {
    use super::{Sheet, num};

    #[test]
    fn numbers_are_short() {
        let shown: Vec<String> = [0.0, -0.04, 12.0, 12.34, -0.5, -7.96].into_iter().map(num).collect();
        assert_eq!(shown, ["0", "0", "12", "12.3", "-0.5", "-8"]);
    }

    #[test]
    fn text_is_escaped_and_ids_are_names() {
        let mut sheet = Sheet::new("a b\"><&-1");
        assert_eq!(sheet.id(), "ab-1");
        sheet.escaped("<&\">'");
        assert_eq!(sheet.text(), "&lt;&amp;&quot;&gt;&#39;");
    }
}
