/** An issue as Jira shows it: key, summary, status, description and comments, in either of its two forms of text. */

import { element } from "../../static/dom.js";
import { link } from "../../static/mrkdwn.js";
import { actButtons, actingAs, nobody, timeOf, unlessGone } from "../../static/parts.js";

/**
 * @param {import("../../static/api.js").Message} message
 * @param {{stage: import("../../static/blockkit.js").Stage}} around
 * @returns {Node[]}
 */
function jiraContent(message, { stage }) {
  const { key, fields, status, category, comments } = message.jira;
  const type = fields.issuetype?.name ?? "Issue";
  const head = element(
    "p",
    { class: "card-head" },
    element("strong", { class: "issue-key" }, key),
    element("span", {}, type),
    element("span", { class: `badge ${category}` }, status),
    timeOf(message.at, stage.timezone),
  );
  const labels = (fields.labels ?? []).map((label) => element("code", {}, label));
  const said = comments.map(({ body }) => element("li", {}, renderDocument(body)));
  return [
    element(
      "article",
      { class: "card jira" },
      head,
      element("h3", { class: "card-title" }, fields.summary),
      actButtons(message, stage),
      element("div", { class: "card-text" }, renderDocument(fields.description ?? "")),
      labels.length ? element("p", { class: "card-note" }, ...labels) : null,
      element("h4", {}, said.length === 1 ? "1 comment" : `${said.length} comments`),
      element("ol", { class: "comments" }, ...said),
    ),
  ];
}

/** ADF (Cloud) or wiki text (Data Center) as paragraphs. Nothing else than text and links is ever in them. */
function renderDocument(document) {
  const paragraphs = typeof document === "string" ? document.split("\n\n").map(wiki) : (document.content ?? []).map(adf);
  return element("div", {}, ...paragraphs.map((nodes) => element("p", {}, ...nodes)));
}

function adf(block) {
  return (block.content ?? []).map(({ text = "", marks = [] }) => {
    const href = marks.find((mark) => mark.type === "link")?.attrs?.href;
    return href ? link(href, text) : text;
  });
}

/** `[label|address]` is a link; every character that could mean something to Jira stands there as its number. */
function wiki(paragraph) {
  return paragraph.split(/(\[[^[\]|]*\|[^[\]]*\])/).map((part, index) => {
    if (index % 2 === 0) return characters(part);
    const [, label, address] = /^\[(.*)\|(.*)\]$/s.exec(part);
    return link(address, characters(label));
  });
}

const characters = (text) => text.replace(/&#(\d{1,7});/g, (_, code) => String.fromCodePoint(Math.min(Number(code), 0x10ffff)));

/** @type {import("../../static/parts.js").App} */
export const app = {
  name: "Jira",
  look: "issues",
  isMachine: false,
  isOnDesk: true,
  contentOf: unlessGone("jira", jiraContent),
  ownerOf: nobody,
  titleOf: (message) => `Jira: ${message.address}`,
  barOf: ({ title }) => title,
  subtitleOf: (_owner, viewer) => actingAs(viewer, viewer.email),
};
