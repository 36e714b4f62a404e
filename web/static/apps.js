/** What a phone shows besides Slack: each vendor's name, whose phone it is, and how its messages are drawn. */

import { jiraContent } from "./jira.js";
import { answeredSince, mailContent } from "./mail.js";
import { messageContent } from "./message.js";
import { pagerdutyContent } from "./pagerduty.js";
import { nothingLeft } from "./parts.js";
import { webhookContent } from "./webhook.js";

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {import("./api.js").Person} Person
 * @typedef {{name: string, look: string, isMachine: boolean, isOnDesk: boolean,
 *   contentOf: (message: Message, around: Object) => Node[], ownerOf: (message: Message, people: Person[]) => Person|null,
 *   titleOf: (message: Message, owner: Person|null) => string, barOf: (phone: {title: string, owner: Person|null}) => string,
 *   subtitleOf: (owner: Person|null, viewer: Person) => string,
 *   sinceOf?: (message: Message, scene: import("./phones.js").Scene) => string|null}} App
 *   `sinceOf` is what has happened since, where what was sent cannot be brought up to date
 */

const nobody = () => null;
const actingAs = (viewer, isKnown) => `as ${viewer.name}${isKnown ? "" : " (unknown there)"}`;

/** @type {Record<import("./api.js").Channel, App>} */
export const apps = {
  slack: {
    name: "Slack",
    look: "slack",
    isMachine: false,
    isOnDesk: false,
    contentOf: messageContent,
    ownerOf: (message, people) => people.find((person) => `person:${person.key}` === message.destination) ?? null,
    titleOf: (message, owner) => owner?.name ?? message.address,
    barOf: ({ title, owner }) => (owner ? "Escalator" : title),
    subtitleOf: (owner, viewer) => (owner ? owner.role : `as ${viewer.name} sees it`),
  },
  email: {
    name: "Mail",
    look: "letters",
    isMachine: false,
    isOnDesk: false,
    contentOf: unlessGone("email", mailContent),
    sinceOf: answeredSince,
    ownerOf: (message, people) => people.find((person) => person.email && person.email === message.email.to) ?? null,
    titleOf: (message, owner) => `Email: ${owner?.name ?? message.email.to ?? message.destination}`,
    barOf: () => "Inbox",
    subtitleOf: (owner) => (owner ? owner.role : "as the recipients see it"),
  },
  pagerduty: {
    name: "PagerDuty",
    look: "pages",
    isMachine: false,
    isOnDesk: false,
    contentOf: unlessGone("pagerduty", pagerdutyContent),
    ownerOf: nobody,
    titleOf: (message) => `PagerDuty: ${message.destination}`,
    barOf: () => "Incidents",
    subtitleOf: (_owner, viewer) => actingAs(viewer, viewer.pagerduty),
  },
  jira: {
    name: "Jira",
    look: "issues",
    isMachine: false,
    isOnDesk: true,
    contentOf: unlessGone("jira", jiraContent),
    ownerOf: nobody,
    titleOf: (message) => `Jira: ${message.address}`,
    barOf: ({ title }) => title,
    subtitleOf: (_owner, viewer) => actingAs(viewer, viewer.email),
  },
  webhook: {
    name: "Webhook",
    look: "requests",
    isMachine: true,
    isOnDesk: true,
    contentOf: unlessGone("webhook", webhookContent),
    ownerOf: nobody,
    titleOf: (message) => `Webhook: ${message.destination}`,
    barOf: ({ title }) => title,
    subtitleOf: () => "as the program receives it",
  },
};

/** What was purged leaves a row without its vendor's object. */
function unlessGone(channel, draw) {
  return (message, around) => (Object.keys(message[channel]).length ? draw(message, around) : nothingLeft());
}
