// The state of the person at the desk: the select sends itself, and the open page says "still here" once a minute.
// The telephone's bar says so too, where a page has no such select; of two on a page the first one speaks.
// Values: beat (the address of the heartbeat), now (say so at once: this person was taken for gone).
import { csrfToken } from "../texts.js";
import { Controller } from "../vendor.js";

const BEAT = 60000;

export default class extends Controller {
  static values = { beat: String, now: Boolean };

  connect() {
    if (document.querySelector("[data-present-beat-value]") === this.element) this.timer = setInterval(() => this.beat(), BEAT);
    if (this.nowValue) this.beat();
  }

  disconnect() { clearInterval(this.timer); }

  send() { this.element.requestSubmit(); }

  beat() {
    fetch(this.beatValue, { method: "POST", headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" } }).catch(() => null);
  }
}
