/** The left column: the selected incident's clock, the processes that keep it, its figures and its timeline. */

import { arrange, byId, element, setText, whenChanged } from "./dom.js";
import { after, clockTime, clockTimeToTheSecond, countdown, duration, milliseconds } from "./times.js";

/**
 * @typedef {import("./api.js").Incident} Incident
 * @typedef {import("./api.js").Picture} Picture
 * @typedef {{pid: number, at: number, number: number|null, fired: number}} Kill when, and how many steps had fired by then
 */

const CLOCK_LABELS = {
  step: "Next step in",
  restart: "The path restarts in",
  remind: "The owner is reminded in",
  resolve_within: "Must be resolved within",
  snooze_end: "Snoozed for another",
};

const FIRE_LABELS = { step: "Fire the next step now", restart: "Restart the path now" };

const FIRING_MS = 2000;

/* ---- the clock -------------------------------------------------------------------------------------------------------- */

/** The list of incidents, newest first; hidden while there is only one to look at. */
export function showIncidents(incidents, selected, select) {
  const list = byId("incidents");
  list.hidden = incidents.length < 2;
  whenChanged(list, [incidents.map(({ number, header, state }) => [number, header, state]), selected], () => {
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...incidents.map((one) => element("li", {}, row(one, one.number === selected, select))));
    if (focused) list.querySelector("[aria-pressed=true]")?.focus();
  });
}

function row(incident, isSelected, select) {
  const attributes = { type: "button", "aria-pressed": String(isSelected), onclick: () => select(incident.number) };
  const number = element("span", { class: "row-number" }, `#${incident.number}`);
  const header = element("span", { class: "row-header" }, incident.header);
  const state = element("span", { class: `row-state ${incident.state}` }, incident.state);
  return element("button", attributes, number, header, state);
}

/** @param {Incident} incident @param {(key: string) => string} nameOf */
export function showIncident(incident, nameOf) {
  setText(byId("incident-title"), `${incident.header} · #${incident.number}`);
  const state = byId("incident-state");
  setText(state, stateInWords(incident, nameOf));
  state.className = `state ${incident.state}`;
  byId("countdown").className = `countdown ${incident.state}`;
  setText(byId("coach"), advice(incident, nameOf));
  setText(byId("fire"), FIRE_LABELS[incident.due_kind] ?? "Fire this deadline now");
  byId("fire").hidden = !incident.due_at;
}

function stateInWords({ state, owner }, nameOf) {
  const who = owner ? nameOf(owner) : "somebody";
  const words = {
    triggered: "Unacknowledged",
    acknowledged: `${who} has it`,
    snoozed: `Snoozed by ${who}`,
    resolved: "Resolved",
    logged: "Logged only, nobody is notified",
    merged: "Merged into another incident",
  };
  return words[state] ?? state;
}

function advice({ state, owner }, nameOf) {
  const words = {
    triggered: "Press Acknowledge on any phone, or do nothing and watch it escalate.",
    acknowledged: `Nobody else is notified. ${owner ? nameOf(owner) : "The owner"} can resolve it, or release it.`,
    snoozed: "When the snooze ends it restarts from step 1.",
    resolved: "Every message about it has been updated, on every phone.",
    logged: "The policy notifies nobody about this on purpose.",
  };
  return words[state] ?? "";
}

const spans = new Map();

/** From the last thing that had happened when a deadline was first seen, to that deadline: what the full bar stands for. */
function spanOf(incident, due, now) {
  const key = `${incident.number} ${incident.due_at}`;
  if (!spans.has(key)) {
    const began = Date.parse(incident.timeline.at(-1)?.at ?? incident.opened_at);
    spans.set(key, Math.max(1000, due - Math.min(now, began)));
  }
  return spans.get(key);
}

/** A deadline that has passed without firing is said to be overdue, however long it takes. */
function clockLabel(incident, now) {
  if (!incident.due_at) return "No deadline";
  const late = now - Date.parse(incident.due_at);
  if (late < 0) return CLOCK_LABELS[incident.due_kind] ?? "Due in";
  return late < FIRING_MS ? "Firing now" : `Overdue by ${duration(late)}`;
}

/** `Next at 14:08 (in 3 min): tells senior moderators and PagerDuty` */
function nextInWords({ due_at: due, next }, now, timezone) {
  if (!due || !next) return "";
  const left = Date.parse(due) - now;
  return `Next at ${clockTime(Date.parse(due), timezone)} (${left > 0 ? `in ${duration(left)}` : "now"}): ${next}`;
}

/** Moves the falling clock. @param {Incident} incident @param {number} now @param {string} timezone the viewer's */
export function tickClock(incident, now, timezone) {
  byId("countdown").classList.toggle("still", !incident.due_at);
  setText(byId("countdown-label"), clockLabel(incident, now));
  if (!incident.due_at) return;
  const due = Date.parse(incident.due_at);
  setText(byId("countdown-figure"), countdown(due - now));
  setText(byId("countdown-next"), nextInWords(incident, now, timezone));
  const left = Math.min(1, Math.max(0, (due - now) / spanOf(incident, due, now)));
  byId("countdown-bar").style.setProperty("--left", left.toFixed(4));
}

/* ---- processes, and what killing one changes ---------------------------------------------------------------------------- */

/**
 * @param {Picture} picture
 * @param {Kill|null} kill the last worker killed from here
 * @param {number} now
 */
export function showProcesses(picture, kill, now) {
  const alive = picture.workers.filter((one) => one.alive && one.pid !== kill?.pid);
  const of = (isWorker) => alive.filter((one) => (one.kind === "worker") === isWorker).map((one) => processLine(one, kill, now));
  const lines = [...of(false), ...(kill ? [killedLine(kill, now)] : []), ...of(true)];
  if (kill) lines.push({ mark: "promise", name: "", text: consequence(kill, picture, now) });
  const node = byId("processes");
  whenChanged(node, lines.map(({ mark, name }) => [mark, name]), () => {
    const keyed = lines.map(({ mark, name }) => element("p", { class: mark }, element("strong", {}, name), element("span", {})));
    arrange(node, []);
    node.append(...keyed);
  });
  lines.forEach(({ text }, index) => setText(node.children[index].lastElementChild, text));
}

function processLine(worker, kill, now) {
  const name = `${worker.kind} ${worker.pid}`;
  const started = Date.parse(worker.started_at);
  if (kill && worker.kind === "worker" && started > kill.at - 500) {
    return { mark: "born", name, text: `up ${((started - kill.at) / 1000).toFixed(1)} s after the kill` };
  }
  return { mark: "beating", name, text: `running, last heartbeat ${duration(now - Date.parse(worker.beat_at))} ago` };
}

const killedLine = (kill, now) => ({ mark: "killed", name: `worker ${kill.pid}`, text: `killed ${duration(now - kill.at)} ago` });

function consequence(kill, picture, now) {
  const incident = picture.incidents.find((one) => one.number === kill.number);
  const lateness = incident?.figures.lateness_ms ?? [];
  if (lateness.length > kill.fired) return `The escalation fired anyway, ${milliseconds(lateness[kill.fired])} late.`;
  if (incident?.due_at) {
    const what = incident.state === "triggered" ? "The escalation still fires" : "This deadline still fires";
    return `${what} in ${countdown(Date.parse(incident.due_at) - now)}: the deadline is stored in the database.`;
  }
  return "Nothing was lost: the work is stored in the database.";
}

/* ---- what happened ------------------------------------------------------------------------------------------------------ */

/** @param {Incident} incident @param {(key: string) => string} nameOf @param {string} timezone the viewer's */
export function showEvidence(incident, nameOf, timezone) {
  whenChanged(byId("figures"), [incident.number, incident.figures], () => {
    byId("figures").replaceChildren(...figures(incident.figures));
  });
  whenChanged(byId("timeline"), [incident.number, incident.timeline, timezone], () => {
    const opened = Date.parse(incident.timeline[0]?.at ?? incident.opened_at);
    const entries = incident.timeline.map((entry) => entryNode(entry, opened, nameOf, timezone));
    byId("timeline").replaceChildren(...entries.reverse());
  });
}

function figures({ webhook_to_message_ms: first, lateness_ms: late }) {
  const worst = late.length ? milliseconds(Math.max(...late)) : "–";
  return [
    figure("webhook to message", first === null ? "–" : milliseconds(first)),
    figure("escalations fired", String(late.length)),
    figure(late.length > 1 ? "late by at most" : "late by", worst, late.map(milliseconds).join(", ")),
  ];
}

const figure = (label, value, title = "") =>
  element("div", { title: title || null }, element("dt", {}, label), element("dd", {}, value));

function entryNode(entry, opened, nameOf, timezone) {
  const at = Date.parse(entry.at);
  const time = element("time", { datetime: entry.at, title: clockTimeToTheSecond(at, timezone) }, after(at - opened));
  const actor = entry.actor === "system" ? null : element("strong", {}, `${nameOf(entry.actor)} `);
  return element("li", { "data-action": entry.action }, time, element("span", {}, actor, entry.text));
}
