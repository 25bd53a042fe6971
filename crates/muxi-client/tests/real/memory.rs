//! Memories, their administration, the message buffer and artifacts.

use super::*;
use muxi_client::api::{
    params::MemoryItem,
    types::{MemoryJobState, MemoryProjection},
};
use serde_json::json;

/// Says something, and waits until both messages are in the buffer.
async fn said(client: &FormationClient, user: &str) -> String {
    let reply = ok(client.chat("Hello!").user_id(user)).await;
    let session = reply.session_id.clone().unwrap();
    until(|| async { (ok(client.get_session(&session, user)).await.message_count == 2).then_some(()) }).await;
    session
}

#[tokio::test]
async fn add_memory() {
    let (client, user) = (client(), user());
    let made = ok(client.add_memory(&user, "hobby", "likes chess").metadata(json!({"board": 1}))).await;
    assert_eq!((made.content.kind.as_str(), made.content.detail.as_str()), ("hobby", "likes chess"));
}

#[tokio::test]
async fn get_memories() {
    let (client, user) = (client(), user());
    for detail in ["one", "two"] {
        ok(client.add_memory(&user, "count", detail)).await;
    }
    assert_eq!(ok(client.get_memories(&user)).await.memories[0].content, "two");
    assert_eq!(ok(client.get_memories(&user).limit(1).offset(1)).await.memories[0].content, "one");
}

#[tokio::test]
async fn delete_memory() {
    let (client, user) = (client(), user());
    let id = ok(client.add_memory(&user, "hobby", "likes chess")).await.id.clone().unwrap();
    assert_eq!(ok(client.delete_memory(&user, &id)).await.deleted, id);
    assert_eq!(ok(client.get_memories(&user)).await.count, 0);
    refuses(client.delete_memory(&user, &id), 404, "NOT_FOUND", "not found").await;
}

#[tokio::test]
async fn ingest_memory() {
    let (client, user) = (client(), user());
    let content = "I moved to Oslo";
    let first = ok(client.ingest_memory(&user, content, "notes").source_id("n1")).await;
    let again = ok(client.ingest_memory(&user, content, "notes").source_id("n1")).await;
    assert!(!first.duplicate && again.duplicate && again.event_id == first.event_id);
}

#[tokio::test]
async fn ingest_memories_batch() {
    let (client, user) = (client(), user());
    let items = [MemoryItem::new("I like tea", "chat").source_id("1"), MemoryItem::default().with("content", "x")];
    let batch = ok(client.ingest_memories_batch(&user, &items)).await;
    assert_eq!((batch.counts.accepted, batch.counts.invalid), (1, 1));
}

#[tokio::test]
async fn get_ingestion_status() {
    let (client, user) = (client(), user());
    let job = ok(client.ingest_memory(&user, "I bought a bicycle", "notes")).await.processing_id.clone().unwrap();
    let done = until(|| async {
        let found = ok(client.get_ingestion_status(&job).user_id(&user)).await;
        found.counts.is_some().then_some(found)
    })
    .await;
    assert_eq!((&done.status, done.counts.as_ref().unwrap().stored), (&MemoryJobState::Completed, 1));
}

#[tokio::test]
async fn get_memory_provenance() {
    let (client, user) = (client(), user());
    let event = ok(client.ingest_memory(&user, "I bought a bicycle", "notes")).await.event_id.clone();
    let known = ok(client.get_memory_provenance(&user).event_id(&event)).await;
    assert_eq!(known.event.as_ref().unwrap()["payload"]["content"], "I bought a bicycle");
    refuses(client.get_memory_provenance(&user).entity("Oslo"), 404, "NOT_FOUND", "Unknown entity").await;
}

#[tokio::test]
async fn get_user_buffer() {
    let (client, user) = (client(), user());
    said(&client, &user).await;
    assert_eq!(ok(client.get_user_buffer(&user)).await.total_messages, 2);
}

#[tokio::test]
async fn clear_user_buffer() {
    let (client, user) = (client(), user());
    said(&client, &user).await;
    assert_eq!(ok(client.clear_user_buffer(&user)).await.messages_cleared, 2);
}

#[tokio::test]
async fn clear_session_buffer() {
    let (client, user) = (client(), user());
    let session = said(&client, &user).await;
    assert_eq!(ok(client.clear_session_buffer(&user, &session)).await.messages_cleared, 2);
    assert_eq!(ok(client.get_session_messages(&session, &user)).await.count, 0);
}

#[tokio::test]
async fn list_memory_buffers() {
    let (client, user) = (client(), user());
    said(&client, &user).await;
    assert!(ok(client.list_memory_buffers()).await.buffers[0].total_entries >= 2);
}

#[tokio::test]
async fn get_buffer_stats() {
    let (client, user) = (client(), user());
    said(&client, &user).await;
    assert!(ok(client.get_buffer_stats()).await.total_users >= 1);
}

#[tokio::test]
async fn clear_all_buffers() {
    let (client, user) = (client(), user());
    said(&client, &user).await;
    ok(client.clear_all_buffers()).await;
    assert_eq!(ok(client.list_memory_buffers()).await.total_entries, Some(0));
    assert_eq!(ok(client.clear_all_buffers().max_retries(2)).await.message, "All message buffers were cleared");
}

#[tokio::test]
async fn clear_memory_buffers() {
    let (client, user) = (client(), user());
    said(&client, &user).await;
    ok(client.clear_memory_buffers()).await;
    assert_eq!(ok(client.get_buffer_stats()).await.total_entries, 0);
}

#[tokio::test]
async fn rebuild_memory() {
    let (client, user) = (client(), user());
    let dry =
        ok(client.rebuild_memory(&user).projection(MemoryProjection::FlatFacts).dry_run(true).background(false)).await;
    assert_eq!((dry.dry_run, dry.projections.len()), (Some(true), 1));
    refuses(client.rebuild_memory(&user).projection("all"), 422, "INVALID_PARAMS", "").await;
}

#[tokio::test]
async fn get_memory_rebuild_status() {
    let (client, user) = (client(), user());
    let job = ok(client.rebuild_memory(&user)).await.job_id.clone().unwrap();
    let done = until(|| async {
        let found = ok(client.get_memory_rebuild_status(&job)).await;
        found.status.as_ref().is_some_and(MemoryJobState::is_finished).then_some(found)
    })
    .await;
    assert_eq!(done.projections.len(), 4);
}

#[tokio::test]
async fn lint_memory() {
    assert!(ok(client().lint_memory()).await.report.contains_key("users"));
}

#[tokio::test]
async fn backfill_memory() {
    assert_eq!(ok(client().backfill_memory(user())).await.synthesized.len(), 4);
}

#[tokio::test]
async fn forget_memory_source() {
    let (client, user) = (client(), user());
    ok(client.ingest_memory(&user, "I bought a bicycle", "notes")).await;
    assert_eq!(ok(client.forget_memory_source(&user, "notes").sync(true)).await.deleted_events, Some(1));
    assert!(ok(client.forget_memory_source(&user, "notes").rebuild(false)).await.rebuild_required.is_some());
}

#[tokio::test]
async fn get_memory_forget_status() {
    let (client, user) = (client(), user());
    let job = ok(client.forget_memory_source(&user, "notes")).await.job_id.clone().unwrap();
    assert!(ok(client.get_memory_forget_status(&job)).await.status.is_some());
    refuses(client.get_memory_forget_status("forget_nothing"), 404, "NOT_FOUND", "Unknown or expired").await;
}

/// The key of the distillery that the stand-in signs for.
fn key() -> String {
    llm("POST", "/sign", b"")["public_key"].as_str().unwrap().to_owned()
}

/// Sends one entry of a user's log: the distillery, and the job.
async fn distilled(client: &FormationClient, user: &str) -> (String, String) {
    let distillery = ok(client.register_distillery(user, key())).await.distillery_id.clone();
    let entry = json!({"date": "2026-11-20", "summary": "Planted a tree"});
    let event = json!({"event_type": "log.entry", "user_id": user, "source_id": user, "payload": entry});
    let batch = json!({"batch_id": user, "events": [event, {"event_type": "rumour"}]}).to_string();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    let signed = format!("muxi-distillery-v1\n{now}\n{distillery}\n{batch}");
    let signature = llm("POST", "/sign", signed.as_bytes())["signature"].as_str().unwrap().to_owned();
    let sent = ok(client.ingest_distilled_memories(batch.as_bytes(), &distillery, &now, &signature)).await;
    assert_eq!((sent.accepted, sent.rejected), (Some(1), Some(1)));
    (distillery, sent.processing_id.clone().unwrap())
}

#[tokio::test]
async fn register_distillery() {
    let client = client();
    let made = ok(client.register_distillery("still", key()).description("Tests").trust_level("verified")).await;
    assert_eq!((made.status.as_deref(), made.trust_level.as_deref()), (Some("active"), Some("verified")));
    ok(client.revoke_distillery(&made.distillery_id)).await;
}

#[tokio::test]
async fn list_distilleries() {
    let client = client();
    let made = ok(client.register_distillery("listed", key())).await;
    assert!(ok(client.list_distilleries()).await.distilleries.iter().any(|d| d.distillery_id == made.distillery_id));
    ok(client.revoke_distillery(&made.distillery_id)).await;
}

#[tokio::test]
async fn revoke_distillery() {
    let client = client();
    let made = ok(client.register_distillery("revoked", key())).await;
    assert_eq!(ok(client.revoke_distillery(&made.distillery_id)).await.status.as_deref(), Some("revoked"));
    refuses(client.revoke_distillery("nothing"), 404, "NOT_FOUND", "").await;
}

#[tokio::test]
async fn ingest_distilled_memories() {
    let (client, user) = (client(), user());
    distilled(&client, &user).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    refuses(client.ingest_distilled_memories(b"{}", "nothing", &now, "AAAA"), 401, "UNAUTHORIZED", "").await;
}

#[tokio::test]
async fn get_distilled_status() {
    let (client, user) = (client(), user());
    let (distillery, job) = distilled(&client, &user).await;
    let done = until(|| async {
        let found = ok(client.get_distilled_status(&job).distillery_id(&distillery)).await;
        found.counts.is_some().then_some(found)
    })
    .await;
    assert_eq!(done.counts.as_ref().unwrap().projected, 1);
}

#[tokio::test]
async fn get_history() {
    let (client, user) = (client(), user());
    distilled(&client, &user).await;
    let history = until(|| async {
        let found = ok(client.get_history(&user).include_sources(true)).await;
        (found.count == 1).then_some(found)
    })
    .await;
    assert_eq!(history.entries[0].summary.as_deref(), Some("Planted a tree"));
}

/// A file that a turn of that user made.
async fn artifact(client: &FormationClient, user: &str) -> String {
    chat::turn(client, user, "Please explain [[tool:file]]").await;
    until(|| async { ok(client.list_artifacts(user)).await.artifacts.first().map(|a| a.id.clone()) }).await
}

#[tokio::test]
async fn list_artifacts() {
    let (client, user) = (client(), user());
    artifact(&client, &user).await;
    assert_eq!(ok(client.list_artifacts(&user).limit(5)).await.total, 1);
}

#[tokio::test]
async fn get_artifact() {
    let (client, user) = (client(), user());
    let id = artifact(&client, &user).await;
    assert_eq!(ok(client.get_artifact(&id, &user)).await.name, "hello.txt");
    refuses(client.get_artifact(&id, "another"), 404, "NOT_FOUND", &id).await;
}

#[tokio::test]
async fn download_artifact_content() {
    let (client, user) = (client(), user());
    let id = artifact(&client, &user).await;
    let content = client.download_artifact_content(&id, &user).version(1).await.unwrap();
    assert_eq!(&content.into_inner()[..], b"hi there");
}

#[tokio::test]
async fn get_artifact_versions() {
    let (client, user) = (client(), user());
    let id = artifact(&client, &user).await;
    assert_eq!(ok(client.get_artifact_versions(&id, &user)).await.versions[0].version, 1);
}
