/** The wall of phones: one for each channel that was written to, one for each person, each as its reader sees it. */

import { renderBlocks } from "./blockkit.js";
import { arrange, byId, element, prefersStillness, setText, whenChanged } from "./dom.js";
import { clockTime, clockTimeToTheSecond, duration, placeOf, shortDay } from "./times.js";

const APPS = { slack: "Slack", pagerduty: "PagerDuty", email: "Mail", jira: "Jira", webhook: "Webhook" };
const NEAR_END_PX = 60;

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {import("./api.js").Person} Person
 * @typedef {{people: Person[], viewer: Person, now: number, incident: number|null}} Scene who acts, and what is selected
 * @typedef {{press: (message: Message, owner: Person|null, button: Object, pressed: HTMLElement) => void,
 *   openView: (message: Message) => void}} Hands what the phones can do
 */

export class Wall {
  /** @type {Map<string, Phone>} */
  #phones = new Map();
  #hands;

  /** @param {Hands} hands */
  constructor(hands) {
    this.#hands = hands;
  }

  /**
   * Brings every phone up to date.
   * @param {Message[]} messages
   * @param {Scene} scene
   * @returns {{phone: string, text: string}[]} what has just rung, and where
   */
  show(messages, scene) {
    const byPhone = groupByPhone(messages);
    for (const person of scene.people) this.#phone(`slack person:${person.key}`, () => new Phone(person.name, person));
    for (const [key, [first]] of byPhone) this.#phone(key, () => new Phone(titleOf(first, scene.people), ownerOf(first, scene.people)));
    const rung = [...this.#phones].flatMap(([key, phone]) => phone.show(byPhone.get(key) ?? [], scene, this.#hands));
    const inOrder = [...this.#phones.values()].sort(byChannelThenWaking);
    arrange(byId("rail"), inOrder.map((phone) => phone.node));
    arrange(byId("roster"), inOrder.map((phone) => phone.chip));
    return rung;
  }

  /** Moves the clocks of all phones. */
  tick(now, viewer) {
    for (const phone of this.#phones.values()) phone.tick(now, viewer);
  }

  #phone(key, make) {
    if (!this.#phones.has(key)) this.#phones.set(key, make());
    return this.#phones.get(key);
  }
}

/** Channels come first, because everybody's buttons are there; then people, in the order in which they were rung. */
function byChannelThenWaking(one, other) {
  return Boolean(one.owner) - Boolean(other.owner) || one.wokenAt - other.wokenAt || 0;
}

class Phone {
  wokenAt = Infinity;
  #items = new Map();
  #notice = null;
  #isFirstShow = true;

  /** @param {string} title @param {Person|null} owner null for a channel, which everybody reads */
  constructor(title, owner) {
    this.title = title;
    this.owner = owner;
    this.thread = element("ol", { class: "thread", tabindex: "0", "aria-label": `Messages, ${title}` });
    this.thread.setAttribute("role", "list");
    this.below = element("button", { type: "button", class: "below", hidden: true, onclick: () => this.#toEnd() }, "New message ↓");
    this.thread.addEventListener("scroll", () => (this.below.hidden ||= this.#isAtEnd()));
    this.parts = {
      subtitle: element("p", {}),
      time: element("p", { class: "lock-time" }),
      day: element("p", { class: "lock-day" }),
      noticeWhen: element("span", {}),
      noticeText: element("p", { class: "notice-text" }),
      more: element("p", { class: "notice-more" }),
      count: element("span", { class: "chip-count" }),
    };
    this.node = this.#draw();
    this.chip = element("button", { type: "button", class: "chip", onclick: () => this.#comeIntoView(true) }, title, this.parts.count);
  }

  #draw() {
    const { subtitle, time, day, noticeWhen, noticeText, more } = this.parts;
    this.app = element("span", {}, "Slack");
    const notice = element("div", { class: "notice" }, element("p", { class: "notice-head" }, this.app, noticeWhen), noticeText, more);
    const lock = element("div", { class: "lock" }, time, day, notice, element("p", { class: "lock-quiet" }, "No notifications"));
    const bar = element("p", { class: "slack-bar" }, this.owner ? "Escalator" : this.title);
    this.screen = element("div", { class: "slack" }, bar, this.thread, this.below);
    const label = element("header", { class: "phone-label" }, element("h2", {}, this.title), subtitle);
    return element("article", { class: "phone quiet", "aria-label": this.title }, label, element("div", { class: "device" }, lock, this.screen));
  }

  /** @returns {{phone: string, text: string}[]} */
  show(messages, scene, hands) {
    const listed = messages.filter((one) => !one.thread_ts || one.thread_ts === one.ts || one.broadcast || one.type !== "message");
    const fresh = listed.filter((one) => !this.#items.has(one.id));
    const nodes = listed.map((message) => this.#item(message, messages, scene, hands));
    arrange(this.thread, nodes);
    const rung = messages.filter((one) => one.type === "message");
    this.#noticeNewest(rung);
    if (fresh.length) this.#followUp(fresh.some((one) => one.type === "ephemeral"));
    const ringing = this.#isFirstShow ? [] : fresh.filter((one) => one.type === "message");
    if (ringing.length) this.#ring();
    this.#isFirstShow = false;
    return ringing.map((one) => ({ phone: this.title, text: one.first_text || one.text }));
  }

  /** A thread in somebody's hands is not moved under their finger, except to show the answer to their own press. */
  #followUp(isAnswer) {
    if (isAnswer || this.#isFirstShow || !this.thread.matches(":hover, :focus-within")) this.#toEnd(this.#isFirstShow);
    else this.below.hidden = false;
  }

  #ring() {
    restart(this.node, "ringing");
    restart(this.chip, "ringing");
    this.#comeIntoView(false);
  }

  #noticeNewest(rung) {
    const newest = rung.at(-1) ?? null;
    this.node.classList.toggle("quiet", !this.thread.children.length);
    this.chip.classList.toggle("quiet", !rung.length);
    setText(this.parts.count, rung.length ? String(rung.length) : "");
    if (!newest || newest.id === this.#notice?.id) return;
    this.#notice = newest;
    this.wokenAt = Math.min(this.wokenAt, Date.parse(rung[0].at));
    setText(this.app, APPS[newest.kind] ?? newest.kind);
    setText(this.parts.noticeText, newest.first_text || newest.text);
    setText(this.parts.more, rung.length > 1 ? `and ${rung.length - 1} earlier` : "");
  }

  tick(now, viewer) {
    const { timezone } = this.owner ?? viewer;
    setText(this.parts.time, clockTime(now, timezone));
    setText(this.parts.day, `${placeOf(timezone)}, ${shortDay(now, timezone)}`);
    setText(this.parts.subtitle, this.owner ? this.owner.role : `as ${viewer.name} sees it`);
    const age = this.#notice ? now - Date.parse(this.#notice.at) : 0;
    setText(this.parts.noticeWhen, age < 5000 ? "now" : `${duration(age)} ago`);
  }

  /* ---- one message ----------------------------------------------------------------------------------------------- */

  #item(message, all, scene, hands) {
    const replies = all.filter((one) => one.type === "message" && one.thread_ts === message.ts && one.id !== message.id);
    const parent = message.thread_ts ? all.find((one) => one.ts === message.thread_ts && one.id !== message.id) : null;
    const reader = this.owner ?? scene.viewer;
    const isNew = !this.#items.has(message.id);
    if (isNew) this.#items.set(message.id, element("li", { class: `message ${message.type}`, tabindex: "-1" }));
    const item = this.#items.get(message.id);
    item.classList.toggle("selected", message.incident !== null && message.incident === scene.incident);
    const stage = {
      timezone: reader.timezone,
      now: scene.now,
      people: scene.people,
      slack: reader.slack,
      press: (button, pressed) => hands.press(message, this.owner, button, pressed),
    };
    const changed = whenChanged(item, [message, replies, reader.key], () => {
      const focused = item.contains(document.activeElement) ? (document.activeElement.dataset.action ?? "") : null;
      item.replaceChildren(...content(message, { replies, parent, stage, scene, openView: hands.openView }));
      if (focused !== null) ([...item.querySelectorAll("[data-action]")].find((one) => one.dataset.action === focused) ?? item).focus();
    });
    const isEdited = item.dataset.updated !== (message.updated_at ?? "");
    item.dataset.updated = message.updated_at ?? "";
    if (changed && isEdited && !isNew) restart(item, "edited");
    if (isNew && !this.#isFirstShow) restart(item, "fresh");
    return item;
  }

  /* ---- scrolling ------------------------------------------------------------------------------------------------- */

  #isAtEnd() {
    return this.thread.scrollHeight - this.thread.scrollTop - this.thread.clientHeight < NEAR_END_PX;
  }

  #toEnd(isInstant = false) {
    this.below.hidden = true;
    const newest = this.thread.lastElementChild;
    if (!newest) return;
    const top = Math.min(newest.offsetTop, this.thread.scrollHeight - this.thread.clientHeight);
    this.thread.scrollTo({ top, behavior: isInstant || prefersStillness() ? "instant" : "smooth" });
  }

  /** Scrolls the rail (never the page, unless asked) until this phone can be seen. */
  #comeIntoView(isAsked) {
    const rail = byId("rail");
    const { left, right } = this.node.getBoundingClientRect();
    const frame = rail.getBoundingClientRect();
    if (left < frame.left || right > frame.right) {
      const behavior = prefersStillness() ? "instant" : "smooth";
      rail.scrollBy({ left: left < frame.left || right - left > frame.width ? left - frame.left : right - frame.right, behavior });
    }
    if (isAsked) this.thread.focus({ preventScroll: true });
  }
}

/* ---- what a message is made of --------------------------------------------------------------------------------------- */

function content(message, { replies, parent, stage, scene, openView }) {
  if (message.type === "view") return [viewLine(message, scene, openView)];
  const head = element(
    "p",
    { class: "message-head" },
    element("strong", {}, "Escalator"),
    element("span", { class: "app-tag" }, "APP"),
    timeOf(message.at, stage.timezone),
  );
  const body = element("div", { class: "message-body" });
  body.append(message.blocks?.length ? renderBlocks(message.blocks, stage) : element("p", { class: "bk-text" }, message.text));
  const avatar = element("img", { class: "avatar", src: byId("avatar").src, alt: "", width: "34", height: "34" });
  const above = ephemeralNote(message, scene, stage) ?? broadcastNote(message, parent);
  const column = element("div", { class: "message-column" }, above, head, body);
  if (message.broadcast) column.append(element("p", { class: "message-note" }, "also sent to the channel"));
  if (message.updated_at) column.append(element("p", { class: "message-note" }, "updated ", timeOf(message.updated_at, stage.timezone)));
  if (replies.length) column.append(thread(replies, stage));
  return [avatar, column];
}

function timeOf(at, timezone) {
  return element("time", { datetime: at, title: clockTimeToTheSecond(Date.parse(at), timezone) }, clockTime(Date.parse(at), timezone));
}

function ephemeralNote(message, scene, stage) {
  if (message.type !== "ephemeral") return null;
  const reader = scene.people.find((person) => person.key === message.person);
  const who = !reader || reader.slack === stage.slack ? "you" : reader.name;
  return element("p", { class: "message-note" }, `Only visible to ${who}`);
}

function broadcastNote(message, parent) {
  if (!message.broadcast) return null;
  return element("p", { class: "message-note one-line" }, `replied to a thread: ${parent?.first_text ?? "an earlier message"}`);
}

function thread(replies, stage) {
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  const items = replies.map((reply) => element("li", {}, timeOf(reply.at, stage.timezone), " ", reply.text));
  return element("details", { class: "replies" }, element("summary", {}, count), element("ol", {}, ...items));
}

/** A modal leaves a trace with its title only: what it showed was for one pair of eyes. */
function viewLine(message, scene, openView) {
  const who = scene.people.find((person) => person.key === message.person)?.name ?? "Somebody";
  const title = message.view?.title?.text ?? "a dialog";
  const again = element("button", { type: "button", class: "bk-button", onclick: () => openView(message) }, "Open again");
  return element("p", { class: "message-view" }, `${who} opened “${title}”. `, again);
}

/* ---- names ------------------------------------------------------------------------------------------------------------ */

function groupByPhone(messages) {
  const groups = new Map();
  for (const message of messages) {
    const key = `${message.kind} ${message.destination}`;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return groups;
}

const ownerOf = (message, people) => people.find((person) => `person:${person.key}` === message.destination) ?? null;

function titleOf(message, people) {
  const name = ownerOf(message, people)?.name ?? (message.kind === "slack" && message.address) ?? message.destination;
  return message.kind === "slack" ? name : `${APPS[message.kind] ?? message.kind}: ${name || message.destination}`;
}

/** Plays an animation class from its beginning. */
function restart(node, name) {
  node.classList.remove(name);
  void node.offsetWidth;
  node.classList.add(name);
}
