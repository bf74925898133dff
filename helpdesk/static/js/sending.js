// A form is sent only when the server can be reached: else the page stays, with every word, and says so in place.
const PATIENCE = 3000; // milliseconds; a slow line is still a line
const asking = new WeakSet();
const passed = new WeakSet();

/** Whether the form has been asked about already and goes now. */
export const goesNow = (form) => passed.has(form);

async function isReachable() {
  if (!navigator.onLine) return false;
  try {
    await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return true;
  } catch (error) {
    return error.name === "TimeoutError";
  }
}

/** Say at this place that nothing went out: there is no connection. */
export function tell(place) {
  place.querySelector(".not-sent")?.remove();
  const line = Object.assign(document.createElement("p"), { className: "field-error not-sent", role: "alert", textContent: document.body.dataset.notSent });
  place.append(line);
  line.scrollIntoView({ block: "nearest" });
}

async function ask(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post]") || passed.delete(form)) return;
  event.preventDefault();
  if (asking.has(form)) return; // a second click
  asking.add(form);
  const goes = await isReachable();
  asking.delete(form);
  form.querySelector(".not-sent")?.remove();
  if (!goes) { tell(form); return; }
  passed.add(form);
  form.requestSubmit(event.submitter);
}

/** Guard every form of the page; what is sent without leaving it says that it was not. */
export function guardSending() {
  document.addEventListener("submit", ask);
  document.addEventListener("htmx:sendError", () => tell(document.getElementById("flashes") ?? document.body));
}
