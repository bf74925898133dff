// Panes whose width is dragged or set with the arrow keys, and remembered on this device. Targets: handle (data-pane).
import { Controller } from "../vendor.js";

const LIMITS = { list: [240, 640], side: [200, 520] };
const STEP = 16;

export default class extends Controller {
  static targets = ["handle"];

  connect() {
    this.widths = JSON.parse(localStorage.getItem("panes") ?? "{}");
    for (const [pane, width] of Object.entries(this.widths)) this.set(pane, width);
  }

  handleTargetConnected(handle) {
    handle.addEventListener("pointerdown", (event) => this.begin(handle, event));
    handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && this.drag(handle, event));
    handle.addEventListener("lostpointercapture", () => this.end(handle));
    handle.addEventListener("keydown", (event) => this.nudge(handle, event));
  }

  /** A left pane grows to the right, the side pane to the left. */
  growth(handle) { return handle.dataset.pane === "side" ? -1 : 1; }

  width(handle) {
    const pane = handle.dataset.pane === "side" ? handle.nextElementSibling : handle.previousElementSibling;
    return pane.getBoundingClientRect().width;
  }

  begin(handle, event) {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.classList.add("is-moving");
    this.from = { x: event.clientX, width: this.width(handle) };
  }

  drag(handle, event) { this.set(handle.dataset.pane, this.from.width + (event.clientX - this.from.x) * this.growth(handle)); }

  end(handle) {
    handle.classList.remove("is-moving");
    localStorage.setItem("panes", JSON.stringify(this.widths));
  }

  nudge(handle, event) {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    this.set(handle.dataset.pane, this.width(handle) + step * this.growth(handle));
    this.end(handle);
  }

  set(pane, width) {
    const [least, most] = LIMITS[pane] ?? LIMITS.list;
    this.widths[pane] = Math.round(Math.min(Math.max(width, least), most));
    this.element.style.setProperty(`--pane-${pane}`, `${this.widths[pane]}px`);
    const handle = this.handleTargets.find((h) => h.dataset.pane === pane);
    for (const [name, value] of Object.entries({ valuenow: this.widths[pane], valuemin: least, valuemax: most })) handle?.setAttribute(`aria-${name}`, value);
  }
}
