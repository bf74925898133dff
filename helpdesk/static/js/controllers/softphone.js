// On each page of the desk: opens the window of the telephone once, says what is wrong with it, and hands on what its
// buttons in the call bar say (forms with data-by-phone). Values: url (the window), words (by state).
import { isTaken, openChannel } from "../phone/window.js";
import { Controller } from "../vendor.js";

const WELL = ["ready", "ringing", "talking", "held", "connecting"];
const ANSWERS = 700; // milliseconds in which a window that is there says so
const SIZE = "popup,width=420,height=680";
const TRIED = "helpdesk-phone-opened";

export default class extends Controller {
  static targets = ["word", "open"];
  static values = { url: String, words: Object };

  async connect() {
    this.channel = openChannel((message) => message.state && this.show(message));
    this.submit = (event) => this.submitted(event);
    document.addEventListener("submit", this.submit, true);
    this.watch = setInterval(() => this.ask(), 5000);
    if (!(await isTaken()) && !sessionStorage.getItem(TRIED)) this.open(); // once after signing on; browsers may refuse
    this.ask();
  }

  disconnect() {
    clearInterval(this.watch);
    document.removeEventListener("submit", this.submit, true);
    this.channel.close();
  }

  ask(message = { ask: true }) {
    clearTimeout(this.silence);
    this.silence = setTimeout(async () => this.show({ state: (await isTaken()) ? "connecting" : "closed" }), ANSWERS);
    this.channel.postMessage(message);
  }

  show({ state, cause = "" }) {
    clearTimeout(this.silence);
    this.element.hidden = WELL.includes(state);
    this.openTarget.hidden = state !== "closed";
    const words = [this.wordsValue[state], cause].filter(Boolean).join(" ");
    if (this.wordTarget.textContent !== words) this.wordTarget.textContent = words;
  }

  open() {
    sessionStorage.setItem(TRIED, "yes");
    window.open(this.urlValue, "helpdesk-phone", SIZE);
  }

  submitted(event) {
    const act = event.target.dataset.byPhone;
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.ask({ act });
  }
}
