// Ticks a <time> by one shared second hand. The verdict always comes from the server; only the words move here.
// values: until (ISO: working time stops then), rest (seconds that remain then). A class "since" counts up.
// A span within a span is the place of what is left of working time, behind the moment. The words stand on the body.
import { fill, lengthOfTime, lengthOfWork } from "../texts.js";
import { Controller } from "../vendor.js";

const ticking = new Set();
setInterval(() => ticking.forEach((clock) => clock.tick()), 1000);
const skew = Date.parse(document.body.dataset.now) - Date.now() || 0;
const now = () => Date.now() + skew;

export default class extends Controller {
  static values = { rest: Number, until: String };

  connect() { ticking.add(this); }

  disconnect() { ticking.delete(this); }

  tick() {
    const text = this.element.classList.contains("since") ? this.since() : this.remaining();
    const place = (this.left() >= 0 && this.work) || this.element;
    if (place.textContent !== text) place.textContent = text;
  }

  get work() { return this.element.querySelector("span > span"); }

  since() {
    return lengthOfTime((now() - Date.parse(this.element.dateTime)) / 1000);
  }

  remaining() {
    const left = this.left() / 1000;
    const { clockLeft, clockLate } = document.body.dataset;
    this.element.classList.toggle("is-late", left < 0);
    const length = left >= 0 && this.work ? lengthOfWork : lengthOfTime;
    return fill(left < 0 ? clockLate : clockLeft, { time: length(Math.abs(left)) });
  }

  /** Milliseconds; working time stands still after `until`. */
  left() {
    if (!this.hasUntilValue) return Date.parse(this.element.dateTime) - now();
    return this.restValue * 1000 + Math.max(0, Date.parse(this.untilValue) - now());
  }
}
