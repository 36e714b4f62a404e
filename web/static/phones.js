/** The wall of phones: one for each place that was written to, one for each person, each as its reader sees it. */

import { apps } from "../sandbox/looks.js";
import { arrange, byId, element, prefersStillness, setText, whenChanged } from "./dom.js";
import { plainWords } from "./mrkdwn.js";
import { isReply } from "./parts.js";
import { clockTime, duration, placeOf, shortDay } from "./times.js";

const NEAR_END_PX = 60;
const EDGE_PX = 24;

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {import("./api.js").Person} Person
 * @typedef {{people: Person[], groups: import("./api.js").Group[], viewer: Person, now: number,
 *   incident: number|null, incidents: import("./api.js").Incident[], isFirst?: boolean}} Scene
 *   who acts, what is selected, and whether the page has only just been opened: then nothing rings
 * @typedef {{press: (message: Message, owner: Person|null, button: Object, pressed: HTMLElement) => void,
 *   act: (message: Message, button: Object, pressed: HTMLElement) => void,
 *   openView: (message: Message) => void, command: (typed: string, place: Message) => void}} Hands what the phones can do
 */

export class Wall {
  /** @type {Map<string, Phone>} */
  #phones = new Map();
  #hands;
  #isFirst = true;

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
    const make = (channel, title, owner) => () => new Phone(channel, title, owner, this.#hands);
    for (const person of scene.people) this.#phone(`slack person:${person.key}`, make("slack", person.name, person));
    for (const [key, [first]] of byPhone) {
      const app = apps[first.channel];
      const owner = app.ownerOf(first, scene.people);
      this.#phone(key, make(first.channel, app.titleOf(first, owner), owner));
    }
    const seen = { ...scene, isFirst: this.#isFirst };
    const rung = [...this.#phones].flatMap(([key, phone]) => phone.show(byPhone.get(key) ?? [], seen, this.#hands));
    this.#isFirst = false;
    const inOrder = [...this.#phones.values()].sort(inReadingOrder);
    arrange(byId("rail"), inOrder.map((phone) => phone.node));
    arrange(byId("roster"), inOrder.map((phone) => phone.chip));
    markFirsts(inOrder);
    for (const phone of inOrder) phone.settle();
    this.#comeIntoView(inOrder);
    return rung;
  }

  /** Where the phones stand side by side whoever has just been woken is looked at first, unless somebody has a phone in hand: nothing moves under a finger. */
  #comeIntoView(phones) {
    const ringing = phones.filter((phone) => phone.isRinging);
    if (!ringing.length || byId("rail").matches(":hover, :focus-within")) return;
    (ringing.find((phone) => phone.isWoken) ?? ringing[0]).comeIntoView();
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

/** Slack's channels come first, for everybody's buttons are there; then whoever was rung, in that order; then machines. */
function inReadingOrder(one, other) {
  return one.rank - other.rank || one.wokenAt - other.wokenAt || 0;
}

/** On a narrow screen one chip for each vendor leads to its first phone; the others are swiped to. */
function markFirsts(phones) {
  for (const phone of phones) phone.chip.classList.toggle("first", phone === phones.find((one) => one.app === phone.app));
}

class Phone {
  wokenAt = Infinity;
  isRinging = false;
  isWoken = false;
  #items = new Map();
  #notice = null;
  #follow = null;

  /**
   * @param {import("./api.js").Channel} channel
   * @param {string} title
   * @param {Person|null} owner null for what everybody reads
   * @param {Hands} hands
   */
  constructor(channel, title, owner, hands) {
    this.app = apps[channel];
    this.isChannel = channel === "slack" && !owner;
    this.rank = this.isChannel ? 0 : 1 + Number(this.app.isMachine);
    this.title = title;
    this.owner = owner;
    this.thread = element("ol", { class: "thread", tabindex: "0", "aria-label": `Messages, ${title}` });
    this.thread.setAttribute("role", "list");
    const toEnd = () => this.#toEnd();
    this.below = element("button", { type: "button", class: "below", hidden: true, onclick: toEnd }, "New message ↓");
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
    this.node = this.#draw(hands);
    const names = [element("span", { class: "chip-title" }, title), element("span", { class: "chip-app" }, this.app.name)];
    this.chip = element("button", { type: "button", class: "chip", onclick: () => this.#take() }, ...names, this.parts.count);
  }

  #draw(hands) {
    const { subtitle, time, day, noticeWhen, noticeText, more } = this.parts;
    const noticeHead = element("p", { class: "notice-head" }, element("span", {}, this.app.name), noticeWhen);
    const notice = element("div", { class: "notice" }, noticeHead, noticeText, more);
    const lock = element("div", { class: "lock" }, time, day, notice, element("p", { class: "lock-quiet" }, "No notifications"));
    const bar = element("p", { class: "app-bar" }, this.app.barOf(this));
    const composer = this.isChannel ? this.#composer(hands) : null;
    this.screen = element("div", { class: `app ${this.app.look}` }, bar, this.thread, this.below, composer);
    const label = element("header", { class: "phone-label" }, element("h2", {}, this.title), subtitle);
    const device = element("div", { class: "device" }, lock, this.screen);
    const shape = this.app.isOnDesk ? "phone desk quiet" : "phone quiet";
    return element("article", { class: shape, "aria-label": this.title }, label, device);
  }

  /** Where a command is typed, as in Slack: nothing else that is typed there would be read by anybody. */
  #composer(hands) {
    const label = `Type /escalate, /silence or /oncall in ${this.title}`;
    const field = element("input", { type: "text", "aria-label": label, placeholder: "/escalate, /silence or /oncall", autocomplete: "off" });
    const send = element("button", { type: "submit" }, "Send");
    const form = element("form", { class: "composer" }, field, send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.value.trim()) hands.command(field.value.trim(), this.#notice);
      field.value = "";
    });
    return form;
  }

  /** @returns {{phone: string, text: string}[]} */
  show(messages, scene, hands) {
    const listed = messages.filter((one) => !isReply(one) || one.broadcast);
    const fresh = listed.filter((one) => !this.#items.has(one.id));
    const nodes = listed.map((message) => this.#item(message, messages, scene, hands));
    arrange(this.thread, nodes);
    const rung = messages.filter((one) => one.type === "message");
    this.#noticeNewest(rung);
    const ringing = scene.isFirst || this.app.isMachine ? [] : fresh.filter((one) => one.type === "message");
    this.isRinging = ringing.length > 0;
    this.isWoken = this.isRinging && rung.length === ringing.length;
    const isAnswer = fresh.some((one) => one.type === "ephemeral");
    this.#follow = fresh.length ? { isAnswer, isInstant: scene.isFirst } : null;
    return ringing.map((one) => ({ phone: this.title, text: plainWords(one.first_text || one.text) }));
  }

  /** Rings and scrolls to what is new, once the phone stands in the page. */
  settle() {
    if (this.isRinging) for (const node of [this.node, this.chip]) restart(node, "ringing");
    if (!this.#follow) return;
    const { isAnswer, isInstant } = this.#follow;
    this.#follow = null;
    if (isAnswer || isInstant || !this.thread.matches(":hover, :focus-within")) this.#toEnd(isInstant);
    else this.below.hidden = false;
  }

  #noticeNewest(rung) {
    const newest = rung.at(-1) ?? null;
    this.node.classList.toggle("quiet", !this.thread.children.length);
    this.chip.classList.toggle("quiet", !rung.length);
    setText(this.parts.count, rung.length ? String(rung.length) : "");
    if (!newest || newest.id === this.#notice?.id) return;
    this.#notice = newest;
    this.wokenAt = Math.min(this.wokenAt, Date.parse(rung[0].at));
    setText(this.parts.noticeText, plainWords(newest.first_text || newest.text));
    setText(this.parts.more, rung.length > 1 ? `and ${rung.length - 1} earlier` : "");
  }

  tick(now, viewer) {
    const { timezone } = this.owner ?? viewer;
    setText(this.parts.time, clockTime(now, timezone));
    setText(this.parts.day, `${placeOf(timezone)}, ${shortDay(now, timezone)}`);
    setText(this.parts.subtitle, this.app.subtitleOf(this.owner, viewer));
    const age = this.#notice ? now - Date.parse(this.#notice.at) : 0;
    setText(this.parts.noticeWhen, age < 5000 ? "now" : `${duration(age)} ago`);
  }

  /* ---- one message ----------------------------------------------------------------------------------------------- */

  #item(message, all, scene, hands) {
    const replies = all.filter((one) => isReply(one) && one.thread_ts === message.ts);
    const parent = isReply(message) ? all.find((one) => one.ts === message.thread_ts) : null;
    const reader = this.owner ?? scene.viewer;
    const isNew = !this.#items.has(message.id);
    if (isNew) this.#items.set(message.id, element("li", { class: `message ${message.type}`, tabindex: "-1" }));
    const item = this.#items.get(message.id);
    item.classList.toggle("selected", message.incident !== null && message.incident === scene.incident);
    const stage = {
      timezone: reader.timezone,
      now: scene.now,
      people: scene.people,
      groups: scene.groups,
      slack: reader.slack,
      press: (button, pressed) => hands.press(message, this.owner, button, pressed),
      act: (button, pressed) => hands.act(message, button, pressed),
    };
    const since = this.app.sinceOf?.(message, scene) ?? null;
    const changed = whenChanged(item, [message, replies, reader.key, since], () => {
      const focused = item.contains(document.activeElement) ? document.activeElement : null;
      item.replaceChildren(...this.app.contentOf(message, { replies, parent, stage, scene, since, openView: hands.openView }));
      if (focused) sameAction(item, focused).focus();
    });
    const isEdited = item.dataset.updated !== (message.updated_at ?? "");
    item.dataset.updated = message.updated_at ?? "";
    if (changed && isEdited && !isNew) restart(item, "edited");
    if (isNew && !scene.isFirst) restart(item, "fresh");
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

  #take() {
    this.comeIntoView();
    this.node.scrollIntoView({ block: "nearest", behavior: prefersStillness() ? "instant" : "smooth" });
    this.thread.focus({ preventScroll: true });
  }

  /** Scrolls the rail, never the page, until this phone can be seen; phones that stand in rows have no rail to scroll. */
  comeIntoView() {
    const rail = byId("rail");
    const { left, right } = this.node.getBoundingClientRect();
    const frame = rail.getBoundingClientRect();
    if (left >= frame.left && right <= frame.right) return;
    const distance = left < frame.left ? left - frame.left - EDGE_PX : right - frame.right + EDGE_PX;
    rail.scrollBy({ left: distance, behavior: prefersStillness() ? "instant" : "smooth" });
  }
}

/** After a message was drawn anew: the button that had the focus, or the message itself when the button is gone. */
function sameAction(item, focused) {
  const buttons = [...item.querySelectorAll("[data-action]")];
  return buttons.find((one) => one.dataset.action === focused.dataset.action) ?? item;
}

/** One phone for each place; a destination of several mailboxes is as many places. */
function groupByPhone(messages) {
  const groups = new Map();
  for (const message of messages) {
    const key = [message.channel, message.destination, message.email?.to ?? ""].join(" ").trim();
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return groups;
}

/** Plays an animation class from its beginning. */
function restart(node, name) {
  node.classList.remove(name);
  void node.offsetWidth;
  node.classList.add(name);
}
