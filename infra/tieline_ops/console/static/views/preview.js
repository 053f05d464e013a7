// A mapping preview: edit link.yaml, see its faults as you type, and what it would write for a ticket.
import { get, path, post } from "../api.js";
import { draftOf, keepDraft } from "../drafts.js";
import { h } from "../dom.js";
import { empty, head, pill, say, submit, value } from "../parts.js";
import { compared } from "../texts.js";
import { counted } from "../words.js";

const PAUSE = 350;

export const preview = {
  name: "Preview",
  every: () => 0,
  state: () => ({ name: "", text: null, saved: "", checked: null, checking: 0, ticket: "", side: "", asked: false, plan: null, failed: null, busy: false, draft: "" }),
  async load({ params, state, about }) {
    const name = params[0] ?? about.links[0];
    if (name !== state.name) {
      const { text: saved } = await get(path("links", name, "file"));
      const kept = draftOf(name), text = kept?.text ?? saved;
      const draft = !kept || text === saved ? "" : kept.from === saved ? "These are your edits of before."
        : "These are your edits of before; link.yaml was changed since.";
      const checked = await post(path("links", name, "check"), { text });
      Object.assign(state, { name, text, saved, checked, draft, ticket: params[1] ?? state.ticket, plan: null, failed: null });
      if (params[1] && checked.faults.length === 0) {
        state.asked = true;
        await planOf(state);
      }
    }
    return { links: about.links };
  },
  draw(context) {
    const { state, data } = context;
    const edited = state.text !== state.saved;
    return [
      head("Preview", "What link.yaml would write for a ticket. Nothing is written, here or anywhere.",
        h("label", { class: "field" }, h("span", {}, "Link"),
          h("select", { onchange: (event) => context.go(`#/preview/${encodeURIComponent(event.target.value)}`) },
            data.links.map((name) => h("option", { value: name, selected: name === state.name }, name))))),
      h("div", { class: "try" },
        h("section", { class: "panel editor", "aria-labelledby": "editor-head" },
          h("div", { class: "panel-head" }, h("h2", { id: "editor-head" }, "link.yaml"), verdict(state),
            edited && h("button", { class: "button", type: "button", onclick: () => put(context, state.saved) }, "Undo all edits")),
          edited && state.draft && h("p", { class: "draft", role: "status" }, state.draft),
          h("div", { class: "sheet" },
            h("pre", { class: "lines", "aria-hidden": "true" }, lines(state)),
            h("textarea", {
              id: "yaml", class: "code", "aria-label": "link.yaml", "aria-describedby": "faults", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off",
              value: state.text, rows: String(state.text.split("\n").length + 1),
              oninput: (event) => { event.target.typed = true; typed(context, event.target.value); },
            })),
          faultList(context)),
        h("section", { class: "panel plan", "aria-labelledby": "plan-head" },
          h("div", { class: "panel-head" }, h("h2", { id: "plan-head" }, "What it would write")),
          h("form", { class: "ask", onsubmit: (event) => { event.preventDefault(); state.asked = true; if (!state.busy) plan(context); } },
            h("label", { class: "field grow" }, h("span", {}, "Ticket"),
              h("input", { name: "ticket", required: true, autocomplete: "off", placeholder: "Its key, id or address", value: state.ticket,
                oninput: (event) => { event.target.typed = true; state.ticket = event.target.value.trim(); } })),
            submit("Preview", state.busy, "primary")),
          planned(context))),
    ];
  },
};

function put(context, text) {
  const area = document.getElementById("yaml");
  area.typed = false;
  area.value = text;
  typed(context, text);
}

/** A moment after the last key the text is checked, and planned if a ticket was asked for. */
function typed(context, text) {
  const { state } = context;
  state.text = text;
  if (!keepDraft(state.name, text, state.saved)) state.draft = "The browser does not keep these edits: they are lost with this page.";
  clearTimeout(state.checking);
  state.checking = setTimeout(async () => {
    try {
      const checked = await post(path("links", state.name, "check"), { text });
      if (state.text !== text) return;
      state.checked = checked;
      if (checked.faults.length === 0 && state.asked) plan(context);
      say(checked.faults.length ? counted(checked.faults.length, "fault") : "no faults");
    } catch (error) {
      state.failed = error;
    }
    context.draw();
  }, PAUSE);
  context.draw();
}

async function plan(context) {
  const { state } = context;
  state.busy = true;
  context.draw();
  await planOf(state);
  state.busy = false;
  context.draw();
}

async function planOf(state) {
  const { text } = state;
  try {
    const answer = await post(path("links", state.name, "preview"), { ticket: state.ticket, text });
    if (state.text === text) Object.assign(state, { plan: answer, failed: null });
  } catch (error) {
    state.failed = error;
  }
}

function verdict(state) {
  const { checked } = state;
  if (!checked) return null;
  if (checked.faults.length) return pill("down", counted(checked.faults.length, "fault"));
  if (checked.failed.length) return pill("late", `${counted(checked.failed.length, "example")} no longer ${checked.failed.length === 1 ? "holds" : "hold"}`);
  return pill("ok", checked.examples ? `no faults, ${counted(checked.examples, "example holds", "examples hold")}` : "no faults");
}

function lines(state) {
  const at = new Set((state.checked?.faults ?? []).map((one) => one.line));
  return state.text.split("\n").map((_, n) => h("span", { class: at.has(n + 1) ? "wrong" : null }, String(n + 1)));
}

function faultList(context) {
  const { checked } = context.state;
  const faults = checked?.faults ?? [], failed = checked?.failed ?? [];
  return h("ol", { id: "faults", class: "faults" },
    faults.map((one) => h("li", {}, h("button", { type: "button", class: "place mono", onclick: () => jump(one) }, `${one.line}:${one.column}`),
      h("div", {}, h("p", {}, one.path && h("code", {}, one.path), ` ${one.what}`), h("p", { class: "quiet" }, one.remedy)))),
    failed.map((one) => h("li", {}, h("span", { class: "place mono late" }, one.place.split(":").slice(-2).join(":")),
      h("div", {}, h("p", {}, `The example “${one.name}” no longer holds`), h("p", { class: "quiet" }, one.what)))));
}

function jump(fault) {
  const area = document.getElementById("yaml");
  const before = area.value.split("\n").slice(0, fault.line - 1).join("\n").length + (fault.line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(before + fault.column - 1, before + fault.column - 1);
}

function planned(context) {
  const { state } = context;
  if (state.checked?.faults.length) return empty("The text has faults", "They stand below it, with line and column.");
  if (state.failed) return h("div", { class: "banner down", role: "alert" }, h("div", {}, h("strong", {}, state.failed.message), h("span", {}, state.failed.hint)));
  const answer = state.plan;
  if (!answer) return empty("Name a ticket", "Its key, its id or its address. Then edit link.yaml and watch this change.");
  if (answer.faults) return empty("The text has faults", "They stand below it, with line and column.");
  const sides = Object.keys(answer.tickets ?? {});
  return h("div", { class: "planned" },
    h("p", { class: "keys" }, Object.entries(answer.tickets ?? {}).map(([side, key]) => `${side} ${key}`).join("  ↔  ")),
    (answer.problems ?? []).map((one) => h("div", { class: "banner parked" }, h("div", {}, h("strong", {}, "Would park"), h("span", {}, one)))),
    answer.writes.length === 0 && h("p", { class: "hint" }, answer.note || "Both sides agree: nothing would be written."),
    sides.filter((side) => answer.writes.some((one) => one.side === side)).map((side) => h("section", {},
      h("h3", {}, `${side} would get`),
      h("ul", { class: "writes" }, answer.writes.filter((one) => one.side === side).map((one) => h("li", {},
        h("p", {}, h("code", {}, one.what), h("span", { class: "quiet" }, ` ${one.why}${one.anyway ? ", anyway" : ""}`)),
        change(one)))))));
}

/** From what to what: whole texts, and marks on what changes inside them. */
function change({ from, to }) {
  const [before, after] = (from && to && compared(from, to)) || [[{ text: from, only: true }], [{ text: to || (from ? "empty" : ""), only: true }]];
  return [from && h("p", { class: "minus" }, value(before, "del")), h("p", { class: "plus" }, value(after, "ins"))];
}
