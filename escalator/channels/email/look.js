/** A mail as its reader has it before them: who wrote what to whom, its HTML in a frame of its own, its text on demand. */

import { element } from "../../static/dom.js";
import { link } from "../../static/mrkdwn.js";
import { fieldList, timeOf, unlessGone } from "../../static/parts.js";

const STILL_ASKING = new Set(["triggered", "logged"]);
const ADDRESS = /(https?:\/\/[^\s<>"]+)/;

/**
 * @param {import("../../static/api.js").Message} message
 * @param {{stage: import("../../static/blockkit.js").Stage, since: string|null}} around
 * @returns {Node[]}
 */
function mailContent(message, { stage, since }) {
  const { from, to, subject, text } = message.email;
  const head = element("p", { class: "mail-head" }, element("strong", {}, subject), timeOf(message.at, stage.timezone));
  const who = fieldList([["From", from], ["To", to]]);
  const frame = element("iframe", {
    class: message.buttons.length ? "mail-frame asking" : "mail-frame",
    src: `/sandbox/mail/${encodeURIComponent(message.id)}`,
    sandbox: "allow-popups allow-popups-to-escape-sandbox",
    loading: "lazy",
    referrerpolicy: "no-referrer",
    title: `Email: ${subject}`,
  });
  const plain = element("details", { class: "mail-plain" }, element("summary", {}, "Plain text"), plainText(text));
  return [element("article", { class: "card mail" }, since && element("p", { class: "mail-since" }, since), head, who, frame, plain)];
}

/** What the reader of a mail that asks does not know: that it needs no answer any more. The mail stays as it was sent. */
function answeredSince(message, { incidents, people }) {
  const incident = incidents.find((one) => one.number === message.incident);
  if (!message.buttons.length || !incident || STILL_ASKING.has(incident.state)) return null;
  const owner = people.find((person) => person.key === incident.owner);
  return `Since then: ${incident.state}${owner ? `, owned by ${owner.name}` : ""}`;
}

/** The text as it stands; addresses become links, as every mail program makes them. */
function plainText(text) {
  const parts = text.split(ADDRESS).map((part, index) => (index % 2 ? link(part, part) : part));
  return element("pre", {}, ...parts);
}

/** @type {import("../../static/parts.js").App} */
export const app = {
  name: "Email",
  look: "letters",
  isMachine: false,
  isOnDesk: false,
  contentOf: unlessGone("email", mailContent),
  sinceOf: answeredSince,
  ownerOf: (message, people) => people.find((person) => person.email && person.email === message.email.to) ?? null,
  titleOf: (message, owner) => `Email: ${owner?.name ?? message.email.to ?? message.destination}`,
  barOf: () => "Inbox",
  subtitleOf: (owner) => (owner ? owner.role : "as the recipients see it"),
};
