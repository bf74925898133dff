// Bring one changed row, or one changed region, into the page without disturbing the reader:
// nothing moves under the pointer or the focus, and half-typed text stays.

const NEW_FOR = 2000;
const KEPT_CLASSES = ["is-new", "is-changed"];

const parse = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content;
};

const isHeld = (element) => element.matches(":hover, :focus-within");

/** The id that a ticket's row bears. */
export const rowId = (change) => change.id ?? `ticket-${change.ticket}`;

function keepLocalState(name, element) {
  if (name === "open" && element.matches("details, dialog")) return false;
  if (name === "aria-current" && element.matches(".row")) return false;
  return !(name === "style" || name === "data-kept");
}

/** A dialog that is open keeps what is typed into it, and so does a form that somebody has begun to fill. */
const isLeftAlone = (element) => element.matches?.("dialog[open], .is-typed") ?? false;

/** Only a field has words of its own to keep: a button that has the focus says what it does now. */
const isWrittenIn = () => document.activeElement?.matches("input, textarea, select, [contenteditable]") ?? false;

function morph(old, fresh, morphStyle) {
  const kept = KEPT_CLASSES.filter((name) => old.classList?.contains(name));
  window.Idiomorph.morph(old, fresh, { morphStyle, ignoreActiveValue: isWrittenIn(), callbacks: { beforeAttributeUpdated: keepLocalState, beforeNodeMorphed: (element) => !isLeftAlone(element), beforeNodeRemoved: (element) => !isLeftAlone(element) } });
  old.classList?.add(...kept);
  window.htmx?.process(old);
}

const sortsAfter = (one, other) => {
  const [a, b] = [one.dataset.sort ?? "", other.dataset.sort ?? ""];
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a > b : x > y;
};

function place(list, row) {
  const down = list.dataset.liveOrder === "descending";
  const next = [...list.children].find((other) => other !== row && (down ? sortsAfter(row, other) : sortsAfter(other, row)));
  if (row.parentNode !== list || row.nextElementSibling !== (next ?? null)) list.insertBefore(row, next ?? null);
}

/** Run a change of the list; a row that is pointed at or focused stays where it is on the screen. */
function steadily(list, change) {
  const anchor = [...list.children].find(isHeld);
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (!anchor?.isConnected) return;
  const moved = anchor.getBoundingClientRect().top - before;
  if (moved) (list.closest(".pane, .desk-main") ?? document.scrollingElement).scrollBy(0, moved);
}

function brieflyNew(row) {
  row.classList.add("is-new");
  setTimeout(() => row.classList.remove("is-new"), NEW_FOR);
}

/** Remove a row; when it is pointed at or focused, only once it is left. */
function leave(row) {
  if (!isHeld(row)) return row.remove();
  row.classList.add("is-gone");
  row.addEventListener("pointerleave", () => !isHeld(row) && row.remove());
  return row.addEventListener("focusout", () => setTimeout(() => !isHeld(row) && row.remove()));
}

/** Apply one pushed row to a list: morph it, insert it in order, or take it out (empty html). */
export function applyRow(list, change) {
  const old = document.getElementById(rowId(change));
  const mine = old && list.contains(old) ? old : null;
  if (change.html === "") return mine && steadily(list, () => leave(mine));
  const fresh = parse(change.html).firstElementChild;
  if (!fresh) return null;
  return steadily(list, () => {
    if (!mine) { place(list, fresh); brieflyNew(fresh); window.htmx?.process(fresh); return; }
    morph(mine, fresh, "outerHTML");
    if (isHeld(mine)) mine.classList.add("is-changed");
    else place(list, mine);
  });
}

/** Replace the inside of a region by what the server sent; rows that were not there are marked new. */
export function applyRegion(region, html) {
  const content = parse(html);
  const fresh = content.querySelector(`#${CSS.escape(region.id)}`) ?? content;
  const known = new Set([...region.children].map((child) => child.id));
  if (fresh instanceof Element && fresh.dataset.liveSeq) region.dataset.liveSeq = fresh.dataset.liveSeq;
  steadily(region, () => morph(region, [...fresh.childNodes], "innerHTML"));
  if (!("list" in region.dataset)) return;
  [...region.children].filter((child) => child.id && !known.has(child.id)).forEach(brieflyNew);
}

/** Fetch a region's inside from an address and bring it in; whether it came. */
export async function fetchRegion(region, url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const html = await answer.text();
  if (region.isConnected) applyRegion(region, html);
  return true;
}
