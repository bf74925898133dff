// Gives the frame of a mail the height of its content. The mail may run no script of its own, so
// the page measures it from outside, whenever it loads or is laid out anew.
import { Controller } from "../vendor.js";

const MOST = 4000;

export default class extends Controller {
  connect() {
    this.element.addEventListener("load", this.watch);
    this.watch();
  }

  disconnect() {
    this.element.removeEventListener("load", this.watch);
    this.observer?.disconnect();
  }

  watch = () => {
    const inside = this.element.contentDocument?.body;
    this.observer?.disconnect();
    if (!inside) return;
    this.observer = new ResizeObserver(() => this.fit(inside));
    this.observer.observe(inside);
  };

  fit(inside) {
    const scrollbar = inside.scrollWidth > inside.clientWidth ? 18 : 0;
    const height = Math.ceil(inside.getBoundingClientRect().height) + scrollbar + 2;
    if (height > 40) this.element.style.height = `${Math.min(height, MOST)}px`;
  }
}
