// Keeps what is being written in a form until the server has taken it: words, choices, and for whom they are.
// value: key (default: where the form goes). target: status (made when there is none). The words stand on the body.
// A radio with data-draft-says is a choice of readers: words for one of them are never offered to another.
import { draftsOf, forgetDraft, keepDraft } from "../drafts.js";
import { fieldsOf, givenOf, nameOf, setField, valueOf } from "../fields.js";
import { fill } from "../texts.js";
import { Controller } from "../vendor.js";

const PAUSE = 400;
const READERS = "[data-draft-says]";
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

  get readers() { return [...this.element.querySelectorAll(READERS)]; }

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
    const draft = this.draft();
    if (!Object.keys(draft.fields).length && !draft.files.length) { this.clear(); return; }
    keepDraft(this.key, this.id, { ...draft, sent });
    this.say(document.body.dataset.draftSaved);
  }

  draft() {
    const fields = { ...this.kept?.fields };
    for (const field of fieldsOf(this.element)) this.note(fields, field);
    const reader = this.readers.find((radio) => radio.checked);
    const files = [...this.element.querySelectorAll("[name=kept]")].map((each) => ({ ...each.dataset, token: each.value }));
    const once = this.element.elements.once?.value;
    return { fields, files, once, reader: reader && { value: reader.value, says: reader.dataset.draftSays } };
  }

  /** A field counts when it is not as the server gave it, now or when its words were first kept. */
  note(fields, field) {
    if (field.matches(READERS)) return;
    const [name, now] = [nameOf(field), valueOf(field)];
    const was = fields[name]?.was ?? givenOf(field);
    if (now === was) delete fields[name];
    else fields[name] = { now, was };
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
    if (draft && this.fillIn(draft)) this.tell(draft);
  }

  /** Put the words back where they were; true when something was not there already. */
  fillIn(draft) {
    const places = new Map(fieldsOf(this.element).map((field) => [nameOf(field), field]));
    this.isFilling = true;
    const back = Object.entries(draft.fields).map(([name, kept]) => places.has(name) && this.putBack(places.get(name), kept));
    const there = [...this.element.querySelectorAll("[name=kept]")].map((each) => each.value);
    const files = draft.files.some(({ token }) => !there.includes(token));
    if (files) setTimeout(() => this.dispatch("files", { detail: draft.files })); // when their controller is there too
    this.isFilling = false;
    if (draft.sent && draft.once && this.element.elements.once) this.element.elements.once.value = draft.once;
    return [...back, files].some(Boolean);
  }

  putBack(field, { now, was }) {
    const given = givenOf(field);
    if (given === now) return false;
    if (given && given !== was && !("draftYields" in field.dataset)) this.offer(field, now);
    else setField(field, now);
    return true;
  }

  /** The server has something newer than what these words were written over: both are shown. */
  offer(field, words) {
    if (!field.matches("textarea, input:not([type=checkbox], [type=radio])")) return;
    const { draftTyped, draftUse } = document.body.dataset;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet", textContent: draftUse });
    const line = Object.assign(document.createElement("p"), { className: "draft-other", textContent: fill(draftTyped, { words }) });
    button.addEventListener("click", () => { setField(field, words); line.remove(); field.focus(); });
    line.append(" ", button);
    field.after(line);
  }

  /** Words keep their readers; where those can't be had any more, somebody has to choose. */
  tell({ reader }) {
    const { draftRestored, draftFor, draftChoose } = document.body.dataset;
    const same = reader && this.readers.find((radio) => radio.value === reader.value && radio.dataset.draftSays === reader.says);
    if (reader) for (const radio of this.readers) radio.checked = radio === same;
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
