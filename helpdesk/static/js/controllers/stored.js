// Beside a field that somebody else has changed meanwhile: takes the stored value instead of what was typed.
// Values: name (of the control), value (as the control sends it; of several boxes one in each line).
import { setField } from "../fields.js";
import { Controller } from "../vendor.js";

export default class extends Controller {
  static values = { name: String, value: String };

  take() {
    const form = this.element.closest("form");
    const controls = [...form.elements].filter((each) => each.name === this.nameValue);
    for (const each of controls) setField(each, this.valueOf(each, controls.length > 1));
    this.element.remove();
    controls.find((each) => !each.matches("[type=radio]:not(:checked)"))?.focus();
  }

  valueOf(control, isOneOfMany) {
    if (!control.matches("[type=checkbox], [type=radio]")) return this.valueValue;
    const isMarked = isOneOfMany ? this.valueValue.split("\n").includes(control.value) : this.valueValue;
    return isMarked ? "on" : "";
  }
}
