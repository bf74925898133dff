// Keeps what is being written in a form until the server has taken it: words, choices, and for whom they are.
// value: key (default: where the form goes). target: status (made when there is none). The words stand on the body.
// A radio with data-draft-says is a choice of readers: words for one of them are never offered to another.
import { draftsOf, forgetDraft, keepDraft } from "../drafts.js";
import { fillIn, readersOf, typedIn } from "../draft_form.js";
import { fill } from "../texts.js";
import { Controller } from "../vendor.js";

const PAUSE = 400;
const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Every form in which somebody writes keeps a draft. */
export function keepAllDrafts() {
  for (const form of document.querySelectorAll("form[method=post]:has(textarea[name]):not([data-controller~=draft])")) {
    form.dataset.controller = `${form.dataset.controller ?? ""} draft`.trim();
  }
}

export default class extends Controller {
  static targets = ["status"];
  static values = { key: String };

  connect() {
    this.listeners = [
      [this.element, "input", () => this.soon()],
      [this.element, "change", () => this.soon()],
      [this.element, "files:changed", () => this.soon()],
      [this.element, "submit", () => this.save(true)],
      [this.element, "formdata", (event) => event.formData.set("draft_id", this.id)],
      [this.element, "htmx:afterRequest", (event) => event.target === this.element && event.detail.successful && this.clear()],
      [window, "pagehide", () => this.flush()],
    ];
    for (const [place, name, listener] of this.listeners) place.addEventListener(name, listener);
    this.restore();
  }

  disconnect() {
    this.flush();
    for (const [place, name, listener] of this.listeners) place.removeEventListener(name, listener);
  }

  get key() { return this.keyValue || `form:${new URL(this.element.action).pathname}`; }

  get kept() { return draftsOf(this.key).get(this.id); }

  soon() {
    if (this.isFilling) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  /** The page goes away: what was typed within the pause is kept too. */
  flush() { if (this.timer) this.save(); }

  save(sent = false) {
    clearTimeout(this.timer);
    this.timer = undefined;
    const draft = typedIn(this.element, this.kept?.fields);
    if (!Object.keys(draft.fields).length && !draft.files.length) { this.clear(); return; }
    keepDraft(this.key, this.id, { ...draft, sent });
    this.say(document.body.dataset.draftSaved);
  }

  clear() {
    clearTimeout(this.timer);
    this.timer = undefined;
    forgetDraft(this.key, this.id);
    this.id = newId(); // the server may name the old one as taken
    sessionStorage.setItem(`draft:${this.key}`, this.id);
    this.say("");
  }

  restore() {
    const drafts = draftsOf(this.key);
    const mine = sessionStorage.getItem(`draft:${this.key}`);
    this.id = drafts.has(mine) ? mine : (drafts.keys().next().value ?? newId());
    sessionStorage.setItem(`draft:${this.key}`, this.id);
    const draft = drafts.get(this.id);
    if (!draft) return;
    this.isFilling = true;
    const { isBack, files } = fillIn(this.element, draft);
    this.isFilling = false;
    if (files) setTimeout(() => this.dispatch("files", { detail: draft.files })); // when their controller is there too
    if (isBack) this.tell(draft);
  }

  /** Words keep their readers; where those can't be had any more, somebody has to choose. */
  tell({ reader }) {
    const { draftRestored, draftFor, draftChoose } = document.body.dataset;
    const readers = readersOf(this.element);
    const same = reader && readers.find((radio) => radio.value === reader.value && radio.dataset.draftSays === reader.says);
    if (reader) for (const radio of readers) radio.checked = radio === same;
    this.say(fill(reader ? (same ? draftFor : draftChoose) : draftRestored, { reader: reader?.says }), true);
  }

  get place() {
    if (this.hasStatusTarget) return this.statusTarget;
    const made = Object.assign(document.createElement("span"), { className: "quiet", ariaLive: "polite" });
    made.dataset.draftTarget = "status";
    (this.element.querySelector(".form-actions") ?? this.element).append(made);
    return made;
  }

  say(template, isBack = false) {
    if (!template && !this.hasStatusTarget) return;
    const time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format();
    this.place.textContent = fill(template, { time });
    this.place.classList.toggle("draft-is-back", isBack);
  }
}
