// A telephone at the exchange, over a WebSocket: signs on, keeps trying, and holds one call at a time.
// tell(state, cause): connecting, ready, ringing, talking, held, lost, refused; `cause` in the exchange's own words.
import { loadJsSip } from "../vendor.js";
import { openMicrophone, stop } from "./microphone.js";

const RECOVERY = { connection_recovery_min_interval: 1, connection_recovery_max_interval: 8 }; // seconds
const SIGNED_ON = 120; // seconds, for which one registration holds
const AGAIN = 5000;
const GATHERED = 400; // milliseconds after which no further network of this machine is waited for
const ELSEWHERE = 486;
const NO_MICROPHONE = 480;

export default class Line {
  constructor(account, tell) { Object.assign(this, { account, tell, session: null, stream: null }); }

  async start() {
    const { UA, WebSocketInterface } = await loadJsSip();
    const { websocket, uri, user, secret } = this.account;
    this.ua = new UA({ sockets: [new WebSocketInterface(websocket)], uri, authorization_user: user, password: secret,
      register_expires: SIGNED_ON, session_timers: false, ...RECOVERY });
    this.ua.on("connected", () => this.connected());
    this.ua.on("disconnected", () => this.say("lost"));
    this.ua.on("registered", () => this.say("ready"));
    this.ua.on("registrationFailed", ({ cause, response }) => this.refused(response ? cause : ""));
    this.ua.on("newRTCSession", ({ session, originator }) => originator === "remote" && this.rings(session));
    this.ua.start();
  }

  /** A call goes on in its own state whatever happens to the registration; a lost connection is said anyway. */
  say(state, cause = "") {
    this.state = state;
    this.tell(this.session && state !== "lost" ? this.doing : state, cause);
  }

  now(doing) { this.doing = doing; this.tell(doing); }

  connected() {
    this.say("connecting");
    // the exchange knows a call's way back by the connection that is gone
    if (this.session?.isEstablished()) this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
  }

  refused(cause) {
    this.say(cause ? "refused" : "lost", cause);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.ua.isConnected() && this.ua.register(), AGAIN);
  }

  async rings(session) {
    if (this.session) { session.terminate({ status_code: ELSEWHERE }); return; }
    Object.assign(this, { session, doing: this.state });
    session.on("accepted", () => this.now("talking"));
    session.on("hold", ({ originator }) => originator === "local" && this.now("held"));
    session.on("unhold", ({ originator }) => originator === "local" && this.now("talking"));
    session.on("peerconnection", ({ peerconnection }) => peerconnection.addEventListener("track", ({ streams }) => this.heard?.(streams[0])));
    session.on("icecandidate", ({ ready }) => { clearTimeout(this.gathering); this.gathering = setTimeout(ready, GATHERED); });
    for (const end of ["ended", "failed"]) session.on(end, () => this.over());
    await this.takeMicrophone(session);
  }

  /** While it rings the microphone is opened, so that an answer is heard at once and the browser lets us ring. */
  async takeMicrophone(session) {
    const { stream, trouble } = await openMicrophone();
    if (session !== this.session || session.isEnded()) { stop(stream); return; }
    if (trouble) { session.terminate({ status_code: NO_MICROPHONE }); this.tell(trouble); this.stop(); return; }
    this.stream = stream;
    this.now("ringing");
    if (await this.expects?.(this.caller)) this.answer();
  }

  over() {
    stop(this.stream);
    clearTimeout(this.gathering);
    this.session = this.stream = null;
    this.say(this.state);
  }

  get caller() { return this.session?.remote_identity.uri.user ?? ""; }

  answer() {
    if (this.stream && this.session?.isInProgress()) this.session.answer({ mediaStream: this.stream, pcConfig: { iceServers: [] } });
  }

  decline() { if (this.session?.isInProgress()) this.session.terminate({ status_code: ELSEWHERE }); }

  hold() { this.session?.hold(); }

  resume() { this.session?.unhold(); }

  end() { this.session?.terminate(); }

  /** Packets of sound that came in and went out in this call. */
  async sound() {
    const count = { in: 0, out: 0 };
    const found = await this.session?.connection?.getStats();
    found?.forEach((each) => {
      if (each.type === "inbound-rtp") count.in += each.packetsReceived;
      if (each.type === "outbound-rtp") count.out += each.packetsSent;
    });
    return count;
  }

  /** Sign off, without a further word. */
  stop() {
    this.tell = () => null;
    clearTimeout(this.retry);
    this.ua?.stop();
  }
}
