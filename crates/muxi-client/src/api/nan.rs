//! Numbers that JSON does not have. Python's `json` writes them all the same, and a runtime may.

/// The words that it writes, the longer ones first.
const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// JSON in which `null` stands for each of them; `None` where there is none.
pub(super) fn without_nan(json: &str) -> Option<String> {
    // Most texts have neither letter, and each event without a slice comes here.
    memchr::memchr2(b'N', b'I', json.as_bytes())?;
    if !WORDS.iter().any(|word| json.contains(word)) {
        return None;
    }
    let (mut mended, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(next) = rest.chars().next() {
        let (taken, instead) = match WORDS.iter().find(|word| rest.starts_with(**word)) {
            Some(word) => (word.len(), "null"),
            None if next == '"' => {
                let end = string_end(rest);
                (end, &rest[..end])
            }
            None => (next.len_utf8(), &rest[..next.len_utf8()]),
        };
        mended.push_str(instead);
        rest = &rest[taken..];
    }
    (mended != json).then_some(mended)
}

/// The length of the JSON string at the beginning of `json`.
fn string_end(json: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_replaced() {
        let mended = without_nan(r#"{"NaN":"a \" NaN","b":[NaN,-Infinity,Infinity,-1],"ü":"Infinity"}"#);
        assert_eq!(mended.as_deref(), Some(r#"{"NaN":"a \" NaN","b":[null,null,null,-1],"ü":"Infinity"}"#));
        assert_eq!(without_nan(r#"{"text":"NaN and Infinity"}"#), None);
        assert_eq!(without_nan(r#"{"text":"NaN"#), None);
    }
}
