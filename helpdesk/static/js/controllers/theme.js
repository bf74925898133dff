// Light, dark or as the system; comfortable or compact rows. Cookies, so that the server draws it right at once.
import { Controller } from "../vendor.js";

const YEAR = 31536000;
const remember = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR : 0}; samesite=lax`; };

export default class extends Controller {
  static targets = ["compact"];

  connect() { this.show(); }

  choose({ params: { name } }) {
    const root = document.documentElement.dataset;
    if (name) root.theme = name; else delete root.theme;
    remember("theme", name);
    this.show();
    document.dispatchEvent(new CustomEvent("theme:change"));
  }

  compact() {
    const root = document.documentElement.dataset;
    if (root.density) delete root.density; else root.density = "compact";
    remember("density", root.density ?? "");
    this.show();
  }

  show() {
    const { theme = "", density } = document.documentElement.dataset;
    for (const button of this.element.querySelectorAll("[data-theme-name-param]")) button.setAttribute("aria-pressed", button.dataset.themeNameParam === theme);
    this.compactTarget.setAttribute("aria-pressed", Boolean(density));
  }
}
