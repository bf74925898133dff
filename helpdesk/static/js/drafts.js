// Where drafts lie in this browser: by user and form, each under an id of its own, so that two windows keep two.
// A draft is forgotten when the server has taken it (the cookie names it), when it is old, or when there are many.
const DAY = 86400000;
const MOST = 5;
const TAKEN = /(?:^|; )helpdesk_taken=([^;]*)/;

const user = () => document.body.dataset.agent ?? "";
const keptFor = () => (user() ? 30 : 1) * DAY; // anybody may sit at a browser that nobody signs in to
const place = (key) => `draft:${user()}:${key}`;
const taken = () => new Set(TAKEN.exec(document.cookie)?.[1].split(".") ?? []);
const read = (name) => { try { return JSON.parse(localStorage.getItem(name)) ?? {}; } catch { return {}; } };

function write(name, drafts) {
  const newest = Object.entries(drafts).sort(([, a], [, b]) => b.at - a.at).slice(0, MOST);
  if (newest.length) localStorage.setItem(name, JSON.stringify(Object.fromEntries(newest)));
  else localStorage.removeItem(name);
}

/** The drafts of a form by their ids, newest first, without those that the server has. */
export function draftsOf(key) {
  const sent = taken();
  const lives = ([id, draft]) => !sent.has(id) && Date.now() - draft.at < keptFor();
  const found = Object.entries(read(place(key))).filter(lives);
  return new Map(found.sort(([, a], [, b]) => b.at - a.at));
}

export function keepDraft(key, id, draft) {
  const others = Object.fromEntries(draftsOf(key));
  write(place(key), { ...others, [id]: { ...draft, at: Date.now() } });
}

export function forgetDraft(key, id) {
  const { [id]: gone, ...others } = Object.fromEntries(draftsOf(key));
  write(place(key), others);
}

/** Leave nothing of what was typed in this browser without signing in. */
export function forgetAll() {
  for (const name of Object.keys(localStorage)) if (name.startsWith(place(""))) localStorage.removeItem(name);
}
