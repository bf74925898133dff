// A button that shows the page's work alone on the whole screen; it hides where the browser can't.
import { Controller } from "../vendor.js";

export default class extends Controller {
  connect() {
    this.element.hidden = !document.fullscreenEnabled;
  }

  show() {
    document.getElementById("main").requestFullscreen();
  }
}
