//! The target of a request: the formation in its path, and the operation of the table.

use crate::{near, pattern};
use matchit::Router;
use muxi_client::api::{
    table,
    table::{Api, Constant, Endpoint},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};
use serde_json::Value;
use std::sync::LazyLock;

/// The characters that a path keeps as they are.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The target of a path.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The path as it came.
    pub(crate) path: String,
    pub(crate) place: Place,
    /// The path as the part that answers knows it: behind `/api/{id}` or `/draft/{id}`, cleaned; or the whole one. Both
    /// servers look for routes in the decoded path, so that no part of it has a slash.
    inner: String,
}

/// The part of a server that answers a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The formation of that id.
    Live(String),
    /// The draft of that id, while it runs.
    Draft(String),
    /// The first formation.
    First,
    /// The control plane.
    Server,
}

impl Target {
    pub(crate) fn of(path: &str) -> Self {
        let routed = routed(path);
        let (place, inner) = if let Some((id, rest)) = behind("/api/", &routed) {
            (Place::Live(id), rest)
        } else if let Some((id, rest)) = behind("/draft/", &routed) {
            (Place::Draft(id), rest)
        } else if routed == "/v1" || routed.starts_with("/v1/") {
            (Place::First, routed)
        } else {
            (Place::Server, routed)
        };
        Self { path: path.to_owned(), place, inner }
    }

    /// The API that the path belongs to.
    pub(crate) fn api(&self) -> Api {
        if self.place == Place::Server { Api::Server } else { Api::Formation }
    }

    /// The formation that the path names.
    pub(crate) fn formation(&self) -> Option<&str> {
        match &self.place {
            Place::Live(id) | Place::Draft(id) => Some(id),
            Place::First | Place::Server => None,
        }
    }

    /// The path as routes are looked for.
    pub(crate) fn routed(&self) -> String {
        routed(&self.path)
    }

    /// The path as the part that answers knows it.
    pub(crate) fn inner(&self) -> &str {
        &self.inner
    }

    /// The operations of the table that such a request may be: those of one API that share method and path.
    pub(crate) fn operations(&self, method: &str) -> impl Iterator<Item = &'static Endpoint> {
        let (table, path) = match self.api() {
            Api::Server => (&*SERVER, Some(self.inner())),
            Api::Formation => (&*FORMATION, self.inner().strip_prefix("/v1")),
        };
        let found = path.and_then(|path| table.at(path).ok()).map_or(&[][..], |found| found.value.as_slice());
        found.iter().copied().filter(move |endpoint| endpoint.method == method)
    }

    /// True if the path fits a pattern, whole or behind the formation's id.
    pub(crate) fn fits(&self, glob: &str) -> bool {
        pattern::matches(glob, &self.path) || pattern::matches(glob, &self.inner)
    }
}

/// Those of some operations that a body does not contradict: a chat and its stream differ in the field `stream`. All
/// of them where it contradicts each.
pub(crate) fn told_apart(operations: &[&'static Endpoint], body: &Value) -> Vec<&'static Endpoint> {
    let agrees = |constant: &Constant| {
        let value = body.get(constant.wire).filter(|_| constant.place == table::Place::Body);
        value.is_none_or(|value| serde_json::from_str(constant.json).is_ok_and(|constant: Value| constant == *value))
    };
    let apart = operations.iter().copied().filter(|endpoint| endpoint.constants.iter().all(agrees));
    Some(apart.collect()).filter(|apart: &Vec<_>| !apart.is_empty()).unwrap_or_else(|| operations.to_vec())
}

/// The path decoded and encoded again: `%2F` becomes a slash.
fn routed(path: &str) -> String {
    percent_encoding::percent_encode(&percent_decode_str(path).collect::<Vec<u8>>(), PATH).to_string()
}

/// The formation id and the path after it (decoded and cleaned, as the real proxy passes it on, then encoded again).
fn behind(prefix: &str, path: &str) -> Option<(String, String)> {
    let path = path.strip_prefix(prefix)?;
    let (id, rest) = path.split_once('/').unwrap_or((path, ""));
    if id.is_empty() {
        return None;
    }
    let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
    let decoded = percent_decode_str(rest).collect::<Vec<u8>>();
    let mut clean: Vec<&[u8]> = Vec::new();
    for part in decoded.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    let mut rest = String::new();
    for part in &clean {
        rest.push('/');
        rest.extend(percent_encoding::percent_encode(part, PATH));
    }
    // A trailing slash is the formation's to redirect.
    if rest.is_empty() || decoded.ends_with(b"/") {
        rest.push('/');
    }
    Some((id, rest))
}

/// Every operation of both APIs.
pub(crate) fn operations() -> impl Iterator<Item = &'static Endpoint> {
    [Api::Server, Api::Formation].into_iter().flat_map(table::all).copied()
}

/// The path of an operation as a client calls it, behind `prefix` where it is one of a formation.
pub(crate) fn called(endpoint: &Endpoint, prefix: &str) -> String {
    match endpoint.api {
        Api::Server => endpoint.path.to_owned(),
        Api::Formation => format!("{prefix}/v1{}", endpoint.path),
    }
}

/// Tells whether the path of an operation may fit a pattern, whole or behind the formation's id.
pub(crate) fn may_fit(glob: &str) -> bool {
    operations().any(|endpoint| {
        ["", "/api/*", "/draft/*"].into_iter().any(|prefix| {
            let path = called(endpoint, prefix);
            let parts = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
            pattern::meet(glob, &parts.collect::<Vec<_>>().join("/"))
        })
    })
}

/// The operations whose name or path is like a pattern, as errors end with them.
pub(crate) fn near(pattern: &str) -> String {
    // A method before it, and what all paths have in common, say nothing.
    let path = pattern.rsplit(' ').next().unwrap_or_default();
    let behind = path.split_once("/v1/").map_or(path, |(_, rest)| rest);
    let word = behind.trim_matches(['/', '*']);
    let shown = |name: &&str| {
        let endpoint = operations().find(|endpoint| endpoint.name == *name || endpoint.path == *name)?;
        Some(format!("{} ({} {})", endpoint.name, endpoint.method, called(endpoint, "")))
    };
    let names = operations().flat_map(|endpoint| [endpoint.name, endpoint.path]);
    let mut near: Vec<String> = Vec::new();
    for name in near::near(word, names).iter().filter_map(shown) {
        if !near.contains(&name) {
            near.push(name);
        }
    }
    if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) }
}

type Table = Router<Vec<&'static Endpoint>>;

static SERVER: LazyLock<Table> = LazyLock::new(|| table(Api::Server));
static FORMATION: LazyLock<Table> = LazyLock::new(|| table(Api::Formation));

fn table(api: Api) -> Table {
    let mut router = Table::new();
    let mut rows = std::collections::BTreeMap::<String, Vec<&'static Endpoint>>::new();
    for endpoint in table::all(api) {
        rows.entry(positional(endpoint.path)).or_default().push(endpoint);
    }
    for (path, row) in rows {
        // The paths of the table do not clash: the routers of both APIs are made from them, too.
        let _ = router.insert(path, row);
    }
    router
}

/// A path with numbers for names: operations that share a URL may name its parts differently, routes may not.
pub(crate) fn positional(path: &str) -> String {
    let number = |(index, part): (usize, &str)| match part.starts_with('{') {
        true => format!("{{p{index}}}"),
        false => part.to_owned(),
    };
    path.split('/').enumerate().map(number).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_cleaned_and_encoded_again() {
        let rest = |path: &str| behind("/api/", path).map(|(_, rest)| rest);
        assert_eq!(rest("/api/demo").as_deref(), Some("/"));
        assert_eq!(rest("/api/demo/").as_deref(), Some("/"));
        assert_eq!(rest("/api/demo/v1/agents/a%2Fb%20c").as_deref(), Some("/v1/agents/a/b%20c"));
        assert_eq!(rest("/api/demo/v1/./x/../agents/").as_deref(), Some("/v1/agents/"));
        assert_eq!(rest("/api/demo/../../v1").as_deref(), Some("/v1"));
        assert_eq!(rest("/api/"), None);
    }

    #[test]
    fn an_encoded_slash_separates() {
        let target = |path: &str| {
            let target = Target::of(path);
            (target.place.clone(), target.inner().to_owned())
        };
        assert_eq!(target("/api/demo%2fv1%2Fhealth"), (Place::Live("demo".into()), "/v1/health".into()));
        assert_eq!(target("/v1%2Fagents/a%2Fb%20%25"), (Place::First, "/v1/agents/a/b%20%25".into()));
        assert_eq!(target("/rpc/formations/a%2Fb%3F"), (Place::Server, "/rpc/formations/a/b%3F".into()));
        // A path that was encoded twice is decoded once.
        assert_eq!(
            target("/api/a%252Fb/v1/agents/c%252Fd"),
            (Place::Live("a%2Fb".into()), "/v1/agents/c%252Fd".into())
        );
    }

    #[test]
    fn every_operation_is_found_by_its_path() {
        for api in [Api::Server, Api::Formation] {
            for endpoint in table::all(api) {
                let prefix = if api == Api::Formation { "/api/demo/v1" } else { "" };
                let path = format!("{prefix}{}", endpoint.path.replace(['{', '}'], "x"));
                let found = Target::of(&path).operations(endpoint.method).any(|row| row.name == endpoint.name);
                assert!(found && may_fit(&path), "{} {path}", endpoint.method);
            }
        }
        for (pattern, fits) in [
            ("*", true),
            ("/v1/*", true),
            ("/v1/mem*", true),
            ("*chat", true),
            ("*/agents/*", true),
            ("/draft/demo/*", true),
            ("/rpc/*/start", true),
            ("chat*", false),
            ("/chat", false),
            ("POST /v1/chat", false),
            ("/v2/chat", false),
            ("/rpc/formation", false),
        ] {
            assert_eq!(may_fit(pattern), fits, "{pattern}");
        }
        assert_eq!(Target::of("/v1/chat").operations("POST").next().unwrap().name, "chat");
        assert_eq!(Target::of("/v1/chat").operations("PUT").count(), 0);
    }
}
