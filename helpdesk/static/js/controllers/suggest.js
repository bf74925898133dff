// Fetches a fragment while one types and puts it into the list. Targets: input, list. Values: url, least, name.
// An entry with data-fill='{"person": "12"}' fills the fields of those names when it is chosen.
import { Controller } from "../vendor.js";

const PAUSE = 250;

export default class extends Controller {
  static targets = ["input", "list"];
  static values = { url: String, least: { type: Number, default: 2 }, name: { type: String, default: "q" } };

  disconnect() { clearTimeout(this.timer); this.asked?.abort(); }

  /** Bind to input and compositionend; half-composed Chinese is not searched. */
  type(event) {
    if (event.isComposing) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), PAUSE);
  }

  async fetch() {
    this.asked?.abort();
    const words = this.inputTarget.value.trim();
    if (words.length < this.leastValue) { this.clear(); return; }
    this.asked = new AbortController();
    const url = new URL(this.urlValue, location.href);
    url.searchParams.set(this.nameValue, words);
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: this.asked.signal }).catch(() => null);
    if (answer?.ok) this.show(await answer.text());
  }

  show(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    this.listTarget.replaceChildren(template.content);
    window.htmx?.process(this.listTarget);
  }

  /** Bind to keydown of the whole part: arrows walk, Escape clears. Other fields in it keep their keys. */
  move(event) {
    const stops = [this.inputTarget, ...this.listTarget.querySelectorAll("a[href], button")];
    const here = stops.indexOf(event.target);
    if (event.isComposing || here < 0) return;
    if (event.key === "Escape") { this.clear(); this.inputTarget.focus(); return; }
    const next = stops[here + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
    if (next) { event.preventDefault(); next.focus(); }
  }

  /** Bind to click of the list. */
  choose(event) {
    const chosen = event.target.closest("[data-fill]");
    if (!chosen) return;
    event.preventDefault();
    const form = this.element.closest("form");
    for (const [name, value] of Object.entries(JSON.parse(chosen.dataset.fill))) {
      const field = form?.elements[name];
      if (field) { field.value = value; field.dispatchEvent(new Event("change", { bubbles: true })); }
    }
    this.clear();
  }

  clear() { this.asked?.abort(); this.listTarget.replaceChildren(); }
}
