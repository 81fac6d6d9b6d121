//! Names the user may have meant.

/// The candidate nearest to `name`, if one is near enough to be a typing error of it.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    let lower = name.to_lowercase();
    let rated = candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate));
    rated
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const BOARDS: [&str; 4] = ["square8", "square19", "hex8", "hexagonal"];

    #[test]
    fn typing_errors_find_their_name() {
        assert_eq!(nearest("sqare8", BOARDS), Some("square8"));
        assert_eq!(nearest("HEX8", BOARDS), Some("hex8"));
        assert_eq!(nearest("hexagnoal", BOARDS), Some("hexagonal"));
    }

    #[test]
    fn unlike_names_find_nothing() {
        assert_eq!(nearest("chess", BOARDS), None);
        assert_eq!(nearest("", BOARDS), None);
    }
}
