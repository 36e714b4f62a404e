/**
 * Talking to the server: the polled picture, the commands of the page, and clicks that take Slack's own way in.
 *
 * @typedef {{key: string, name: string, role: string, slack: string|null, timezone: string}} Person
 * @typedef {{kind: string, pid: number, started_at: string, beat_at: string, alive: boolean}} Worker
 * @typedef {{id: string, at: string, updated_at: string|null, kind: string, type: "message"|"ephemeral"|"view",
 *   destination: string, address: string, person: string|null, incident: number|null, ts: string,
 *   thread_ts: string|null, broadcast: boolean, text: string, first_text: string, blocks: Object[],
 *   view: Object|null}} Message
 * @typedef {{at: string, action: string, actor: string, text: string}} TimelineEntry
 * @typedef {{number: number, state: string, header: string, category: string|null, severity: string, opened_at: string,
 *   due_at: string|null, due_kind: string|null, next: string|null, owner: string|null,
 *   figures: {webhook_to_message_ms: number|null, lateness_ms: number[]}, timeline: TimelineEntry[]}} Incident
 * @typedef {{mode: string, now: string, reached_nobody: number, can_kill: boolean, demo_policy: boolean,
 *   people: Person[], samples: {name: string, title: string}[], workers: Worker[], messages: Message[],
 *   incidents: Incident[]}} Picture
 */

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
 * One press of a button, or one submitted modal, through the same signed callback that Slack calls.
 * @param {Object} click `{person, message, action_id, value}` or `{person, message, view_state}`
 * @returns {Promise<{status: number, ms: number, answer: Object|null}>}
 */
export async function interact(click) {
  const signed = await post("click", click);
  const headers = { "Content-Type": "application/x-www-form-urlencoded", ...signed.headers };
  const began = performance.now();
  const response = await fetch("/slack/interactions", { method: "POST", headers, body: signed.body });
  const text = await response.text();
  const ms = performance.now() - began;
  if (!response.ok) throw new Error(`The Slack callback answered ${response.status}. ${errorIn(text)}`.trim());
  return { status: response.status, ms, answer: parsed(text) };
}

async function readJson(response) {
  const text = await response.text();
  if (!response.ok) throw new Error(errorIn(text) || `The server answered ${response.status}.`);
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
