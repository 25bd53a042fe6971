use super::{STREAM, both, get};
use crate::{
    bundles::{archive, deploy, formation},
    client::{Answer, Headers, now, send, signed},
};
use muxi_client::api::auth::Signer;
use muxi_local::Server;

fn act(server: &Server, action: &str, headers: Headers<'_>) -> Answer {
    signed(server, "POST", &format!("/rpc/formations/the-id/{action}"), headers, b"")
}

fn update(server: &Server, version: &str) -> Answer {
    let headers = [("X-Formation-Version", version)];
    signed(server, "PUT", "/rpc/formations/the-id", &headers, &formation("the-id", version))
}

/// A field of the server's data about the formation.
fn state(server: &Server, field: &str) -> serde_json::Value {
    signed(server, "GET", "/rpc/formations/the-id", &[], b"").json()["data"][field].clone()
}

#[test]
fn start_restart_500() {
    both("start-restart-500", |server, on| {
        deploy(server, "the-id", &formation("the-id", "1.0.0"));
        act(server, "stop", &[]);
        assert_eq!(act(server, "start", &[]).status, if on { 500 } else { 200 });
        assert_eq!(state(server, "status"), if on { "stopped" } else { "running" });
        signed(server, "DELETE", "/rpc/formations/the-id", &[], b"");

        deploy(server, "the-id", &formation("the-id", "1.0.0"));
        let restart = act(server, "restart", &[STREAM]).events();
        assert_eq!(restart.last().unwrap().0, if on { "error" } else { "complete" });
        assert_eq!(state(server, "status"), if on { "unhealthy" } else { "running" });
        if on {
            assert!(restart.last().unwrap().1["message"].as_str().unwrap().contains("no formation config file found"));
            assert_eq!(send(server, "GET", "/api/the-id/v1/health", &[], b"").status, 503);
            assert_eq!((act(server, "start", &[]).status, act(server, "stop", &[]).status), (500, 500));
            signed(server, "DELETE", "/rpc/formations/the-id", &[], b"");
            deploy(server, "the-id", &formation("the-id", "1.0.0"));
        }
        assert_eq!(send(server, "GET", "/api/the-id/v1/health", &[], b"").status, 200);
    });
}

#[test]
fn staging_leftovers() {
    both("staging-leftovers", |server, on| {
        deploy(server, "the-id", &formation("the-id", "1.0.0"));
        assert_eq!(update(server, "1.1.0").status, 200);
        let second = update(server, "1.2.0");
        assert_eq!(second.status, if on { 500 } else { 200 });
        assert_eq!(second.message().contains("process with ID the-id-staging already exists"), on);
        assert_eq!(act(server, "rollback", &[]).status, 200);
        assert_eq!(state(server, "status"), if on { "crashed" } else { "running" });
        let stop = act(server, "stop", &[]);
        assert_eq!((stop.status, stop.message().contains("Failed to stop")), (if on { 500 } else { 200 }, on));
        signed(server, "DELETE", "/rpc/formations/the-id", &[], b"");
        deploy(server, "the-id", &formation("the-id", "1.0.0"));
        assert_eq!(update(server, "1.1.0").status, if on { 500 } else { 200 }, "deleting does not help");
    });
}

#[test]
fn cancel_update_200() {
    both("cancel-update-200", |server, on| {
        deploy(server, "the-id", &formation("the-id", "1.0.0"));
        assert_eq!(act(server, "cancel-update", &[]).status, 400);
        let config = "id: the-id\ndescription: A test\n";
        let bundle = archive(&[("root/formation.afs", config), ("root/agents/bad.afs", "[")]);
        assert_eq!(signed(server, "PUT", "/rpc/formations/the-id", &[], &bundle).status, 400);
        assert_eq!(act(server, "cancel-update", &[]).status, if on { 200 } else { 400 });
        assert_eq!(update(server, "1.1.0").status, 200);
        assert_eq!(act(server, "cancel-update", &[]).status, 400, "an update that worked leaves nothing");
    });
}

#[test]
fn millisecond_timestamps() {
    both("millisecond-timestamps", |server, on| {
        let call = |time: u64| {
            let authorization = Signer::new("key", "secret").header(time, "GET", "/rpc/formations");
            send(server, "GET", "/rpc/formations", &[("Authorization", authorization.as_str())], b"").status
        };
        // Later than what 64 bits of nanoseconds hold.
        for far in [now() * 1000, now() + 9_223_372_100] {
            assert_eq!(call(far), if on { 200 } else { 401 }, "{far}");
        }
        for near in [now() + 1000, now() - 1000, now() + 9_223_371_900, now() / 1000] {
            assert_eq!(call(near), 401, "{near}");
        }
        assert_eq!(call(now()), 200);
    });
}

#[test]
fn old_port() {
    both("old-port", |server, on| {
        deploy(server, "the-id", &formation("the-id", "1.0.0"));
        let before = state(server, "port");
        let told = update(server, "1.1.0").json()["data"]["port"].clone();
        assert_eq!(told == before, on);
        assert_ne!(state(server, "port"), before);
        assert_eq!(get(server, "", "/health").status, 200);
    });
}
