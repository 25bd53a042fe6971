//! Known names that are like a wrong one.

/// The known names that one is like or a part of, best first, three at most.
pub(crate) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let likeness = |known: &str| {
        let part = if !name.is_empty() && known.contains(name) { 1.0 } else { 0.0 };
        strsim::jaro_winkler(known, name).max(part)
    };
    let known = known.into_iter().map(|known| (likeness(known), known));
    let mut near: Vec<(f64, &str)> = known.filter(|near| near.0 > 0.75).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The known name of which one is a slip of the pen: a letter in four may be wrong.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = known.into_iter().map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (slips, known) = known.min_by_key(|(slips, _)| *slips)?;
    (slips * 4 <= name.chars().count() + 1).then_some(known)
}
