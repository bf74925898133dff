// Entry for the customer's pages and for paper: small behaviours only, every page works without them.
import clock from "./controllers/clock.js";
import confirm from "./controllers/confirm.js";
import counter from "./controllers/counter.js";
import dialog from "./controllers/dialog.js";
import draft, { keepAllDrafts } from "./controllers/draft.js";
import files from "./controllers/files.js";
import { Flash, Forget, Menu, Print } from "./controllers/page.js";
import promise from "./controllers/promise.js";
import suggest from "./controllers/suggest.js";
import { guardSending } from "./sending.js";
import { start } from "./vendor.js";

keepAllDrafts();
guardSending();
start({ clock, confirm, counter, dialog, draft, files, flash: Flash, forget: Forget, menu: Menu, print: Print, promise, suggest });
