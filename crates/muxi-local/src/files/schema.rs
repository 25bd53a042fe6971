//! Checks the types of known fields.

use super::{
    report::{Report, names},
    yaml::{Data, Node},
};
use crate::near::meant;
use croner::parser::CronParser;

/// The shape that a field may have.
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
    /// A mapping with these fields and any others; one that looks like a slip of the pen is warned of.
    Open(&'static [Field]),
    /// A mapping of any names to values of that kind.
    Each(&'static Kind),
    /// Any of these.
    Either(&'static [Kind]),
}

/// A field's name and what it may be.
#[derive(Debug)]
pub(super) struct Field(pub(super) &'static str, pub(super) Kind);

/// Checks a value against its kind. `name` is its dotted path.
pub(super) fn check(file: &str, node: &Node, name: &str, kind: &'static Kind, report: &mut Report) {
    // The value of a reference is not known here.
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
        Kind::Each(inner) => {
            for entry in node.entries() {
                check(file, &entry.value, &format!("{name}.{}", entry.key), inner, report);
            }
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
            None => {
                let known = || fields.iter().map(|field| field.0);
                let message = match meant(&entry.key, known()) {
                    Some(meant) => format!("'{inner}' is not known here; near: {meant}"),
                    None if closed => format!("'{inner}' is not known here; known are {}", names(known())),
                    None => continue,
                };
                report.warn(file, entry.place, message);
            }
        }
    }
}

/// True if a value has the outer shape of a kind.
fn fits(node: &Node, kind: &Kind) -> bool {
    match (kind, &node.data) {
        (Kind::Any, _)
        | (Kind::Text, Data::Text(_))
        | (Kind::Scalar, Data::Text(_) | Data::Number(_))
        | (Kind::Bool, Data::Bool(_))
        | (Kind::List(_), Data::List(_))
        | (Kind::Map(_) | Kind::Open(_) | Kind::Each(_), Data::Map(_)) => true,
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
        Kind::Map(_) | Kind::Open(_) | Kind::Each(_) => "a mapping".to_owned(),
        Kind::Either(kinds) => kinds.iter().map(words).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{fields, yaml},
        *,
    };

    fn checked(text: &str) -> Report {
        let mut report = Report::default();
        let node = yaml::parse("f", 1, text, &mut report).unwrap();
        check_fields("f", &node, "", fields::FORMATION, true, &mut report);
        report
    }

    #[test]
    fn nested_values_of_a_wrong_type_are_faults() {
        for (more, expected) in [
            ("llm: {models: [{text: 4}]}", "f:1:23: 'llm.models[0].text': expected a text, found the number 4"),
            (
                "input_limits: {max_message_length: long}",
                "f:1:36: 'input_limits.max_message_length': expected a whole number of at least 1, found the text 'long'",
            ),
            (
                "memory: {captains_log: {session_idle_minutes: soon}}",
                "f:1:47: 'memory.captains_log.session_idle_minutes': expected a number of at least 0, found the text 'soon'",
            ),
            (
                "memory: {distillery: {default_trust_level: full}}",
                "f:1:44: 'memory.distillery.default_trust_level': expected one of provisional, verified",
            ),
            (
                "mcp: {max_timeout_in_seconds: long}",
                "f:1:31: 'mcp.max_timeout_in_seconds': expected a number of at least 0, found the text 'long'",
            ),
            (
                "overlord: {clarification: {persist_learned_info: 7}}",
                "f:1:50: 'overlord.clarification.persist_learned_info': expected true or false, found the number 7",
            ),
            (
                "proactive: {channels: {bell: {url: 7}}}",
                "f:1:36: 'proactive.channels.bell.url': expected a URL that begins with http:// or https://, found the number 7",
            ),
            (
                "logging: {conversation: {destinations: [{enabled: 3}]}}",
                "f:1:51: 'logging.conversation.destinations[0].enabled': expected true or false, found the number 3",
            ),
        ] {
            let found: Vec<String> = checked(more).errors.iter().map(ToString::to_string).collect();
            assert!(found.len() == 1 && found[0].starts_with(expected), "{more}\n  found    {found:?}");
        }
    }

    /// Blocks of which not every field is known are only searched for slips of the pen.
    #[test]
    fn slips_in_nested_names_are_warned_of() {
        for (more, expected) in [
            ("llm: {modles: []}", "f:1:7: 'llm.modles' is not known here; near: models"),
            (
                "llm: {settings: {temprature: 1}}",
                "f:1:18: 'llm.settings.temprature' is not known here; near: temperature",
            ),
            ("llm: {models: [{txt: a/b}]}", "f:1:17: 'llm.models[0].txt' is not known here; near: text"),
            ("memory: {bufer: {size: 1}}", "f:1:10: 'memory.bufer' is not known here; near: buffer"),
            ("memory: {buffer: {sice: 1}}", "f:1:19: 'memory.buffer.sice' is not known here; near: size"),
            ("server: {prot: 1}", "f:1:10: 'server.prot' is not known here; near: port"),
            ("overlord: {respnse: {}}", "f:1:12: 'overlord.respnse' is not known here; near: response"),
            (
                "scheduler: {colour: x}",
                "f:1:13: 'scheduler.colour' is not known here; known are enabled, timezone, check_interval_minutes",
            ),
            ("async: {colour: x}", "f:1:9: 'async.colour' is not known here; known are threshold_seconds"),
            (
                "server: {api_keys: {key: x}}",
                "f:1:21: 'server.api_keys.key' is not known here; known are admin_key, client_key",
            ),
            (
                "memory: {working: {max_memory_bm: 1}}",
                "f:1:20: 'memory.working.max_memory_bm' is not known here; near: max_memory_mb",
            ),
            ("llm: {settings: {max_retries: 3, fallback_model: x}}\nmemory: {colour: x}\nrbac: {a: b}", ""),
        ] {
            let Report { errors, warnings } = checked(more);
            let found: Vec<String> = errors.iter().chain(&warnings).map(ToString::to_string).collect();
            let found = found.join("\n");
            assert!(
                found.starts_with(expected) && found.is_empty() == expected.is_empty(),
                "{more}\n  found    {found}"
            );
        }
    }
}
