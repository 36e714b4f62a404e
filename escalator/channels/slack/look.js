/** One message as Slack shows it: who, when, the notes around it, its blocks, and its thread. */

import { renderBlocks } from "../../static/blockkit.js";
import { byId, element } from "../../static/dom.js";
import { plainWords, renderMrkdwn } from "../../static/mrkdwn.js";
import { timeOf } from "../../static/parts.js";

/**
 * @param {import("../../static/api.js").Message} message
 * @param {{replies: Object[], parent: Object|null, stage: import("../../static/blockkit.js").Stage,
 *   scene: import("../../static/phones.js").Scene, openView: (message: Object) => void}} around
 * @returns {Node[]}
 */
function messageContent(message, { replies, parent, stage, scene, openView }) {
  if (message.type === "view") return [viewLine(message, scene, openView)];
  const head = element(
    "p",
    { class: "message-head" },
    element("strong", {}, "Escalator"),
    element("span", { class: "app-tag" }, "APP"),
    timeOf(message.at, stage.timezone),
  );
  const body = element("div", { class: "message-body" });
  if (message.blocks?.length) body.append(renderBlocks(message.blocks, stage));
  else body.append(element("p", { class: "bk-text" }, renderMrkdwn(message.text, stage)));
  const avatar = element("img", { class: "avatar", src: byId("avatar").src, alt: "", width: "34", height: "34" });
  const above = ephemeralNote(message, scene, stage) ?? broadcastNote(message, parent);
  const column = element("div", { class: "message-column" }, above, head, body);
  if (message.broadcast) column.append(element("p", { class: "message-note" }, "also sent to the channel"));
  if (message.updated_at) {
    column.append(element("p", { class: "message-note" }, "updated ", timeOf(message.updated_at, stage.timezone)));
  }
  if (replies.length) column.append(thread(replies, stage));
  return [avatar, column];
}

function ephemeralNote(message, scene, stage) {
  if (message.type !== "ephemeral") return null;
  const reader = scene.people.find((person) => person.key === message.person);
  const who = !reader || reader.slack === stage.slack ? "you" : reader.name;
  return element("p", { class: "message-note" }, `Only visible to ${who}`);
}

function broadcastNote(message, parent) {
  if (!message.broadcast) return null;
  const about = parent ? plainWords(parent.first_text) : "an earlier message";
  return element("p", { class: "message-note one-line" }, `replied to a thread: ${about}`);
}

function thread(replies, stage) {
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  const items = replies.map((reply) => element("li", {}, timeOf(reply.at, stage.timezone), " ", plainWords(reply.text)));
  return element("details", { class: "replies" }, element("summary", {}, count), element("ol", {}, ...items));
}

/** A modal leaves a trace with its title only: what it showed was for one pair of eyes. */
function viewLine(message, scene, openView) {
  const who = scene.people.find((person) => person.key === message.person)?.name ?? "Somebody";
  const title = message.view?.title?.text ?? "a dialog";
  const again = element("button", { type: "button", class: "bk-button", onclick: () => openView(message) }, "Open again");
  return element("p", { class: "message-view" }, `${who} opened “${title}”. `, again);
}

/** @type {import("../../static/parts.js").App} */
export const app = {
  name: "Slack",
  look: "slack",
  isMachine: false,
  isOnDesk: false,
  contentOf: messageContent,
  ownerOf: (message, people) => people.find((person) => `person:${person.key}` === message.destination) ?? null,
  titleOf: (message, owner) => owner?.name ?? message.address,
  barOf: ({ title, owner }) => (owner ? "Escalator" : title),
  subtitleOf: (owner, viewer) => (owner ? owner.role : `as ${viewer.name} sees it`),
};
