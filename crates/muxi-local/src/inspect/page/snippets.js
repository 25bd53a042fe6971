
// Snippets: programs that make a request of the log again. Keys stand in none of them.

/** Reads JSON, and keeps the numbers that JavaScript would write otherwise (1.0, or more digits than it holds). */
function exactly(text) {
  const kept = (key, value, context) => typeof value === "number" && context && JSON.rawJSON && String(value) !== context.source
    ? JSON.rawJSON(context.source) : value;
  return JSON.parse(text, kept);
}

/** A string of JSON, and of Python. Characters that are not seen, or that turn the line around, are escaped. */
function quoted(text) {
  return JSON.stringify(text).replace(/[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (hidden) => "\\u" + hidden.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** A value as it is written in one of the languages: `words` are its null, true and false. */
function literal(value, words, indent, step) {
  if (value === null || typeof value === "boolean") return words[String(value)];
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return String(value);
  if (JSON.isRawJSON && JSON.isRawJSON(value)) return value.rawJSON;
  const inner = indent + step, list = Array.isArray(value);
  const [first, last] = list ? "[]" : "{}";
  const parts = list
    ? value.map((part) => literal(part, words, inner, step))
    : Object.entries(value).map(([name, part]) => `${quoted(name)}: ${literal(part, words, inner, step)}`);
  return parts.length ? `${first}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${last}` : first + last;
}

const json = (value) => literal(value, {null: "null", true: "true", false: "false"}, "", "  ");
const python = (value, indent) => literal(value, {null: "None", true: "True", false: "False"}, indent, "    ");
const shell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

/** A string literal of Rust: its escapes are not those of JSON. */
const rust = (text) => quoted(text).replace(/\\(u[0-9a-f]{4}|.)/g, (whole, what) =>
  what[0] === "u" ? `\\u{${what.slice(1)}}` : {b: "\\u{8}", f: "\\u{c}"}[what] || whole);

/** A raw string of Rust, with as many # as the text makes necessary. */
function rawRust(text) {
  let fence = "#";
  while (text.includes('"' + fence)) fence += "#";
  return `r${fence}"${text}"${fence}`;
}

// Headers that each client sends by itself, that a snippet gives otherwise, or that make a call the same one again.
const OWN_HEADERS = ["x-muxi-user-id", "x-muxi-idempotency-key", "x-muxi-sdk", "x-muxi-client", "x-muxi-app", "x-muxi-local-fault"];

/** All of a request that a snippet says. */
function callOf(arrival) {
  const {method, path, query, user, body, headers, operation} = arrival;
  const [, place, id, behind] = path.match(/^\/(api|draft)\/([^/]+)\/v1(\/.*)$/) || [];
  const direct = path.match(/^\/v1(\/.*)$/);
  // Text that is no JSON is as long as the body was; a string of JSON lacks its quotes.
  const isText = typeof body === "string" && new TextEncoder().encode(body).length >= arrival.bytes_in;
  const extra = Object.entries(headers).filter(([name, value]) =>
    name.startsWith("x-") && !OWN_HEADERS.includes(name) && value !== "[redacted]");
  return {
    method, path, query, user, body, headers, isText, extra,
    inner: behind || (direct ? direct[1] : path),
    pairs: [...new URLSearchParams(query || "")],
    isServer: !behind && !direct,
    settings: behind
      ? {server_url: location.origin, formation_id: decodeURIComponent(id), ...(place === "draft" ? {mode: "draft"} : {})}
      : {url: location.origin},
    isStream: Boolean(body && body.stream === true) || /event-stream/.test(headers.accept) || /^stream_/.test(operation),
    // A chat without "stream" is answered as the formation's file says.
    isPlain: operation === null || /^(ping|get_server_logs)$/.test(operation) || /chat$/.test(operation) && body?.stream !== false,
    isFile: /^download_/.test(operation),
  };
}

/** The reason for which the clients cannot make a call, which curl can. */
function hindrance(call, language) {
  if (call.isText) return "A body that is not JSON is none that the clients send";
  if (/^\/\/|[?#"<>\\^`]|\/(\.|%2e){1,2}(\/|$)/i.test(call.inner)) return "Such a path is none that the clients send";
  if (language === "python" && new Set(call.pairs.map(([name]) => name)).size < call.pairs.length) {
    return "The Python client sends each query parameter once";
  }
  return null;
}

/** A sentence about the keys. The terminal prints those of the first formation. */
function keysOf({isServer, settings: {formation_id: id}}) {
  if (isServer) return "The keys come from MUXI_KEY_ID and MUXI_SECRET_KEY.";
  const first = formations.find((formation) => formation.default);
  const whose = id && first && first.id !== id ? ", which must be those of this formation" : "";
  return `The keys come from MUXI_CLIENT_KEY and MUXI_ADMIN_KEY${whose}.`;
}

function pythonSnippet(call) {
  const reason = hindrance(call, "python");
  if (reason) return `# ${reason}: see curl.\n`;
  const client = call.isServer ? "ServerClient" : "FormationClient";
  const settings = Object.entries(call.settings).map(([name, value]) => `${name}=${quoted(value)}`).join(", ");
  const headers = [...(call.user === null ? [] : [["X-Muxi-User-ID", call.user]]), ...call.extra];
  const indent = " ".repeat(8);
  const given = [quoted(call.method), quoted(call.inner)];
  if (call.pairs.length) given.push("params=" + python(Object.fromEntries(call.pairs), indent));
  if (call.body !== null) given.push("body=" + python(call.body, indent));
  if (headers.length) given.push("headers=" + python(Object.fromEntries(headers), indent));
  const made = (name) => `client.${name}(\n${given.map((part) => `${indent}${part},\n`).join("")}    )`;
  const use = call.isStream
    ? `    with ${made("stream")} as events:\n        for event in events:\n            print(event["event"], event["data"])`
    : `    reply = ${made("request")}\n    print(reply)`;
  return `from muxi import ${client}\n\n# ${keysOf(call)}\nwith ${client}(${settings}) as client:\n${use}\n`;
}

function rustSnippet(call) {
  const reason = hindrance(call, "rust");
  if (reason) return `// ${reason}: see curl.\n`;
  const client = call.isServer ? "ServerClient" : "FormationClient";
  const settings = Object.entries(call.settings).map(([name, value]) => `.${name}(${rust(value)})`).join("");
  const given = call.pairs.map(([name, value]) => `.query(${rust(name)}, ${rust(value)})`);
  if (call.user !== null) given.push(`.user_id(${rust(call.user)})`);
  given.push(...call.extra.map(([name, value]) => `.header(${rust(name)}, ${rust(value)})`));
  if (call.body !== null) given.push(".json(body)");
  const form = call.isStream ? "" : call.isFile ? ".bytes()" : call.isPlain ? ".text()" : "";
  const made = `client\n        .${call.isStream ? "stream" : "request"}(${rust(call.method)}, ${rust(call.inner)})` +
    [...given, form, ".await?;"].filter(Boolean).map((part) => "\n        " + part).join("");
  const use = call.isStream
    ? `    let mut events = ${made}\n    while let Some(event) = events.next().await {\n        println!("{:?}", event?);\n    }`
    : `    let reply = ${made}\n    println!("{}", ${call.isFile ? "reply.len()" : "*reply"});`;
  const body = call.body === null ? "" : `    let body: serde_json::Value = serde_json::from_str(${rawRust(json(call.body))})?;\n`;
  return `use muxi_client::${client};\n\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n` +
    `    // ${keysOf(call)}\n    let client = ${client}::builder()${settings}.build()?;\n${body}${use}\n    Ok(())\n}\n`;
}

function curlSnippet(call) {
  const {method, path, query, headers} = call;
  const lines = [], parts = ["curl"];
  if (method === "HEAD") parts.push("--head");
  else if (method !== "GET" || call.body !== null) parts.push("-X " + method);
  if (call.isStream) parts.push("--no-buffer");
  const target = path + (query === null ? "" : "?" + query);
  if (/[[\]{}]/.test(target)) parts.push("--globoff");
  if (/\/\.|%2e/i.test(path)) parts.push("--path-as-is");
  parts.push(shell(location.origin + target));
  const add = (text) => parts.push(`\\\n  -H ${text}`);
  if (path.startsWith("/rpc/")) {
    const signed = shell(`;${method};${decodeURIComponent(path)}`);
    lines.push("timestamp=$(date +%s)",
      `signature=$(printf '%s' "$timestamp"${signed} | openssl dgst -sha256 -hmac "$MUXI_SECRET_KEY" -binary | base64)`);
    add('"Authorization: MUXI-HMAC key=$MUXI_KEY_ID, timestamp=$timestamp, signature=$signature"');
  } else if (!call.isServer) {
    const isAdmin = "x-muxi-admin-key" in headers;
    if (isAdmin) add('"X-Muxi-Admin-Key: $MUXI_ADMIN_KEY"');
    if (!isAdmin || "x-muxi-client-key" in headers) add('"X-Muxi-Client-Key: $MUXI_CLIENT_KEY"');
  }
  if (call.user !== null) add(shell("X-Muxi-User-ID: " + call.user));
  if (/event-stream/.test(headers.accept)) add("'Accept: text/event-stream'");
  for (const [name, value] of call.extra) add(shell(`${name}: ${value}`));
  if (call.body !== null) {
    add(shell("Content-Type: " + (headers["content-type"] || "application/json")));
    parts.push("\\\n  --data-raw " + shell(call.isText ? call.body : json(call.body)));
  }
  return [...lines, parts.join(" ")].join("\n") + "\n";
}

const LANGUAGES = {python: ["Python", pythonSnippet], rust: ["Rust", rustSnippet], curl: ["curl", curlSnippet]};
let language = "python";

/** Puts a text into the clipboard. Where the browser keeps that from a page, the text is selected for the keyboard. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return "Copied";
  } catch {
    getSelection().selectAllChildren(element);
    return "Selected: press Ctrl+C";
  }
}

/** The part of an open request that shows its snippet. */
function snippetOf(arrival) {
  if (arrival.body === null && (arrival.bytes_in > 0 || Number(arrival.headers["content-length"]) > 0)) {
    return make("p", "quiet", "There is no snippet: the log has no body of this request.");
  }
  const call = callOf(arrival), code = make("code"), text = make("pre", "snippet", code);
  const choice = make("select", "language", ...Object.entries(LANGUAGES).map(([value, [name]]) => new Option(name, value)));
  const write = () => {
    language = choice.value;
    code.textContent = LANGUAGES[language][1](call);
  };
  choice.value = language;
  choice.addEventListener("change", write);
  write();
  const said = make("span", "quiet");
  said.setAttribute("role", "status");
  const press = button("Copy", async () => { said.textContent = await copy(code); });
  press.className = "copy";
  return make("div", "again", make("div", "row", make("label", "", "The same call in", choice), press, said), text);
}
