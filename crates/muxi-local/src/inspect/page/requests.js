
// Requests

const arrivals = new Map();
const rows = new Map();
const changed = new Set();

function arrived(arrival) {
  const before = arrivals.get(arrival.number);
  arrivals.set(arrival.number, arrival);
  if (arrivals.size > MOST) forget(arrivals.keys().next().value);
  if (!changed.size) requestAnimationFrame(paint);
  changed.add(arrival.number);
  if (arrival.fault && !(before && before.fault)) loadFaults().catch(quiet);
  if (arrival.duration_ms !== null && arrival.path.startsWith("/rpc/") && arrival.method !== "GET") loadFormations().catch(quiet);
}

function forget(number) {
  arrivals.delete(number);
  const row = rows.get(number);
  if (row) row.remove();
  rows.delete(number);
}

function wanted(arrival) {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const {method, path, query, operation, user, status, fault, formation} = arrival;
  const text = [method, path, query, operation, user, status, fault, formation].join(" ").toLowerCase();
  const kind = $("kind").value;
  const failed = status === null ? arrival.duration_ms !== null : status >= 400;
  return words.every((word) => text.includes(word)) &&
    (kind === "" || kind === "fault" && fault !== null || kind === "failed" && failed || kind === "ok" && status !== null && !failed);
}

function paint() {
  for (const number of [...changed].sort((a, b) => a - b)) {
    const arrival = arrivals.get(number);
    if (!arrival) continue;
    let row = rows.get(number);
    if (!row) {
      row = make("li", "", make("details", "", make("summary")));
      row.firstChild.addEventListener("toggle", () => expand(number));
      rows.set(number, row);
      $("requests").prepend(row);
    }
    row.firstChild.firstChild.replaceChildren(...summary(arrival));
    row.hidden = !wanted(arrival);
    expand(number);
  }
  changed.clear();
  count();
}

function summary(arrival) {
  const {status, duration_ms: time} = arrival;
  const tone = status === null ? (time === null ? "" : "bad") : status < 300 ? "good" : status < 500 ? "warn" : "bad";
  return [
    make("span", "time quiet mono", arrival.time.slice(11, 19)), make("span", "mono", arrival.method),
    make("span", "pill " + tone, status ?? (time === null ? "…" : "none")),
    make("span", "path mono", arrival.path), make("span", "quiet", time === null ? "open" : `${time.toFixed(1)} ms`),
    arrival.fault ? make("span", "fault pill warn", arrival.fault) : null,
  ].filter(Boolean);
}

/** Shows all that is known of a request whose row is open. */
function expand(number) {
  const [row, arrival] = [rows.get(number), arrivals.get(number)];
  if (!row || !arrival) return;
  const details = row.firstChild;
  const focused = details.contains(document.activeElement) && document.activeElement.className;
  while (details.lastChild !== details.firstChild) details.lastChild.remove();
  if (!details.open) return;
  const {headers, body, ...facts} = arrival;
  const list = make("dl");
  const add = (name, value) => list.append(make("dt", "", name), make("dd", "mono", value));
  for (const [name, value] of Object.entries(facts)) if (value !== null) add(name.replaceAll("_", " "), value);
  for (const [name, value] of Object.entries(headers)) add(name + ":", value);
  if (body !== null) {
    const text = callOf(arrival).isText ? body : json(body);
    details.append(make("h4", "", "Body"), make("pre", "body", make("code", "", text)));
  }
  details.append(snippetOf(arrival), make("h4", "", "Request"), list);
  // More may be known of a request while its row is used.
  if (focused) details.querySelector("." + focused)?.focus();
}

function count() {
  const shown = [...rows.values()].filter((row) => !row.hidden).length;
  $("count").textContent = arrivals.size ? (shown === arrivals.size ? `(${shown})` : `(${shown} of ${arrivals.size})`) : "";
  $("none").hidden = shown > 0;
  $("none").textContent = arrivals.size ? "No request fits the filter." : "Nothing has arrived yet.";
}

function filterAgain() {
  for (const [number, row] of rows) row.hidden = !wanted(arrivals.get(number));
  count();
}

function emptied() {
  [...arrivals.keys()].forEach(forget);
  count();
}

function show(state, tone) {
  $("live").textContent = state;
  $("live").className = "pill " + tone;
}

/** Watches the log. A new connection starts anew: the server may be another one. */
function watch() {
  const source = new EventSource("/_local/requests/stream");
  source.addEventListener("open", () => {
    show("live", "good");
    emptied();
    load();
  });
  source.addEventListener("arrival", (event) => arrived({...JSON.parse(event.data), body: exactly(event.data).body}));
  source.addEventListener("cleared", () => { emptied(); load(); });
  source.addEventListener("error", () => {
    source.close();
    show("not connected", "bad");
    setTimeout(watch, 1000);
  });
}
