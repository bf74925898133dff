// Inserts a text where the caret is. Values: into (a selector), text. Action: click->insert#now.
import { Controller } from "../vendor.js";

export default class extends Controller {
  static values = { into: String, text: String };

  now() {
    const field = document.querySelector(this.intoValue);
    if (!field) return;
    field.setRangeText(this.textValue, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
}
