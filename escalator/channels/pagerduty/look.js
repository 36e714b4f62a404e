/** An incident as PagerDuty shows it: title, urgency, how it stands, its details, and what can be done with it. */

import { element } from "../../static/dom.js";
import { link } from "../../static/mrkdwn.js";
import { actButtons, actingAs, fieldList, nobody, timeOf, unlessGone } from "../../static/parts.js";

const STATUS = { triggered: "Triggered", acknowledged: "Acknowledged", resolved: "Resolved" };
const TELLS = { "incident.unacknowledged": "Reverts the acknowledgement, as PagerDuty does when it times out" };

/**
 * @param {import("../../static/api.js").Message} message
 * @param {{stage: import("../../static/blockkit.js").Stage}} around
 * @returns {Node[]}
 */
function pagerdutyContent(message, { stage }) {
  const alert = message.pagerduty;
  const { payload = {}, links = [] } = alert;
  const { details = "", ...more } = payload.custom_details ?? {};
  const status = element("span", { class: `badge ${alert.status}` }, STATUS[alert.status] ?? alert.status);
  const urgency = element("span", { class: `urgency ${alert.urgency}` }, `${alert.urgency} urgency`);
  const head = element("p", { class: "card-head" }, status, urgency, timeOf(message.at, stage.timezone));
  const acts = actButtons(message, stage);
  for (const button of acts?.children ?? []) button.title = TELLS[button.dataset.action] ?? "";
  const card = element(
    "article",
    { class: "card pagerduty" },
    head,
    element("h3", { class: "card-title" }, alert.title),
    alert.changed_by ? element("p", { class: "card-note" }, `${STATUS[alert.status]} by ${alert.changed_by}`) : null,
    acts,
    element("p", { class: "card-text" }, details),
    fieldList([
      ["Severity", payload.severity],
      ["Class", payload.class],
      ["Component", payload.component],
      ["Source", payload.source],
      ["Client", alert.client],
      ...Object.entries(more).map(([name, value]) => [name, String(value)]),
      ["Alert key", element("code", {}, alert.dedup_key)],
    ]),
  );
  if (links.length) card.append(element("p", { class: "card-links" }, ...links.flatMap(({ href, text }) => [link(href, text), " "])));
  return [card];
}

/** @type {import("../../static/parts.js").App} */
export const app = {
  name: "PagerDuty",
  look: "pages",
  isMachine: false,
  isOnDesk: false,
  contentOf: unlessGone("pagerduty", pagerdutyContent),
  ownerOf: nobody,
  titleOf: (message) => `PagerDuty: ${message.destination}`,
  barOf: () => "Incidents",
  subtitleOf: (_owner, viewer) => actingAs(viewer, viewer.pagerduty),
};
