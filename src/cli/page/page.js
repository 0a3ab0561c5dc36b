// Live updates of pages that work without it. Text is never HTML.
const $ = (id) => document.getElementById(id);
const log = $("log");
const lives = document.querySelectorAll("[data-live]");
const MOST = 500, BEHIND = 256;

// ---- The stream: one tab holds it for all (six connections a host).
const channel = "BroadcastChannel" in window ? new BroadcastChannel("relay-events") : null;
let last = log?.dataset.from || document.body.dataset.from || "";
let kinds = (log?.dataset.kinds || document.body.dataset.kinds || "").split(" ").filter(Boolean);
let source = null, recent = [], oldest = "", letGo = null, timer = 0, wanted = false;

const place = (id) => { const [file, offset] = id.split("-"); return { file, offset: Number(offset) }; };
const isLater = (id, than) => {
  const a = place(id), b = place(than);
  return a.file !== b.file || a.offset > b.offset;
};

function take(row) {
  if (last && !isLater(row.id, last)) return;
  last = row.id;
  document.dispatchEvent(new CustomEvent("relay:row", { detail: row }));
}

function tell(message) { channel?.postMessage(message); }

// As the one that holds the stream.
function open() {
  oldest = last;
  recent = [];
  source = new EventSource("/events" + (last ? "?from=" + encodeURIComponent(last) : ""));
  const got = (event) => {
    const row = JSON.parse(event.data);
    recent.push(row);
    if (recent.length > BEHIND) oldest = recent.shift().id;
    take(row);
    tell({ row });
  };
  for (const kind of kinds) source.addEventListener(kind, got);
  source.addEventListener("lost", () => { tell({ lost: true }); location.reload(); });
  source.onopen = () => says("live");
  source.onerror = () => {
    says("not connected, trying again");
    // Refused, such as after a restart: this session may be over.
    if (source?.readyState === EventSource.CLOSED) {
      source.close();
      setTimeout(() => { if (source) open(); }, 2000);
    }
  };
}

function close() {
  source?.close();
  source = null;
}

function join() {
  if (wanted || !kinds.length) return;
  wanted = true;
  if (!navigator.locks || !channel) return open();
  const abort = new AbortController();
  let done = () => {};
  letGo = () => { abort.abort(); done(); };
  navigator.locks.request("relay-events", { signal: abort.signal }, () => {
    open();
    return new Promise((resolve) => { done = resolve; });
  }).catch(() => {});
  tell({ hello: last });
  says("live");
}

function leave() {
  wanted = false;
  close();
  letGo?.();
  letGo = null;
}

if (channel) channel.onmessage = ({ data }) => {
  if (!wanted) return;
  if (data.hello !== undefined && source) {
    const reaches = !data.hello || data.hello === oldest || isLater(data.hello, oldest);
    tell(reaches ? { rows: recent, since: oldest } : { lost: true, of: data.hello });
  } else if (source) return;
  else if (data.state) says(data.state);
  else if (data.row) take(data.row);
  else if (data.rows) data.rows.forEach(take);
  else if (data.lost && (data.of === undefined || data.of === last)) location.reload();
};

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.hidden) timer = setTimeout(leave, 30000);
  else join();
});
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) join(); });

function says(text) {
  const state = $("state");
  if (state && state.textContent !== text) state.textContent = text;
  if (source) tell({ state: text });
}

// ---- Rows of the stream.
if (log?.dataset.from) {
  const choices = new URLSearchParams(location.search);
  const pause = $("pause"), announce = $("announce"), template = $("row");
  let paused = false, held = [], told = 0;
  $("live").hidden = false;

  const isWanted = (row) =>
    (!choices.get("kind") || choices.get("kind") === row.group || choices.get("kind") === row.kind)
    && (!choices.get("line") || choices.get("line") === row.line)
    && (!choices.get("problems") || row.state === "warn" || row.state === "bad");

  const add = (row) => {
    const item = template.content.firstElementChild.cloneNode(true);
    const [time, chip, text, link] = item.children;
    time.dateTime = row.iso;
    time.title = row.full;
    time.textContent = row.time;
    chip.className = "chip " + row.state;
    chip.textContent = row.word;
    text.textContent = row.says + (row.took ? ", after " + row.took : "");
    if (row.story) {
      link.href = row.story;
      link.ariaLabel = "Story of what happened at " + row.time;
    } else link.remove();
    item.dataset.id = row.id;
    item.classList.add("new");
    log.prepend(item);
    // Whoever stands on a row keeps it.
    while (log.children.length > MOST && !log.lastElementChild.contains(document.activeElement)) {
      log.lastElementChild.remove();
    }
    $("empty")?.remove();
  };

  document.addEventListener("relay:row", ({ detail: row }) => {
    if (!isWanted(row)) return;
    if (!paused) add(row);
    else {
      held.push(row);
      if (held.length > MOST) held.shift();
      pause.textContent = "Resume, " + held.length + " new";
    }
    const isProblem = row.state === "warn" || row.state === "bad";
    if (announce.checked && isProblem && Date.now() - told > 10000) {
      told = Date.now();
      $("said").textContent = row.word + ": " + row.says;
      setTimeout(() => { $("said").textContent = ""; }, 9000);
    }
  });

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.ariaPressed = String(paused);
    if (!paused) held.splice(0).forEach(add);
    pause.textContent = paused ? "Resume" : "Pause";
  });
}

// ---- Parts of other screens: [data-live] with an id is fetched anew.
if (lives.length) {
  let due = 0, isAsking = false, again = false;
  const refresh = () => {
    if (isAsking) { again = true; return; }
    isAsking = true;
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.open("GET", location.href);
    request.onerror = () => { $("said").textContent = "The relay does not answer. This is how it was."; };
    request.onload = () => {
      $("said").textContent = "";
      if (request.status === 200 && request.response) {
        for (const old of document.querySelectorAll("[data-live][id]")) {
          const fresh = request.response.getElementById(old.id);
          if (fresh && !old.isEqualNode(fresh)) replace(old, document.importNode(fresh, true));
        }
      }
    };
    request.onloadend = () => {
      isAsking = false;
      if (again) { again = false; soon(); }
    };
    request.send();
  };
  // Nobody loses what they write, what they opened, or where they stand.
  const replace = (old, fresh) => {
    const active = document.activeElement;
    const isInside = old.contains(active);
    if (isInside && active.matches("input, textarea, select")) return;
    const isChanged = (field) => field.value !== field.defaultValue;
    if ([...old.querySelectorAll("input, textarea")].some(isChanged)) return;
    const marked = getSelection();
    if (!marked.isCollapsed && old.contains(marked.anchorNode)) return;
    for (const open of old.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector("#" + CSS.escape(open.id));
      if (same) same.open = true;
    }
    old.replaceWith(fresh);
    if (!isInside) return;
    const opened = active.closest("summary") && active.closest("details[id]");
    const link = active.getAttribute("href");
    const mark = active.id ? "#" + CSS.escape(active.id)
      : opened ? "#" + CSS.escape(opened.id) + " > summary"
      : link && `a[href="${CSS.escape(link)}"]`;
    ((mark && fresh.querySelector(mark)) || fresh).focus({ preventScroll: true });
  };
  const soon = () => { clearTimeout(due); due = setTimeout(refresh, 300); };
  let before = 0;
  document.addEventListener("relay:row", () => {
    clearTimeout(due);
    const wait = Math.max(0, before + 1000 - Date.now());
    due = setTimeout(() => { before = Date.now(); refresh(); }, Math.max(wait, 150));
  });
  const every = Number(document.body.dataset.every || 15) * 1000;
  setInterval(() => { if (!document.hidden) refresh(); }, every);
}

if (!document.hidden && (log?.dataset.from || lives.length)) join();
