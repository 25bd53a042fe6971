//! Files of lines `NAME=value`, as `.env` files are written.
//!
//! A value may stand in quotes and then go over several lines: in single ones as it is, in double ones with the
//! escapes `\n`, `\r`, `\t` and `\` before any other character. Without quotes it ends at ` #` or at the line's end.
//! Nothing is substituted: a `$` in a password is a `$`.

/// The pairs of names and values; or the number, from 1, of the line that is no pair.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, u64> {
    let text = text.trim_start_matches('\u{feff}');
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if is_blank(line) {
            rest = after;
            continue;
        }
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count() as u64;
        let (pair, after) = pair(rest).ok_or(line)?;
        pairs.push(pair);
        rest = after;
    }
    Ok(pairs)
}

/// The pair at the beginning of `text`, and what comes after its last line.
fn pair(text: &str) -> Option<((String, String), &str)> {
    let (name, text) = text.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
        return None;
    }
    let text = text.trim_start_matches([' ', '\t']);
    let (value, text) = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(&text[1..], quote)?,
        _ => bare(text),
    };
    let (more, after) = text.split_once('\n').unwrap_or((text, ""));
    is_blank(more).then(|| ((name.to_owned(), value), after))
}

/// The value up to the closing quote, and what comes after the quote.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            c if c == quote => return Some((value, chars.as_str())),
            '\\' if quote == '"' => value.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            c => value.push(c),
        }
    }
}

/// The value up to a comment or the line's end, and what comes after it.
fn bare(text: &str) -> (String, &str) {
    let line = &text[..text.find('\n').unwrap_or(text.len())];
    let is_comment = |at: &usize| line[..*at].ends_with([' ', '\t']) || *at == 0;
    let end = line.match_indices('#').map(|(at, _)| at).find(is_comment).unwrap_or(line.len());
    (line[..end].trim_end().to_owned(), &text[end..])
}

/// Whether a line, or the rest of one, says nothing.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        parse(text).unwrap().into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn values_are_bare_or_in_quotes() {
        let text = "\u{feff}# keys\r\n\r\nA=1\r\nexport  B.b-2 = two words  # why\r\nC=\r\nD=\"a \\\"b\\\" $C\\n#\" # e\nE='\\n $x'\nF=a#b\nG= #\nH=x=y";
        assert_eq!(values(text), ["1", "two words", "", "a \"b\" $C\n#", "\\n $x", "a#b", "", "x=y"]);
        assert_eq!(parse("export A=1").unwrap()[0].0, "A");
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn a_quoted_value_goes_over_several_lines() {
        let text = "KEY=\"-----BEGIN\nabc=\n-----END\"\nB='x\n# y'\nC=3\n";
        assert_eq!(values(text), ["-----BEGIN\nabc=\n-----END", "x\n# y", "3"]);
    }

    #[test]
    fn the_line_of_a_mistake_is_named() {
        let mistakes = [
            ("word", 1),
            ("A=1\n\nword\nB=2", 3),
            ("A='1\n2'\n\n=x", 4),
            ("A=1\nB='open\n\n", 2),
            ("A B=1", 1),
            ("A='1' 2", 1),
            ("#\nword\nA=1", 2),
            ("ü=1", 1),
        ];
        for (text, line) in mistakes {
            assert_eq!(parse(text), Err(line), "{text:?}");
        }
    }
}
