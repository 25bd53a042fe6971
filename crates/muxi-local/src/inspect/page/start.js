
// Wiring

const quiet = () => {};

function load() {
  for (const part of [loadFormations, loadFaults, loadClock]) part().catch(quiet);
}

$("presets").append(...PRESETS.map(([name, text]) => button(name, () => arm(aimed(text)))));
$("own").addEventListener("submit", (event) => {
  event.preventDefault();
  arm(aimed($("fault-text").value));
});
$("disarm").addEventListener("click", guarded($("fault-error"), async () => showFaults(await ask("DELETE", "/faults"))));
for (const [name, body] of [["+1 min", {advance_seconds: 60}], ["+1 h", {advance_seconds: 3600}], ["+1 day", {advance_seconds: 86400}], ["Real time", {reset: true}]]) {
  $("advance").append(button(name, moveClock(body)));
}
$("formation").addEventListener("change", loadAgents);
$("filter").addEventListener("input", filterAgain);
$("kind").addEventListener("change", filterAgain);
$("clear").addEventListener("click", guarded($("notice"), () => ask("DELETE", "/requests")));
$("fresh").addEventListener("click", newSession);
$("stop").addEventListener("click", () => running && running.abort());
$("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("compose").requestSubmit();
  }
});
$("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const message = $("message").value;
  if (!message.trim() || running) return;
  $("message").value = "";
  say(message);
});
$("of").addEventListener("submit", (event) => {
  event.preventDefault();
  showUser();
});
let sure = 0;
$("reset").addEventListener("click", guarded($("notice"), async () => {
  const calm = () => {
    clearTimeout(sure);
    sure = 0;
    $("reset").textContent = "Reset everything";
    $("reset").classList.remove("sure");
  };
  if (!sure) {
    $("reset").textContent = "Forget everything?";
    $("reset").classList.add("sure");
    sure = setTimeout(calm, 4000);
    return;
  }
  calm();
  await ask("POST", "/reset");
  newSession();
}));
newSession();
watch();
setInterval(tick, 1000);
// Programs change these, too.
setInterval(() => { if (!document.hidden) load(); }, 3000);
