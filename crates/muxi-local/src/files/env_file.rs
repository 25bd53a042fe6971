//! Files of lines `NAME=value`, as `.env` files are written, read as `python-dotenv` and `docker` read them.
//!
//! A value may stand in quotes and then go over several lines. In double quotes `\n` and its like stand for what they
//! stand for in C, in both `\` takes a quote or itself along; any other `\` is a character like others. Without quotes a
//! value ends at ` #` or at the line's end. A name alone has no value. Nothing is substituted: a `$` in a password is a
//! `$`.

/// The pairs of names and values; or the number, from 1, of the line that is no pair.
pub(super) fn parse(text: &str) -> Result<Vec<(String, Option<String>)>, u64> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let mut pairs = Vec::new();
    let mut rest = &*text;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        if is_blank(line) {
            rest = after;
            continue;
        }
        // Counted for a mistake only: for each line it would be the square of their number.
        let number = || 1 + text[..text.len() - rest.len()].matches('\n').count() as u64;
        let (pair, after) = pair(rest).ok_or_else(number)?;
        pairs.push(pair);
        rest = after;
    }
    Ok(pairs)
}

/// The pair at the beginning of `text`, and what comes after its last line.
fn pair(text: &str) -> Option<((String, Option<String>), &str)> {
    let (line, after) = split_line(text);
    let name = line.split('=').next().unwrap_or(line);
    let value = &text[name.len()..];
    let name = name.trim();
    let name = name.strip_prefix("export").and_then(|rest| rest.strip_prefix([' ', '\t'])).unwrap_or(name).trim();
    let name = name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(name);
    if name.is_empty() || name.contains([' ', '\t', '#']) {
        return None;
    }
    let Some(value) = value.strip_prefix('=') else { return Some(((name.to_owned(), None), after)) };
    let value = value.trim_start_matches([' ', '\t']);
    let (value, rest) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(&value[1..], quote)?,
        _ => bare(value),
    };
    let (more, after) = split_line(rest);
    is_blank(more).then(|| ((name.to_owned(), Some(value)), after))
}

/// The value up to the closing quote, and what comes after the quote.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            c if c == quote => return Some((value, chars.as_str())),
            '\\' => {
                let next = chars.next()?;
                match escaped(next, quote) {
                    Some(c) => value.push(c),
                    None => value.extend(['\\', next]),
                }
            }
            c => value.push(c),
        }
    }
}

/// The character that `\` and `c` stand for between those quotes.
fn escaped(c: char, quote: char) -> Option<char> {
    match c {
        '\\' | '\'' => Some(c),
        _ if quote == '\'' => None,
        '"' => Some(c),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        _ => None,
    }
}

/// The value up to a comment or the line's end, and what comes after it.
fn bare(text: &str) -> (String, &str) {
    let (line, _) = split_line(text);
    let is_comment = |at: &usize| line[..*at].ends_with([' ', '\t']);
    let end = line.match_indices('#').map(|(at, _)| at).find(is_comment).unwrap_or(line.len());
    (line[..end].trim_end().to_owned(), &text[end..])
}

fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// True if a line, or the rest of one, is empty or a comment.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        parse(text).unwrap().into_iter().filter_map(|(_, value)| value).collect()
    }

    fn names(text: &str) -> Vec<String> {
        parse(text).unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn bare_values_end_at_a_comment() {
        let text = "\u{feff}# keys\r\n\r\nA=1\r\nB = two words  # why\r\nC=\r\nD=a#b\nE=#secret\nF=x=y\rG=$7 ";
        assert_eq!(values(text), ["1", "two words", "", "a#b", "#secret", "x=y", "$7"]);
    }

    #[test]
    fn quoted_values_have_escapes() {
        let text = r#"A="a \"b\" $C\n#" # why
B='\n $x'
C="C:\dir\x"
D='it\'s \\'
"#;
        assert_eq!(values(text), ["a \"b\" $C\n#", "\\n $x", "C:\\dir\\x", "it's \\"]);
    }

    #[test]
    fn a_quoted_value_goes_over_several_lines() {
        let text = "KEY=\"-----BEGIN\r\nabc=\r\n-----END\"\r\nB='x\n# y'\nC=3\n";
        assert_eq!(values(text), ["-----BEGIN\nabc=\n-----END", "x\n# y", "3"]);
    }

    #[test]
    fn names_may_be_alone_and_odd() {
        assert_eq!(
            names("TOKEN\nOTHER\nexport A\nexport\tB=1\n'C'=2\na/b.c-d=3\n\u{dc}=4\nexport=5"),
            ["TOKEN", "OTHER", "A", "B", "C", "a/b.c-d", "\u{dc}", "export"]
        );
        assert_eq!(parse("TOKEN").unwrap(), [("TOKEN".to_owned(), None)]);
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn the_line_of_a_mistake_is_named() {
        let mistakes = [
            ("two words", 1),
            ("A=1\n\ntwo words\nB=2", 3),
            ("A='1\n2'\n\n=x", 4),
            ("A=1\nB='open\n\n", 2),
            ("A B=1", 1),
            ("A='1' 2", 1),
            ("#\ntwo words\nA=1", 2),
        ];
        for (text, line) in mistakes {
            assert_eq!(parse(text), Err(line), "{text:?}");
        }
    }
}
