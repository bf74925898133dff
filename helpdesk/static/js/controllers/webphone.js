// The window of the telephone: checks the microphone, signs on, rings, answers, and tells the pages of the desk.
// One window at a time; a second one waits, and takes over when the first is closed. Values: account, words (by state).
import Line from "../phone/line.js";
import { troubleOfMicrophone } from "../phone/microphone.js";
import Ringing from "../phone/ringing.js";
import { openChannel, takeTurn } from "../phone/window.js";
import { csrfToken } from "../texts.js";
import { Controller } from "../vendor.js";

const BEAT = 60000;
const LISTENS = 2000;
const SILENT = 3; // times that no sound came
const WAITS = 300;
const LATER = 5000;
const TROUBLES = ["denied", "missing", "busy", "insecure"];
const post = (url) => fetch(url, { method: "POST", headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" } }).catch(() => null);
const look = () => fetch("/phone/asked", { headers: { "HX-Request": "true" } }).catch(() => null);
const isSignedOut = (answer) => answer && (answer.redirected || [400, 401, 403].includes(answer.status)); // 400: its token is of no session

export default class extends Controller {
  static targets = ["word", "cause", "audio", "answer", "end", "again", "notices"];
  static values = { account: String, words: Object };

  connect() {
    this.ringing = new Ringing();
    this.channel = openChannel((message) => this.asked(message));
    this.timers = [setInterval(() => this.line(), BEAT), setInterval(() => this.listen(), LISTENS)];
    const waits = setTimeout(() => this.show("elsewhere"), WAITS);
    takeTurn(() => { clearTimeout(waits); this.begin(); return new Promise((given) => { this.give = given; }); });
    navigator.mediaDevices?.addEventListener("devicechange", () => TROUBLES.includes(this.state) && this.begin());
    this.noticesTarget.hidden = window.Notification?.permission !== "default";
  }

  disconnect() { this.timers.forEach(clearInterval); this.left(); this.channel.close(); }

  /** Look for the microphone, then sign on; what is wrong is said, and may be tried again. */
  async begin() {
    this.phone?.stop();
    this.phone = null;
    this.tell("connecting");
    const trouble = await troubleOfMicrophone();
    if (trouble) { this.tell(trouble); return; }
    const answer = await post(this.accountValue);
    if (isSignedOut(answer)) { this.finish(); return; }
    if (answer?.status === 404) { this.tell("refused"); return; } // it was taken away
    if (!answer?.ok) { this.tell("lost"); setTimeout(() => this.phone ?? this.begin(), LATER); return; }
    this.phone = new Line(await answer.json(), (state, cause) => this.tell(state, cause));
    this.phone.heard = (stream) => { this.audioTarget.srcObject = stream; this.audioTarget.play().catch(() => null); };
    // a call that the person has asked for rings here first: it is taken by itself
    this.phone.expects = async (number) => (await (await look())?.text())?.includes(`data-dialled="${number}"`);
    this.phone.start();
  }

  asked({ ask, act }) {
    if (this.give && (ask || act)) this.channel.postMessage({ state: this.state, cause: this.cause });
    if (this.give && act) this.act(act);
  }

  act(name) { if (["answer", "decline", "hold", "resume"].includes(name)) this.phone?.[name](); }

  submitted(event) {
    const act = event.target.dataset.byPhone;
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.act(act);
  }

  answer() { this.phone.answer(); }

  end() { this.phone.end(); }

  tell(state, cause = "") {
    this.show(state, cause);
    this.channel.postMessage({ state, cause });
  }

  show(state, cause = "") {
    if (state === "ringing" && this.state !== state) this.ringing.start(`${this.wordsValue.ringing} ${this.phone.caller}`);
    if (state !== "ringing") this.ringing.stop();
    Object.assign(this, { state, cause, quiet: 0 });
    this.element.dataset.state = state;
    this.wordTarget.textContent = this.wordsValue[state];
    this.causeTarget.textContent = cause || (state === "ringing" ? this.phone.caller : "");
    this.answerTarget.hidden = state !== "ringing";
    this.endTarget.hidden = !this.phone?.session;
    this.againTarget.hidden = ![...TROUBLES, "refused"].includes(state);
  }

  /** Count the packets of a call; when none comes in for some seconds, say so. */
  async listen() {
    if (!["talking", "silent"].includes(this.state)) return;
    const { in: came, out: went } = await this.phone.sound();
    const comes = came > Number(this.element.dataset.soundIn ?? 0);
    Object.assign(this.element.dataset, { soundIn: came, soundOut: went });
    this.quiet = comes ? 0 : this.quiet + 1;
    if (this.quiet === SILENT && this.state === "talking") this.tell("silent");
    if (comes && this.state === "silent") this.tell("talking");
  }

  /** Still here; and whether the session is. Who is signed out has no telephone, once the call is over. */
  async line() {
    if (!this.give || this.phone?.session) return;
    if (isSignedOut(await look())) this.finish();
    else post("/presence/beat");
  }

  finish() {
    this.phone?.stop();
    this.phone = null;
    this.tell("over");
    window.close();
  }

  async allow() { this.noticesTarget.hidden = (await Notification.requestPermission()) !== "default"; }

  leaving(event) { if (this.phone?.session) event.preventDefault(); }

  left() { this.phone?.end(); this.phone?.stop(); this.ringing.stop(); }
}
