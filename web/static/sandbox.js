/** The sandbox page: polls the picture, draws it, and turns what people do into the vendors' own signed callbacks. */

import { PictureSource, ServerClock, interact, post } from "./api.js";
import { ViewDialog, confirmed } from "./dialogs.js";
import { byId, element, setText, whenChanged } from "./dom.js";
import { showEvidence, showIncident, showIncidents, showProcesses, tickClock } from "./incident.js";
import { Wall } from "./phones.js";
import { milliseconds } from "./times.js";

const POLL_MS = 700;
const POLL_HIDDEN_MS = 5000;
const TICK_MS = 100;
const TOAST_MS = 6000;
const DEFAULT_SAMPLE = "threat";

const clock = new ServerClock();
const source = new PictureSource(clock);
const wall = new Wall({ press, act, openView, command });
const view = new ViewDialog(submitView);

const NAMES = { pagerduty: "PagerDuty", jira: "Jira" };

/** What this page remembers between two pictures. */
const page = {
  /** @type {import("./api.js").Picture|null} */ picture: null,
  viewer: sessionStorage.getItem("viewer"),
  /** @type {number|null} chosen by hand; the newest otherwise */ chosen: null,
  /** @type {import("./incident.js").Kill|null} */ kill: null,
  seenViews: new Set(),
  /** @type {import("./api.js").Message[]} to commands; they stand on this page only */ answers: [],
  isFirst: true,
  misses: 0,
  turn: 0,
  timer: 0,
};

/* ---- what the picture says ---------------------------------------------------------------------------------------------- */

const person = (key) => page.picture.people.find((one) => one.key === key);
const nameOf = (key) => person(key)?.name ?? key;
const viewer = () => person(page.viewer) ?? page.picture.people[0];
const newestFirst = () => page.picture.incidents.toSorted((one, other) => other.number - one.number);
const selected = () => page.picture.incidents.find((one) => one.number === page.chosen) ?? newestFirst()[0];

function draw() {
  const { picture } = page;
  const isFirst = page.isFirst;
  page.isFirst = false;
  document.body.dataset.stage = picture.incidents.length || picture.messages.length ? "live" : "empty";
  drawBar(picture);
  const { people, groups, messages, incidents } = picture;
  const scene = { people, groups, viewer: viewer(), now: clock.now(), incident: selected()?.number ?? null, incidents };
  const all = [...messages, ...page.answers].toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  announce(wall.show(all, scene));
  drawIncident();
  openNewViews(isFirst);
  tick();
}

function drawBar({ mode, reached_nobody: nobody, demo_policy: isDemo, people, samples, can_kill: canKill }) {
  const alerts = nobody === 1 ? "1 alert" : `${nobody} alerts`;
  const tail = isDemo ? " · demo policy" : "";
  const apart = mode === "sandbox" ? "" : ` · this page shows only the sandbox: the installation itself is in mode ${mode}`;
  setText(byId("mode"), `Sandbox mode: nothing is sent (${alerts} so far)${tail}${apart}`);
  fillMenu(byId("viewer"), people.map(({ key, name, role }) => [key, `${name} (${role})`]), viewer()?.key);
  fillMenu(byId("sample-name"), samples.map(({ name, title }) => [name, title]), DEFAULT_SAMPLE);
  byId("kill").hidden = !canKill;
}

/** The choice is only set when the options change: afterwards it belongs to whoever uses the menu. */
function fillMenu(menu, options, initial) {
  whenChanged(menu, options, () => {
    menu.replaceChildren(...options.map(([value, label]) => element("option", { value }, label)));
    if (options.some(([value]) => value === initial)) menu.value = initial;
  });
}

function drawIncident() {
  const incident = selected();
  if (!incident) return;
  showIncidents(newestFirst(), incident.number, (number) => {
    page.chosen = number;
    draw();
  });
  showIncident(incident, nameOf);
  showEvidence(incident, nameOf, viewer().timezone);
}

function tick() {
  if (!page.picture) return;
  const now = clock.now();
  wall.tick(now, viewer());
  const incident = selected();
  if (incident) tickClock(incident, now, viewer().timezone);
  showProcesses(page.picture, page.kill, now);
}

function announce(rung) {
  if (rung.length) setText(byId("announcer"), rung.map(({ phone, text }) => `${phone}: ${text}`).join(". "));
}

/* ---- what people do ----------------------------------------------------------------------------------------------------- */

/** Whoever presses on somebody's own phone is that person; in a channel it is whoever the menu says. */
async function press(message, owner, button, pressed) {
  if (pressed.ariaBusy === "true" || !(await confirmed(button.confirm))) return;
  if (owner) become(owner.key);
  pressed.ariaBusy = "true";
  await attempt(async () => {
    const click = { person: viewer().key, message: message.id, action_id: button.action_id, value: button.value ?? "" };
    const { status, ms } = await interact("click", click);
    if (message.incident !== null) page.chosen = message.incident;
    toast(`${viewer().name} pressed ${button.text.text}. The signed callback returned ${status} in ${milliseconds(ms)}.`);
  });
  pressed.ariaBusy = "false";
  await poll();
}

/** Somebody does something in PagerDuty or Jira; a time-out is nobody's doing, whoever runs it out here. */
async function act(message, button, pressed) {
  if (pressed.ariaBusy === "true") return;
  pressed.ariaBusy = "true";
  await attempt(async () => {
    const { door, status, ms } = await interact("act", { person: viewer().key, message: message.id, act: button.action_id });
    if (message.incident !== null) page.chosen = message.incident;
    toast(`${NAMES[message.channel]}: ${button.label}. ${door} answered ${status} in ${milliseconds(ms)}.`);
  });
  pressed.ariaBusy = "false";
  await poll();
}

/** Somebody types a command; what only they are told stands in the answer. */
async function command(typed, place) {
  await attempt(async () => {
    const { answer } = await interact("command", { person: viewer().key, message: place.id, typed });
    if (answer?.text) page.answers.push(answerIn(place, answer.text));
    draw();
  });
  await poll();
}

/** An answer to a command, as Slack shows it in the place where it was typed; Slack keeps it nowhere either. */
function answerIn({ destination, address }, text) {
  const at = new Date(clock.now()).toISOString();
  const plain = { incident: null, thread_ts: null, broadcast: false, updated_at: null, blocks: [], view: null };
  const id = `answer-${page.answers.length}`;
  return { ...plain, id, ts: id, at, channel: "slack", type: "ephemeral", destination, address, person: viewer().key, text };
}

async function submitView(message, state) {
  const who = message.person ?? viewer().key;
  const { status, ms, answer } = await interact("click", { person: who, message: message.id, view_state: state });
  const title = message.view.title.text;
  toast(`${nameOf(who)} submitted “${title}”. The signed callback returned ${status} in ${milliseconds(ms)}.`);
  poll();
  return answer;
}

function openView(message) {
  const reader = person(message.person) ?? viewer();
  const { people, groups } = page.picture;
  const stage = { timezone: reader.timezone, now: clock.now(), people, groups, slack: reader.slack };
  const suggest = async (action, typed) => {
    const search = { person: reader.key, message: message.id, action_id: action, typed };
    return (await interact("click", search)).answer;
  };
  view.open(message, { ...stage, suggest, press: (button, pressed) => press(message, reader, button, pressed) });
}

/** A modal opens by itself for whoever caused it, and never again after a reload. */
function openNewViews(isFirst) {
  for (const message of page.picture.messages) {
    if (message.type !== "view" || page.seenViews.has(message.id)) continue;
    page.seenViews.add(message.id);
    if (!isFirst && message.person === viewer().key) openView(message);
  }
}

function become(key) {
  page.viewer = key;
  byId("viewer").value = key;
  sessionStorage.setItem("viewer", key);
}

async function sendSample(name) {
  await attempt(async () => {
    await post("sample", { name });
    page.chosen = null;
  });
  await poll();
}

async function fire() {
  const { number } = selected();
  await attempt(() => post("fire", { number }));
  await poll();
}

async function kill() {
  const incident = selected();
  const at = clock.now();
  await attempt(async () => {
    const { pid } = await post("kill");
    page.kill = { pid, at, number: incident?.number ?? null, fired: incident?.figures.lateness_ms.length ?? 0 };
    toast(`Worker ${pid} was killed.`);
  });
  await poll();
}

/* ---- telling the user ----------------------------------------------------------------------------------------------------- */

let toastTimer = 0;

function toast(text) {
  setText(byId("toast"), text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => setText(byId("toast"), ""), TOAST_MS);
}

function showTrouble(text) {
  setText(byId("trouble"), text);
  byId("trouble").hidden = !text;
}

/** Runs a command; what goes wrong is shown and stays until the next command succeeds. */
async function attempt(command) {
  try {
    await command();
    showTrouble("");
  } catch (error) {
    showTrouble(error.message);
  }
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------- */

/** Only the newest question counts: an answer that was overtaken is dropped. */
async function poll() {
  const turn = ++page.turn;
  clearTimeout(page.timer);
  try {
    const picture = await source.next();
    if (turn !== page.turn) return;
    if (page.misses > 1) showTrouble("");
    page.misses = 0;
    if (picture) {
      page.picture = picture;
      draw();
    }
  } catch (error) {
    page.misses += 1;
    if (page.misses === 2) showTrouble(`The server does not respond; trying again. (${error.message})`);
  }
  if (turn === page.turn) page.timer = setTimeout(poll, document.hidden ? POLL_HIDDEN_MS : POLL_MS);
}

byId("viewer").addEventListener("change", (event) => {
  become(event.target.value);
  draw();
});
byId("sample").addEventListener("submit", (event) => {
  event.preventDefault();
  sendSample(byId("sample-name").value);
});
byId("first-sample").addEventListener("click", () => sendSample(byId("sample-name").value || DEFAULT_SAMPLE));
byId("fire").addEventListener("click", fire);
byId("kill").addEventListener("click", kill);
document.addEventListener("visibilitychange", () => document.hidden || poll());
setInterval(tick, TICK_MS);
page.picture = source.first();
if (page.picture) draw();
poll();
