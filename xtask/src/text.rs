//! Text: sentences, wrapping and the code marks of each output.

use anyhow::{Result, ensure};

/// The longest line of a generated file.
pub(crate) const WIDTH: usize = 120;

/// A documentation text as paragraphs, each on one line.
pub(crate) fn paragraphs(doc: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut open = false;
    for line in doc.lines().map(str::trim) {
        match (line.is_empty(), all.last_mut()) {
            (true, _) => open = false,
            (false, Some(last)) if open => {
                last.push(' ');
                last.push_str(line);
            }
            (false, _) => {
                all.push(line.to_owned());
                open = true;
            }
        }
    }
    all
}

/// The first sentence of a documentation text, and the paragraphs after it.
pub(crate) fn summary(doc: &str) -> (String, Vec<String>) {
    let mut rest = paragraphs(doc);
    if rest.is_empty() {
        return (String::new(), rest);
    }
    let first = rest.remove(0);
    match sentence_end(&first) {
        Some(end) => {
            rest.insert(0, first[end..].trim_start().to_owned());
            (first[..end].to_owned(), rest)
        }
        None => (first, rest),
    }
}

/// The byte after the first sentence's full stop, when another sentence follows.
fn sentence_end(text: &str) -> Option<usize> {
    text.match_indices(". ")
        .map(|(at, _)| at + 1)
        .find(|&end| text[end..].trim_start().starts_with(|c: char| c.is_uppercase() || c == '`' || c == '"'))
}

/// `text` in lines of at most [`WIDTH`], the first one after `first` and the others after `rest`.
pub(crate) fn wrap(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::from(first);
    let mut width = first.chars().count();
    let mut fresh = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let len = word.chars().count();
        if !fresh && width + 1 + len > WIDTH {
            out.push('\n');
            out.push_str(rest);
            width = rest.chars().count();
            fresh = true;
        }
        if !fresh {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += len;
        fresh = false;
    }
    out
}

/// A Python docstring's lines (opening and closing marks included) at `indent`, from a text and a block after it.
pub(crate) fn docstring(doc: &str, block: &str, indent: &str) -> Result<String> {
    let (first, rest) = summary(&python_marks(doc));
    let width = indent.len() + 3 + first.chars().count();
    ensure!(width <= WIDTH, "the first sentence must fit on one line of {WIDTH} columns: {first:?}");
    if rest.is_empty() && block.is_empty() && width + 3 <= WIDTH {
        return Ok(format!("{indent}\"\"\"{first}\"\"\"\n"));
    }
    let mut out = format!("{indent}\"\"\"{first}\n");
    for paragraph in &rest {
        out.push('\n');
        out.push_str(&wrap(paragraph, indent, indent));
        out.push('\n');
    }
    out.push_str(block);
    out.push_str(&format!("{indent}\"\"\"\n"));
    Ok(out)
}

/// Markdown code marks as reStructuredText has them; backslashes and quotes made safe for a docstring.
pub(crate) fn python_marks(text: &str) -> String {
    text.replace('\\', "\\\\").replace("\"\"\"", "'''").replace('`', "``")
}

/// A text for a cell of a Markdown table.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_first_sentence() {
        let (first, rest) = summary("Take it, e.g. now. Then `more`.\nAnd\n\nlast.\n");
        assert_eq!(first, "Take it, e.g. now.");
        assert_eq!(rest, ["Then `more`. And", "last."]);
        assert_eq!(summary("Only one").0, "Only one");
        assert_eq!(summary(""), (String::new(), vec![]));
    }

    #[test]
    fn lines_stay_within_the_width() {
        let text = wrap(&"word ".repeat(100), "- ", "  ");
        assert!(text.lines().all(|line| line.len() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
        assert_eq!(text.split_whitespace().count(), 101);
    }

    #[test]
    fn a_docstring_is_one_line_where_it_can() -> Result<()> {
        assert_eq!(docstring("One `x`.", "", "    ")?, "    \"\"\"One ``x``.\"\"\"\n");
        assert_eq!(docstring("One. Two.", "", "")?, "\"\"\"One.\n\nTwo.\n\"\"\"\n");
        assert!(docstring(&"long ".repeat(40), "", "").is_err());
        Ok(())
    }
}
