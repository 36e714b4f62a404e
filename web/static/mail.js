/** A mail as its reader has it before them: who wrote what to whom, its HTML in a frame of its own, its text on demand. */

import { element } from "./dom.js";
import { link } from "./mrkdwn.js";
import { fieldList, timeOf } from "./parts.js";

const ADDRESS = /(https?:\/\/[^\s<>"]+)/;

/**
 * @param {import("./api.js").Message} message
 * @param {{stage: import("./blockkit.js").Stage}} around
 * @returns {Node[]}
 */
export function mailContent(message, { stage }) {
  const { from, to, subject, text } = message.email;
  const head = element("p", { class: "mail-head" }, element("strong", {}, subject), timeOf(message.at, stage.timezone));
  const who = fieldList([["From", from], ["To", to]]);
  const frame = element("iframe", {
    class: message.buttons.length ? "mail-frame asking" : "mail-frame",
    src: `/sandbox/mail/${encodeURIComponent(message.id)}`,
    sandbox: "allow-popups allow-popups-to-escape-sandbox",
    loading: "lazy",
    referrerpolicy: "no-referrer",
    title: `Mail: ${subject}`,
  });
  const plain = element("details", { class: "mail-plain" }, element("summary", {}, "Plain text"), plainText(text));
  return [element("article", { class: "card mail" }, head, who, frame, plain)];
}

/** The text as it stands; addresses become links, as every mail program makes them. */
function plainText(text) {
  const parts = text.split(ADDRESS).map((part, index) => (index % 2 ? link(part, part) : part));
  return element("pre", {}, ...parts);
}
