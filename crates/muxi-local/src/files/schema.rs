//! Checks the types of known fields.

use super::{
    report::{Report, names},
    yaml::{Data, Node},
};
use croner::parser::CronParser;

/// What a field may be.
#[derive(Debug)]
pub(super) enum Kind {
    Any,
    Text,
    /// A text or a number: versions are often written without quotes.
    Scalar,
    Bool,
    /// A whole number, at least this.
    Whole(i64),
    /// A number within bounds.
    Number(f64, f64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// An `http` or `https` URL.
    Url,
    /// A cron expression or one of these words.
    Cron(&'static [&'static str]),
    List(&'static Kind),
    /// A mapping with these fields; others are warned of.
    Map(&'static [Field]),
    /// A mapping with these fields and any others.
    Open(&'static [Field]),
    /// Any of these.
    Either(&'static [Kind]),
}

/// A field's name and what it may be.
#[derive(Debug)]
pub(super) struct Field(pub(super) &'static str, pub(super) Kind);

/// Checks a value against its kind. `name` is its dotted path.
pub(super) fn check(file: &str, node: &Node, name: &str, kind: &'static Kind, report: &mut Report) {
    // What a reference stands for is not known here.
    if node.text().is_some_and(|text| text.contains("${{")) && !matches!(kind, Kind::Map(_) | Kind::List(_)) {
        return;
    }
    if !fits(node, kind) {
        return report.error(file, node.place, format!("'{name}': expected {}, found {}", words(kind), node.kind()));
    }
    match kind {
        Kind::List(inner) => {
            for (index, element) in node.elements().iter().enumerate() {
                check(file, element, &format!("{name}[{index}]"), inner, report);
            }
        }
        Kind::Map(fields) | Kind::Open(fields) => {
            check_fields(file, node, name, fields, matches!(kind, Kind::Map(_)), report);
        }
        Kind::Either(kinds) => {
            // The first of its shape says what is wrong inside.
            if let Some(kind) = kinds.iter().find(|kind| fits(node, kind)) {
                check(file, node, name, kind, report);
            }
        }
        _ => {}
    }
}

/// Checks the fields of a mapping.
pub(super) fn check_fields(
    file: &str,
    node: &Node,
    name: &str,
    fields: &'static [Field],
    closed: bool,
    report: &mut Report,
) {
    for entry in node.entries() {
        let inner = if name.is_empty() { entry.key.clone() } else { format!("{name}.{}", entry.key) };
        match fields.iter().find(|field| field.0 == entry.key) {
            Some(field) => check(file, &entry.value, &inner, &field.1, report),
            None if closed => {
                let known = names(fields.iter().map(|field| field.0));
                report.warn(file, entry.place, format!("'{inner}' is not known here; known are {known}"));
            }
            None => {}
        }
    }
}

/// Whether a value has the outer shape of a kind.
fn fits(node: &Node, kind: &Kind) -> bool {
    match (kind, &node.data) {
        (Kind::Any, _)
        | (Kind::Text, Data::Text(_))
        | (Kind::Scalar, Data::Text(_) | Data::Number(_))
        | (Kind::Bool, Data::Bool(_))
        | (Kind::List(_), Data::List(_))
        | (Kind::Map(_) | Kind::Open(_), Data::Map(_)) => true,
        (Kind::Whole(least), Data::Number(number)) => number.as_i64().is_some_and(|number| number >= *least),
        (Kind::Number(least, most), Data::Number(number)) => {
            number.as_f64().is_some_and(|number| (*least..=*most).contains(&number))
        }
        (Kind::Word(words), Data::Text(text)) => words.contains(&text.as_str()),
        // An empty one is none.
        (Kind::Url, Data::Text(text)) => text.is_empty() || text.starts_with("http://") || text.starts_with("https://"),
        (Kind::Cron(words), Data::Text(text)) => words.contains(&text.as_str()) || is_cron(text),
        (Kind::Either(kinds), _) => kinds.iter().any(|kind| fits(node, kind)),
        _ => false,
    }
}

fn is_cron(text: &str) -> bool {
    CronParser::new().parse(text).is_ok()
}

/// A kind in words.
fn words(kind: &Kind) -> String {
    match kind {
        Kind::Any => "a value".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Scalar => "a text or a number".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Whole(least) => format!("a whole number of at least {least}"),
        Kind::Number(least, most) if *most == f64::MAX => format!("a number of at least {least}"),
        Kind::Number(least, most) => format!("a number from {least} to {most}"),
        Kind::Word([one]) => format!("'{one}'"),
        Kind::Word(words) => format!("one of {}", names(*words)),
        Kind::Url => "a URL that begins with http:// or https://".to_owned(),
        Kind::Cron(words) => format!("a cron expression or one of {}", names(*words)),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) | Kind::Open(_) => "a mapping".to_owned(),
        Kind::Either(kinds) => kinds.iter().map(words).collect::<Vec<_>>().join(" or "),
    }
}
