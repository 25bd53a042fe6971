//! Secrets, the audit log, tuning and the scheduler.

use super::*;
use muxi_client::{
    ScheduledJob,
    api::types::{JobStatus, JobType},
};
use std::{fs, path::PathBuf};

/// A secret that exists.
async fn secret(client: &FormationClient) -> String {
    let name = user().to_uppercase().replace('-', "_");
    ok(client.create_secret(&name, "first-value-1111")).await;
    name
}

#[tokio::test]
async fn get_secrets() {
    let client = client();
    let name = secret(&client).await;
    let listed = ok(client.get_secrets()).await;
    assert!(listed.secrets[&name].starts_with("fir") && listed.count as usize == listed.secrets.len());
    ok(client.delete_secret(&name)).await;
}

#[tokio::test]
async fn get_secret() {
    let client = client();
    let name = secret(&client).await;
    let found = ok(client.get_secret(&name)).await;
    assert!(found.key == name && found.value != "first-value-1111");
    ok(client.delete_secret(&name)).await;
    refuses(client.get_secret(&name), 0, "SECRET_NOT_FOUND", &name).await;
}

#[tokio::test]
async fn create_secret() {
    let client = client();
    let name = secret(&client).await;
    refuses(client.create_secret(&name, "other"), 409, "SECRET_EXISTS", "already exists").await;
    ok(client.delete_secret(&name)).await;
}

#[tokio::test]
async fn set_secret() {
    let client = client();
    let name = secret(&client).await;
    assert!(ok(client.set_secret(&name, "other-value-2222")).await.message.contains("updated"));
    ok(client.delete_secret(&name)).await;
    assert!(ok(client.set_secret(&name, "other-value-3333")).await.message.contains("created"));
    ok(client.delete_secret(&name)).await;
}

#[tokio::test]
async fn delete_secret() {
    let client = client();
    refuses(client.delete_secret("OPENAI_API_KEY"), 409, "SECRET_IN_USE", "in use").await;
    refuses(client.delete_secret("NOTHING"), 404, "SECRET_NOT_FOUND", "NOTHING").await;
}

#[tokio::test]
async fn reload_secrets() {
    let client = client();
    assert_eq!(ok(client.reload_secrets()).await.count, ok(client.get_secrets()).await.count);
}

#[tokio::test]
async fn get_audit_log() {
    let client = client();
    ok(client.clear_audit_log()).await;
    let log = ok(client.get_audit_log().limit(1).action("audit.cleared")).await;
    assert_eq!((log.entries[0].action.as_str(), log.total_entries), ("audit.cleared", 1));
    refuses(client.get_audit_log().since("yesterday"), 400, "INVALID_PARAMETER", "yesterday").await;
}

#[tokio::test]
async fn clear_audit_log() {
    let client = client();
    ok(client.clear_audit_log()).await;
    assert_eq!(ok(client.clear_audit_log()).await.previous_entries_count, 1);
}

/// A suggestion that waits for a decision: the file it lies in.
async fn suggestion(client: &FormationClient) -> PathBuf {
    let pending = PathBuf::from(ok(client.get_tuning_pending()).await.path.clone().unwrap());
    fs::remove_file(pending.with_file_name("MUXI.md")).ok();
    fs::write(&pending, "- Prefer short answers.\n").unwrap();
    pending
}

#[tokio::test]
async fn get_tuning() {
    let client = client();
    let pending = suggestion(&client).await;
    let none = ok(client.get_tuning()).await;
    assert_eq!((&none.content, &none.path), (&None, &None));
    ok(client.replace_tuning("Be kind.")).await;
    assert_eq!(ok(client.get_tuning()).await.content.as_deref(), Some("Be kind."));
    fs::remove_file(pending.with_file_name("MUXI.md")).unwrap();
    fs::remove_file(pending).unwrap();
}

#[tokio::test]
async fn replace_tuning() {
    let client = client();
    assert_eq!(ok(client.replace_tuning("Être gentil.")).await.bytes, 13);
    let long = "x".repeat(32769);
    refuses(client.replace_tuning(&long), 413, "TUNING_CONTENT_TOO_LARGE", "").await;
    fs::remove_file(ok(client.get_tuning()).await.path.as_ref().unwrap()).unwrap();
}

#[tokio::test]
async fn run_tuning() {
    assert_eq!(ok(client().run_tuning()).await.trigger, "manual");
}

#[tokio::test]
async fn get_tuning_pending() {
    let client = client();
    let pending = suggestion(&client).await;
    assert_eq!(ok(client.get_tuning_pending()).await.content.as_deref(), Some("- Prefer short answers."));
    fs::remove_file(pending).unwrap();
}

#[tokio::test]
async fn apply_tuning_pending() {
    let client = client();
    let pending = suggestion(&client).await;
    ok(client.apply_tuning_pending()).await;
    assert_eq!(ok(client.get_tuning()).await.content.as_deref(), Some("- Prefer short answers."));
    refuses(client.apply_tuning_pending(), 404, "TUNING_NO_PENDING", "").await;
    fs::remove_file(pending.with_file_name("MUXI.md")).unwrap();
}

#[tokio::test]
async fn dismiss_tuning_pending() {
    let client = client();
    suggestion(&client).await;
    ok(client.dismiss_tuning_pending()).await;
    assert_eq!(ok(client.get_tuning_pending()).await.content, None);
    refuses(client.dismiss_tuning_pending(), 404, "TUNING_NO_PENDING", "").await;
}

/// A job of that user.
async fn job(client: &FormationClient, user: &str) -> String {
    ok(client.schedule(ScheduledJob::recurring("0 9 * * *", "Water the plants").owner(user))).await.id.clone()
}

#[tokio::test]
async fn create_scheduler_job() {
    let (client, user) = (client(), user());
    let once = ok(client.schedule(ScheduledJob::one_time("2099-01-01T00:00:00Z", "Once").owner(&user))).await;
    assert_eq!((once.user_id.as_str(), once.is_recurring), (user.as_str(), false));
    ok(client.delete_scheduler_job(&once.id)).await;
    refuses(client.create_scheduler_job(JobType::Recurring, "soon", "x", &user), 422, "VALIDATION_ERROR", "cron").await;
}

#[tokio::test]
async fn get_scheduler_jobs() {
    let (client, user) = (client(), user());
    let id = job(&client, &user).await;
    assert_eq!(ok(client.get_scheduler_jobs(&user)).await.jobs[0].id, id);
    ok(client.delete_scheduler_job(&id)).await;
    assert_eq!(ok(client.get_scheduler_jobs(&user)).await.count, 0);
}

#[tokio::test]
async fn get_scheduler_job() {
    let (client, user) = (client(), user());
    let id = job(&client, &user).await;
    assert_eq!(ok(client.get_scheduler_job(&id)).await.cron_expression.as_deref(), Some("0 9 * * *"));
    ok(client.delete_scheduler_job(&id)).await;
}

#[tokio::test]
async fn update_scheduler_job() {
    let (client, user) = (client(), user());
    let id = job(&client, &user).await;
    assert_eq!(ok(client.update_scheduler_job(&id).title("Plants").user_id(&user)).await.id, id);
    let moved = ok(client.update_scheduler_job(&id).message("Water all").user_id(&user)).await;
    assert!(moved.id != id && moved.user_id == user);
    refuses(client.get_scheduler_job(&id), 404, "RESOURCE_NOT_FOUND", "not found").await;
    ok(client.delete_scheduler_job(&moved.id)).await;
}

#[tokio::test]
async fn pause_scheduler_job() {
    let (client, user) = (client(), user());
    let id = job(&client, &user).await;
    assert_eq!(ok(client.pause_scheduler_job(&id)).await.status, JobStatus::Paused);
    refuses(client.pause_scheduler_job(&id), 404, "RESOURCE_NOT_FOUND", "not in ACTIVE state").await;
    ok(client.delete_scheduler_job(&id)).await;
}

#[tokio::test]
async fn resume_scheduler_job() {
    let (client, user) = (client(), user());
    let id = job(&client, &user).await;
    ok(client.pause_scheduler_job(&id)).await;
    assert_eq!(ok(client.resume_scheduler_job(&id)).await.status, JobStatus::Active);
    ok(client.delete_scheduler_job(&id)).await;
}

#[tokio::test]
async fn delete_scheduler_job() {
    let (client, user) = (client(), user());
    let id = job(&client, &user).await;
    ok(client.delete_scheduler_job(&id)).await;
    refuses(client.delete_scheduler_job(&id), 404, "RESOURCE_NOT_FOUND", "not found").await;
}
