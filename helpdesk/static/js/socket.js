// One Socket.IO connection for the page, websocket only. Hints come down; presence goes up.
import { loadSocketClient } from "./vendor.js";

const QUICK = 4000;
const AGAIN = 1000;
const DOOR = "/socket.io/?EIO=4&transport=websocket";
let socket = null;

/** Whether pushes arrive at this moment. */
export const isLive = () => Boolean(socket?.connected);

const tell = (state, words = "") => document.dispatchEvent(new CustomEvent("live:state", { detail: { state, words } }));

/** Ask the server something; null when it does not answer in time. */
export async function ask(name, data) {
  if (!isLive()) return null;
  return socket.timeout(QUICK).emitWithAck(name, data).catch(() => null);
}

/** Send something that may be lost. */
export const say = (name, data) => isLive() && socket.volatile.emit(name, data);

/** Why the door lets nobody in, in the server's words: a websocket that failed does not say it. */
async function refusal() {
  const answer = await fetch(DOOR, { headers: { Accept: "application/json" } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  return { over: answer?.status === 401, words: told?.message ?? "" };
}

async function refused() {
  const { over, words } = await refusal();
  if (over) socket.disconnect();
  if (!isLive()) tell("off", words);
}

/** The server ends a socket when rights changed or the session is over: the door knows which. */
function ended(reason) {
  tell("off");
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), AGAIN);
}

/** Connect once; `handlers` maps event names to functions. */
export async function connect(handlers) {
  const { io } = await loadSocketClient();
  socket = io({ path: "/socket.io", transports: ["websocket"], reconnectionDelay: AGAIN, reconnectionDelayMax: 15000, randomizationFactor: 0.5 });
  for (const [name, handler] of Object.entries(handlers)) socket.on(name, handler);
  socket.on("connect", () => tell("on"));
  socket.on("disconnect", ended);
  socket.on("connect_error", refused);
}
