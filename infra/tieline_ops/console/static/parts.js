// Small pieces that several views share.
import { h } from "./dom.js";
import { HEALTH, ago, moment } from "./words.js";

/** A form's own button: while it works it is not pressed again, and keeps the focus. */
export const submit = (label, busy, kind = "") =>
  h("button", { class: `button ${kind}`, "aria-disabled": busy ? "true" : null }, busy ? "Working…" : label);

const LONG = 400, LINES = 12;

export const dot = (health) => h("span", { class: `dot ${health}`, "aria-hidden": "true" });

export const pill = (kind, text) => h("span", { class: `pill ${kind}` }, dot(kind), text);

export const healthPill = (health) => pill(health, HEALTH[health] ?? health);

export const time = (text) =>
  h("time", { datetime: text || null, title: moment(text) }, ago(text));

export const empty = (title, text) =>
  h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), text && h("p", {}, text));

export const head = (title, sub, ...actions) =>
  h("div", { class: "head" },
    h("div", {}, h("h1", { tabindex: "-1" }, title), sub && h("p", { class: "sub" }, sub)),
    actions.length > 0 && h("div", { class: "actions" }, actions));

/** A button that does something slow: it says so, is not pressed twice, and keeps the focus. */
export function action(label, run, { kind = "", busy = false, key = null, describe = null } = {}) {
  return h("button", {
    type: "button", class: `button ${kind}`, "aria-disabled": busy ? "true" : null, "data-key": key,
    "aria-label": describe, onclick: busy ? null : run,
  }, busy ? "Working…" : label);
}

/** All of a value: a long one is scrolled, by keyboard too. `parts` are `{text, only}`; what is only here is in a `tag`. */
export function value(parts, tag) {
  const text = parts.map((one) => one.text).join("");
  return h("span", { class: "value", tabindex: text.length > LONG || text.split("\n").length > LINES ? "0" : null },
    parts.map((one) => (one.only ? h(tag, {}, one.text) : one.text)));
}

/** Scrolls each value, once, to the first thing in it that is marked. */
export function seek(place) {
  for (const box of place.querySelectorAll(".value")) {
    const first = box.querySelector("mark, ins, del");
    if (!first || box.sought) continue;
    box.sought = true;
    box.scrollTop = Math.max(0, first.offsetTop - box.offsetTop - 60);
  }
}

let clear = 0;

/** Tell people: on the screen for a while, and to screen readers. */
export function tell(text, kind = "") {
  const told = document.getElementById("told");
  told.textContent = "";
  clearTimeout(clear);
  clear = setTimeout(() => { told.textContent = text; }, 50);
  const toast = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), 5000);
}

/** The same without anything on the screen. */
export function say(text) {
  document.getElementById("told").textContent = text;
}
