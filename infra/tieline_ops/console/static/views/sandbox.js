// The simulated systems next to each other: edit a ticket on one side, watch it change on the other.
import { get, path, post } from "../api.js";
import { attempt } from "../attempt.js";
import { h } from "../dom.js";
import { action, dot, empty, head, pill, say, submit, tell } from "../parts.js";
import { control, valueOf } from "./controls.js";
import { talk } from "./talk.js";
import { counted, shown } from "../words.js";

const GLOW = 2500;

export const sandbox = {
  name: "Sandbox",
  stays: true,
  every: () => 0.7,
  state: () => ({
    who: "", link: "", side: "", id: "", failed: new Map(), saving: new Set(), edited: new Map(),
    arrived: new Map(), before: new Map(), making: "", busy: false, chosen: false,
  }),
  async load({ params, state, about }) {
    const link = params[0] ?? about.links[0];
    if (!link) return { overview: null, ticket: null };
    const overview = await get(path("sandbox", link));
    state.who ||= overview.people[0];
    if (link !== state.link || params[2] !== state.id) forget(state);
    [state.link, state.side, state.id] = [link, params[1] ?? "", params[2] ?? ""];
    let ticket = null;
    if (state.id) {
      ticket = await get(path("sandbox", link, state.side, state.id)).catch((error) => {
        if (error.status === 404) return null;
        throw error;
      });
    }
    compare(state, overview, ticket);
    return { overview, ticket };
  },
  draw(context) {
    const { data, about } = context;
    if (!data.overview) return [head("Sandbox"), empty("No link is up")];
    const { overview, ticket } = data;
    return [
      head("Sandbox", overview.title, ...choices(context, overview, about)),
      h("div", { class: "systems" }, overview.sides.map((side) => system(context, side))),
      h("div", { class: "bench" }, list(context, overview), detail(context, overview, ticket)),
    ];
  },
};

function forget(state) {
  for (const name of ["failed", "edited", "arrived", "before"]) state[name] = new Map();
  state.saving = new Set();
}

/** Notes which values changed since the last look, and how long after the edit of their counterpart. */
function compare(state, overview, ticket) {
  if (!ticket) return;
  const now = Date.now(), first = state.before.size === 0;
  for (const row of ticket.rows) {
    for (const [side, cell] of Object.entries(row.cells)) {
      const name = `${row.id} ${side}`, value = JSON.stringify(cell.value);
      const known = state.before.get(name);
      if (!first && known !== undefined && known !== value) {
        const edit = state.edited.get(row.id);
        if (edit && edit.side !== side) {
          state.arrived.set(name, { at: now, took: now - edit.at });
          say(`${side} ${cell.field} is ${shown(cell.value) || "empty"} now`);
        } else if (!edit || now - edit.at > GLOW) {
          state.arrived.set(name, { at: now, took: null });
        }
      }
      state.before.set(name, value);
    }
  }
}

function choices(context, overview, about) {
  const { state } = context;
  return [
    about.links.length > 1 && h("label", { class: "field" }, h("span", {}, "Link"),
      h("select", { onchange: (event) => context.go(`#/sandbox/${encodeURIComponent(event.target.value)}`) },
        about.links.map((name) => h("option", { value: name, selected: name === overview.link }, name)))),
    h("label", { class: "field" }, h("span", {}, "You are"),
      h("select", { onchange: (event) => { state.who = event.target.value; } },
        overview.people.map((who) => h("option", { value: who, selected: who === state.who }, who)))),
  ];
}

/** One system: its name, what is wrong with it on purpose, and a way to make a ticket there. */
function system(context, side) {
  const { state } = context;
  const wrong = side.down ? pill("down", "down") : side.refuses ? pill("parked", "refuses writes") : null;
  const scope = Object.values(side.scope).filter((word) => !word.startsWith("{")).join(" · ");
  return h("section", { class: "panel system", "data-key": side.name, "aria-label": `${side.title}, the side ${side.name}` },
    h("div", { class: "system-head" },
      h("h2", {}, side.title, h("span", { class: "quiet" }, ` ${side.name}${scope ? ` · ${scope}` : ""}`)), wrong,
      h("div", { class: "actions" },
        h("details", { class: "menu" },
          h("summary", { class: "button" }, "Make trouble"),
          h("div", { class: "menu-body" },
            trouble(context, side, "Refuse writes", side.refuses, { refuses: !side.refuses }),
            trouble(context, side, "Be down", side.down, { down: !side.down }),
            trouble(context, side, "Lose the next webhook", null,
              { drop: true, down: side.down, refuses: side.refuses }))),
        action("New ticket", () => { state.making = state.making === side.name ? "" : side.name; context.draw(); focusOn(`#make-${side.name}`); },
          { kind: "primary", describe: `New ticket in ${side.title} (${side.name})` }))),
    state.making === side.name && maker(context, side));
}

function trouble(context, side, label, on, switches) {
  return h("button", {
    type: "button", class: "menu-item", "aria-pressed": on === null ? null : String(Boolean(on)),
    onclick: async () => {
      const done = await attempt(context, () => post(path("sandbox", context.state.link, side.name, "faults"), switches));
      if (done) tell(`${side.title}: ${label.toLowerCase()}${on ? " no more" : ""}`);
    },
  }, h("span", { class: "tick", "aria-hidden": "true" }, on ? "✓" : ""), label);
}

function focusOn(selector) {
  document.querySelector(selector)?.focus();
}

function maker(context, side) {
  const { state } = context;
  const crosses = side.births.map((birth, n) => [n, Object.entries(birth).map(([name, value]) => `${name} ${shown(value)}`).join(", ") || "always"]);
  return h("form", {
    class: "maker",
    onsubmit: (event) => { event.preventDefault(); make(context, side, event.target); },
  },
  h("label", { class: "field grow" }, h("span", {}, side.title_field || "title"),
    h("input", { id: `make-${side.name}`, name: "title", required: true, autocomplete: "off" })),
  h("label", { class: "field" }, h("span", {}, "Crosses if"),
    h("select", { name: "birth" }, crosses.map(([n, text]) => h("option", { value: String(n) }, text)),
      h("option", { value: "" }, crosses.length ? "it does not cross" : "no condition lets it cross"))),
  submit("Make it", state.busy, "primary"));
}

async function make(context, side, form) {
  const { state } = context;
  const birth = form.elements.birth.value, title = form.elements.title.value;
  const fields = { ...(birth === "" ? {} : side.births[Number(birth)]), [side.title_field]: title };
  if (state.busy) return;
  state.busy = true;
  context.draw();
  const made = await attempt(context, () => post(path("sandbox", state.link, side.name, "make"), { who: state.who, fields }));
  state.busy = false;
  if (!made) return;
  state.making = "";
  form.reset();
  context.go(`#/sandbox/${encodeURIComponent(state.link)}/${encodeURIComponent(side.name)}/${encodeURIComponent(made.id)}`);
}

function list(context, overview) {
  const { state } = context;
  const rows = overview.tickets;
  return h("section", { class: "panel tickets", "aria-labelledby": "tickets-head" },
    h("h2", { id: "tickets-head" }, counted(rows.length, "ticket")),
    rows.length === 0 && h("p", { class: "hint" }, "There is no ticket yet. Make one above, and watch it cross."),
    h("ul", {}, rows.map((row) => {
      const sides = Object.entries(row.sides);
      const here = sides.some(([side, one]) => side === state.side && one.id === state.id);
      const [side, one] = sides[0];
      const health = row.twin?.parked ? "parked" : row.twin?.state === "live" ? "ok" : "none";
      const keys = overview.sides.map((each) => row.sides[each.name]?.key ?? "–").join("  ↔  ");
      return h("li", { "data-key": row.twin?.key ?? `${side} ${one.id}` },
        h("a", {
          href: `#/sandbox/${encodeURIComponent(overview.link)}/${encodeURIComponent(side)}/${encodeURIComponent(one.id)}`,
          "aria-current": here ? "true" : null,
        }, h("span", { class: "keys" }, dot(health), keys), h("span", { class: "clip" }, one.title || "(no title)"),
        row.twin?.parked && h("span", { class: "unseen" }, " parked")));
    })));
}

function detail(context, overview, ticket) {
  const { state } = context;
  if (!state.id) {
    return h("section", { class: "panel detail" },
      empty("Choose a ticket", "Both sides stand here next to each other. What you change on one is on the other in about a second."));
  }
  if (!ticket) return h("section", { class: "panel detail" }, empty("This ticket is gone"));
  const parked = ticket.twin?.parked;
  return h("section", { class: "panel detail", "aria-label": "Both tickets" },
    parked && h("div", { class: "banner parked" },
      h("div", {}, h("strong", {}, `Parked: ${parked.kind}`), h("span", {}, parked.reason), parked.words && h("q", {}, parked.words)),
      h("div", { class: "actions" },
        action("Retry", () => retry(context), { busy: state.busy, kind: "primary" }),
        h("a", { class: "button", href: "#/errors" }, "Errors"))),
    h("div", { class: "pair" },
      h("div", { class: "pair-row pair-head" }, overview.sides.map((side, n) => [
        n === 1 && h("span", { class: "flow", "aria-hidden": "true" }),
        h("h3", {}, ticket.sides[side.name]?.key ?? (ticket.gone.includes(side.name) ? "deleted" : "not there yet"), h("span", { class: "quiet" }, ` ${side.title}`)),
      ])),
      ticket.rows.map((row) => pairRow(context, overview, ticket, row)),
      ticket.more.length > 0 && h("p", { class: "pair-note" }, "What the link's conditions look at"),
      ticket.more.map((row) => pairRow(context, overview, ticket, row))),
    h("div", { class: "pair talk" }, h("div", { class: "pair-row" },
      overview.sides.map((side, n) => [n === 1 && h("span", { class: "flow" }), talk(context, side, ticket.sides[side.name])]))));
}

async function retry(context) {
  const { state, data } = context;
  const ticket = data.ticket.sides[state.side]?.key ?? state.id;
  state.busy = true;
  context.draw();
  try {
    const answer = await post(path("links", state.link, "retry"), { ticket, side: state.side });
    tell(answer.retried[0].became, answer.retried[0].out ? "ok" : "parked");
  } catch (error) {
    tell(error.message, "down");
  }
  state.busy = false;
  context.refresh();
}

function pairRow(context, overview, ticket, row) {
  const [left, right] = overview.sides.map((side) => side.name);
  const took = context.state.arrived.get(`${row.id} ${left}`)?.took ?? context.state.arrived.get(`${row.id} ${right}`)?.took;
  const arrow = row.targets.length === 2 ? "↔" : row.targets[0] === right ? "→" : row.targets[0] === left ? "←" : "";
  return h("div", { class: "pair-row", "data-key": row.id },
    cell(context, ticket, row, left),
    h("span", { class: "flow" }, h("span", { "aria-hidden": "true" }, arrow),
      took !== undefined && took !== null && h("span", { class: "took" }, `${(took / 1000).toFixed(1)} s`)),
    cell(context, ticket, row, right));
}

function cell(context, ticket, row, side) {
  const one = row.cells[side];
  if (!one) return h("div", { class: "cell none" }, row.template && h("span", { class: "quiet" }, `“${row.template}”`));
  const { state } = context, name = `${row.id} ${side}`, there = ticket.sides[side];
  const arrived = state.arrived.get(name), failed = state.failed.get(name);
  const id = `cell-${name.replace(/\W+/g, "-")}`;
  const glows = arrived && Date.now() - arrived.at < GLOW;
  return h("div", { class: `cell ${glows ? "arrived" : ""} ${failed ? "failed" : ""}`, "data-key": name },
    h(one.writable ? "label" : "span", { class: "cell-name", for: one.writable ? id : null }, h("span", { class: "unseen side-name" }, `${side} `), one.field,
      state.saving.has(name) && h("span", { class: "quiet" }, " saving…")),
    control(one, { id, disabled: !there, describedby: failed ? `${id}-failed` : null,
      onchange: (event) => edit(context, row, side, one, event.target, there) }),
    failed && h("p", { class: "failed-words", id: `${id}-failed`, role: "alert" }, failed));
}

async function edit(context, row, side, one, element, there) {
  const { state } = context, name = `${row.id} ${side}`;
  const value = valueOf(one, element);
  element.typed = true;
  state.saving.add(name);
  state.edited.set(row.id, { side, at: Date.now() });
  context.draw();
  try {
    await post(path("sandbox", state.link, side, there.id), { act: "edit", who: state.who, fields: { [one.field]: value } });
    state.failed.delete(name);
  } catch (error) {
    state.failed.set(name, error.message);
  }
  state.saving.delete(name);
  element.typed = false;
  context.refresh();
}
