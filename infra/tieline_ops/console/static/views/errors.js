// What waits for a person, and one button that gets each out.
import { get, path, post } from "../api.js";
import { h } from "../dom.js";
import { action, empty, head, pill, tell, time } from "../parts.js";
import { counted, resumption } from "../words.js";

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
    unreadable(one) && h("p", { class: "value mono" }, one.text),
    (one.where ?? []).length > 0 && h("p", { class: "quiet mono" }, one.where.at(-1)),
    h("div", { class: "way-out" },
      one.first && h("p", {}, h("b", {}, "First "), plain(one.first)),
      byCommand(one) && h("p", {}, h("b", {}, unreadable(one) ? "Take it out with " : "End it with "), h("code", {}, one.run)),
      h("div", { class: "actions" }, ...buttons(context, one))));
}

const plain = (text) => text.split("`").map((part, n) => (n % 2 ? h("code", {}, part) : part));

function title(one) {
  if (one.tickets) return Object.entries(one.tickets).map(([side, key]) => `${side} ${key || "(none)"}`).join("  ↔  ");
  if (one.what === "paused") return `the side ${one.side}`;
  if (one.what === "poll") return `the poll of ${one.side} has failed ${counted(one.times, "time")}`;
  return one.ticket ? `${one.side} ${one.ticket}` : one.id ?? "";
}

const unreadable = (one) => typeof one.text === "string";

/** What no button ends: a letter that is no message would only stay, and a release asks for numbers first. */
const byCommand = (one) => unreadable(one) || (one.what === "paused" && one.kind === "brake");

function buttons(context, one) {
  if (byCommand(one)) return [];
  const name = nameOf(one), busy = context.state.busy.has(name);
  const run = (label, verb, body, tells) =>
    action(label, () => done(context, { name, title: title(one), link: one.link }, verb, body, tells),
      { kind: "primary", busy, describe: `${label} ${title(one)}` });
  const page = one.tickets && h("a", { class: "button", href: ticketPage(one) }, "Look at it");
  switch (one.what) {
    case "parked":
      return [run("Retry", "retry", asked(one),
        (answer) => [answer.retried[0].became, answer.retried[0].out]), page];
    case "dead letter":
      return [replay(context, one.link)];
    case "paused":
      return [run("Resume", "resume", { side: one.side },
        (answer) => resumption(answer, one.side))];
    default:
      return [];
  }
}

/** The parked ticket by which its twin is tried again: that of the side which was first, if it has a name. */
function asked(one) {
  const side = one.tickets[one.origin] ? one.origin : Object.keys(one.tickets).find((name) => one.tickets[name]);
  return { ticket: one.tickets[side], side };
}

/** Letters are put back in their order, so it is all of a link's or none. */
function replay(context, link) {
  const letters = context.data.errors.filter((one) => one.what === "dead letter" && one.link === link && !unreadable(one)).length;
  const label = letters === 1 ? `Replay the letter of ${link}` : `Replay all ${letters} of ${link}`;
  const name = `replay|${link}`;
  return action(label, () => done(context, { name, title: link, link }, "replay", {}, (answer) => {
    const text = `${counted(answer.replayed, "message")} put back`;
    return answer.left === 0 ? [text, true]
      : [`${text}; ${answer.left} left, take out what is no message with \`tieline replay ${link} --drop ID\``, false];
  }), { kind: "primary", busy: context.state.busy.has(name) });
}

function ticketPage(one) {
  const { ticket, side } = asked(one);
  return `#/links/${encodeURIComponent(one.link)}/tickets/${encodeURIComponent(side)}/${encodeURIComponent(ticket)}`;
}

/** Does what a button says. `one` is by what name it is known while it runs, its title, its link. */
async function done(context, one, verb, body, tells) {
  const { state } = context, { name } = one;
  state.busy.add(name);
  context.draw();
  try {
    const [text, out] = tells(await post(path("links", one.link, verb), body));
    state.became.set(name, { title: one.title, text, out });
    tell(`${one.title}: ${text}`, out ? "ok" : "parked");
  } catch (error) {
    state.became.set(name, { title: one.title, text: error.message, out: false });
    tell(`${one.title}: ${error.message}`, "down");
  }
  state.busy.delete(name);
  context.refresh();
}

function outcomes(state) {
  return h("section", { "aria-labelledby": "became" },
    h("h2", { id: "became", tabindex: "-1", "data-rest": true }, "What became of what you did"),
    h("ul", { class: "panel became" }, [...state.became.entries()].reverse().slice(0, 20).map(([name, one]) =>
      h("li", { "data-key": name }, pill(one.out ? "ok" : "parked", one.out ? "done" : "open"),
        h("strong", {}, one.title), h("span", {}, plain(one.text))))));
}
