//! Users, notifications, credentials, triggers, procedures and skills.

use super::*;
use muxi_client::api::{
    params::{IdentifierOwner, NewCredential, NewIdentifier},
    types::TriggerState,
};
use serde_json::json;

/// The MUXI user behind that user.
async fn muxi_user(client: &FormationClient, user: &str) -> String {
    ok(client.resolve_user(user).create_user(true)).await.muxi_user_id.clone()
}

#[tokio::test]
async fn resolve_user() {
    let (client, user) = (client(), user());
    refuses(client.resolve_user(&user), 404, "RESOURCE_NOT_FOUND", "Identifier not found").await;
    let made = muxi_user(&client, &user).await;
    assert_eq!(ok(client.resolve_user(&user)).await.muxi_user_id, made);
}

#[tokio::test]
async fn lookup_user() {
    let (client, user) = (client(), user());
    let made = muxi_user(&client, &user).await;
    assert_eq!(ok(client.lookup_user(&user)).await.muxi_user_id, made);
}

#[tokio::test]
async fn get_user_identifiers_for_user() {
    let (client, user) = (client(), user());
    let made = muxi_user(&client, &user).await;
    assert_eq!(ok(client.get_user_identifiers_for_user(&made)).await.identifiers[0].identifier, user);
}

#[tokio::test]
async fn link_user_identifier() {
    let (client, user) = (client(), user());
    let made = muxi_user(&client, &user).await;
    let more = [NewIdentifier::new(format!("{user}-1")), NewIdentifier::of_kind(format!("{user}-2"), "crm")];
    assert_eq!(ok(client.link_user_identifier(&made, &more)).await.identifiers[1].kind, "crm");
    assert_eq!(ok(client.get_user_identifiers_for_user(&made)).await.count, 3);
    let lost = client.link_user_identifier(IdentifierOwner::NewUser, &[NewIdentifier::new(format!("{user}-3"))]);
    refuses(lost, 500, "INTERNAL_ERROR", "call resolve_user with create_user").await;
}

#[tokio::test]
async fn unlink_user_identifier() {
    let (client, user) = (client(), user());
    let made = muxi_user(&client, &user).await;
    assert_eq!(ok(client.unlink_user_identifier(&user)).await.muxi_user_id, made);
    refuses(client.lookup_user(&user), 404, "RESOURCE_NOT_FOUND", "Identifier not found").await;
}

#[tokio::test]
async fn get_user_channels() {
    assert_eq!(ok(client().get_user_channels(user())).await.preferred_channel, None);
}

#[tokio::test]
async fn update_user_channels() {
    let (client, user) = (client(), user());
    ok(client.update_user_channels(&user).preferred_channel("bell").timezone("Europe/Oslo")).await;
    assert_eq!(ok(client.get_user_channels(&user)).await.timezone.as_deref(), Some("Europe/Oslo"));
}

#[tokio::test]
async fn send_notification() {
    let (client, user) = (client(), user());
    ok(client.update_user_channels(&user).channels(json!({"bell": {"channel": user}}))).await;
    assert_eq!(ok(client.send_notification(&user, "Tea").channels(["bell"])).await.delivered, ["bell"]);
    assert!(llm("GET", "/webhooks", b"").to_string().contains(&user));
    let lost = client.send_notification(&user, "Tea").channels(["pigeon"]);
    refuses(lost, 502, "SERVER_ERROR", "no channel took the message").await;
}

#[tokio::test]
async fn list_credential_services() {
    assert_eq!(ok(client().list_credential_services()).await.count, 0);
}

#[tokio::test]
async fn list_credentials() {
    assert_eq!(ok(client().list_credentials(user())).await.count, 0);
}

#[tokio::test]
async fn create_credential() {
    let credential = NewCredential::new("github", json!({"token": "x"}));
    refuses(client().create_credential(user(), credential), 500, "INTERNAL_ERROR", "cannot store credentials").await;
}

#[tokio::test]
async fn get_credential() {
    refuses(client().get_credential("c1", user()), 404, "RESOURCE_NOT_FOUND", "Credential not found: c1").await;
}

#[tokio::test]
async fn delete_credential() {
    refuses(client().delete_credential("c1", user()), 404, "RESOURCE_NOT_FOUND", "Credential not found: c1").await;
}

#[tokio::test]
async fn get_triggers() {
    assert_eq!(ok(client().get_triggers()).await.triggers, ["hooked", "order-created"]);
}

#[tokio::test]
async fn get_trigger() {
    let trigger = ok(client().get_trigger("order-created")).await;
    assert_eq!(trigger.data_fields.as_deref().unwrap(), ["customer", "order.id"]);
}

#[tokio::test]
async fn fire_trigger() {
    let (client, user) = (client(), user());
    let order = json!({"order": {"id": 7}, "customer": "Ann"});
    let done = ok(client.fire_trigger("order-created", &order).user_id(&user)).await;
    assert!(done.status == TriggerState::Completed && done.content.is_some());
    let later = ok(client.fire_trigger("hooked", json!({"x": "rain"})).async_mode(true).user_id(&user)).await;
    let result = outcome(&client, later.request_id().unwrap(), &user).await.result.unwrap();
    assert!(result.as_str().unwrap().contains("Event rain happened"));
}

#[tokio::test]
async fn get_sops() {
    assert_eq!(ok(client().get_sops()).await.sops[0].steps, Some(2));
}

#[tokio::test]
async fn get_sop() {
    assert!(ok(client().get_sop("refund")).await.content.contains("Look up the order"));
}

#[tokio::test]
async fn list_skills() {
    refuses(client().list_skills(), 500, "INTERNAL_ERROR", "runtime's own defect").await;
}

#[tokio::test]
async fn get_skill() {
    refuses(client().get_skill("greeting"), 500, "INTERNAL_ERROR", "runtime's own defect").await;
}

#[tokio::test]
async fn list_agent_skills() {
    refuses(client().list_agent_skills("assistant"), 500, "INTERNAL_ERROR", "runtime's own defect").await;
}
