
// Chat

let running = null;

function newSession() {
  $("session").value = "page-" + crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  answered();
  $("turns").replaceChildren();
}

/** The events of a stream: name and data. Lines end in LF here, as this server sends them. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split("\n").filter((line) => line.startsWith(name + ": ")).map((line) => line.slice(name.length + 2));
      const data = field("data").join("\n");
      if (data) yield {name: field("event")[0] || "message", data};
    }
  }
}

/** What an error says in either API's words; the text itself where it is no such error. */
function refusal(text) {
  try {
    const reply = JSON.parse(text), inner = reply.error;
    if (inner && inner.message) return `${inner.code}: ${inner.message}`;
    if (reply.message || inner) return reply.message || inner;
  } catch { /* A proxy's page, or nothing at all. */ }
  return text.slice(0, 500);
}

/** The end of a turn, from its events: a class, the words for people, and a message where the answer is none. */
function endOf({completed, problem, error, done}) {
  if (error !== null) return ["failed", "Failed", error];
  if (!done) return ["cut", "Cut off", "The stream ended before the turn did."];
  if (!completed) return problem ? ["failed", "Failed", problem] : ["cut", "Cut off", "The turn ended without its answer."];
  const {status, clarification} = completed;
  if (status === "awaiting_clarification" || clarification === true) return ["asks", "Question: waits for your answer", ""];
  if (status === "error") return ["failed", "Failed", completed.content ? "" : "The turn failed without a message."];
  return status && status !== "success" ? ["odd", "Ended as " + status, ""] : ["", "", ""];
}

const USUAL_HINT = $("message").placeholder;

/** A question waits until the next message of its session. */
function answered() {
  for (const turn of document.querySelectorAll(".turn.asks")) {
    turn.classList.remove("asks");
    turn.querySelector(".end").textContent = "Question";
  }
  $("message").placeholder = USUAL_HINT;
}

/** The headers that name a user. */
function userHeaders(user) {
  if (!/^[\x20-\x7e]*$/.test(user)) throw new Error("A user id has only plain ASCII characters.");
  return user ? {"X-Muxi-User-ID": user} : {};
}

async function say(message) {
  const text = make("span", "text"), events = make("ol"), title = make("summary", "quiet", "0 events");
  const end = make("span", "end pill"), problem = make("p", "error"), folded = make("details", "", title, events);
  folded.hidden = end.hidden = true;
  const turn = make("div", "turn agent busy", end, text, problem, folded);
  answered();
  $("turns").append(make("div", "turn user", message), turn);
  const follow = () => { $("turns").scrollTop = $("turns").scrollHeight; };
  const close = (kind, words, message) => {
    if (kind) turn.classList.add(kind);
    end.textContent = words;
    end.classList.add({failed: "bad", cut: "warn", odd: "warn"}[kind] || "asked");
    end.hidden = !words;
    problem.textContent = message;
    if (kind === "asks") $("message").placeholder = "Your answer";
  };
  follow();
  running = new AbortController();
  working(true);
  let begun = false;
  try {
    const response = await fetch("/_local/chat/" + encodeURIComponent($("formation").value), {
      method: "POST", signal: running.signal,
      headers: {"Content-Type": "application/json", ...userHeaders($("user").value)},
      body: JSON.stringify({message, stream: true, session_id: $("session").value || null, agent_id: $("agent").value || null}),
    });
    if (!response.ok) throw new Error(`${response.status} ${refusal(await response.text())}`);
    if (!(response.headers.get("content-type") || "").startsWith("text/event-stream")) {
      throw new Error("The answer is no stream: " + (await response.text()).slice(0, 500));
    }
    begun = true;
    const seen = {completed: null, problem: null, error: null, done: false};
    for await (const event of eventsOf(response)) {
      const token = event.name === "message" ? tokenOf(event.data) : {};
      events.append(make("li", "", make("span", "pill", token.type || event.name), " ", make("code", "", event.data)));
      folded.hidden = false;
      title.textContent = `${events.children.length} events`;
      // A workflow says its whole answer once more when it has completed.
      if (token.stage === "final_response") text.textContent = token.content;
      else if (token.type === "content") text.append(token.content);
      // What a completed turn says counts, also where its pieces said something else.
      if (token.type === "completed" && token.content && token.content !== text.textContent) text.textContent = token.content;
      if (token.type === "completed") seen.completed = token;
      if (/^(error|failed|cancelled)$/.test(token.type)) seen.problem = token.content || token.type;
      if (event.name === "error") seen.error = refusal(event.data);
      seen.done ||= event.name === "done";
      follow();
    }
    close(...endOf(seen));
  } catch (error) {
    if (error.name === "AbortError") close("cut", "Stopped", "");
    else if (begun && error instanceof TypeError) close("cut", "Cut off", "The connection broke: " + error.message);
    else close("failed", "Failed", error.message);
  } finally {
    turn.classList.remove("busy");
    running = null;
    working(false);
    follow();
  }
}

/** The token of an event. Old runtimes send a text. */
function tokenOf(data) {
  let event;
  try { event = JSON.parse(data); } catch { throw new Error("An event is not JSON: " + data.slice(0, 500)); }
  return typeof event.token === "string" ? {type: "content", content: event.token} : event.token || {};
}

function working(is) {
  $("send").disabled = is;
  $("stop").disabled = !is;
}
