// How moments and counts are said.

const MINUTE = 60, HOUR = 3600, DAY = 86400;

/** "3 min ago"; the moment itself stands in the title. */
export function ago(text, now = Date.now()) {
  if (!text) return "never";
  const seconds = Math.max(0, (now - Date.parse(text)) / 1000);
  if (seconds < 10) return "just now";
  if (seconds < MINUTE) return `${Math.floor(seconds / 10) * 10} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${Math.floor(seconds / DAY)} d ago`;
}

export const moment = (text) => (text ? `${text.slice(0, 10)} ${text.slice(11, 19)} UTC` : "never");

export const counted = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

export const HEALTH = { ok: "OK", late: "Late", parked: "Parked", paused: "Paused", down: "Down" };

/** What came of a resume, as the function answers it: the words, and whether the side is resumed. */
export function resumption(answer, side) {
  const { resumed, why } = answer.sides[side];
  return [resumed ? "resumed" : `still paused: ${why}`, resumed];
}

/** A value as people read it. */
export function shown(value) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}
