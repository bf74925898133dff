// Lists picked files with their sizes; one that is too large is refused before it is sent.
// Targets: input, list. Values: most (bytes), refusal ("{name} ... {size} ... {most}").
import { fill, sizeOfFile } from "../texts.js";
import { Controller } from "../vendor.js";

export default class extends Controller {
  static targets = ["input", "list"];
  static values = { most: Number, refusal: String };

  show() {
    const picked = [...this.inputTarget.files];
    const tooLarge = picked.filter((file) => file.size > this.mostValue);
    this.listTarget.replaceChildren(...picked.map((file) => this.line(file)));
    this.inputTarget.setCustomValidity(tooLarge.map((file) => this.refusal(file)).join(" "));
  }

  refusal(file) {
    return fill(this.refusalValue, { name: file.name, size: sizeOfFile(file.size), most: sizeOfFile(this.mostValue) });
  }

  line(file) {
    const refused = file.size > this.mostValue;
    const line = document.createElement("li");
    line.classList.toggle("is-refused", refused);
    line.textContent = refused ? this.refusal(file) : `${file.name} · ${sizeOfFile(file.size)}`;
    return line;
  }
}
