//! What a request is aimed at: the formation in its path, and the operation of the table.

use crate::{pattern, proxy};
use matchit::Router;
use muxi_client::api::{
    table,
    table::{Api, Endpoint},
};
use std::sync::LazyLock;

/// What a path is aimed at.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// The path as it came.
    pub(crate) path: &'a str,
    /// The API that it belongs to.
    pub(crate) api: Api,
    /// The formation that it names.
    pub(crate) formation: Option<String>,
    /// The path behind `/api/{id}` or `/draft/{id}`, cleaned.
    inner: Option<String>,
}

impl<'a> Target<'a> {
    pub(crate) fn of(path: &'a str) -> Self {
        if let Some((id, rest)) = proxy::behind("/api/", path).or_else(|| proxy::behind("/draft/", path)) {
            return Self { path, api: Api::Formation, formation: Some(id), inner: Some(rest) };
        }
        let api = if path == "/v1" || path.starts_with("/v1/") { Api::Formation } else { Api::Server };
        Self { path, api, formation: None, inner: None }
    }

    /// The operations of the table that such a request may be: those of one API that share method and path.
    pub(crate) fn operations(&self, method: &str) -> impl Iterator<Item = &'static Endpoint> {
        let path = self.inner.as_deref().unwrap_or(self.path);
        let (table, path) = match self.api {
            Api::Server => (&*SERVER, Some(path)),
            Api::Formation => (&*FORMATION, path.strip_prefix("/v1")),
        };
        let found = path.and_then(|path| table.at(path).ok()).map_or(&[][..], |found| found.value.as_slice());
        found.iter().copied().filter(move |endpoint| endpoint.method == method)
    }

    /// Whether the path fits a pattern, whole or behind the formation's id.
    pub(crate) fn fits(&self, glob: &str) -> bool {
        pattern::matches(glob, self.path) || self.inner.as_deref().is_some_and(|path| pattern::matches(glob, path))
    }
}

/// Whether there is an operation of that name.
pub(crate) fn exists(name: &str) -> bool {
    [Api::Server, Api::Formation].into_iter().any(|api| table::all(api).iter().any(|row| row.name == name))
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
    fn every_operation_is_found_by_its_path() {
        for api in [Api::Server, Api::Formation] {
            for endpoint in table::all(api) {
                let prefix = if api == Api::Formation { "/api/demo/v1" } else { "" };
                let path = format!("{prefix}{}", endpoint.path.replace(['{', '}'], "x"));
                let found = Target::of(&path).operations(endpoint.method).any(|row| row.name == endpoint.name);
                assert!(found, "{} {path}", endpoint.method);
            }
        }
        assert_eq!(Target::of("/v1/chat").operations("POST").next().unwrap().name, "chat");
        assert_eq!(Target::of("/v1/chat").operations("PUT").count(), 0);
    }
}
