/**
 * Talking to the server: the polled picture, the commands of the page, and clicks that take Slack's own way in.
 *
 * @typedef {{key: string, name: string, role: string, slack: string|null, email: string|null, pagerduty: string|null,
 *   timezone: string}} Person
 * @typedef {{slack: string, name: string, members: string[]}} Group a team that Slack knows as a user group
 * @typedef {{kind: string, pid: number, started_at: string, beat_at: string, alive: boolean}} Worker
 * @typedef {string} Channel the key of a vendor; what is sent is under this name, as its vendor has it
 * @typedef {{id: string, at: string, updated_at: string|null, channel: Channel, type: "message"|"ephemeral"|"view",
 *   destination: string, address: string, person: string|null, incident: number|null, ts: string,
 *   thread_ts: string|null, broadcast: boolean, text: string, first_text: string, blocks: Object[],
 *   buttons: {action_id?: string, label: string, value?: string, url?: string}[], view: Object|null,
 *   email?: Object, pagerduty?: Object, jira?: Object, webhook?: Object}} Message
 * @typedef {{at: string, action: string, actor: string, text: string}} TimelineEntry
 * @typedef {{number: number, state: string, header: string, category: string|null, severity: string, opened_at: string,
 *   due_at: string|null, due_kind: string|null, next: string|null, owner: string|null,
 *   figures: {webhook_to_message_ms: number|null, lateness_ms: number[]}, timeline: TimelineEntry[]}} Incident
 * @typedef {{mode: string, now: string, reached_nobody: number, can_kill: boolean, demo_policy: boolean,
 *   people: Person[], groups: Group[], samples: {name: string, title: string}[], workers: Worker[], messages: Message[],
 *   incidents: Incident[]}} Picture
 */

const GUESS_MS = 5_000;

/** The server's clock as this page sees it: the local clock plus an offset, taken from the quickest answer of late. */
export class ServerClock {
  #offset = 0;
  #roundTrip = Infinity;

  /** @param {string} said the server's `now` @param {number} sent and @param {number} received local milliseconds */
  observe(said, sent, received) {
    const roundTrip = received - sent;
    if (roundTrip > this.#roundTrip) {
      this.#roundTrip *= 1.05;
      return;
    }
    this.#roundTrip = roundTrip;
    this.#offset = Date.parse(said) - (sent + roundTrip / 2);
  }

  /** Milliseconds since 1970 by the server's clock. */
  now() {
    return Date.now() + this.#offset;
  }
}

/** Asks for the picture; unchanged ones cost a 304. */
export class PictureSource {
  #etag = null;

  /** @param {ServerClock} clock */
  constructor(clock) {
    this.clock = clock;
  }

  /** @returns {Picture|null} what the page was served with; its age is not known, so its time is only a first guess */
  first() {
    const script = document.getElementById("picture");
    const picture = JSON.parse(script?.textContent || "null");
    this.#etag = script?.dataset.etag || null;
    if (picture) this.clock.observe(picture.now, Date.now() - GUESS_MS, Date.now() + GUESS_MS);
    return picture;
  }

  /** @returns {Promise<Picture|null>} null when nothing changed */
  async next() {
    const sent = Date.now();
    const answer = await fetch("/sandbox.json", { headers: this.#etag ? { "If-None-Match": this.#etag } : {} });
    if (answer.status === 304) return null;
    const picture = await readJson(answer);
    this.#etag = answer.headers.get("ETag");
    this.clock.observe(picture.now, sent, Date.now());
    return picture;
  }
}

/** A command of this page, such as `post("fire", {number: 1042})`. Throws an Error that says what the server said. */
export async function post(command, body = {}) {
  const headers = { "Content-Type": "application/json", "X-Sandbox": "1" };
  return readJson(await fetch(`/sandbox/${command}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

/**
 * What somebody does at a vendor, through the same signed door that the vendor calls.
 * @param {"click"|"act"|"command"} what a button or window of Slack, a button of PagerDuty or Jira, a command in Slack
 * @param {Object} how such as `{person, message, action_id, value}`
 * @returns {Promise<{door: string, status: number, ms: number, answer: Object|null}>}
 */
export async function interact(what, how) {
  const { door, headers, body } = await post(what, how);
  const began = performance.now();
  const response = await fetch(door, { method: "POST", headers: { "Content-Type": FORM, ...headers }, body });
  const text = await response.text();
  const ms = performance.now() - began;
  if (!response.ok) throw new Error(`${door} answered ${response.status}. ${errorIn(text)}`.trim());
  return { door, status: response.status, ms, answer: parsed(text) };
}

const FORM = "application/x-www-form-urlencoded";

async function readJson(response) {
  const text = await response.text();
  if (!response.ok) throw new Error(errorIn(text) || `The server returned ${response.status}.`);
  return JSON.parse(text);
}

const errorIn = (text) => String(parsed(text)?.error ?? "");

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
