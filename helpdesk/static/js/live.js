// Live regions: <ol data-live-topic="queue:all" data-live-url="..." data-live-seq="41">.
// The server pushes {topic, seq, name, ticket, html?}: html is one row for a list ("" takes the row out); without html
// the region's own address is fetched again. After a gap we ask for what was missed; without a socket we poll.
import { showPresence } from "./controllers/presence.js";
import { applyRow, fetchRegion, rowId } from "./rows.js";
import { ask, connect, isLive } from "./socket.js";
import { announce } from "./texts.js";

const SWEEP = 20000;
const POLL = 15000;
const topics = new Map();
const waiting = new WeakMap();

const regionsOf = (topic) => [...document.querySelectorAll("[data-live-topic]")].filter((r) => r.dataset.liveTopic === topic);

/** Fetch a region again and morph it, at most once in a quarter of a second; data-live-now: at once, since few look at it. */
function refresh(region) {
  if (!region.dataset.liveUrl || waiting.has(region)) return;
  waiting.set(region, setTimeout(async () => {
    waiting.delete(region);
    await fetchRegion(region, region.dataset.liveUrl);
  }, "liveNow" in region.dataset ? 0 : 150 + Math.random() * 200));
}

function show(region, change) {
  if (typeof change.html === "string" && "list" in region.dataset) applyRow(region, change);
  else refresh(region);
  announce(region.dataset.liveNews);
}

/** Apply a change once; an older one never overwrites a newer one. One that names no ticket is news of the whole region. */
function receive(change) {
  const state = topics.get(change.topic);
  if (!state || (change.ticket && change.seq <= (state.shown.get(rowId(change)) ?? -1))) return;
  if (change.ticket) state.shown.set(rowId(change), change.seq);
  state.heard = Math.max(state.heard, change.seq);
  regionsOf(change.topic).forEach((region) => show(region, change));
  document.dispatchEvent(new CustomEvent("live:change", { detail: change }));
}

/** Ask what came after a number. Pushes of one batch come in any order, so only an answer moves the sure number. */
async function catchUp(topic, seq) {
  const state = topics.get(topic);
  const answer = await ask("after", { topic, seq });
  if (!answer?.ok) return;
  if (answer.reset) regionsOf(topic).forEach(refresh);
  (answer.changes ?? []).forEach((change) => receive({ topic, ...change }));
  state.seq = answer.seq;
  state.heard = Math.max(state.heard, answer.seq);
}

async function watch(topic) {
  const answer = await ask("watch", { topic });
  const state = topics.get(topic);
  if (!answer?.ok || !state) return;
  if (state.seq === null) {
    state.seq = answer.seq;
    regionsOf(topic).filter((region) => "liveNow" in region.dataset).forEach(refresh); // what came since the page was made
  } else await catchUp(topic, state.seq);
  document.dispatchEvent(new CustomEvent("live:watching", { detail: topic }));
}

/** Take note of live regions that came into the page; forget topics that nobody shows any more. */
function adopt() {
  for (const region of document.querySelectorAll("[data-live-topic]")) {
    const { liveTopic: topic, liveSeq: seq } = region.dataset;
    if (topics.has(topic)) continue;
    topics.set(topic, { seq: seq ? Number(seq) : null, heard: 0, shown: new Map() });
    watch(topic);
  }
  for (const topic of topics.keys()) {
    if (!regionsOf(topic).length && topics.delete(topic)) ask("unwatch", { topic });
  }
}

function poll() {
  if (isLive() || document.hidden) return;
  document.querySelectorAll("[data-live-url]").forEach(refresh);
}

/** Begin: adopt what is on the page, connect, sweep every 20 s, poll every 15 s while there is no socket. */
export function startLive() {
  adopt();
  document.addEventListener("htmx:load", adopt);
  document.addEventListener("visibilitychange", () => document.hidden || poll());
  setInterval(() => topics.forEach((state, topic) => catchUp(topic, Math.max(state.seq, state.heard))), SWEEP);
  setInterval(poll, POLL);
  const rewatch = () => [...topics.keys()].forEach(watch);
  return connect({ connect: rewatch, change: receive, presence: showPresence });
}
