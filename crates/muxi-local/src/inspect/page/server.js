"use strict";
const $ = (id) => document.getElementById(id);
const MOST = 500;

/** An element with a class, and texts or elements in it. Text stays text: nothing here is read as HTML. */
function make(tag, name, ...content) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...content.filter((part) => part !== null && part !== undefined).map((part) => part instanceof Node ? part : String(part)));
  return element;
}

/** Calls a route of this page's server. A refusal is thrown in the server's words. */
async function ask(method, path, body) {
  const response = await fetch("/_local" + path, {method, body: typeof body === "object" ? JSON.stringify(body) : body});
  const reply = await response.json();
  if (!response.ok) throw new Error(reply.message || response.statusText);
  return reply;
}

/** Shows what goes wrong in an action, where it belongs. */
function guarded(place, action) {
  return async (...given) => {
    place.textContent = "";
    try { await action(...given); } catch (error) { place.textContent = error.message; }
  };
}

function button(text, action) {
  const element = make("button", "", text);
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}

// Formations

let formations = [];

async function loadFormations() {
  const fresh = (await ask("GET", "/formations")).formations;
  if (JSON.stringify(fresh) === JSON.stringify(formations)) return;
  formations = fresh;
  $("formations").replaceChildren(...formations.map((formation) => {
    const tone = {running: "good", starting: "warn"}[formation.status] || "bad";
    const names = formation.agents.map((agent) => agent.id).join(", ");
    const head = make("div", "row", make("h3", "", formation.id), make("span", "pill " + tone, formation.status),
      formation.version ? make("span", "quiet", formation.version) : null);
    return make("li", "formation", head,
      names ? make("p", "quiet", "Agents: " + names) : null,
      formation.triggers.length ? make("p", "quiet", "Triggers: " + formation.triggers.join(", ")) : null);
  }));
  const first = formations.find((formation) => formation.default);
  for (const name of ["formation", "of-formation"]) {
    choose($(name), formations.map((formation) => [formation.id, formation.id]), first && first.id);
  }
  loadAgents();
}

function loadAgents() {
  const formation = formations.find((formation) => formation.id === $("formation").value);
  const agents = formation ? formation.agents.map((agent) => [agent.id, agent.name || agent.id]) : [];
  choose($("agent"), [["", "any"], ...agents], "");
}

/** Fills a choice, and keeps what was chosen where it is still there. */
function choose(select, options, usual) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  const values = options.map(([value]) => value);
  select.value = values.includes(chosen) ? chosen : usual ?? values[0] ?? "";
}

// Faults

const PRESETS = [
  ["503", "status=503"], ["429, wait 1 s", "status=429; retry_after=1"], ["HTML 502", "html=502"],
  ["Reset", "reset=before"], ["Reset in body", "reset=body; after_bytes=60"], ["Cut stream", "truncate=3 events"],
  ["Stall", "stall_after=2 events"], ["Slow", "slow_bytes_per_s=400"], ["Bad JSON", "garbage=json"],
];

function aimed(text) {
  const path = $("fault-path").value.trim(), times = $("fault-times").value;
  return text + (path ? "; path=" + path : "") + (times ? "; times=" + times : "");
}

const arm = guarded($("fault-error"), async (text) => showFaults(await ask("POST", "/faults", text)));

function showFaults({faults}) {
  $("armed").replaceChildren(...faults.map((fault) =>
    make("li", "", make("code", "", fault.text), make("span", "quiet", `used ${fault.used}×`))));
  if (!faults.length) $("armed").append(make("li", "quiet", "No fault is armed."));
}

const loadFaults = async () => showFaults(await ask("GET", "/faults"));

// Clock

let ahead = 0;

function showClock({now, offset_seconds: offset}) {
  ahead = Date.parse(now) - Date.now();
  $("offset").textContent = offset ? `${Math.round(offset)} s ahead of the real time` : "The real time, in UTC";
  tick();
}

function tick() {
  $("now").textContent = new Date(Date.now() + ahead).toISOString().slice(0, 19).replace("T", " ");
}

const loadClock = async () => showClock(await ask("GET", "/clock"));
const moveClock = (body) => guarded($("notice"), async () => showClock(await ask("POST", "/clock", body)));
