// Words come from the page: templates with {placeholders} in data attributes. This file only fills them in.

/** Fill {name} places of a template. */
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** A length of time in at most two units, worded by the templates on <body>. */
export function lengthOfTime(seconds) {
  const units = document.body.dataset;
  const s = Math.max(0, Math.floor(seconds));
  const d = Math.floor(s / 86400);
  const h = Math.floor((s % 86400) / 3600);
  const m = Math.floor((s % 3600) / 60);
  if (d) return fill(h ? units.unitDh : units.unitD, { d, h });
  if (h) return fill(m ? units.unitHm : units.unitH, { h, m });
  return m ? fill(units.unitM, { m }) : fill(units.unitS, { s });
}

/** A length of working time, which nobody can take for hours by the clock. */
export function lengthOfWork(seconds) {
  const { workH1, workH, workTime } = document.body.dataset;
  const [h, rest] = [Math.floor(seconds / 3600), Math.floor(seconds) % 3600];
  if (h && rest < 60) return h === 1 ? workH1 : fill(workH, { h });
  return fill(workTime, { time: lengthOfTime(seconds) });
}

/** A file size with the unit that suits it. */
export function sizeOfFile(bytes) {
  const language = document.documentElement.lang || undefined;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

/** Tell a screen reader, politely. */
export function announce(text) {
  const place = document.getElementById("announce");
  if (place && text) place.textContent = text;
}

/** The token that the server asks for with every change. */
export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
