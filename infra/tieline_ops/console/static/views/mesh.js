// The mesh: every system, every link between two of them, and how each fares.
import { get } from "../api.js";
import { h, s } from "../dom.js";
import { empty, head, healthPill, pill, time } from "../parts.js";
import { HEALTH, counted } from "../words.js";

const WIDE = 720;

export const mesh = {
  name: "Overview",
  load: () => get("/api/mesh"),
  draw({ data }) {
    const { links } = data;
    const places = sites(links);
    const worst = Object.keys(HEALTH).map((word) => [word, links.filter((one) => one.health === word).length]);
    return [
      head("Overview", `${counted(links.length, "link")} between ${counted(places.length, "system")}`,
        h("ul", { class: "tally", "aria-label": "Links by health" }, worst.filter(([, n]) => n > 0).map(([word, n]) =>
          h("li", {}, healthPill(word), h("b", {}, String(n)))))),
      links.length === 0 && empty("No link is up", "Make one with `tieline new SYSTEM SYSTEM`."),
      links.length > 0 && h("section", { class: "panel chart", "aria-hidden": "true" }, chart(links, places)),
      links.length > 0 && table(links),
    ];
  },
};

/** The places that links join: one for each system and address. */
function sites(links) {
  const found = new Map();
  for (const link of links) {
    for (const side of link.sides) {
      const key = `${side.system} ${side.url}`;
      if (!found.has(key)) found.set(key, { key, title: side.title, host: hostOf(side.url) });
    }
  }
  return [...found.values()];
}

function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** Sites in groups that hang together; each group a column of pairs, drawn as lines between boxes. */
function chart(links, places) {
  const columns = layers(links, places);
  const gap = 56, boxes = new Map();
  const rows = Math.max(...columns.map((column) => column.length));
  const height = (rows - 1) * gap + 56, step = columns.length > 1 ? (WIDE - 190) / (columns.length - 1) : 0;
  columns.forEach((column, x) => column.forEach((place, y) => {
    const top = 6 + (y + (rows - column.length) / 2) * gap;
    boxes.set(place.key, { x: x * step + 5, y: top, place });
  }));
  const svg = s("svg", { viewBox: `0 0 ${WIDE} ${height}`, role: "img" });
  const beside = neighbours(links);
  for (const link of links) {
    const [one, two] = link.sides.map((side) => boxes.get(`${side.system} ${side.url}`));
    if (!one || !two) continue;
    const aside = beside.get(link.link);
    const [from, to] = one.x <= two.x ? [one, two] : [two, one];
    const x1 = from.x + (from.x === to.x ? 90 : 180), x2 = from.x === to.x ? to.x + 90 : to.x;
    const y1 = from.y + 22 + aside, y2 = to.y + 22 + aside, middle = (x1 + x2) / 2;
    svg.append(s("path", {
      class: `edge ${link.health}`, d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`,
    }, s("title", {}, `${link.link}: ${HEALTH[link.health]}`)));
  }
  for (const { x, y, place } of boxes.values()) {
    svg.append(s("g", { transform: `translate(${x} ${y})` },
      s("rect", { class: "box", width: "180", height: "44", rx: "7" }),
      s("text", { class: "box-title", x: "12", y: "19" }, place.title),
      s("text", { class: "box-host", x: "12", y: "35" }, clip(place.host, 27))));
  }
  return svg;
}

/** How far each link's line is moved, so that links between the same two places lie beside one another. */
function neighbours(links) {
  const between = new Map(), moved = new Map();
  for (const link of links) {
    const pair = link.sides.map((side) => `${side.system} ${side.url}`).sort().join(" and ");
    between.set(pair, [...(between.get(pair) ?? []), link.link]);
  }
  for (const names of between.values()) {
    const step = Math.min(9, 36 / names.length);
    names.forEach((name, n) => moved.set(name, (n - (names.length - 1) / 2) * step));
  }
  return moved;
}

const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Sites from left to right, so that each link runs from one column to another where it can. */
function layers(links, places) {
  const joined = new Map(places.map((place) => [place.key, new Set()]));
  for (const link of links) {
    if (link.sides.length < 2) continue;
    const [one, two] = link.sides.map((side) => `${side.system} ${side.url}`);
    joined.get(one).add(two);
    joined.get(two).add(one);
  }
  const column = new Map();
  for (const place of [...places].sort((a, b) => joined.get(b.key).size - joined.get(a.key).size)) {
    if (column.has(place.key)) continue;
    column.set(place.key, 1);
    const queue = [place.key];
    while (queue.length) {
      const here = queue.shift();
      let n = 0;
      for (const there of joined.get(here)) {
        if (column.has(there)) continue;
        const hub = joined.get(place.key).size > 2;
        column.set(there, here === place.key ? (hub && n++ % 2 ? 0 : 2) : column.get(here) === 2 ? 1 : 1);
        queue.push(there);
      }
    }
  }
  const found = [0, 1, 2].map((n) => places.filter((place) => column.get(place.key) === n));
  return found.filter((one) => one.length > 0);
}

function table(links) {
  const titles = ["Link", "Health", "Twins", "Parked", "Waiting", "Cursor moved"];
  return h("section", { class: "panel" },
    h("table", { class: "list" },
      h("caption", { class: "unseen" }, "Links"),
      h("thead", {}, h("tr", {}, titles.map((title, n) =>
        h("th", { scope: "col", class: n >= 2 && n <= 4 ? "number" : null }, title)))),
      h("tbody", {}, links.map(row))));
}

function row(link) {
  const polled = Object.values(link.polled ?? {}).sort()[0] ?? null;
  const number = (label, n) => h("td", { class: `number ${n ? "" : "zero"}`, "data-label": label }, n ?? "–");
  return h("tr", { "data-key": link.link },
    h("th", { scope: "row" },
      h("a", { class: "name", href: `#/links/${encodeURIComponent(link.link)}` }, link.link),
      h("span", { class: "sub" }, link.sides.map((side) => `${side.name} · ${side.title}`).join("  ↔  "))),
    h("td", { "data-label": "Health" }, healthPill(link.health), link.mode === "plan" && pill("none", "plan: writes nothing"),
      link.why?.length > 0 && h("span", { class: "why" }, link.why[0])),
    number("Twins", link.twins), number("Parked", (link.parked ?? 0) + (link.dead ?? 0)),
    number("Waiting", link.waiting === undefined ? undefined : link.waiting + (link.queued ?? 0)),
    h("td", { "data-label": "Cursor moved" }, polled ? time(polled) : "–"));
}
