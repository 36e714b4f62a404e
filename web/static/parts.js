/** What the vendors' cards have in common: times, named values, buttons, addresses. */

import { element } from "./dom.js";
import { clockTime, clockTimeToTheSecond } from "./times.js";

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
