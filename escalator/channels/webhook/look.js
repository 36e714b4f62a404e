/** A webhook as its receiver gets it: the request, whether its signature is right, and the body. */

import { element } from "../../static/dom.js";
import { nobody, timeOf, unlessGone } from "../../static/parts.js";

const VERDICTS = {
  true: ["good", "Signature verified"],
  false: ["bad", "Signature wrong: made with a different secret than the current one"],
  null: ["", "Not signed: the policy has no secret"],
};

/**
 * @param {import("../../static/api.js").Message} message
 * @param {{stage: import("../../static/blockkit.js").Stage}} around
 * @returns {Node[]}
 */
function webhookContent(message, { stage }) {
  const { method, headers, body, verified } = message.webhook;
  const [mark, verdict] = VERDICTS[String(verified)];
  const lines = Object.entries(headers).flatMap(([name, value]) => [element("b", {}, `${name}: `), `${value}\n`]);
  return [
    element(
      "article",
      { class: "card webhook" },
      element("p", { class: "card-head" }, element("strong", {}, message.text), timeOf(message.at, stage.timezone)),
      element("p", { class: `verdict ${mark}` }, verdict),
      element("details", { class: "request" }, element("summary", {}, `${method} to ${message.destination}`), element("pre", {}, ...lines)),
      element("details", { class: "request", open: true }, element("summary", {}, "Body"), element("pre", {}, pretty(body))),
    ),
  ];
}

/** JSON with its lines; anything else as it stands. */
function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** @type {import("../../static/parts.js").App} */
export const app = {
  name: "Webhook",
  look: "requests",
  isMachine: true,
  isOnDesk: true,
  contentOf: unlessGone("webhook", webhookContent),
  ownerOf: nobody,
  titleOf: (message) => `Webhook: ${message.destination}`,
  barOf: ({ title }) => title,
  subtitleOf: () => "as the program receives it",
};
