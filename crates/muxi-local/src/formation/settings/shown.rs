//! A configuration as an administrator may see it: passwords that stand in it are hidden.

use serde_json::Value;

/// The text in place of a password.
const HIDDEN: &str = "••••••••";
/// Names of fields whose text is a secret.
const SECRET: [&str; 5] = ["api_key", "password", "secret", "token", "secret_key"];

/// Hides the passwords in URLs, and literal texts in fields that hold secrets. References to secrets stay.
pub(crate) fn hide_passwords(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(hidden) = without_password(text) {
                *text = hidden;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(hide_passwords),
        Value::Object(fields) => {
            for (name, value) in fields {
                let keys = name == "api_keys";
                match value {
                    Value::String(text) if SECRET.contains(&name.as_str()) => hide(text),
                    Value::Object(keys_by_name) if keys => keys_by_name.values_mut().for_each(|key| {
                        if let Value::String(text) = key {
                            hide(text);
                        }
                    }),
                    other => hide_passwords(other),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hides a text that is neither empty, nor a reference, nor hidden already.
fn hide(text: &mut String) {
    if !text.is_empty() && !text.contains("${{") && !text.contains('•') {
        HIDDEN.clone_into(text);
    }
}

/// `scheme://user:password@host` without the password.
fn without_password(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    let (login, _) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    if password.is_empty() || password.contains("${{") {
        return None;
    }
    Some(format!("{scheme}://{user}:{HIDDEN}{}", &rest[login.len()..]))
}

#[cfg(test)]
mod tests {
    use super::hide_passwords;
    use serde_json::json;

    #[test]
    fn passwords_are_hidden_and_nothing_else() {
        let mut document = json!({
            "url": "postgresql://me:p@ss@db:5432/x?a=b", "plain": "https://example.com/a:b@c", "list": ["a://u:p@h"],
            "reference": "a://u:${{ secrets.P }}@h",
            "api_keys": { "openai": "${{ secrets.K }}", "other": "sk-1" }, "token": "t", "max_tokens": 5,
        });
        hide_passwords(&mut document);
        assert_eq!(
            document,
            json!({
                "url": "postgresql://me:••••••••@db:5432/x?a=b", "plain": "https://example.com/a:b@c",
                "list": ["a://u:••••••••@h"], "reference": "a://u:${{ secrets.P }}@h",
                "api_keys": { "openai": "${{ secrets.K }}", "other": "••••••••" }, "token": "••••••••", "max_tokens": 5,
            })
        );
    }
}
