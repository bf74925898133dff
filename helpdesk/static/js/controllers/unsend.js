// Words that can be taken back for a few seconds: counts down on the button, then takes itself away.
// values: until (ISO), words (with {n}). The server decides; this only shows.
import { fill } from "../texts.js";
import { Controller } from "../vendor.js";

const skew = Date.parse(document.body.dataset.now) - Date.now() || 0;

export default class extends Controller {
  static values = { until: String, words: String };

  connect() {
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
  }

  disconnect() { clearInterval(this.timer); }

  tick() {
    const left = Math.ceil((Date.parse(this.untilValue) - Date.now() - skew) / 1000);
    if (left <= 0) { this.element.remove(); return; }
    const label = this.element.querySelector("button > span");
    const words = fill(this.wordsValue, { n: left });
    if (label && label.textContent !== words) label.textContent = words;
  }
}
