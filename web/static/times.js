/** Instants and durations as people read them: in a person's own time zone, on a 24-hour clock. */

const DAY_MS = 86_400_000;

/** The tokens that Slack knows, see https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
const SLACK_TOKENS = {
  date_num: (at) => dayKey(at.unix, at.timezone),
  date_slash: (at) => dayKey(at.unix, at.timezone).replaceAll("-", "/"),
  date: (at) => part(at, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (at) => part(at, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (at) => part(at, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: (at) => nearbyDay(at) ?? SLACK_TOKENS.date(at),
  date_short_pretty: (at) => nearbyDay(at) ?? SLACK_TOKENS.date_short(at),
  date_long_pretty: (at) => nearbyDay(at) ?? SLACK_TOKENS.date_long(at),
  time: (at) => clockTime(at.unix * 1000, at.timezone),
  time_secs: (at) => clockTimeToTheSecond(at.unix * 1000, at.timezone),
  ago: (at) => distance(at.unix * 1000 - at.now),
};

/**
 * What Slack shows for `<!date^UNIX^PATTERN|fallback>`.
 * @param {number} unix seconds
 * @param {string} pattern such as `{time} {date_short_pretty}`
 * @param {string} timezone the reader's
 * @param {number} now milliseconds, for "today" and "tomorrow"
 */
export function slackDate(unix, pattern, timezone, now) {
  return pattern.replace(/\{(\w+)\}/g, (whole, token) => SLACK_TOKENS[token]?.({ unix, timezone, now }) ?? whole);
}

/** `14:08` */
export const clockTime = (ms, timezone) => format(timezone, { hour: "2-digit", minute: "2-digit" }).format(ms);

/** `14:08:03` */
export const clockTimeToTheSecond = (ms, timezone) =>
  format(timezone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);

/** `Sun 22 Nov` */
export const shortDay = (ms, timezone) =>
  format(timezone, { weekday: "short", day: "numeric", month: "short" }).format(ms).replace(",", "");

/** `Madrid` for `Europe/Madrid` */
export const placeOf = (timezone) => timezone.split("/").at(-1).replaceAll("_", " ");

/** `4:12`, or `1:04:12` from an hour on; never below `0:00`. */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** `3 s`, `5 min`, `2 h`, `4 d`: the largest unit that says it. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `+0.041 s` or `+5:00.012`: how long after the beginning. */
export function after(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `+${seconds.toFixed(3)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds % 60).toFixed(1).padStart(4, "0");
  if (minutes < 60) return `+${minutes}:${rest}`;
  return `+${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** `41.2 ms`, `980 ms` or `2.4 s`. */
export function milliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

const distance = (ms) => (ms > 0 ? `in ${duration(ms)}` : `${duration(-ms)} ago`);

const formats = new Map();

function format(timezone, options) {
  const key = JSON.stringify([timezone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timezone, hourCycle: "h23" }));
  return formats.get(key);
}

const part = (at, options) => format(at.timezone, options).format(at.unix * 1000);

/** `2026-11-22`, the day it is there. */
function dayKey(unix, timezone) {
  const parts = format(timezone, { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(unix * 1000);
  const of = (type) => parts.find((one) => one.type === type).value;
  return `${of("year")}-${of("month")}-${of("day")}`;
}

function nearbyDay({ unix, timezone, now }) {
  const days = (Date.parse(dayKey(unix, timezone)) - Date.parse(dayKey(now / 1000, timezone))) / DAY_MS;
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? null;
}
