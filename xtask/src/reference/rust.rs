//! The Rust form of a call.

use super::streams::Streams;
use anyhow::{Context as _, Result, ensure};
use muxi_client::api::table::{Api, Endpoint, Param, Reply};
use std::{fmt::Write as _, fs, path::Path};

/// The file that makes the methods, below the root.
const FILE: &str = "crates/muxi-client/src/client/operations.rs";
/// The beginning of a rule there.
const RULE: &str = "(@takes ";

/// The type that a method takes for each type of the table, in the order of the rules of its macro.
pub(super) struct Takes(Vec<(String, String)>);

impl Takes {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let source = fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        let rules = source.lines().filter_map(|line| line.trim().strip_prefix(RULE)?.split_once(") => { "));
        let rules: Vec<_> = rules.map(|(from, to)| (from.to_owned(), to.trim_end_matches(" };").to_owned())).collect();
        ensure!(rules.last().is_some_and(|(from, _)| from == "$ty:ty"), "the rules of {FILE} cannot be read");
        Ok(Self(rules))
    }

    /// The type that a method takes for an argument.
    fn of(&self, param: &Param) -> Result<String> {
        let is_list = param.rust_type.starts_with('[');
        let rule = self.0.iter().find(|(from, _)| match from.as_str() {
            "[$item:ty]" => is_list,
            "$ty:ty" => true,
            exact => exact == param.rust_type,
        });
        let (_, to) = rule.with_context(|| format!("no rule for {}", param.rust_type))?;
        let path = to.replace("serde::", "");
        Ok(path.replace("$item", param.type_name()).replace("$ty", param.rust_type))
    }
}

/// A call with all its options, as an asynchronous program writes it.
pub(super) fn call(endpoint: &Endpoint, takes: &Takes, streams: &Streams) -> Result<String> {
    let (client, (name, returns)) = (
        match endpoint.api {
            Api::Server => "server",
            Api::Formation => "formation",
        },
        match endpoint.reply {
            Reply::Json => ("reply", format!("Response<{}>", endpoint.reply_type)),
            Reply::Text => ("reply", "Response<String>".to_owned()),
            Reply::Bytes => ("reply", "Response<Bytes>".to_owned()),
            Reply::Events(_) => ("mut stream", format!("Events<{}>", streams.get(endpoint.reply_type)?.event)),
        },
    );
    let (required, optional): (Vec<&Param>, Vec<&Param>) = endpoint.params.iter().partition(|param| param.required);
    let names: Vec<&str> = required.iter().map(|param| param.name).collect();
    let types = required.iter().map(|param| Ok(format!("{}: {}", param.name, takes.of(param)?)));
    let types = types.collect::<Result<Vec<_>>>()?.join(", ");
    let call = format!("{}({})", endpoint.name, names.join(", "));
    let plain = format!("let {name}: {returns} = {client}.{call}.await?;");
    if optional.is_empty() && plain.len() <= 80 {
        let note = if types.is_empty() { String::new() } else { format!("// {types}\n") };
        return Ok(note + &plain);
    }
    let mut out = format!("let {name}: {returns} = {client}\n    .{call}");
    if !types.is_empty() {
        write!(out, " // {types}")?;
    }
    for param in optional {
        write!(out, "\n    .{0}({0}) // optional: {1}", param.name, takes.of(param)?)?;
    }
    out.push_str("\n    .await?;");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muxi_client::api::table::{Operation as _, formation, server};

    #[test]
    fn a_call_has_the_types_of_its_method() -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (takes, streams) = (Takes::read(&root)?, Streams::read(&root)?);
        let call = |endpoint| call(endpoint, &takes, &streams);
        assert_eq!(
            call(server::ops::get_formation::ENDPOINT)?,
            "let reply: Response<FormationDetail> = server\n    \
             .get_formation(formation_id) // formation_id: impl Into<String>\n    .await?;"
        );
        assert_eq!(
            call(formation::ops::chat_stream::ENDPOINT)?,
            "let mut stream: Events<ChatEvent> = formation\n    \
             .chat_stream(payload) // payload: impl Into<ChatRequest>\n    \
             .user_id(user_id) // optional: impl Into<String>\n    .await?;"
        );
        assert_eq!(
            call(formation::ops::get_agents::ENDPOINT)?,
            "let reply: Response<AgentList> = formation.get_agents().await?;"
        );
        let batch = call(formation::ops::ingest_memories_batch::ENDPOINT)?;
        assert!(batch.contains("items: impl IntoIterator<Item = impl Into<MemoryItem>>"), "{batch}");
        assert!(call(formation::ops::ingest_memory::ENDPOINT)?.contains("content: impl Serialize"));
        Ok(())
    }
}
