//! The formation API (placeholder: health only).

use axum::{Json, Router, routing::get};
use muxi_client::api::{endpoint::Endpoint, endpoints};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A formation that runs.
#[derive(Debug)]
pub struct Formation {
    spec: FormationSpec,
}

/// What a formation is made from.
pub struct FormationSpec {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its version.
    pub version: String,
    /// The key of its administration API.
    pub admin_key: String,
    /// The key of its applications.
    pub client_key: String,
    /// The whole configuration.
    pub document: Value,
    /// Trigger templates by name.
    pub triggers: BTreeMap<String, String>,
    /// Standard procedures by name.
    pub sops: BTreeMap<String, String>,
}

impl fmt::Debug for FormationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormationSpec").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

impl FormationSpec {
    /// The built-in formation.
    pub fn demo(admin_key: &str, client_key: &str) -> Self {
        Self {
            id: "demo".into(),
            name: "Demo".into(),
            description: "The built-in demo formation".into(),
            version: "1.0.0".into(),
            admin_key: admin_key.into(),
            client_key: client_key.into(),
            document: json!({"id": "demo", "description": "The built-in demo formation"}),
            triggers: BTreeMap::new(),
            sops: BTreeMap::new(),
        }
    }
}

impl Formation {
    /// Starts a formation.
    pub fn new(spec: FormationSpec) -> Arc<Self> {
        Arc::new(Self { spec })
    }
}

/// The formation's routes, relative to the base that ends in `/v1`.
pub fn router(formation: Arc<Formation>) -> Router {
    let health = move || async move {
        Json(json!({"status": "healthy", "version": formation.spec.version, "uptime_seconds": 0}))
    };
    Router::new().route("/health", get(health))
}

/// Every operation, and whether it is built.
pub fn routes() -> Vec<(&'static Endpoint, bool)> {
    endpoints::formation::ENDPOINTS.iter().map(|e| (*e, e.path == "/health")).collect()
}
