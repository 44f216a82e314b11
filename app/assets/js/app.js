// Pages work without this. It only saves looking again: live progress, fresh
// numbers, a word when an order comes in. No state lives here.
const live = document.body.dataset.live === "on";

// [data-refresh="SECONDS"]: replaces itself with the same element of the page as
// it is now, unless somebody is using it.
for (const part of document.querySelectorAll("[data-refresh][id]")) refresh(part.id, Number(part.dataset.refresh));

function refresh(id, seconds) {
  setTimeout(async () => {
    const old = document.getElementById(id);
    if (!old) return;
    if (!document.hidden && !old.contains(document.activeElement)) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        if (answer.ok && !answer.redirected) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const now = page.getElementById(id);
          if (now) old.replaceWith(now);
        }
      } catch { /* offline: the next round tries again */ }
    }
    if (document.getElementById(id)?.dataset.refresh) refresh(id, seconds);
  }, seconds * 1000);
}

// [data-copy="TEXT"] on a button puts the text on the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  say("Copied.");
});

function say(text, href) {
  let toasts = document.querySelector(".toasts");
  if (!toasts) {
    toasts = document.createElement("div");
    toasts.className = "toasts";
    toasts.setAttribute("role", "status");
    document.body.append(toasts);
  }
  const toast = document.createElement(href ? "a" : "p");
  toast.textContent = text;
  if (href) toast.href = href;
  toasts.append(toast);
  setTimeout(() => toast.remove(), 8000);
}

// Events of the box, where a session is open.
let wait = 1000;
function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.addEventListener("open", () => { wait = 1000; });
  socket.addEventListener("message", (event) => {
    let message;
    try { message = JSON.parse(event.data); } catch { return; }
    if (message.type === "new_order") say(`New order ${message.order}`, `/admin/orders/${message.order}`);
    if (message.type === "job_progress") progress(message.job, message.progress);
    if (message.type === "job_finished") progress(message.job, { done: 1, total: 1 });
  });
  socket.addEventListener("close", () => {
    setTimeout(listen, wait);
    wait = Math.min(wait * 2, 60000);
  });
}

// [data-job="ID"] on a <progress> follows that job.
function progress(job, { done, total, text }) {
  for (const bar of document.querySelectorAll(`progress[data-job="${CSS.escape(job)}"]`)) {
    if (total) { bar.max = total; bar.value = done; } else { bar.removeAttribute("value"); }
    const words = document.getElementById(`${bar.id}-text`);
    if (words && text) words.textContent = text;
  }
}

if (live) listen();
