// What people say in a ticket of a simulated system, and the files that they attach.
import { path, post } from "../api.js";
import { attempt } from "../attempt.js";
import { h } from "../dom.js";
import { submit } from "../parts.js";
import { counted } from "../words.js";

export function talk(context, side, there) {
  const { state } = context;
  if (!there) return h("div", { class: "side-talk" });
  return h("div", { class: "side-talk", "data-key": `talk ${side.name}` },
    h("h4", {}, counted(there.comments.length, "comment"), h("span", { class: "unseen side-name" }, ` in ${there.key} (${side.name})`)),
    h("ol", { class: "said" }, there.comments.map((said) => h("li", { "data-key": said.id, class: said.public ? "" : "inside" },
      h("p", { class: "by" }, said.author, !said.public && h("span", { class: "tag" }, "internal")),
      h("p", { class: "words" }, said.text)))),
    h("form", { class: "say", onsubmit: (event) => { event.preventDefault(); comment(context, side, there, event.target); } },
      h("textarea", { name: "text", rows: "2", required: true, placeholder: "Say something", "aria-label": `Comment in ${side.title} (${side.name})`,
        oninput: (event) => { event.target.typed = true; } }),
      h("div", { class: "say-foot" },
        h("label", { class: "check" }, h("input", { type: "checkbox", name: "inside", onchange: (event) => { event.target.typed = true; } }), "internal"),
        submit("Comment", state.busy))),
    h("h4", {}, counted(there.files.length, "file"), h("span", { class: "unseen side-name" }, ` in ${there.key} (${side.name})`)),
    h("ul", { class: "files" }, there.files.map((file) => h("li", { "data-key": file.name }, file.name, h("span", { class: "quiet" }, ` ${file.size} bytes`)))),
    h("label", { class: "button file" }, "Attach a file", h("span", { class: "unseen" }, ` in ${side.title} (${side.name})`),
      h("input", { type: "file", class: "unseen", onchange: (event) => attach(context, side, there, event.target) })));
}

async function comment(context, side, there, form) {
  const { state } = context;
  const text = form.elements.text.value, inside = form.elements.inside.checked;
  if (state.busy) return;
  state.busy = true;
  context.draw();
  const done = await attempt(context, () => post(path("sandbox", state.link, side.name, there.id),
    { act: "comment", who: state.who, text, public: !inside }));
  state.busy = false;
  if (!done) return;
  form.reset();
  for (const element of form.elements) element.typed = false;
}

async function attach(context, side, there, input) {
  const [file] = input.files;
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  await attempt(context, () => post(path("sandbox", context.state.link, side.name, there.id),
    { act: "attach", who: context.state.who, name: file.name, content: btoa(text) }));
  input.value = "";
}
