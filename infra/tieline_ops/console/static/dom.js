// Elements, and bringing what stands on the page to what should stand there. Text is only ever text:
// nothing here takes markup.

const SVG = "http://www.w3.org/2000/svg";
const OWN = new Set(["value", "checked", "disabled", "selected", "indeterminate"]);

/** An element: `h("p", {class: "x", onclick: f}, "text", child, [more])`. A false child is left out. */
export function h(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

function filled(element, props, children) {
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      element[name] = value;
      (element.listens ??= new Set()).add(name);
    } else if (OWN.has(name) && name in element) {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  return element;
}

/** Makes the children of `place` those of `wanted`; elements that stay keep focus, scroll and what is typed. */
export function become(place, ...wanted) {
  const fresh = document.createElement("div");
  fresh.append(...wanted.flat(Infinity).filter(Boolean));
  sync(place, fresh);
}

function keyOf(node) {
  return node.nodeType === 1 ? node.getAttribute("data-key") : null;
}

function sync(old, fresh) {
  const keyed = new Map();
  for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    const match = key ? keyed.get(key) : at && !keyOf(at) ? at : null;
    if (match && match.nodeName === wanted.nodeName && match.nodeType === wanted.nodeType) {
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      patch(match, wanted);
    } else {
      old.insertBefore(wanted, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function patch(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of old.listens ?? []) old[name] = null;
  for (const name of fresh.listens ?? []) old[name] = fresh[name];
  old.listens = fresh.listens;
  if (old.nodeName !== "TEXTAREA") sync(old, fresh);
  if ("disabled" in old) old.disabled = fresh.disabled;
  if (["INPUT", "TEXTAREA", "SELECT"].includes(old.nodeName)) settle(old, fresh);
}

/** A control that somebody is at, or has typed into, keeps what it holds. */
function settle(old, fresh) {
  if (old.typed || (old === document.activeElement && old.nodeName !== "SELECT")) return;
  if (old.type === "file") return;
  if (old.type === "checkbox") old.checked = fresh.checked;
  else if (old.value !== fresh.value) old.value = fresh.value;
}
