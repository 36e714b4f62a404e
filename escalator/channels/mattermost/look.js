/** A post as Mattermost shows it: its text, and its attachment with a bar in the colour of how things stand. */

import { element } from "../../static/dom.js";
import { link } from "../../static/mrkdwn.js";
import { nobody, timeOf, unlessGone } from "../../static/parts.js";

const LINK = /(\[(?:\\.|[^\]\\])*\]\(https?:\/\/[^\s)]+\))/;
const PARTS = /^\[((?:\\.|[^\]\\])*)\]\((https?:\/\/[^\s)]+)\)$/;

/**
 * @param {import("../../static/api.js").Message} message
 * @param {{stage: import("../../static/blockkit.js").Stage}} around
 * @returns {Node[]}
 */
function mattermostContent(message, { stage }) {
  const { text, attachments = [] } = message.mattermost;
  const head = element("p", { class: "card-head" }, element("strong", {}, "Escalator"), element("span", { class: "app-tag" }, "BOT"), timeOf(message.at, stage.timezone));
  const card = element("article", { class: "card mattermost" }, head, element("p", { class: "card-text" }, ...markdown(text)));
  for (const one of attachments) {
    if (one.title) card.append(element("h3", { class: "card-title" }, ...markdown(one.title)));
    for (const line of (one.text ?? "").split("\n")) card.append(element("p", { class: "card-text" }, ...markdown(line)));
  }
  return [card];
}

/** The little of Markdown that is sent: links, some of them bold, and signs that stand for themselves. */
function markdown(text) {
  return text
    .replaceAll("**", "")
    .split(LINK)
    .map((part) => {
      const found = PARTS.exec(part);
      return found ? link(found[2], plain(found[1])) : plain(part);
    });
}

const plain = (text) => text.replaceAll(/\\(.)/g, "$1").replaceAll("\u200b", "");

/** @type {import("../../static/parts.js").App} */
export const app = {
  name: "Mattermost",
  look: "letters",
  isMachine: false,
  isOnDesk: false,
  contentOf: unlessGone("mattermost", mattermostContent),
  ownerOf: nobody,
  titleOf: (message) => `Mattermost: ${message.destination}`,
  barOf: ({ title }) => title,
  subtitleOf: (_owner, viewer) => `as ${viewer.name} sees it`,
};
