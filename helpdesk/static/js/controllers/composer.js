// The composer of a ticket: choosing who reads it puts the caret into the text; a canned reply goes in at the caret.
// Target: body. An entry of the list carries its text in data-text.
import { csrfToken } from "../texts.js";
import { Controller } from "../vendor.js";

export default class extends Controller {
  static targets = ["body"];

  /** A click on a label; the arrow keys walk through the choices and stay there. */
  choose(event) { if (!event.target.matches("input")) requestAnimationFrame(() => this.bodyTarget.focus()); }

  insert(event) {
    const chosen = event.target.closest("[data-text]");
    if (!chosen) return;
    event.preventDefault();
    const body = this.bodyTarget;
    body.setRangeText(chosen.dataset.text, body.selectionStart, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true }));
    body.focus();
    if (chosen.dataset.used) fetch(chosen.dataset.used, { method: "POST", headers: { "X-CSRFToken": csrfToken() } });
  }
}
