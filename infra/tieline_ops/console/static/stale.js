// What is said above a view whose last question failed: why, and of when that is which stands there.
import { h } from "./dom.js";
import { moment } from "./words.js";

/** A banner, or nothing. `fresh` is when what stands there was asked for, in milliseconds. */
export function stale(failed, fresh) {
  return failed && h("div", { class: "banner down", role: "alert" },
    h("div", {}, h("strong", {}, failed.message), failed.hint && h("span", {}, failed.hint)),
    h("span", { class: "quiet" }, `What stands here is of ${moment(new Date(fresh).toISOString())}; it is asked for again.`));
}
