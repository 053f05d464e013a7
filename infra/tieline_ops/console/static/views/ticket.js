// One ticket and its counterpart: both sides next to each other, what differs, and what was done.
import { get, path, post } from "../api.js";
import { h } from "../dom.js";
import { action, empty, head, pill, tell, time, value } from "../parts.js";
import { compared } from "../texts.js";
import { counted, moment } from "../words.js";

export const ticket = {
  name: "Ticket",
  every: (about) => (about.where === "AWS" ? 30 : 2),
  state: () => ({ busy: false, only: false }),
  load: ({ params: [name, side, key] }) => get(path("links", name, "tickets", side, key)),
  draw(context) {
    const { data } = context, sides = Object.entries(data.sides);
    const keys = sides.map(([, one]) => one.key || one.id || "(none)").join("  ↔  ");
    const [first] = sides;
    return [
      h("p", { class: "crumbs" }, h("a", { href: `#/links/${encodeURIComponent(data.link)}` }, data.link)),
      head(keys, data.twin ? standing(data) : "This ticket has no counterpart",
        action("Sync now", () => again(context), { kind: "primary", busy: context.state.busy }),
        h("a", { class: "button", href: `#/preview/${encodeURIComponent(data.link)}/${encodeURIComponent(first[1].key || first[1].id)}` }, "Preview")),
      banners(data),
      h("div", { class: "two" }, sides.map(([side, one]) => sideCard(side, one))),
      data.fields && fieldsPanel(context),
      data.fields && h("div", { class: "two" }, commentsPanel(data), filesPanel(data)),
      data.history && timeline(data),
    ];
  },
};

function standing(data) {
  const { twin } = data;
  return [`${twin.state}, first was ${twin.origin}, twins since `, time(twin.born), twin.due && `; looked at again ${moment(twin.due.at)} (${twin.due.why})`];
}

async function again(context) {
  const { state, data, params } = context;
  state.busy = true;
  context.draw();
  const { side, id } = data.asked, key = data.sides[side]?.key || params[2] || id;
  try {
    const { retried: [one] } = await post(path("links", data.link, "retry"), { ticket: key, side });
    tell(`${key}: ${one.became}`, one.out ? "ok" : "parked");
  } catch (error) {
    tell(error.message, "down");
  }
  state.busy = false;
  context.refresh();
}

function banners(data) {
  const { parked } = data;
  return [
    parked && h("div", { class: "banner parked" }, h("div", {},
      h("strong", {}, `Parked: ${parked.kind}`), h("span", {}, parked.reason),
      parked.words && h("q", {}, parked.words), parked.place && h("span", { class: "mono quiet" }, parked.place)),
    h("span", { class: "quiet" }, "since ", time(parked.since))),
    Object.entries(data.paused).map(([side, pause]) => h("div", { class: "banner paused", "data-key": side },
      h("div", {}, h("strong", {}, `${side} is paused`), h("span", {}, `${pause.kind}: ${pause.reason}`)))),
  ];
}

function sideCard(side, one) {
  return h("section", { class: "panel side-card", "aria-label": `The side ${side}` },
    h("h2", {}, one.url ? h("a", { href: safe(one.url), rel: "noreferrer", target: "_blank" }, one.key || one.id, h("span", { class: "unseen" }, " (opens in a new tab)")) : one.key || one.id || "(none)",
      h("span", { class: "quiet" }, ` ${side} · ${one.system}`)),
    one.unread ? h("p", { class: "failed-words" }, `not read: ${one.unread}`)
      : h("p", { class: "quiet" }, "changed ", time(one.updated), ` · version ${one.version}`),
    one.gone_since && h("p", { class: "failed-words" }, "not there since ", time(one.gone_since)));
}

/** Addresses come from a system's answers: only those of the web are links. */
function safe(url) {
  return /^https?:\/\//.test(url) ? url : null;
}

function fieldsPanel(context) {
  const { data, state } = context, sides = Object.keys(data.sides);
  const differ = data.fields.filter((row) => row.agrees === false).length;
  const rows = state.only ? data.fields.filter((row) => row.agrees !== true) : data.fields;
  return h("section", { class: "panel", "aria-labelledby": "fields-head" },
    h("div", { class: "panel-head" }, h("h2", { id: "fields-head" }, "Fields"),
      differ > 0 ? pill("down", counted(differ, "field differs", "fields differ")) : pill("ok", "both sides agree"),
      h("label", { class: "check" }, h("input", { type: "checkbox", checked: state.only, onchange: (event) => { state.only = event.target.checked; context.draw(); } }), "only what differs")),
    h("table", { class: "list compare" },
      h("caption", { class: "unseen" }, "Both sides' fields, by rule"),
      h("thead", {}, h("tr", {}, ["Field", ...sides, "State"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, rows.map((row) => {
        const names = sides.map((side) => row.sides[side]?.field).filter(Boolean);
        return h("tr", { "data-key": row.rule, class: row.agrees === false ? "differs" : null },
          h("th", { scope: "row" }, [...new Set(names)].join(" / "), h("span", { class: "sub" }, row.direction.replace("<->", "↔").replace("->", "→"))),
          cells(row, sides),
          h("td", { "data-label": "State" }, row.agrees === false ? pill("down", "differs") : row.agrees ? pill("ok", "same") : pill("none", "not known")));
      }))));
}

/** Both sides' values; where they differ inside a text, what only one of them has is marked. */
function cells(row, sides) {
  const values = sides.map((side) => row.sides[side]?.value);
  const differ = row.agrees === false && values.length === 2 && values.every(Boolean) ? compared(...values) : null;
  return sides.map((side, n) => cell(row, side, differ?.[n]));
}

function cell(row, side, marked) {
  const one = row.sides[side];
  if (!one) return h("td", { "data-label": side, class: "quiet" }, row.template ? `“${row.template}”` : "");
  return h("td", { "data-label": side },
    one.value === null ? h("span", { class: "quiet" }, "not read") : one.value === "" ? h("span", { class: "quiet" }, "empty") : value(marked ?? [{ text: one.value }], "mark"),
    one.changed && h("span", { class: "was" }, "was ", h("del", {}, one.base || "empty")));
}

function commentsPanel(data) {
  return h("section", { class: "panel parts", "aria-labelledby": "comments-head" },
    h("h2", { id: "comments-head" }, counted(data.comments.length, "comment")),
    h("ol", {}, data.comments.map((one) => h("li", { "data-key": `${one.side} ${one.id}` },
      h("p", { class: "by" }, `${one.side} · ${one.author || "somebody"}`, !one.public && h("span", { class: "tag" }, "internal"), time(one.at)),
      h("p", { class: "words" }, one.words || "…"), h("p", { class: "quiet" }, one.became)))));
}

function filesPanel(data) {
  return h("section", { class: "panel parts", "aria-labelledby": "files-head" },
    h("h2", { id: "files-head" }, counted(data.files.length, "file")),
    h("ul", {}, data.files.map((one) => h("li", { "data-key": `${one.side} ${one.id}` },
      h("p", {}, one.name, h("span", { class: "quiet" }, ` ${one.size} bytes · ${one.side}`)), h("p", { class: "quiet" }, one.became)))));
}

function timeline(data) {
  const lines = [...data.history].reverse();
  return h("section", { class: "panel parts", "aria-labelledby": "history-head" },
    h("h2", { id: "history-head" }, "History"),
    lines.length === 0 ? empty("Nothing was written yet")
      : h("ol", { class: "timeline" }, lines.map((one) => h("li", { class: one.why.startsWith("given up") ? "lost" : null },
        h("p", {}, h("b", {}, `${one.side}.${one.what}`), " ",
          one.before && h("del", {}, one.before), one.before && one.after && " → ", one.after && h("ins", {}, one.after)),
        h("p", { class: "quiet" }, h("time", { datetime: one.at }, moment(one.at)), ` · ${[one.why, one.cause, one.who && `by ${one.who}`].filter(Boolean).join(" · ")}`)))));
}
