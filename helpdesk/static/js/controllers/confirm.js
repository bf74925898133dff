// Asks before a form is sent: put it on the form with value text. Uses the page's #confirm dialog.
import { goesNow } from "../sending.js";
import { Controller } from "../vendor.js";

export default class extends Controller {
  static values = { text: String };

  connect() {
    this.listen = (event) => this.ask(event);
    this.element.addEventListener("submit", this.listen, { capture: true });
  }

  disconnect() { this.element.removeEventListener("submit", this.listen, { capture: true }); }

  ask(event) {
    if (goesNow(this.element)) return;
    if (this.sure) { this.sure = false; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("confirm");
    dialog.querySelector("[data-confirm-words]").textContent = this.textValue;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && this.send(event.submitter), { once: true });
    dialog.showModal();
  }

  send(submitter) {
    this.sure = true;
    this.element.requestSubmit(submitter);
  }
}
