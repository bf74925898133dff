// Native dialogs: any element with data-dialog-opens="id" opens one; this controller closes it.
import { Controller } from "../vendor.js";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-opens]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpens);
  if (dialog && !dialog.open) dialog.showModal();
});

export default class extends Controller {
  static values = { open: Boolean };

  /** A dialog that comes back with form errors opens itself. */
  connect() { if (this.openValue && !this.element.open) this.element.showModal(); }

  close() { this.element.close(); }

  outside(event) { if (event.target === this.element) this.close(); }
}
