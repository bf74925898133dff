// Small things of every page: a remark that can be put away, a <details> menu that closes by itself, printing, forgetting.
import { forgetAll } from "../drafts.js";
import { Controller } from "../vendor.js";

export class Flash extends Controller {
  close() { this.element.remove(); }
}

/** Closes on a click elsewhere and on Escape (the actions stand in the menu macro). */
export class Menu extends Controller {
  elsewhere(event) { if (!this.element.contains(event.target)) this.element.open = false; }

  escape() {
    if (!this.element.open) return;
    this.element.open = false;
    this.element.querySelector("summary").focus();
  }
}

export class Print extends Controller {
  now() { window.print(); }
}

/** A browser that forgets a case forgets what was being typed in it, too. */
export class Forget extends Controller {
  drafts() { forgetAll(); }
}
