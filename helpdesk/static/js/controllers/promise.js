// Shows, of the promises that the page lists, the one for the kind and category that are chosen in the form. target: line
// (data-kind, data-category; an empty category stands for all that have no line of their own).
import { Controller } from "../vendor.js";

export default class extends Controller {
  static targets = ["line"];

  connect() {
    this.form = this.element.closest("form");
    this.choose = () => this.show();
    this.form.addEventListener("change", this.choose);
    this.element.classList.add("is-chosen");
    this.show();
  }

  disconnect() { this.form.removeEventListener("change", this.choose); }

  show() {
    const { kind, category } = Object.fromEntries(new FormData(this.form));
    const fits = (wanted) => this.lineTargets.find((line) => line.dataset.kind === kind && line.dataset.category === wanted);
    const chosen = fits(category ?? "") ?? fits("");
    for (const line of this.lineTargets) line.hidden = line !== chosen;
  }
}
