// The files of a form: each is sent while one goes on writing, waits at the server and stands in the form by its token, so
// that no refusal, reload or change of language loses it. What can't be sent ahead goes with the form.
// Targets: input, list. Values: most (bytes), count, and the words refusal, many, remove with {places}.
import { fill, sizeOfFile } from "../texts.js";
import { fileLine, listOf, upload } from "../upload.js";
import { Controller } from "../vendor.js";

export default class extends Controller {
  static targets = ["input", "list"];
  static values = { most: Number, count: { type: Number, default: 10 }, refusal: String, many: String, remove: String };

  connect() {
    this.going = 0;
    this.form = this.element.closest("form");
    this.patience = (event) => this.holdBack(event);
    this.form?.addEventListener("submit", this.patience, { capture: true });
  }

  disconnect() { this.form?.removeEventListener("submit", this.patience, { capture: true }); }

  get held() { return this.listTarget.querySelectorAll("[name=kept], .is-going").length; }

  show() {
    this.listTarget.querySelectorAll("li:not(:has([name=kept], .is-going))").forEach((line) => line.remove());
    const room = Math.max(0, this.countValue - this.held);
    const picked = [...this.inputTarget.files];
    const refused = [];
    for (const file of picked.slice(0, room)) if (!this.take(file)) refused.push(file);
    this.leave(refused.filter((file) => file.size <= this.mostValue));
    const many = picked.length > room ? [this.refuse(fill(this.manyValue, { most: this.countValue }))] : [];
    this.judge(many);
  }

  /** One picked file: on its way, or refused with its line. */
  take(file) {
    if (file.size > this.mostValue) {
      this.refuse(fill(this.refusalValue, { name: file.name, size: sizeOfFile(file.size), most: sizeOfFile(this.mostValue) }));
      return false;
    }
    this.send(file, this.line(`${file.name} · ${sizeOfFile(file.size)}`));
    return true;
  }

  /** Files that go with the form itself stay in the field. */
  leave(files) { this.inputTarget.files = listOf(files); }

  send(file, line) {
    line.classList.add("is-going");
    this.going += 1;
    upload(file, (percent) => { line.firstChild.textContent = `${file.name} · ${percent} %`; }).then((found) => this.sent(file, line, found));
  }

  sent(file, line, { status, answer }) {
    this.going -= 1;
    line.classList.remove("is-going");
    line.firstChild.textContent = `${file.name} · ${sizeOfFile(file.size)}`;
    if (status === 201) this.keep(line, answer);
    else if (status === 422 || status === 413) this.refused(line, answer.errors?.files ?? answer.detail);
    else this.leave([...this.inputTarget.files, file]);
    this.judge();
    if (!this.going && this.waitingFor !== undefined) this.form.requestSubmit(this.waitingFor);
  }

  keep(line, { token, name, size }) {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "kept", value: token });
    Object.assign(input.dataset, { name, size });
    line.append(input);
    this.form?.dispatchEvent(new Event("files:changed"));
  }

  /** A kept draft brings its files back. */
  bring(event) {
    if (!event.target.contains(this.element)) return;
    const there = new Set([...this.listTarget.querySelectorAll("[name=kept]")].map((each) => each.value));
    for (const file of event.detail.filter(({ token }) => !there.has(token))) {
      this.keep(this.line(`${file.name} · ${sizeOfFile(Number(file.size))}`), file);
    }
  }

  remove(event) {
    event.preventDefault();
    event.target.closest("li").remove();
    this.judge();
    this.form?.dispatchEvent(new Event("files:changed"));
  }

  /** Send is pressed while a file is on its way: the form follows as soon as it is there. */
  holdBack(event) {
    if (!this.going) { this.waitingFor = undefined; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    this.waitingFor = event.submitter ?? null;
  }

  judge(more = []) {
    const refused = [...this.listTarget.querySelectorAll(".is-refused")];
    this.inputTarget.setCustomValidity([...new Set([...refused, ...more])].map((line) => line.firstChild.textContent).join(" "));
  }

  refuse(words) { return this.refused(this.line(words), words); }

  refused(line, words) {
    line.classList.add("is-refused");
    if (words) line.firstChild.textContent = words;
    return line;
  }

  line(words) {
    const line = fileLine(words, this.removeValue, (event) => this.remove(event));
    this.listTarget.append(line);
    return line;
  }
}
