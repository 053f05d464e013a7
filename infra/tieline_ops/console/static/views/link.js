// One link: how it fares, what it maps, and the tickets that it keeps the same.
import { get, path, post } from "../api.js";
import { h } from "../dom.js";
import { action, dot, empty, head, healthPill, tell, time } from "../parts.js";
import { counted, resumption } from "../words.js";
import { mappingPanel } from "./mapping.js";

export const link = {
  name: "Link",
  every: (about) => (about.where === "AWS" ? 30 : 2),
  state: () => ({ pages: 1, busy: "", filter: "" }),
  async load({ params, state }) {
    const name = params[0], page = await get(path("links", name));
    const twins = [];
    let after = "", failed = null;
    try {
      for (let n = 0; n < state.pages && after !== null; n += 1) {
        const query = after ? `?after=${encodeURIComponent(after)}` : "";
        const answer = await get(path("links", name, "twins") + query);
        twins.push(...answer.twins);
        after = answer.next;
      }
    } catch (error) {
      failed = error.message;
    }
    return { page, twins, more: Boolean(after), failed };
  },
  draw(context) {
    const { page } = context.data;
    return [
      head(page.link, page.title,
        healthPill(page.health),
        h("a", { class: "button", href: `#/preview/${encodeURIComponent(page.link)}` }, "Preview a change"),
        context.about.sandbox && h("a", { class: "button", href: `#/sandbox/${encodeURIComponent(page.link)}` }, "Sandbox")),
      page.why?.length > 0 && h("div", { class: `banner ${page.health}` },
        h("ul", {}, page.why.filter(Boolean).map((why) => h("li", {}, why))),
        page.errors.length > 0 && h("a", { class: "button", href: "#/errors" }, "Errors")),
      page.twins !== undefined && figures(page),
      page.twins !== undefined && sides(context, page),
      page.mapping && mappingPanel(page),
      twinsPanel(context),
    ];
  },
};

function figures(page) {
  const recent = page.recent ? `${page.recent.count}${page.recent.all ? "" : "+"}` : "–";
  const known = (n, unit = "") => (n === null || n === undefined ? "–" : `${n}${unit}`);
  const tiles = [
    ["Twins", known(page.twins, ended(page.last))], ["Changed, last hour", recent],
    ["Last change", page.last?.at ? time(page.last.at) : "–"], ["Most overdue", known(page.lag, " s")],
    ["On the queue", known(page.queued)], ["Waiting", known(page.waiting)],
    ["Parked", known(page.parked)], ["Dead letters", known(page.dead)],
  ];
  return h("dl", { class: "panel figures" }, tiles.map(([name, value]) =>
    h("div", { "data-key": name }, h("dt", {}, name), h("dd", { class: name === "Parked" && page.parked ? "parked" : null }, value))));
}

// Twins that ended stay in the table; how many they are is known of the first thousand.
function ended(last) {
  return last?.ended ? `, ${last.ended}${last.all ? "" : " or more"} ended` : "";
}

function sides(context, page) {
  return h("section", { class: "panel" }, h("table", { class: "list" },
    h("caption", { class: "unseen" }, "Sides and their cursors"),
    h("thead", {}, h("tr", {}, ["Side", "Place", "Cursor moved", "State", ""].map((title) =>
      title ? h("th", { scope: "col" }, title) : h("td", {}, h("span", { class: "unseen" }, "What can be done"))))),
    h("tbody", {}, page.sides.map((side) => {
      const pause = page.paused[side.name];
      return h("tr", { "data-key": side.name },
        h("th", { scope: "row" }, h("b", {}, side.name), h("span", { class: "sub" }, side.title)),
        h("td", { "data-label": "Place" }, h("span", { class: "mono" }, side.url),
          h("span", { class: "why" }, Object.entries(side.scope).map(([key, value]) => `${key} ${value.startsWith("{") ? "…" : value}`).join(" · "))),
        h("td", { "data-label": "Cursor moved" }, time(page.polled[side.name])),
        h("td", { "data-label": "State" }, pause ? [healthPill("paused"), h("span", { class: "why" }, `${pause.kind}: ${pause.reason}${pause.who ? `, by ${pause.who}` : ""}`)] : healthPill("ok")),
        h("td", { class: "act" }, pauses(context, page, side, pause)));
    }))));
}

function pauses(context, page, side, pause) {
  const { state } = context, busy = state.busy === side.name;
  if (pause?.kind === "brake") return h("span", { class: "why" }, "ended by ", h("code", {}, release(page.link, side.name)));
  return pause
    ? action("Resume", () => act(context, side.name, "resume", { side: side.name }), { busy, describe: `Resume ${side.name}` })
    : action("Pause", () => act(context, side.name, "pause", { side: side.name, reason: "paused in the console" }),
      { busy, describe: `Pause ${side.name}` });
}

/** The brake is ended by a command: it shows what was counted and what waits, and asks. */
const release = (link, side) => `tieline release ${link} ${side}`;

async function act(context, name, verb, body) {
  const { state, data } = context;
  state.busy = name;
  context.draw();
  try {
    const answer = await post(path("links", data.page.link, verb), body);
    const [text, done] = verb === "pause" ? ["paused; nothing is lost", true] : resumption(answer, name);
    tell(`${name}: ${text}`, done ? "ok" : "parked");
  } catch (error) {
    tell(error.message, "down");
  }
  state.busy = "";
  context.refresh();
}

function twinsPanel(context) {
  const { data, state } = context, { page, twins } = data;
  const wanted = state.filter.toLowerCase();
  const shown = twins.filter((twin) => !wanted || Object.values(twin.tickets).some((key) => key.toLowerCase().includes(wanted)));
  shown.sort((a, b) => b.changed.localeCompare(a.changed));
  const name = encodeURIComponent(page.link);
  return h("section", { class: "panel", "aria-labelledby": "twins-head" },
    h("div", { class: "panel-head" }, h("h2", { id: "twins-head" }, "Twins"),
      h("form", {
        class: "find", onsubmit: (event) => {
          event.preventDefault();
          const ticket = event.target.elements.ticket.value.trim();
          if (ticket) context.go(`#/links/${name}/tickets/-/${encodeURIComponent(ticket)}`);
        },
      }, h("label", {}, h("span", { class: "unseen" }, "Find a ticket by its key, id or address"),
        h("input", { name: "ticket", placeholder: "Find a ticket", autocomplete: "off", value: state.filter,
          oninput: (event) => { state.filter = event.target.value; event.target.typed = true; context.draw(); } })),
      h("button", { class: "button" }, "Open"))),
    data.failed ? empty("The twins cannot be listed", data.failed)
      : twins.length === 0 ? empty("There are no twins yet", "They appear when a ticket meets a condition of `create`.")
        : h("table", { class: "list twins" },
          h("caption", { class: "unseen" }, "Twins, the latest change first"),
          h("thead", {}, h("tr", {}, [...page.sides.map((side) => `${side.name} · ${side.title}`), "State", "Changed"].map((title) => h("th", { scope: "col" }, title)))),
          h("tbody", {}, shown.map((twin) => h("tr", { "data-key": twin.twin },
            page.sides.map((side, n) => {
              const key = twin.tickets[side.name] ?? "", label = `${side.name} · ${side.title}`;
              const href = `#/links/${name}/tickets/${encodeURIComponent(side.name)}/${encodeURIComponent(key)}`;
              return h(n ? "td" : "th", { scope: n ? null : "row", "data-label": n ? label : null }, key ? h("a", { href, class: n ? null : "name" }, key) : "–");
            }),
            h("td", { "data-label": "State" }, twin.parked ? healthPill("parked") : h("span", { class: "stand" }, dot(twin.state === "live" ? "ok" : "none"), twin.state),
              twin.parked && h("span", { class: "why" }, twin.parked)),
            h("td", { "data-label": "Changed" }, time(twin.changed)))))),
    twins.length > 0 && h("div", { class: "panel-foot" }, h("span", { class: "quiet" }, `${counted(shown.length, "twin")} shown${data.more ? `, the latest change first among the ${twins.length} that are loaded` : ""}`),
      data.more && action("Show more", () => { state.pages += 1; context.refresh(); })));
}
