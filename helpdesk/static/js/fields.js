// Reading and setting the fields of a form, whatever their kind: what a draft is made of.
const NOT_TYPED = "[type=hidden], [type=password], [type=file], [type=submit], [type=button], [data-draft-skip]";
const MARKED = "[type=checkbox], [type=radio]";
const chosen = (options) => [...options].map((option) => option.value).join("\n");

/** The fields that a person fills. */
export const fieldsOf = (form) =>
  [...form.elements].filter((each) => each.name && each.matches("input, textarea, select") && !each.matches(NOT_TYPED));

/** The name of one field, of one box among several too. */
export const nameOf = (field) => (field.matches(MARKED) ? `${field.name}=${field.value}` : field.name);

export function valueOf(field) {
  if (field.matches(MARKED)) return field.checked ? "on" : "";
  return field.matches("select") ? chosen(field.selectedOptions) : field.value;
}

/** What the server has put there. */
export function givenOf(field) {
  if (field.matches(MARKED)) return field.defaultChecked ? "on" : "";
  if (!field.matches("select")) return field.defaultValue;
  const given = [...field.options].filter((option) => option.defaultSelected);
  return chosen(given.length || field.multiple ? given : [...field.options].slice(0, 1));
}

export function setField(field, value) {
  if (field.matches(MARKED)) field.checked = value === "on";
  else if (field.matches("select")) for (const option of field.options) option.selected = value.split("\n").includes(option.value);
  else field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}
