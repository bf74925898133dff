// Ringing: two tones every four seconds, and a notice of the system where the person has allowed it.
const TONES = [440, 480];
const EVERY = 4;
const LASTS = 1.2;
const LOUD = 0.12;
const ROUNDS = 30;

export default class Ringing {
  start(words) {
    this.stop();
    this.sound();
    if (window.Notification?.permission === "granted") this.notice = new Notification(words, { tag: "helpdesk-phone", requireInteraction: true });
    this.notice?.addEventListener("click", () => window.focus());
  }

  sound() {
    this.context = new AudioContext();
    const gain = this.context.createGain();
    gain.gain.value = 0;
    gain.connect(this.context.destination);
    for (let round = 0; round < ROUNDS; round += 1) {
      gain.gain.setValueAtTime(LOUD, this.context.currentTime + round * EVERY);
      gain.gain.setValueAtTime(0, this.context.currentTime + round * EVERY + LASTS);
    }
    for (const frequency of TONES) {
      const tone = new OscillatorNode(this.context, { frequency });
      tone.connect(gain);
      tone.start();
    }
    this.context.resume();
  }

  stop() {
    this.context?.close();
    this.notice?.close();
    this.context = this.notice = null;
  }
}
