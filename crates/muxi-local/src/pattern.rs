//! Patterns in which `*` stands for any text.

/// True if a text fits a pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(index) => rest = &rest[index + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Tells whether there is a text that fits both patterns.
pub(crate) fn meet(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // Tells of each rest of `other`, by its start, whether it meets the rest of `one` that was looked at last.
    let mut after = vec![false; other.len() + 1];
    for i in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for j in (0..=other.len()).rev() {
            let next = row.get(j + 1).copied().unwrap_or_default();
            row[j] = match (one.get(i), other.get(j)) {
                (None, None) => true,
                (Some(b'*'), _) | (_, Some(b'*')) => next || (i < one.len() && after[j]),
                (Some(a), Some(b)) => a == b && after[j + 1],
                _ => false,
            };
        }
        after = row;
    }
    after[0]
}

#[cfg(test)]
mod tests {
    use super::meet;

    #[test]
    fn patterns_meet_where_a_text_fits_both() {
        for (one, other, expected) in [
            ("", "", true),
            ("a", "a", true),
            ("a", "b", false),
            ("a", "", false),
            ("*", "", true),
            ("*", "*", true),
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("/v1/mem*", "/v1/memories/*", true),
            ("*chat", "/api/*/v1/chat", true),
            ("chat*", "/api/*/v1/chat", false),
            ("/api/demo/v1/chat", "/api/*/v1/chat", true),
            ("/chat", "/v1/chat", false),
            ("a*c*", "ab*d", true),
            ("a*c", "ab*d", false),
        ] {
            assert_eq!((meet(one, other), meet(other, one)), (expected, expected), "{one} {other}");
        }
        let stars = "*".repeat(4000);
        assert!(meet(&stars, &format!("{stars}a")));
    }
}
