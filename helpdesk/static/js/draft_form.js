// A form as its draft sees it: what was typed there and for whom, and how that comes back.
import { fieldsOf, givenOf, nameOf, setField, valueOf } from "./fields.js";
import { fill } from "./texts.js";

const READERS = "[data-draft-says]";

export const readersOf = (form) => [...form.querySelectorAll(READERS)];

/** Words, files and readers of a form; `before` are the fields as they were kept last. */
export function typedIn(form, before) {
  const fields = { ...before };
  for (const field of fieldsOf(form)) note(fields, field);
  const reader = readersOf(form).find((radio) => radio.checked);
  const files = [...form.querySelectorAll("[name=kept]")].map((each) => ({ ...each.dataset, token: each.value }));
  return { fields, files, once: form.elements.once?.value, reader: reader && { value: reader.value, says: reader.dataset.draftSays } };
}

/** A field counts when it is not as the server gave it, now or when its words were first kept. */
function note(fields, field) {
  if (field.matches(READERS)) return;
  const [name, now] = [nameOf(field), valueOf(field)];
  const was = fields[name]?.was ?? givenOf(field);
  if (now === was) delete fields[name];
  else fields[name] = { now, was };
}

/** Put the words back where they were. isBack: something was not there already; files: some have to be brought back. */
export function fillIn(form, draft) {
  const places = new Map(fieldsOf(form).map((field) => [nameOf(field), field]));
  const back = Object.entries(draft.fields).map(([name, kept]) => places.has(name) && putBack(places.get(name), kept));
  const there = [...form.querySelectorAll("[name=kept]")].map((each) => each.value);
  const files = draft.files.some(({ token }) => !there.includes(token));
  if (draft.sent && draft.once && form.elements.once) form.elements.once.value = draft.once;
  return { isBack: [...back, files].some(Boolean), files };
}

function putBack(field, { now, was }) {
  const given = givenOf(field);
  if (given === now) return false;
  if (given && given !== was && !("draftYields" in field.dataset)) offer(field, now);
  else setField(field, now);
  return true;
}

/** The server has something newer than what these words were written over: both are shown. */
function offer(field, words) {
  if (!field.matches("textarea, input:not([type=checkbox], [type=radio])")) return;
  const { draftTyped, draftUse } = document.body.dataset;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet", textContent: draftUse });
  const line = Object.assign(document.createElement("p"), { className: "draft-other", textContent: fill(draftTyped, { words }) });
  button.addEventListener("click", () => { setField(field, words); line.remove(); field.focus(); });
  line.append(" ", button);
  field.after(line);
}
