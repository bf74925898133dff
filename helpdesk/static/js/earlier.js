// A long case shows its newest messages; a link to an earlier one (#message-12) goes to the page that ends with it.

/** Go to the message that the address names, when this page of a long case has not got it. */
export function goToMessage() {
  const id = Number(/^#message-(\d+)$/.exec(location.hash)?.[1]);
  if (!id || !document.querySelector(".case-earlier") || document.getElementById(`message-${id}`)) return;
  const before = String(id + 1);
  if (new URLSearchParams(location.search).get("before") === before) return;
  location.replace(`${location.pathname}?before=${before}${location.hash}`);
}
