// Who is on which ticket. The controller tells the others that I look or type, by a heartbeat every ten seconds (value:
// ticket, its number; the page must watch that ticket). Elements with data-presence-ticket="NUMBER" say who else is there.
import { say } from "../socket.js";
import { fill } from "../texts.js";
import { Controller } from "../vendor.js";

const BEAT = 10000;
const TYPING_FOR = 8000;

/** The server's list of who is on a ticket: {ticket, people: [{id, name, state: viewing|typing}]}. */
export function showPresence({ ticket, people }) {
  const words = document.body.dataset;
  const others = people.filter((p) => String(p.id) !== words.agent);
  const text = others.map((p) => fill(p.state === "typing" ? words.presenceTyping : words.presenceViewing, { name: p.name })).join(" · ");
  for (const place of document.querySelectorAll(`[data-presence-ticket="${CSS.escape(ticket)}"]`)) {
    if (place.textContent !== text) place.textContent = text;
  }
}

export default class extends Controller {
  static values = { ticket: String };

  connect() {
    this.typedAt = 0;
    this.listeners = [
      [this.element, "input", () => this.type()],
      [document, "live:watching", () => this.beat()],
      [document, "visibilitychange", () => this.beat()],
      [window, "pagehide", () => this.send("left")],
    ];
    for (const [place, name, listener] of this.listeners) place.addEventListener(name, listener);
    this.timer = setInterval(() => this.beat(), BEAT);
  }

  disconnect() {
    clearInterval(this.timer);
    for (const [place, name, listener] of this.listeners) place.removeEventListener(name, listener);
    this.send("left");
  }

  beat() {
    if (document.hidden) this.send("left");
    else this.send(Date.now() - this.typedAt < TYPING_FOR ? "typing" : "viewing");
  }

  type() {
    const begins = Date.now() - this.typedAt > TYPING_FOR;
    this.typedAt = Date.now();
    if (begins) this.beat();
  }

  send(state) { say("presence", { ticket: this.ticketValue, state }); }
}
