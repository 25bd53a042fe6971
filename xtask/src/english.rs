//! Measures the share of documentation sentences that begin with a question word instead of a verb or a noun.

use crate::imports;
use anyhow::{Result, ensure};
use std::{collections::BTreeMap, path::Path};

const FOLDERS: [&str; 6] = ["benches", "crates", "fuzz/src", "fuzz/tests", "tests", "xtask/src"];
const WORDS: [&str; 7] = ["How", "What", "Where", "Whether", "Which", "Who", "Whose"];
/// The largest share in percent.
const LIMIT: usize = 4;

/// Returns the share; an error with the places if it is too large.
pub(crate) fn check(root: &Path) -> Result<String> {
    let (mut all, mut places) = (0, Vec::new());
    for folder in FOLDERS {
        let mut sources = BTreeMap::new();
        imports::read(&root.join(folder), "", "rs", &mut sources)?;
        for (file, source) in &sources {
            let (count, lines) = measure(source);
            all += count;
            places.extend(lines.iter().map(|line| format!("\n{folder}/{file}:{line}")));
        }
    }
    let share = format!("{} of {all} documentation sentences begin with a question word", places.len());
    ensure!(places.len() * 100 <= all * LIMIT, "{share}, and at most {LIMIT}% may:{}", places.concat());
    Ok(share)
}

/// Counts the documentation sentences of a source file, and lists the lines of those with a question word.
fn measure(source: &str) -> (usize, Vec<usize>) {
    let (mut all, mut lines, mut is_code, mut begins) = (0, Vec::new(), false, true);
    for (index, line) in source.lines().map(str::trim_start).enumerate() {
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or_default().trim();
        let is_fence = text.starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence || text.is_empty() {
            begins = true;
            continue;
        }
        begins |= text.starts_with(['#', '-']);
        let text = text.trim_start_matches(['#', '-', ' ']);
        for (at, sentence) in text.replace("? ", ". ").replace("! ", ". ").split(". ").enumerate() {
            if begins || at > 0 {
                all += 1;
                lines.extend(WORDS.contains(&sentence.split(' ').next().unwrap_or_default()).then_some(index + 1));
            }
        }
        begins = text.ends_with(['.', '?', '!']);
    }
    (all, lines)
}

#[test]
fn sentences_are_counted_by_their_first_words() {
    let source = "//! The pool. What is\n//! in it? Whether it\n//! How. Is\n\n    /// - Who\n    /// ```\n    /// What\n    \
                  /// ```\n    /// Somewhat. Returns x.\n    let what = 1; // Whose";
    assert_eq!(measure(source), (7, vec![1, 2, 5]));
}
