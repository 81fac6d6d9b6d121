//! JSON with the names that upstream's Python objects have: `from_pos` and `move_number` instead of `from` and
//! `moveNumber`.

use serde_json::{Map, Value};

/// The field name in snake case; `from` is a word of Python, so there it is `from_pos`.
fn snake(name: &str) -> String {
    if name == "from" {
        return "from_pos".into();
    }
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The same document with field names in snake case. Names inside `rulesOptions` are data and stay.
pub(crate) fn snake_case(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(snake_case).collect(),
        Value::Object(map) => {
            let rename = |(name, value): (String, Value)| {
                let value = if name == "rulesOptions" { value } else { snake_case(value) };
                (snake(&name), value)
            };
            Value::Object(map.into_iter().map(rename).collect::<Map<_, _>>())
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_change_and_data_stay() {
        let before =
            json!({"from": {"x": 1}, "moveNumber": 2, "rulesOptions": {"swapRuleEnabled": false}, "1,2": [{"aB": 1}]});
        let after = json!({"from_pos": {"x": 1}, "move_number": 2, "rules_options": {"swapRuleEnabled": false}, "1,2": [{"a_b": 1}]});
        assert_eq!(snake_case(before), after);
    }
}
