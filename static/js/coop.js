// What pages gain where there is script: copying, own times, menus that close, focus after a swap.
for (const button of document.querySelectorAll("button.copy")) reveal(button);

function reveal(button) {
  if (navigator.clipboard) button.hidden = false;
}

for (const zone of document.querySelectorAll("[data-instant]")) addOwnTime(zone);

// A time of the cooperative's zone, in the reader's own where the two differ.
function addOwnTime(zone) {
  const at = new Date(zone.dataset.instant);
  const language = document.documentElement.lang.replace(/^en$/, "en-GB");
  const told = (timeZone) => new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone }).format(at);
  if (told(undefined) !== told(zone.textContent)) zone.append(` · ${zone.dataset.own.replace("@", told(undefined))}`);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (button) await copy(button);
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = button.textContent;
  button.textContent = button.dataset.done;
  announce(button.dataset.done);
  setTimeout(() => { button.textContent = before; }, 2000);
}

function announce(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  for (const button of target.querySelectorAll("button.copy")) reveal(button);
  const focus = target.querySelector("#errors, [data-focus]");
  if (!focus) return;
  focus.setAttribute("tabindex", "-1");
  focus.focus();
});
