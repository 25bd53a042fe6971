//! Jobs that fire when the clock says so.

use crate::support::{ALICE, ALICE_ADMIN, AS_ADMIN, Local, job};
use serde_json::{Value, json};
use std::time::Duration;

async fn create(local: &Local, body: Value) -> String {
    let made = local.post("/scheduler/jobs", ALICE_ADMIN, body).await.data();
    format!("/scheduler/jobs/{}", made["id"].as_str().unwrap())
}

/// The server's time, to the second.
async fn now(local: &Local) -> jiff::Timestamp {
    let reply = local.call("GET", "/agents", AS_ADMIN, Value::Null).await;
    jiff::Timestamp::from_millisecond(reply.json["timestamp"].as_i64().unwrap()).unwrap()
}

#[tokio::test]
async fn a_recurring_job_fires_once_for_each_time() {
    let local = Local::start().await;
    let path = create(&local, job("recurring", "0 * * * *", "every hour")).await;
    assert_eq!(local.get(&path, AS_ADMIN).await["last_run_at"], Value::Null);
    local.advance(3 * 3600);
    let row = local.until(&path, AS_ADMIN, |row| row["total_runs"] == 3).await;
    assert_eq!((&row["status"], &row["last_run_status"]), (&json!("ACTIVE"), &json!("success")));
    assert_eq!((&row["total_failures"], &row["consecutive_failures"]), (&json!(0), &json!(0)));
    let at = row["last_run_at"].as_str().unwrap();
    assert!(at.ends_with(":00:00.000000Z"), "the time it was due, not that of the run: {at}");

    let request = row["job_metadata"]["last_request_id"].as_str().unwrap();
    let request = local.get(&format!("/requests/{request}"), ALICE).await;
    assert_eq!((&request["status"], &request["result"]), (&json!("completed"), &json!("Echo: every hour")));
    let session = row["job_metadata"]["last_session_id"].as_str().unwrap();
    let messages = local.get(&format!("/sessions/{session}/messages"), ALICE).await;
    assert_eq!(messages["messages"][1]["text"], "Echo: every hour");
    assert_eq!(local.get("/sessions", ALICE).await["count"], 3);
    assert!(local.log().await.contains("scheduler.job.completed"));
}

#[tokio::test]
async fn jobs_fire_in_the_order_of_their_times() {
    let local = Local::start().await;
    let start = now(&local).await;
    for (minutes, name) in [(30, "later"), (10, "sooner"), (20, "middle")] {
        let time = start + Duration::from_secs(minutes * 60);
        create(&local, job("one_time", &time.to_string(), name)).await;
    }
    local.advance(3600);
    let rows = local.until("/requests", ALICE, |data| data["count"] == 3).await;
    let mut results = Vec::new();
    for row in rows["requests"].as_array().unwrap() {
        let path = format!("/requests/{}", row["request_id"].as_str().unwrap());
        results.push(local.get(&path, ALICE).await["result"].as_str().unwrap().to_owned());
    }
    assert_eq!(results, ["Echo: sooner", "Echo: middle", "Echo: later"]);
}

#[tokio::test]
async fn a_one_time_job_fires_once() {
    let local = Local::start().await;
    let time = now(&local).await + Duration::from_secs(3600);
    let path = create(&local, job("one_time", &time.to_string(), "once")).await;
    local.advance(3500);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(local.get(&path, AS_ADMIN).await["total_runs"], 0, "not before its time");
    local.advance(200);
    let row = local.until(&path, AS_ADMIN, |row| row["total_runs"] == 1).await;
    assert_eq!(row["status"], "COMPLETED");
    local.advance(24 * 3600);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(local.get(&path, AS_ADMIN).await["total_runs"], 1);
    let resumed = local.post(&format!("{path}/resume"), AS_ADMIN, Value::Null).await;
    assert_eq!(resumed.code(), (404, "RESOURCE_NOT_FOUND"));
}

#[tokio::test]
async fn failures_are_counted_and_pause_a_job() {
    let local = Local::with("scheduler: { max_failures_before_pause: 2 }\n").await;
    let path = create(&local, job("recurring", "0 * * * *", "[[fail]]")).await;
    local.advance(5 * 3600);
    let row = local.until(&path, AS_ADMIN, |row| row["status"] == "PAUSED").await;
    assert_eq!((&row["total_runs"], &row["total_failures"]), (&json!(2), &json!(2)));
    assert_eq!((&row["consecutive_failures"], &row["last_run_status"]), (&json!(2), &json!("failed")));
    assert_eq!(row["last_run_failure_message"], "The model is unavailable");
    local.call("PUT", &path, ALICE_ADMIN, json!({ "message": "better" })).await.data();
    local.post(&format!("{path}/resume"), AS_ADMIN, Value::Null).await.data();
    local.advance(3600);
    let row = local.until(&path, AS_ADMIN, |row| row["total_runs"] == 3).await;
    assert_eq!((&row["consecutive_failures"], &row["last_run_status"]), (&json!(0), &json!("success")));
    assert_eq!(row["last_run_failure_message"], Value::Null);
}

#[tokio::test]
async fn paused_and_deleted_jobs_do_not_fire() {
    let local = Local::start().await;
    let paused = create(&local, job("recurring", "0 * * * *", "paused")).await;
    let deleted = create(&local, job("recurring", "0 * * * *", "deleted")).await;
    let live = create(&local, job("recurring", "30 * * * *", "live")).await;
    local.post(&format!("{paused}/pause"), AS_ADMIN, Value::Null).await.data();
    local.call("DELETE", &deleted, AS_ADMIN, Value::Null).await.data();
    local.advance(2 * 3600);
    local.until(&live, AS_ADMIN, |row| row["total_runs"] == 2).await;
    assert_eq!(local.get("/requests", ALICE).await["count"], 2, "only the live one ran");
    local.post(&format!("{paused}/resume"), AS_ADMIN, Value::Null).await.data();
    local.advance(3600);
    let row = local.until(&paused, AS_ADMIN, |row| row["total_runs"] != 0).await;
    assert_eq!(row["total_runs"], 1, "what was missed while paused is not made up for");
}

#[tokio::test]
async fn cron_is_read_in_the_scheduler_s_zone() {
    let local = Local::with("scheduler: { timezone: Asia/Kolkata }\n").await;
    let path = create(&local, job("recurring", "0 9 * * *", "good morning")).await;
    local.advance(24 * 3600);
    let row = local.until(&path, AS_ADMIN, |row| row["total_runs"] == 1).await;
    assert!(row["last_run_at"].as_str().unwrap().ends_with("T03:30:00.000000Z"), "{row}");
}

#[tokio::test]
async fn a_disabled_scheduler_fires_nothing() {
    let local = Local::with("scheduler: { enabled: false }\n").await;
    let path = create(&local, job("recurring", "* * * * *", "never")).await;
    local.advance(3600);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(local.get(&path, AS_ADMIN).await["total_runs"], 0);
}

#[tokio::test]
async fn a_leap_of_the_clock_has_a_bound() {
    let local = Local::start().await;
    let path = create(&local, job("recurring", "* * * * *", "tick")).await;
    local.advance(7 * 24 * 3600);
    let row = local.until(&path, AS_ADMIN, |row| row["total_runs"] == 1000).await;
    assert_eq!(row["status"], "ACTIVE");
    local.advance(60);
    local.until(&path, AS_ADMIN, |row| row["total_runs"] == 1001).await;
}

#[tokio::test]
async fn the_clock_moves_rows_and_lives() {
    let local = Local::start().await;
    let before = now(&local).await;
    let chat = json!({ "message": "hi", "stream": false, "request_id": "req_old", "session_id": "sess_old" });
    local.post("/chat", ALICE, chat).await.data();
    local.advance(290);
    assert_eq!(local.get("/requests/req_old", ALICE).await["status"], "completed");
    local.advance(20);
    let gone = local.call("GET", "/requests/req_old", ALICE, Value::Null).await;
    assert_eq!(gone.code(), (404, "REQUEST_NOT_FOUND"));
    let moved = now(&local).await.as_second() - before.as_second();
    assert!((310..330).contains(&moved), "{moved}");
    let memory = local.post("/memories", ALICE, json!({ "content": "x" })).await.data();
    let created: jiff::Timestamp = memory["created_at"].as_str().unwrap().parse().unwrap();
    assert!(created.as_second() - before.as_second() >= 310);
}
