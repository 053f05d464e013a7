// Edited texts outlive leaving the page: one for each link, as long as this tab is open.

const place = (link) => `draft of ${link}`;

/** The edited text and the file's text that it was made from, or null. */
export function draftOf(link) {
  try {
    const { text, from } = JSON.parse(sessionStorage.getItem(place(link)));
    return typeof text === "string" && typeof from === "string" ? { text, from } : null;
  } catch {
    return null;
  }
}

/** Keeps a text; one that is the file's own need not be kept. False if the browser would not keep it. */
export function keepDraft(link, text, from) {
  try {
    if (text === from) sessionStorage.removeItem(place(link));
    else sessionStorage.setItem(place(link), JSON.stringify({ text, from }));
    return true;
  } catch {
    return false;
  }
}
