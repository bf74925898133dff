// Keys of the desk. A button, link or field with data-key="r" answers to r; j and k walk through [data-list]; ? shows all.
// data-key-focus="#reply" puts the caret there afterwards.
// Nothing fires while a person types or composes Chinese characters, but for function keys: they write nothing.
import { Controller } from "../vendor.js";

const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const ROW = "[data-list] > *";
const isFunction = (key) => key.length > 1 && key.startsWith("F");
const isComposing = (event) => event.isComposing || event.keyCode === 229;

export default class extends Controller {
  static values = { sheet: String };

  press(event) {
    if (isComposing(event) || event.defaultPrevented) return;
    if (event.target.matches?.(FIELDS) && !isFunction(event.key)) { this.inField(event); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.act(event.key)) event.preventDefault();
  }

  inField(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
    else if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur();
  }

  act(key) {
    if (document.querySelector("[data-dialogs-url][aria-busy=true]")) return true;
    const dialog = document.querySelector("dialog[open]");
    if (key === "?" && !dialog) return this.showSheet();
    if ((key === "j" || key === "k") && !dialog) return this.walk(key === "j" ? 1 : -1);
    if (isFunction(key)) return this.use(key, document);
    const row = document.activeElement.closest(ROW);
    return (row && !dialog && this.use(key, row)) || this.use(key, dialog ?? document);
  }

  showSheet() {
    document.getElementById(this.sheetValue)?.showModal();
    return true;
  }

  /** Use the visible element with that key; keys of a row are for the row that has the focus. */
  use(key, scope) {
    const isMine = (e) => e.checkVisibility() && !e.disabled && (scope.matches?.(ROW) || !e.closest(ROW));
    const found = [...scope.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(isMine);
    if (!found) return false;
    if (found.matches(FIELDS)) { found.focus(); found.select?.(); } else found.click();
    if (found.dataset.keyFocus) document.querySelector(found.dataset.keyFocus)?.focus();
    return true;
  }

  /** Move the focus to the next or previous row of the list. */
  walk(step) {
    const here = document.activeElement;
    const list = here.closest("[data-list]") ?? document.querySelector("[data-list]");
    const rows = [...(list?.children ?? [])].filter((row) => row.querySelector("a[href]") && row.checkVisibility());
    const focused = rows.findIndex((row) => row.contains(here));
    const from = focused < 0 ? rows.findIndex((row) => row.matches("[aria-current]")) : focused;
    const row = rows[Math.min(Math.max(from + step, 0), rows.length - 1)];
    row?.querySelector("a[href]").focus();
    return Boolean(row);
  }
}
