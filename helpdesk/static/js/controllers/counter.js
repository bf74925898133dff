// Says how many characters a text still may have. Targets: field (with maxlength), number. Value: text ("{left} left").
import { fill } from "../texts.js";
import { Controller } from "../vendor.js";

export default class extends Controller {
  static targets = ["field", "number"];
  static values = { text: String, most: Number };

  connect() { this.count(); }

  count() {
    const most = this.mostValue || this.fieldTarget.maxLength;
    const used = [...this.fieldTarget.value].length;
    this.numberTarget.textContent = fill(this.textValue, { left: most - used, used, most });
    this.numberTarget.classList.toggle("is-over", used > most);
  }
}
