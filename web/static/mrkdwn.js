/**
 * Slack's mrkdwn as DOM nodes, see https://docs.slack.dev/messaging/formatting-message-text
 * Everything becomes text nodes inside elements made here; a link is followed only when it is http, https or mailto.
 */

import { element } from "./dom.js";
import { slackDate } from "./times.js";

/**
 * @typedef {{timezone: string, now: number, people: import("./api.js").Person[], groups: import("./api.js").Group[],
 *   slack: string|null}} Reader who looks
 */

const INLINE = new RegExp(
  [
    "<(?<control>[^<>\\n]+)>",
    "`(?<code>[^`\\n]+)`",
    "(?<![\\w*])\\*(?<strong>\\S|\\S.*?\\S)\\*(?![\\w*])",
    "(?<![\\w_])_(?<em>\\S|\\S.*?\\S)_(?![\\w_])",
    "(?<![\\w~])~(?<s>\\S|\\S.*?\\S)~(?![\\w~])",
  ].join("|"),
  "g",
);

/**
 * @param {string} text
 * @param {Reader} reader
 * @returns {DocumentFragment}
 */
export function renderMrkdwn(text, reader) {
  const fragment = document.createDocumentFragment();
  text.split("```").forEach((piece, index) => {
    if (index % 2) fragment.append(element("pre", {}, plainWords(piece.replace(/^\n/, ""))));
    else appendLines(fragment, piece, reader);
  });
  return fragment;
}

function appendLines(parent, text, reader) {
  let isFirst = true;
  for (const line of text.split("\n")) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (quoted) {
      parent.append(element("blockquote", {}, inline(quoted[1], reader)));
      isFirst = true;
      continue;
    }
    if (!isFirst) parent.append("\n");
    parent.append(inline(line, reader));
    isFirst = false;
  }
}

function inline(text, reader) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    fragment.append(plainWords(text.slice(end, match.index)), inlineNode(match.groups, reader));
    end = match.index + match[0].length;
  }
  fragment.append(plainWords(text.slice(end)));
  return fragment;
}

function inlineNode({ control, code, strong, em, s }, reader) {
  if (control !== undefined) return controlNode(control, reader);
  if (code !== undefined) return element("code", {}, plainWords(code));
  const [tag, inner] = Object.entries({ strong, em, s }).find(([, value]) => value !== undefined);
  return element(tag, {}, inline(inner, reader));
}

/** What stands between angle brackets: a mention, a date, or a link. */
function controlNode(control, reader) {
  const [target, label = ""] = control.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(personName(target.slice(1), label, reader), target.slice(1) === reader.slack);
  if (target.startsWith("#")) return mention(`#${label || target.slice(1)}`);
  if (target.startsWith("!date^")) return date(target, label, reader);
  if (target.startsWith("!subteam^")) return groupMention(target.slice("!subteam^".length), label, reader);
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`);
  return link(plainWords(target), plainWords(label || target));
}

const mention = (text, isReader = false) => element("span", { class: isReader ? "mention mine" : "mention" }, text);

function groupMention(slack, label, reader) {
  const group = reader.groups.find((one) => one.slack === slack);
  const isMember = reader.people.some((one) => one.slack === reader.slack && group?.members.includes(one.key));
  return mention(plainWords(label) || `@${group?.name ?? slack}`, isMember);
}

function personName(slack, label, reader) {
  const name = reader.people.find((person) => person.slack === slack)?.name;
  return `@${name ?? (plainWords(label) || slack)}`;
}

function date(target, fallback, reader) {
  const [, unix, pattern] = target.split("^");
  if (!/^\d+$/.test(unix ?? "") || !pattern) return document.createTextNode(plainWords(fallback));
  const said = slackDate(Number(unix), plainWords(pattern), reader.timezone, reader.now);
  return element("time", { datetime: new Date(Number(unix) * 1000).toISOString(), title: plainWords(fallback) }, said);
}

/** A link, or plain text when its address could run something. */
export function link(address, label) {
  if (!/^(https?:|mailto:)/i.test(address)) return document.createTextNode(label);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** The words of a text that holds no markup, as a locked phone shows them. Slack escapes three characters and no others. */
export const plainWords = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
