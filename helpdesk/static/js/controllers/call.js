// The call bar: what happens is told to a screen reader at once and stands in the window's title while it rings.
// Values: says (the words), rings. A form that somebody fills is marked, so that nothing takes its words away.
import { applyRegion } from "../rows.js";
import { Controller } from "../vendor.js";

const BELL = "☎ ";
const bare = () => (document.title.startsWith(BELL) ? document.title.slice(BELL.length) : document.title);

export default class extends Controller {
  static values = { says: String, rings: Boolean };

  saysValueChanged(words) {
    const place = document.getElementById("phone-said");
    if (place && place.textContent !== words) place.textContent = words;
  }

  ringsValueChanged(rings) { document.title = rings ? BELL + bare() : bare(); }

  disconnect() { document.title = bare(); }

  typed(event) { event.target.closest(".call-form")?.classList.add("is-typed"); }

  /** What a button of the bar brings comes in as news does: the form keeps its words until it is sent itself. */
  answered(event) {
    const { target, elt, xhr, shouldSwap } = event.detail;
    if (target.id !== "phone-bar" || !shouldSwap) return;
    event.detail.shouldSwap = false;
    elt.closest(".call-form")?.classList.remove("is-typed");
    applyRegion(target, xhr.responseText);
  }

  /** Fields that belong to one next step are shown with it. */
  step(event) {
    const form = event.target.closest("form");
    for (const part of form.querySelectorAll("[data-of-step]")) part.hidden = !part.dataset.ofStep.split(" ").includes(event.target.value);
  }
}
