// What waits for a person, and one button that gets each out.
import { get, path, post } from "../api.js";
import { h } from "../dom.js";
import { action, empty, head, pill, tell, time } from "../parts.js";
import { counted } from "../words.js";

const KIND = { paused: "paused", poll: "late", "dead letter": "down", parked: "parked", unknown: "down" };

export const errors = {
  name: "Errors",
  state: () => ({ busy: new Set(), became: new Map() }),
  load: () => get("/api/errors"),
  draw(context) {
    const { data, state } = context;
    const waits = data.errors;
    return [
      head("Errors", waits.length ? `${counted(waits.length, "thing waits", "things wait")} for a person, the most urgent first`
        : "What waits for a person"),
      waits.length === 0 && empty("Nothing waits for a person", "Parked tickets, paused sides and dead letters appear here."),
      h("ul", { class: "errors" }, waits.map((one) => card(context, one))),
      state.became.size > 0 && outcomes(state),
    ];
  },
};

/** What one error is known by, as long as it waits. */
const nameOf = (one) => [one.what, one.link, one.side ?? "", one.twin ?? one.id ?? ""].join("|");

function card(context, one) {
  return h("li", { class: "panel error", "data-key": nameOf(one) },
    h("div", { class: "error-head" },
      pill(KIND[one.what] ?? "parked", one.kind ? `${one.what}: ${one.kind}` : one.what),
      h("strong", {}, title(one)),
      h("a", { class: "quiet", href: `#/links/${encodeURIComponent(one.link)}` }, one.link),
      one.since && h("span", { class: "since" }, "since ", time(one.since))),
    h("p", { class: "reason" }, one.reason),
    one.words && h("blockquote", {}, one.words),
    one.place && h("p", { class: "quiet mono" }, one.place),
    (one.where ?? []).length > 0 && h("p", { class: "quiet mono" }, one.where.at(-1)),
    h("div", { class: "way-out" },
      one.first && h("p", {}, h("b", {}, "First "), plain(one.first)),
      h("div", { class: "actions" }, ...buttons(context, one))));
}

const plain = (text) => text.split("`").map((part, n) => (n % 2 ? h("code", {}, part) : part));

function title(one) {
  if (one.tickets) return Object.entries(one.tickets).map(([side, key]) => `${side} ${key || "(none)"}`).join("  ↔  ");
  if (one.what === "paused") return `the side ${one.side}`;
  if (one.what === "poll") return `the poll of ${one.side} has failed ${counted(one.times, "time")}`;
  return one.ticket ? `${one.side} ${one.ticket}` : one.id ?? "";
}

function buttons(context, one) {
  const name = nameOf(one), busy = context.state.busy.has(name);
  const run = (label, verb, body, tells) =>
    action(label, () => done(context, one, verb, body, tells), { kind: "primary", busy, describe: `${label} ${title(one)}` });
  const page = one.tickets && h("a", { class: "button", href: ticketPage(one) }, "Look at it");
  switch (one.what) {
    case "parked":
      return [run("Retry", "retry", { ticket: one.tickets[one.origin], side: one.origin },
        (answer) => [answer.retried[0].became, answer.retried[0].out]), page];
    case "dead letter":
      return [run("Replay", "replay", {}, (answer) => [`${counted(answer.replayed, "message")} put back`, true])];
    case "paused":
      return [run("Resume", "resume", { side: one.side },
        (answer) => { const side = answer.sides[one.side]; return [side.resumed ? "resumed" : `still paused: ${side.why}`, side.resumed]; })];
    default:
      return [];
  }
}

const ticketPage = (one) =>
  `#/links/${encodeURIComponent(one.link)}/tickets/${encodeURIComponent(one.origin)}/${encodeURIComponent(one.tickets[one.origin])}`;

async function done(context, one, verb, body, tells) {
  const { state } = context, name = nameOf(one);
  state.busy.add(name);
  context.draw();
  try {
    const [text, out] = tells(await post(path("links", one.link, verb), body));
    state.became.set(name, { title: title(one), text, out, at: Date.now() });
    tell(`${title(one)}: ${text}`, out ? "ok" : "parked");
  } catch (error) {
    state.became.set(name, { title: title(one), text: error.message, out: false, at: Date.now() });
    tell(`${title(one)}: ${error.message}`, "down");
  }
  state.busy.delete(name);
  context.refresh();
}

function outcomes(state) {
  return h("section", { "aria-labelledby": "became" },
    h("h2", { id: "became" }, "What became of what you did"),
    h("ul", { class: "panel became" }, [...state.became.entries()].reverse().slice(0, 20).map(([name, one]) =>
      h("li", { "data-key": name }, pill(one.out ? "ok" : "parked", one.out ? "done" : "open"),
        h("strong", {}, one.title), h("span", {}, one.text)))));
}
