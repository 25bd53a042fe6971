//! The choice of the rule that answers, and its text.

use crate::local::Local;
use muxi_local::Server;
use serde_json::json;

#[tokio::test]
async fn the_first_rule_that_fits_answers() {
    let local = Local::script(
        r#"
- when: { text: "refund order (?<order>\\d+)(?<rest> please)?", user: ada }
  reply: "Refunding {order} for {user}{rest}. {{order}} {message}"
- when: { text: "(?-i)SHOUT" }
  reply: loud
- when: { text: hello }
  reply: Hi!
- reply: Default answer
"#,
    )
    .await;
    for (message, answer) in [
        ("Please REFUND order 17 now", "Refunding 17 for ada. {order} Please REFUND order 17 now"),
        ("refund order 5 please", "Refunding 5 for ada please. {order} refund order 5 please"),
        ("say Hello", "Hi!"),
        ("shout", "Default answer"),
        ("do SHOUT", "loud"),
        ("", "Default answer"),
    ] {
        assert_eq!(local.say(message).await, answer, "{message}");
    }
    let other = local.chat("bob", json!({ "message": "refund order 17" })).await;
    assert_eq!(other["message"]["content"], "Default answer");
}

#[tokio::test]
async fn a_rule_may_ask_for_user_session_agent_and_turn() {
    let local = Local::script(
        r#"
- when: { user: 7 }
  reply: "user {user}"
- when: { session: sess_vip }
  reply: "session {session}"
- when: { agent: researcher }
  reply: "agent {agent}"
- when: { turn: 2 }
  reply: "turn {turn}"
- reply: "else, turn {turn}"
"#,
    )
    .await;
    let content = async |user: &str, body| local.chat(user, body).await["message"]["content"].clone();
    assert_eq!(content("7", json!({ "message": "x" })).await, "user 7");
    assert_eq!(content("ada", json!({ "message": "x", "session_id": "sess_vip" })).await, "session sess_vip");
    assert_eq!(content("ada", json!({ "message": "x", "agent_id": "researcher" })).await, "agent researcher");
    for answer in ["else, turn 1", "turn 2", "else, turn 3"] {
        assert_eq!(content("ada", json!({ "message": "x", "session_id": "sess_a" })).await, answer);
    }
}

#[tokio::test]
async fn channels_and_the_data_of_triggers() {
    let local = Local::script(
        r#"
- when: { channel: trigger, trigger: order-created, text: order }
  reply: "{trigger}: {data.order.id} {data.customer} {data.nope}"
- when: { channel: audio }
  reply: "heard {message}"
- when: { channel: chat }
  reply: chatted
"#,
    )
    .await;
    let fired = json!({ "data": { "order": { "id": 9 }, "customer": "Ada" }, "use_async": false });
    let (status, answer) = local.call("POST", "/triggers/order-created", "ada", fired).await;
    assert_eq!((status, &answer["data"]["content"]), (200, &json!("order-created: 9 Ada {data.nope}")));
    let note = json!({ "files": [{ "filename": "a.wav", "content_type": "audio/wav" }], "stream": false });
    let (_, answer) = local.call("POST", "/audiochat", "ada", note).await;
    assert_eq!(answer["data"]["message"]["content"], "heard [voice note a.wav]");
    assert_eq!(local.say("x").await, "chatted");
}

/// The rule of docs/testing.md, and nothing but what it names.
#[tokio::test]
async fn the_documented_call_of_the_demo_trigger_works() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/testing.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let rule: Vec<&str> = docs.lines().skip_while(|line| !line.contains("trigger: order-created")).take(2).collect();
    let local = Local::script(&rule.join("\n")).await;
    let fired = json!({ "data": { "order": { "id": 9 } }, "use_async": false });
    let (status, answer) = local.call("POST", "/triggers/order-created", "ada", fired).await;
    assert_eq!((status, &answer["data"]["content"]), (200, &json!("Thanks for 9.")), "{answer}");
}

#[tokio::test]
async fn a_rule_can_be_used_up_and_replies_come_in_turn() {
    let local = Local::script("- {times: 2, reply: twice}\n- replies: [one, {text: two}, three]\n").await;
    for answer in ["twice", "twice", "one", "two", "three", "three"] {
        assert_eq!(local.say("x").await, answer);
    }
}

#[tokio::test]
async fn a_message_that_no_rule_fits() {
    let rules = "- when: {text: hello}\n  reply: Hi!\n";
    let local = Local::script(rules).await;
    let answer = local.say("what?").await;
    assert!(answer.contains("No rule of the script fits this message: \"what?\""), "{answer}");
    let local = Local::script("otherwise: echo\nrules:\n- {when: {text: hello}, reply: Hi!}\n").await;
    assert_eq!((local.say("hello").await, local.say("what?").await), ("Hi!".to_owned(), "Echo: what?".to_owned()));
}

#[tokio::test]
async fn a_script_can_be_replaced_while_the_server_runs() {
    let local = Local::start(Server::builder()).await;
    assert_eq!(local.say("x").await, "Echo: x");
    local.server().script("- {times: 1, reply: first}\n- reply: second").unwrap();
    assert_eq!((local.say("x").await, local.say("x").await), ("first".to_owned(), "second".to_owned()));
    let error = local.server().script("- {reply: third}\n- {replay: fourth}").unwrap_err();
    assert_eq!(error.line(), Some(2));
    assert_eq!(local.say("x").await, "second", "a wrong script changes nothing");
    local.server().script("- {times: 1, reply: first}\n- reply: second").unwrap();
    assert_eq!(local.say("x").await, "first", "the counts begin anew");
}
