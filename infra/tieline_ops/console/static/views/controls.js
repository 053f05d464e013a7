// A control for each kind of field, and what it says when it was changed.
import { h } from "../dom.js";
import { shown } from "../words.js";

const typed = (event) => { event.target.typed = true; };

/** An element for a cell: `{kind, value, options, writable, longest}`. */
export function control(one, { id, disabled, describedby, onchange }) {
  const common = { id, disabled: disabled || !one.writable, "aria-describedby": describedby, onchange };
  const text = { ...common, value: shown(one.value), oninput: typed, onkeydown: escape(one), autocomplete: "off", spellcheck: "false" };
  if (!one.writable) return h("span", { id, class: "fixed" }, shown(one.value) || "–");
  switch (one.kind) {
    case "rich":
      return h("textarea", { ...text, rows: String(Math.min(8, 2 + shown(one.value).split("\n").length - 1)) });
    case "option":
    case "person":
      return one.options.length > 0 ? select(one, common) : h("input", text);
    case "boolean":
      return h("input", { ...common, type: "checkbox", checked: Boolean(one.value) });
    case "date":
      return h("input", { ...text, type: "date", value: shown(one.value).slice(0, 10) });
    case "datetime":
      return h("input", { ...text, type: "datetime-local", value: shown(one.value).slice(0, 16) });
    case "number":
      return h("input", { ...text, inputmode: "decimal" });
    default:
      return h("input", text);
  }
}

function select(one, common) {
  const now = shown(one.value);
  return h("select", { ...common },
    h("option", { value: "", selected: now === "" }, "–"),
    one.options.map((option) => h("option", { value: option, selected: option === now }, option)));
}

/** Escape puts back what is there. */
function escape(one) {
  return (event) => {
    if (event.key !== "Escape") return;
    event.target.typed = false;
    event.target.value = shown(one.value);
  };
}

/** The value that a changed control stands for, as the desks take it. */
export function valueOf(one, element) {
  const text = element.value;
  switch (one.kind) {
    case "boolean":
      return element.checked;
    case "number":
      return text.trim() === "" ? null : Number(text);
    case "tags":
    case "options":
      return text.split(",").map((word) => word.trim()).filter(Boolean);
    case "datetime":
      return text === "" ? null : `${text}:00+00:00`;
    default:
      return text === "" ? null : text;
  }
}
