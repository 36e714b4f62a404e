/**
 * The first page by keys: j and k (or arrows within the list) move, x selects, a acknowledges, / searches, ? explains.
 *
 * Single keys can be turned off, as WCAG 2.1.4 asks, and do nothing while somebody writes. Enter opens without us: where
 * somebody is, is where the focus is, and that is a link.
 */

const STORED = "escalator:keys-off";
const keysOn = document.getElementById("keys-on");

const links = () => [...document.querySelectorAll("#board .row h2 a")];
const here = () => document.activeElement?.closest("#board .row");
const picked = () => document.querySelectorAll("#board .pick:checked");

function move(by) {
  const all = links();
  const at = all.findIndex((link) => here()?.contains(link));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus();
  next?.closest(".row").scrollIntoView({ block: "nearest" });
}

function pick() {
  const box = here()?.querySelector(".pick");
  if (box) box.checked = !box.checked;
  count();
}

function acknowledge() {
  const button = picked().length ? document.querySelector(".bulk button") : here()?.querySelector(".act button");
  button?.click();
}

function explain() {
  const keys = document.getElementById("keys");
  keys.open = !keys.open;
  if (keys.open) keys.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: pick,
  a: acknowledge,
  "/": () => document.getElementById("q").focus(),
  "?": explain,
};
const ARROWS = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

function isTyping(target) {
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox])");
}

/** How many are selected, in the button that acknowledges them. */
function count() {
  const chosen = picked().length;
  document.getElementById("picked").textContent = chosen ? ` (${chosen})` : "";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  const act = (keysOn.checked && KEYS[event.key]) || (here() && ARROWS[event.key]);
  if (!act) return;
  event.preventDefault();
  act();
});
document.addEventListener("change", count);
document.addEventListener("escalator:live", count);

keysOn.checked = localStorage.getItem(STORED) === null;
keysOn.closest("label").hidden = false;
keysOn.addEventListener("change", () => {
  if (keysOn.checked) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, "1");
});
