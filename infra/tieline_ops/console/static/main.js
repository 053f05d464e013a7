// The frame: which view stands on the page, and keeping it fresh while somebody looks.
import { get, session } from "./api.js";
import { become, h } from "./dom.js";
import { closeMenus } from "./menus.js";
import { dot, seek, tell } from "./parts.js";
import { stale } from "./stale.js";
import { errors } from "./views/errors.js";
import { link } from "./views/link.js";
import { mesh } from "./views/mesh.js";
import { preview } from "./views/preview.js";
import { sandbox } from "./views/sandbox.js";
import { ticket } from "./views/ticket.js";
import { HEALTH } from "./words.js";

const ROUTES = [
  [/^#?\/?$/, mesh],
  [/^#\/errors$/, errors],
  [/^#\/links\/([^/]+)$/, link],
  [/^#\/links\/([^/]+)\/tickets\/([^/]+)\/(.+)$/, ticket],
  [/^#\/preview(?:\/([^/]+))?(?:\/(.+))?$/, preview],
  [/^#\/sandbox(?:\/([^/]+))?(?:\/([^/]+)\/([^/]+))?$/, sandbox],
];
const THEMES = { auto: "System", light: "Light", dark: "Dark" };

const AGAIN = 5;
const page = { now: null, at: null, timer: 0, links: [], waiting: 0, wrong: null, unseen: null };
let about = {};

function theme() {
  const kept = localStorage.getItem("theme");
  return kept in THEMES ? kept : "auto";
}

function wear(name) {
  localStorage.setItem("theme", name);
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

function routed() {
  for (const [pattern, view] of ROUTES) {
    const found = location.hash.match(pattern);
    if (found) return [view, found.slice(1).map(decoded)];
  }
  return [mesh, []];
}

/** A part of an address; one that is badly escaped is taken as it stands, and nothing is found by it. */
function decoded(part) {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return part;
  }
}

function navigate() {
  const [view, params] = routed();
  const same = page.now?.view === view && view.stays;
  if (same) {
    page.now.params = params;
  } else {
    page.now = { view, params, state: view.state?.(params) ?? {}, data: null, failed: null, fresh: null };
    become(document.getElementById("view"), h("p", { class: "loading" }, "Loading…"));
  }
  frame();
  refresh().then(() => {
    document.title = `${document.querySelector("#main h1")?.textContent ?? "Tieline"} · Tieline`;
    if (page.at && !same) document.querySelector("#main h1")?.focus({ preventScroll: true });
    if (page.at && !same) window.scrollTo(0, 0);
    page.at = location.hash;
  });
}

/** Ask for what the view shows, and show it. One question at a time; what comes too late is left. */
async function refresh() {
  const shown = page.now;
  clearTimeout(page.timer);
  try {
    const data = await shown.view.load({ params: shown.params, state: shown.state, about });
    if (shown !== page.now) return;
    Object.assign(shown, { data, failed: null, fresh: Date.now() });
  } catch (error) {
    if (shown !== page.now) return;
    shown.failed = error;
  }
  schedule();
  wrong(shown.failed);
  draw();
}

function schedule() {
  clearTimeout(page.timer);
  const usual = page.now.view.every?.(about) ?? about.every;
  const every = page.now.failed ? Math.max(usual, AGAIN / 2) : usual;
  if (document.visibilityState === "visible" && every) page.timer = setTimeout(refresh, every * 1000);
}

function draw() {
  const { view, params, state, data, failed, fresh } = page.now;
  const place = document.getElementById("view"), held = document.activeElement;
  const within = held !== place && place.contains(held);
  const context = { params, state, data, about, failed, draw, refresh, go };
  become(document.getElementById("stale"), stale(data && failed, fresh));
  if (data) {
    become(place, view.draw(context));
    seek(place);
  } else if (failed) {
    become(place, h("div", { class: "head" }, h("h1", { tabindex: "-1" }, view.name)),
      h("div", { class: "banner down", role: "alert" }, h("strong", {}, failed.message),
        failed.hint && h("span", {}, failed.hint)));
  }
  if (within && document.activeElement !== held) rest(held);
}

/** Who works by keyboard stays where they were, or is put where the view tells what came of it. */
function rest(held) {
  const find = (what) => document.querySelector(`#view ${what}`);
  const near = held.isConnected ? held : find("[data-rest]") ?? find("h1");
  near?.focus({ preventScroll: !held.isConnected && near.nodeName === "H1" });
}

function go(hash) {
  location.hash = hash;
}

/** Tells once that what stands on the page is not what is now; its foot says so until it is. */
function wrong(failed) {
  if (failed?.message === page.wrong?.message) return;
  page.wrong = failed;
  if (failed) tell(`${failed.message}; trying again`, "down");
  frame();
}

function live() {
  const failed = page.wrong ?? page.unseen;
  if (failed) return failed.status ? "not up to date" : "no answer";
  return about.where === "AWS" ? "live from AWS" : "live on this machine";
}

function item(hash, text, extra) {
  const here = location.hash === hash || (hash !== "#/" && location.hash.startsWith(`${hash}/`));
  const first = hash === "#/" && ["", "#", "#/"].includes(location.hash);
  return h("li", {}, h("a", { href: hash, "aria-current": here || first ? "page" : null }, text, extra));
}

function frame() {
  const waiting = page.waiting > 0 && h("span", { class: "count" }, String(page.waiting));
  become(document.getElementById("side"),
    h("a", { class: "mark", href: "#/", "aria-label": "Tieline, overview" },
      h("img", { src: "/static/icon.svg", alt: "", width: "20", height: "20" }), "Tieline"),
    h("nav", { "aria-label": "Views" },
      h("ul", {},
        item("#/", "Overview"),
        item("#/errors", "Errors", waiting),
        item("#/preview", "Preview"),
        about.sandbox && item("#/sandbox", "Sandbox"))),
    h("div", { class: "links" },
      h("h2", { id: "links-head" }, "Links"),
      h("ul", { "aria-labelledby": "links-head" }, page.links.map((one) =>
        h("li", { "data-key": one.link }, h("a", {
          href: `#/links/${encodeURIComponent(one.link)}`,
          "aria-current": [location.hash, location.hash.split("/tickets/")[0]].includes(`#/links/${encodeURIComponent(one.link)}`) ? "page" : null,
          title: one.title,
        }, dot(one.health), h("span", { class: "clip" }, one.link),
        h("span", { class: "unseen" }, ` (${HEALTH[one.health]})`)))))),
    h("div", { class: "foot" },
      h("p", { class: "where" }, h("span", { class: `beat ${page.wrong ?? page.unseen ? "off" : ""}`, "aria-hidden": "true" }), live()),
      h("label", { class: "theme" }, h("span", { class: "unseen" }, "Colours"),
        h("select", { value: theme(), onchange: (event) => wear(event.target.value) },
          Object.entries(THEMES).map(([name, text]) =>
            h("option", { value: name, selected: name === theme() }, text))))));
}

/** What the frame itself shows: the links' health, and how much waits. */
async function watch() {
  if (document.visibilityState === "visible") {
    try {
      const { links } = await get("/api/mesh");
      page.links = links;
      page.waiting = links.reduce(
        (sum, one) => sum + (one.parked ?? 0) + (one.dead ?? 0) + Object.keys(one.paused ?? {}).length
          + (one.health === "down" && !one.paused ? 1 : 0), 0);
      page.unseen = null;
    } catch (error) {
      page.unseen = error;
    }
    frame();
  }
  setTimeout(watch, Math.max(2, about.every) * 1000);
}

async function start() {
  wear(theme());
  try {
    about = await session();
  } catch (error) {
    become(document.getElementById("view"), h("div", { class: "banner down", role: "alert" },
      h("strong", {}, error.message), h("span", {}, error.hint)));
    setTimeout(start, 2000);
    return;
  }
  window.addEventListener("hashchange", navigate);
  closeMenus();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh();
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
  navigate();
  watch();
}

start();
