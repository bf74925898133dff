// One Socket.IO connection for the page, websocket only. Hints come down; presence goes up.
import { loadSocketClient } from "./vendor.js";

const QUICK = 4000;
let socket = null;

/** Whether pushes arrive at this moment. */
export const isLive = () => Boolean(socket?.connected);

const tell = (state) => document.dispatchEvent(new CustomEvent("live:state", { detail: state }));

/** Ask the server something; null when it does not answer in time. */
export async function ask(name, data) {
  if (!isLive()) return null;
  return socket.timeout(QUICK).emitWithAck(name, data).catch(() => null);
}

/** Send something that may be lost. */
export const say = (name, data) => isLive() && socket.volatile.emit(name, data);

/** Connect once; `handlers` maps event names to functions. */
export async function connect(handlers) {
  const { io } = await loadSocketClient();
  socket = io({ path: "/socket.io", transports: ["websocket"], reconnectionDelay: 1000, reconnectionDelayMax: 15000, randomizationFactor: 0.5 });
  for (const [name, handler] of Object.entries(handlers)) socket.on(name, handler);
  socket.on("connect", () => tell("on"));
  socket.on("disconnect", () => tell("off"));
  socket.on("connect_error", () => tell("off"));
}
