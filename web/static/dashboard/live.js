/**
 * Keeps a page true without reloading it: countdowns run, and what is marked `data-live` is fetched anew.
 *
 * An element with `data-live` and an id is exchanged when the server renders it otherwise. What has the focus in it keeps
 * it by its id, ticked boxes and open details as well; one in which somebody writes waits. Other scripts hear
 * `escalator:live` on the document when something was exchanged. `data-every` on an element says after how many seconds
 * a page that changes slowly is asked for again.
 */

const EVERY_MS = 1_000 * Number(document.querySelector("[data-every]")?.dataset.every ?? 2);
const HIDDEN_EVERY_MS = 15_000;
const LONGEST_MS = 30_000;

/** What the server said of each live element last: the page itself changes it, by ticking. */
const said = new Map(parts(document).map((part) => [part.id, part.innerHTML]));

let etag = "";
let offsetMs = 0;
let failures = 0;

function parts(page) {
  return [...page.querySelectorAll("[data-live][id]")];
}

/** `4:12`, `1:04:12` from an hour on, `3 d 4 h` from two days on. */
function span(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (days >= 2) return `${days} d ${hours % 24} h`;
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Lets every countdown and every age of the page show the present second. */
function tick() {
  for (const node of document.querySelectorAll("time[data-due], time[data-ago]")) {
    const left = Date.parse(node.dateTime) - Date.now() - offsetMs;
    const isLate = "due" in node.dataset && left < -1000;
    const words = "ago" in node.dataset ? `${span(left)} ago` : isLate ? `late by ${span(left)}` : `in ${span(left)}`;
    if (node.textContent !== words) node.textContent = words;
    node.classList.toggle("late", isLate);
  }
}

function isWrittenIn(part) {
  const focused = document.activeElement;
  return part.contains(focused) && focused.matches("textarea, input:not([type=checkbox]), select");
}

function exchange(fresh) {
  let hasChanged = false;
  for (const part of parts(document)) {
    const anew = fresh.getElementById(part.id);
    if (!anew || anew.innerHTML === said.get(part.id) || isWrittenIn(part)) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const ticked = [...part.querySelectorAll("input[type=checkbox]:checked[id]")].map((box) => box.id);
    const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
    said.set(part.id, anew.innerHTML);
    part.replaceChildren(...document.adoptNode(anew).childNodes);
    for (const id of ticked) if (document.getElementById(id)) document.getElementById(id).checked = true;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
    hasChanged = true;
  }
  if (hasChanged) document.dispatchEvent(new CustomEvent("escalator:live"));
}

/** Asks for this page again; only what has changed since comes back with a body. */
async function refresh() {
  const response = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {}, redirect: "manual" });
  if (response.type === "opaqueredirect") return location.reload();
  offsetMs = response.headers.has("X-Now") ? Date.parse(response.headers.get("X-Now")) - Date.now() : offsetMs;
  if (response.status === 200) {
    etag = response.headers.get("ETag") ?? "";
    exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
  } else if (response.status !== 304) {
    throw new Error(`the page answered ${response.status}`);
  }
}

async function follow() {
  try {
    await refresh();
    failures = 0;
  } catch {
    failures += 1;
  }
  document.documentElement.toggleAttribute("data-cut-off", failures > 2);
  const pause = document.hidden ? Math.max(HIDDEN_EVERY_MS, EVERY_MS) : EVERY_MS;
  setTimeout(follow, Math.min(pause * 2 ** failures, Math.max(pause, LONGEST_MS)));
}

tick();
setInterval(tick, 1000);
if (said.size) setTimeout(follow, EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || (said.size && refresh().catch(() => {})));
document.addEventListener("escalator:live", tick);
