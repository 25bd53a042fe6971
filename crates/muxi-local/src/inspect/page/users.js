
// Users: the sessions, messages and memories that a formation has of one.

/** Reads from a formation's API. A refusal is thrown in the formation's words. */
async function read(formation, user, path) {
  const response = await fetch(`/_local/formations/${encodeURIComponent(formation)}${path}`, {headers: userHeaders(user)});
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${refusal(text)}`);
  return JSON.parse(text).data;
}

/** Seconds since 1970 as a time in UTC. */
const timeOf = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

function sessionRow(formation, user, {session_id: id, last_activity: last}) {
  const messages = make("ol", "messages"), problem = make("p", "error");
  const row = make("details", "", make("summary", "", make("span", "mono", id), " ", make("span", "quiet", timeOf(last))), problem, messages);
  const load = guarded(problem, async () => {
    if (!row.open) return;
    const reply = await read(formation, user, `/sessions/${encodeURIComponent(id)}/messages?limit=1000`);
    messages.replaceChildren(...reply.messages.map(({text, metadata, timestamp}) => make("li", "",
      make("p", "quiet", `${metadata?.role ?? "?"}, ${timeOf(timestamp)}`), make("p", "said", text))));
    if (!reply.messages.length) messages.append(make("li", "quiet", "The buffer has no message of this session."));
  });
  row.addEventListener("toggle", load);
  return make("li", "", row);
}

function memoryRow({id, content, created_at: created, scope}) {
  const text = typeof content === "string" ? content : json(content);
  return make("li", "", make("p", "said", text), make("p", "quiet", `${scope}, ${created.slice(0, 19).replace("T", " ")}, ${id}`));
}

/** Shows one kind of what a user has; neither kind keeps the other from being shown. */
function showList(name, rows, nothing) {
  $(name).replaceChildren(...rows);
  if (!rows.length) $(name).append(make("li", "quiet", nothing));
}

async function showUser() {
  const formation = $("of-formation").value, user = $("of-user").value;
  const part = (name, path, row, nothing) => guarded($(name + "-error"), async () => {
    $(name).replaceChildren();
    showList(name, (await read(formation, user, path))[name].map(row), nothing);
  })();
  await Promise.all([
    part("sessions", "/sessions?limit=1000", (session) => sessionRow(formation, user, session), "No session."),
    part("memories", "/memories?limit=100", memoryRow, "No memory."),
  ]);
}
