/** What the vendors' cards have in common: times, named values, buttons, addresses. */

import { element } from "./dom.js";
import { clockTime, clockTimeToTheSecond } from "./times.js";

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {import("./api.js").Person} Person
 * @typedef {{name: string, look: string, isMachine: boolean, isOnDesk: boolean,
 *   contentOf: (message: Message, around: Object) => Node[], ownerOf: (message: Message, people: Person[]) => Person|null,
 *   titleOf: (message: Message, owner: Person|null) => string, barOf: (phone: {title: string, owner: Person|null}) => string,
 *   subtitleOf: (owner: Person|null, viewer: Person) => string,
 *   sinceOf?: (message: Message, scene: import("./phones.js").Scene) => string|null}} App
 *   One vendor's app, which its folder brings (`escalator/channels/VENDOR/look.js`). `sinceOf` is what has happened since, where what was sent cannot be brought up to date
 */

/** An instant as it stands beside what was sent then. */
export function timeOf(at, timezone) {
  const ms = Date.parse(at);
  return element("time", { datetime: at, title: clockTimeToTheSecond(ms, timezone) }, clockTime(ms, timezone));
}

/** Names and values, without those that have none. @param {[string, string|Node|null|undefined][]} pairs */
export function fieldList(pairs) {
  const rows = pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { class: "fields" }, ...rows);
}

/** What can be done there, as buttons. The first is what is meant to be pressed. */
export function actButtons(message, stage) {
  const buttons = message.buttons.map((one, index) => {
    const attributes = { type: "button", class: `act ${index ? "" : "primary"}`, "data-action": one.action_id };
    const node = element("button", attributes, one.label);
    node.addEventListener("click", () => stage.act(one, node));
    return node;
  });
  return buttons.length ? element("p", { class: "card-acts" }, ...buttons) : null;
}

/** That its content has been deleted, in place of what was there. */
export const nothingLeft = () => [element("p", { class: "card gone" }, "The content has been deleted.")];

/** What was purged leaves a row without its vendor's object. */
export const unlessGone = (channel, draw) => (message, around) =>
  Object.keys(message[channel]).length ? draw(message, around) : nothingLeft();

/** Of a phone that is no one person's. */
export const nobody = () => null;

/** As whom the viewer acts there. */
export const actingAs = (viewer, isKnown) => `as ${viewer.name}${isKnown ? "" : " (unknown there)"}`;

/** Whether this message stands in a thread below another. */
export const isReply = (message) => message.type === "message" && Boolean(message.thread_ts) && message.thread_ts !== message.ts;
