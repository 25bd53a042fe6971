//! The spans of calls and attempts, as a subscriber sees them.
#![allow(clippy::unwrap_used)]

use http::{Request, Response, StatusCode};
use muxi_client::{
    FormationClient,
    http_service::{Body, BoxError},
};
use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

/// The attributes of each span, by name, in the order in which they began.
type Spans = Arc<Mutex<Vec<(u64, Option<u64>, &'static str, BTreeMap<String, String>)>>>;

struct Collector(Spans);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        let parent = attributes.parent().map(Id::into_u64);
        self.0.lock().unwrap().push((id.into_u64(), parent, attributes.metadata().name(), fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        let span = spans.iter_mut().rfind(|(own, ..)| *own == id.into_u64()).unwrap();
        values.record(&mut Fields(&mut span.3));
    }
}

fn fields<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_call_and_its_attempts_have_spans_that_tell_no_secret() {
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(Collector(spans.clone()));
    let tries = AtomicUsize::new(0);
    let formation = FormationClient::builder()
        .url("http://in-memory:81")
        .client_key("fmc_secret")
        .admin_key("fma_secret")
        .max_retries(1)
        .http_service(move |_: Request<Body>| {
            let mut response = Response::new(Body::from(r#"{"error":"Down","message":"later"}"#));
            *response.status_mut() = match tries.fetch_add(1, Ordering::SeqCst) {
                0 => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::NOT_FOUND,
            };
            response.headers_mut().insert("retry-after", "0".parse().unwrap());
            async { Ok::<_, BoxError>(response) }
        })
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            formation.get_memories("ada_secret").scopes("user").await.unwrap_err();
        });
    });
    let spans = spans.lock().unwrap();
    let call = fields([
        ("otel.kind", "client"),
        ("otel.name", "GET /memories"),
        ("otel.status_code", "ERROR"),
        ("muxi.operation", "get_memories"),
        ("http.request.method", "GET"),
        ("url.template", "/memories"),
        ("server.address", "in-memory"),
        ("server.port", "81"),
        ("http.response.status_code", "404"),
        ("error.type", "Down"),
    ]);
    let attempt = |status| {
        fields([
            ("url.path", "/v1/memories"),
            ("http.response.status_code", status),
            ("error.type", "Down"),
            ("otel.status_code", "ERROR"),
        ])
    };
    let second = BTreeMap::from_iter(attempt("404").into_iter().chain(fields([("http.request.resend_count", "1")])));
    let own = spans[0].0;
    let seen: Vec<_> = spans.iter().map(|(_, parent, name, fields)| (*parent, *name, fields.clone())).collect();
    assert_eq!(
        seen,
        [(None, "muxi.call", call), (Some(own), "muxi.attempt", attempt("503")), (Some(own), "muxi.attempt", second)]
    );
    assert!(!format!("{spans:?}").contains("secret"), "{spans:?}");
}
