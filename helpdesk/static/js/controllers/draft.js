// Keeps what is being written in the fields of a form until the server has it.
// values: key (default: the address), mark (changes when the ticket does, so a lost send is told from a good one),
// saved and restored (words with {time}); target: status
import { fill } from "../texts.js";
import { Controller } from "../vendor.js";

const PAUSE = 400;

export default class extends Controller {
  static targets = ["status"];
  static values = { key: String, mark: String, saved: String, restored: String };

  connect() {
    this.listeners = { input: () => this.soon(), submit: () => this.sent(), "htmx:afterRequest": (e) => e.detail.successful && this.clear() };
    for (const [name, listener] of Object.entries(this.listeners)) this.element.addEventListener(name, listener);
    this.restore();
  }

  disconnect() {
    clearTimeout(this.timer);
    for (const [name, listener] of Object.entries(this.listeners)) this.element.removeEventListener(name, listener);
  }

  get fields() { return [...this.element.querySelectorAll("textarea[name], input[type=text][name]")]; }

  get key() { return `draft:${this.keyValue || location.pathname}`; }

  get kept() { return JSON.parse(localStorage.getItem(this.key) ?? "null"); }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  save(sent = false) {
    const texts = Object.fromEntries(this.fields.filter((f) => f.value.trim()).map((f) => [f.name, f.value]));
    if (!Object.keys(texts).length) { this.clear(); return; }
    localStorage.setItem(this.key, JSON.stringify({ texts, sent, mark: this.markValue }));
    this.say(this.savedValue);
  }

  sent() { clearTimeout(this.timer); this.save(true); }

  clear() { clearTimeout(this.timer); localStorage.removeItem(this.key); this.say(""); }

  restore() {
    const kept = this.kept;
    if (!kept) return;
    if (kept.sent && kept.mark !== this.markValue) { this.clear(); return; }
    const yields = (f) => !f.value || "draftYields" in f.dataset; // words of the server that are older than ours
    const empty = this.fields.filter((f) => yields(f) && kept.texts[f.name]);
    for (const field of empty) { field.value = kept.texts[field.name]; field.dispatchEvent(new Event("change", { bubbles: true })); }
    if (empty.length) this.say(this.restoredValue);
  }

  say(template) {
    if (!this.hasStatusTarget) return;
    const time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format();
    this.statusTarget.textContent = fill(template, { time });
  }
}
