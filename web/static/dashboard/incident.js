/**
 * Shows hidden lines in place, beside those that were shown before: each is asked for, and recorded, by itself.
 * Nothing of them is kept: a page that comes back from the browser's memory is loaded again.
 */

async function show(form) {
  const item = form.closest("li");
  const button = form.querySelector("button");
  button.disabled = true;
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const line = page.getElementById(item.id)?.querySelector(".revealed");
  if (!response.ok || !line) return location.reload();
  item.replaceChildren(document.adoptNode(line));
  item.firstChild.focus();
  for (const id of ["burden", "pause"]) exchange(id, page);
  for (const waiting of document.querySelectorAll("#lines form")) renew(waiting, page);
}

/** Lets one part of the page say what the answer says; what the answer does not have any more goes. */
function exchange(id, page) {
  const [old, anew] = [document.getElementById(id), page.getElementById(id)];
  if (old && anew) old.replaceWith(document.adoptNode(anew));
  else old?.remove();
}

/** A line that is still hidden is asked for as the answer's page asks for it: after a break was offered, anyway or not. */
function renew(waiting, page) {
  const anew = page.getElementById(waiting.closest("li").id)?.querySelector("form");
  if (anew) waiting.replaceWith(document.adoptNode(anew));
}

document.getElementById("lines")?.addEventListener("submit", (event) => {
  event.preventDefault();
  show(event.target).catch(() => location.reload());
});

window.addEventListener("pageshow", (event) => event.persisted && location.reload());
