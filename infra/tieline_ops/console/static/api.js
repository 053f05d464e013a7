// The API: what is asked, and the token without which nothing is changed.

let token = "";

export class Failed extends Error {
  constructor(message, hint = "", status = 0) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

async function answered(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Failed("The console gives no answer", "is it still running?");
  }
  const given = await answer.json().catch(() => ({ error: `the console answered ${answer.status}` }));
  if (!answer.ok) throw new Failed(given.error ?? "it failed", given.hint, answer.status);
  return given;
}

export async function session() {
  const given = await answered("/api/session");
  token = given.token;
  return given;
}

export const get = (path) => answered(path);

export const post = (path, body = {}) =>
  answered(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tieline-Token": token },
    body: JSON.stringify(body),
  });

/** A path from parts that may hold anything. */
export const path = (...parts) => "/api/" + parts.map((part) => encodeURIComponent(part)).join("/");
