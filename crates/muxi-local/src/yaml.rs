//! Reading YAML that others have written.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Track};
use serde_saphyr::{Error, Options, budget::BudgetBreach};

/// Lists and mappings that may be in each other. Each level takes some stack.
pub(crate) const DEEPEST: usize = 32;

/// A text that is not the YAML that was expected.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Line and column, both from 1.
    pub(crate) place: (u64, u64),
    pub(crate) message: String,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let place = error.location().map_or((1, 1), |place| (place.line(), place.column()));
        Self { place, message: words(&error) }
    }
}

fn options() -> Options {
    let budget = serde_saphyr::budget! { max_depth: DEEPEST };
    serde_saphyr::options! { budget: budget }
}

/// Reads a text.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    Ok(serde_saphyr::from_str_with_options(text, options())?)
}

/// Reads a text. The error comes with the fields that lead to its place.
pub(crate) fn read_fields<T: DeserializeOwned>(text: &str) -> Result<T, (Fault, Path)> {
    let mut track = Track::new();
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        T::deserialize(serde_path_to_error::Deserializer::new(deserializer, &mut track))
    });
    read.map_err(|error| (error.into(), track.path()))
}

/// Words of the library, and those that a user knows.
const PLAIN: [(&str, &str); 7] = [
    ("a nonzero u64", "a whole number from 1"),
    ("invalid u64", "expected a whole number that is not negative"),
    ("expected string scalar", "expected a text"),
    ("invalid boolean", "expected true or false"),
    ("cannot deserialize null into string; use Option<String>", "expected a text, found nothing"),
    ("expected sequence start", "expected a list"),
    ("expected mapping start", "expected a mapping"),
];

fn words(error: &Error) -> String {
    let deep = || format!("at most {DEEPEST} lists and mappings in each other are possible");
    let error = error.without_snippet();
    if let Error::Budget { breach, .. } = error {
        return match breach {
            BudgetBreach::Depth { .. } => deep(),
            BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => "too many values in one file".to_owned(),
            _ => "too many anchors, aliases or merge keys".to_owned(),
        };
    }
    if let Error::DuplicateMappingKey { key: Some(key), .. } = error {
        return format!("the key '{key}' is already in this mapping: expected it once");
    }
    let mut words = error.to_string();
    for (library, plain) in PLAIN {
        words = words.replace(library, plain);
    }
    // The place is told apart.
    match words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words) {
        // The scanner is ahead of what counts the levels, and has a limit of its own.
        "recursion limit exceeded" => deep(),
        words => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::thread;

    fn nested(open: &str, close: &str, levels: usize) -> String {
        format!("{}1{}", open.repeat(levels), close.repeat(levels))
    }

    /// On the smallest stack that a thread has here.
    #[test]
    fn nesting_is_limited() {
        let deep = |levels| {
            [
                nested("{a: ", "}", levels),
                nested("[", "]", levels),
                nested("[\n", "]", levels),
                nested("- ", "", levels),
                format!("x: {}", nested("{a: ", "}", levels - 1)),
            ]
        };
        let read = move || {
            for text in deep(DEEPEST) {
                super::read::<Value>(&text).unwrap();
            }
            for text in deep(DEEPEST + 1).iter().chain(&deep(100_000)) {
                let fault = super::read::<Value>(text).unwrap_err();
                assert_eq!(fault.message, "at most 32 lists and mappings in each other are possible");
            }
        };
        thread::Builder::new().stack_size(2 << 20).spawn(read).unwrap().join().unwrap();
    }

    #[test]
    fn other_limits_are_told_in_words() {
        let many = super::read::<Value>(&"- \n".repeat(300_000)).unwrap_err();
        assert_eq!(many.message, "too many values in one file");
        let aliases = super::read::<Value>(&format!("- &a 1\n{}", "- *a\n".repeat(60_000))).unwrap_err();
        assert_eq!(aliases.message, "too many anchors, aliases or merge keys");
    }
}
