// Entry for the desk: all behaviours, htmx with our safety settings, live lists over one socket.
import clock from "./controllers/clock.js";
import confirm from "./controllers/confirm.js";
import connection from "./controllers/connection.js";
import dialog from "./controllers/dialog.js";
import draft, { keepAllDrafts } from "./controllers/draft.js";
import files from "./controllers/files.js";
import insert from "./controllers/insert.js";
import keys from "./controllers/keys.js";
import panes from "./controllers/panes.js";
import presence from "./controllers/presence.js";
import present from "./controllers/present.js";
import { Flash, Menu, Print } from "./controllers/page.js";
import theme from "./controllers/theme.js";
import { startLive } from "./live.js";
import { bringDialogs } from "./dialogs.js";
import { goToMessage } from "./earlier.js";
import { guardSending } from "./sending.js";
import { start } from "./vendor.js";
import { csrfToken } from "./texts.js";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
const application = start({
  clock, confirm, connection, dialog, draft, files, flash: Flash, insert, keys, menu: Menu, panes,
  presence, present, print: Print, theme,
});

// what few pages need is loaded when it is there
const later = new Set(["call", "chart", "composer", "counter", "frame", "fullscreen", "softphone", "stored", "suggest", "unsend", "webphone"]);
const loadWhatIsThere = () => later.forEach(async (name) => {
  if (!document.querySelector(`[data-controller~="${name}"]`)) return;
  later.delete(name);
  application.register(name, (await import(`./controllers/${name}.js`)).default);
});
document.addEventListener("htmx:load", loadWhatIsThere);
document.addEventListener("htmx:load", keepAllDrafts);
loadWhatIsThere();
keepAllDrafts();
guardSending();
startLive();
bringDialogs();
goToMessage();
addEventListener("hashchange", goToMessage);
