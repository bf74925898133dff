// A chart on a statistics page: an ECharts option as JSON in a <script type="application/json"> inside the element.
// Colours come from the tokens; the table beside it says the same for those who can't see it. Links in data.url open.
import { Controller, loadCharts } from "../vendor.js";

/** The colour of a token as it is now, light or dark: only an element that wears it knows. */
const token = (name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const look = () => ({
  color: ["accent", "amber-mark", "ink-3", "green", "red", "line-strong"].map(token),
  textStyle: { color: token("ink-2"), fontFamily: getComputedStyle(document.body).fontFamily },
  axis: { axisLine: { lineStyle: { color: token("line-strong") } }, axisLabel: { color: token("ink-2") }, splitLine: { lineStyle: { color: token("line") } } },
});

export default class extends Controller {
  static targets = ["place"];

  async connect() {
    this.listeners = { draw: () => this.draw(), resize: () => this.chart?.resize() };
    document.addEventListener("theme:change", this.listeners.draw);
    window.addEventListener("resize", this.listeners.resize);
    this.echarts = await loadCharts();
    if (this.element.isConnected) this.draw();
  }

  disconnect() {
    document.removeEventListener("theme:change", this.listeners.draw);
    window.removeEventListener("resize", this.listeners.resize);
    this.chart?.dispose();
  }

  /** The option; a text like "--green" is the colour of that token, light or dark. */
  get option() {
    const given = this.element.querySelector('script[type="application/json"]').textContent;
    return JSON.parse(given, (_key, value) => (typeof value === "string" && /^--[a-z0-9-]+$/.test(value) ? token(value.slice(2)) : value));
  }

  draw() {
    const { axis, ...rest } = look();
    const option = this.option;
    const dress = (part) => part && [part].flat().map((one) => ({ ...axis, ...one, axisLabel: { ...axis.axisLabel, ...one.axisLabel } }));
    this.chart?.dispose();
    this.chart = this.echarts.init(this.hasPlaceTarget ? this.placeTarget : this.element, null, { renderer: "svg" });
    this.chart.setOption({
      animation: false, aria: { enabled: false },
      grid: { left: 8, right: 8, top: 32, bottom: 8, containLabel: true }, ...rest, ...option,
      xAxis: dress(option.xAxis), yAxis: dress(option.yAxis), legend: option.legend && { textStyle: { color: token("ink-2") }, ...option.legend },
      tooltip: option.tooltip && { renderMode: "richText", ...option.tooltip },
    });
    this.chart.on("click", ({ data }) => data?.url && location.assign(data.url));
  }
}
