// One file on its way to where it waits for its form, and its line in the form.
import { csrfToken } from "./texts.js";

const WAITING = "/new/files";

/** Send a file ahead; gives { status, answer } whatever happens (status 0: no line). */
export function upload(file, tell) {
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.append("files", file);
  body.append("owner", document.body.dataset.agent ? "desk" : "public");
  request.upload.addEventListener("progress", ({ loaded, total }) => tell(Math.floor((loaded / total) * 100)));
  const ended = new Promise((done) => request.addEventListener("loadend", () => done({ status: request.status, answer: read(request) })));
  request.open("POST", WAITING);
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("Accept", "application/json");
  request.send(body);
  return ended;
}

function read(request) {
  try { return JSON.parse(request.responseText); } catch { return {}; }
}

/** Files as a file field holds them. */
export function listOf(files) {
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  return list.files;
}

/** A line of the list, with a button that takes it away where there is a word for it. */
export function fileLine(words, remove, removed) {
  const line = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet", textContent: remove });
  button.addEventListener("click", removed);
  line.append(Object.assign(document.createElement("span"), { textContent: words }), ...(remove ? [" ", button] : []));
  return line;
}
