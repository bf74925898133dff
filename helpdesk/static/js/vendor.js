// The one place that names the folders of vendored libraries for our modules.
import { Application, Controller } from "../vendor/stimulus-3.2.2/stimulus.js";

export { Controller };

/** Start Stimulus with controllers by name; returns the running application. */
export function start(controllers) {
  const application = Application.start();
  for (const [name, controller] of Object.entries(controllers)) application.register(name, controller);
  return application;
}

/** The Socket.IO client, loaded when the first page needs it. */
export const loadSocketClient = () => import("../vendor/socket.io-client-4.8.4/socket.io.esm.min.js");

/** Apache ECharts, loaded on pages with a chart only. The file puts itself on the global object. */
export async function loadCharts() {
  await import("../vendor/echarts-6.1.0/echarts.common.min.js");
  return globalThis.echarts;
}

/** JsSIP, loaded in the window of a telephone only. */
export const loadJsSip = async () => (await import("../vendor/jssip-3.13.8/jssip.esm.min.js")).default;
