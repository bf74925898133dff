// The mark in the status line that says whether pushes arrive. Words in values on, off and wait; the
// server's own words, when it has told why not.
import { Controller } from "../vendor.js";

export default class extends Controller {
  static targets = ["word"];
  static values = { on: String, off: String, wait: String };

  show({ detail: { state, words } }) {
    this.element.title = words;
    this.element.classList.toggle("is-on", state === "on");
    this.element.classList.toggle("is-off", state === "off");
    const text = { on: this.onValue, off: words || this.offValue }[state] ?? this.waitValue;
    if (this.wordTarget.textContent !== text) this.wordTarget.textContent = text;
  }
}
