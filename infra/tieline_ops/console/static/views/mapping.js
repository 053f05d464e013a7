// What a link.yaml says, as a table.
import { h } from "../dom.js";

const flow = (text) => text.replace("<->", "↔").replace("->", "→");
const place = (text) => text.split(":").slice(1).join(":");

export function mappingPanel(page) {
  const { mapping } = page, [first, second] = mapping.order;
  return h("section", { class: "panel", "aria-labelledby": "mapping-head" },
    h("div", { class: "panel-head" }, h("h2", { id: "mapping-head" }, "Mapping"), h("span", { class: "quiet mono" }, "link.yaml")),
    h("table", { class: "list mapping" },
      h("caption", { class: "unseen" }, "Field rules"),
      h("thead", {}, h("tr", {}, [first, "Flow", second, "How", "Line"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, mapping.fields.map((rule, n) => h("tr", { "data-key": String(n) },
        h("th", { scope: "row" }, rule.names[first] ? h("code", {}, rule.names[first]) : h("span", { class: "quiet" }, `“${rule.template}”`)),
        h("td", { "data-label": "Flow", class: "arrow" }, h("span", { title: rule.flow }, arrow(rule.flow, first))),
        h("td", { "data-label": second }, rule.names[second] ? h("code", {}, rule.names[second]) : h("span", { class: "quiet" }, `“${rule.template}”`)),
        h("td", { "data-label": "How" }, how(rule, mapping.order)),
        h("td", { "data-label": "Line", class: "quiet mono" }, place(rule.place)))),
      mapping.parts.map((part) => h("tr", { "data-key": part.what },
        h("th", { scope: "row" }, part.what), h("td", { "data-label": "Flow", class: "arrow" }, arrow(part.flow, first)),
        h("td", { "data-label": second }, part.what), h("td", { "data-label": "How" }, part.how), h("td", {}))))),
    h("div", { class: "clauses" },
      h("div", {}, h("h3", {}, "A twin is made"), h("ul", {}, mapping.create.map((one) =>
        h("li", {}, h("b", {}, `from ${one.from} `), one.when.length ? `when ${one.when.join(" and ")}` : "always")),
      mapping.create.length === 0 && h("li", { class: "quiet" }, "never by itself"))),
      mapping.defaults.length > 0 && h("div", {}, h("h3", {}, "A new ticket also carries"), h("ul", {}, mapping.defaults.map((one) =>
        h("li", {}, h("code", {}, `${one.side}.${one.field}`), ` ${one.value}`)))),
      h("div", {}, h("h3", {}, "Otherwise"), h("ul", {}, Object.entries(mapping.choices).map(([name, value]) =>
        h("li", {}, h("b", {}, `${name} `), value))))));
}

function arrow(text, first) {
  if (text.includes("<->")) return "↔";
  return text.startsWith(first) ? "→" : "←";
}

function how(rule, [first, second]) {
  const plain = rule.values.length === 0 && Object.keys(rule.otherwise).length === 0 && rule.with.length === 0;
  if (plain && !rule.conflicts) return h("span", { class: "quiet" }, rule.template ? "made from a template" : "as it is");
  return [
    rule.values.length > 0 && h("details", {}, h("summary", {}, `${rule.values.length} values`),
      h("table", { class: "values" }, h("caption", { class: "unseen" }, "Values"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, first), h("th", { scope: "col" }, second))),
        h("tbody", {}, rule.values.map(([one, two]) => h("tr", {}, h("td", {}, one), h("td", {}, two)))))),
    Object.entries(rule.otherwise).map(([side, value]) => h("span", { class: "why" }, `otherwise ${side} ${value}`)),
    rule.with.map((one) => h("span", { class: "why" }, `with ${one.side} ${one.value}: ${one.field} “${one.text}”`)),
    rule.conflicts && h("span", { class: "why" }, `conflicts: ${flow(rule.conflicts)}`),
  ];
}
