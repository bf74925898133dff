// The dialogs of [data-dialogs-url] come when the first of them is wanted; from then on they are a live region as any other.
import { fetchRegion } from "./rows.js";
import { tell } from "./sending.js";

const dialogOf = (opener) => document.getElementById(opener.dataset.dialogOpens);
const openerOf = (id) => document.querySelector(`[data-dialog-opens="${CSS.escape(id)}"]`);

/** Fetch them, and press again: the opener itself may have been drawn anew meanwhile. */
async function bring(region, opener) {
  const flashes = document.getElementById("flashes");
  region.ariaBusy = "true";
  const came = await fetchRegion(region, region.dataset.dialogsUrl);
  region.ariaBusy = "false";
  flashes.querySelector(".not-sent")?.remove();
  if (!came) { tell(flashes); return; }
  region.dataset.liveUrl = region.dataset.dialogsUrl;
  delete region.dataset.dialogsUrl;
  (opener.isConnected ? opener : openerOf(opener.dataset.dialogOpens))?.click();
}

/** Bring the dialogs when somebody presses what opens one. Until then keys.js lets no key go elsewhere. */
export function bringDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-opens]");
    const region = document.querySelector("[data-dialogs-url]");
    if (opener && region && !dialogOf(opener) && region.ariaBusy !== "true") bring(region, opener);
  });
}
