
// Parts of a page (`data-region`) that take the place of the old ones.
const inPage = (name, value) => document.querySelector(`[${name}="${CSS.escape(value)}"]`);

// The document of an address; no script of it runs.
const asked = (method, address, body) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open(method, address);
  request.responseType = 'document';
  request.timeout = 15000;
  request.onload = () => resolve(request);
  request.onerror = request.ontimeout = () => reject(new Error('The relay does not answer.'));
  if (body) request.setRequestHeader('content-type', 'application/x-www-form-urlencoded');
  request.send(body);
});

const toTheEnd = (region) => { if ('end' in region.dataset) region.scrollTop = region.scrollHeight; };

const replace = (old, next) => {
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const typed = [...old.querySelectorAll('input[id]')].map((input) => [input.id, input.value]);
  old.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
  for (const [id, value] of typed) {
    const input = document.getElementById(id);
    if (input) input.value = value;
  }
  if (focus) {
    const same = [...old.querySelectorAll(focus.localName)].find((other) =>
      focus.id ? other.id === focus.id : other.value === focus.value && other.textContent === focus.textContent);
    (same ?? old.querySelector('button, a, input') ?? document.getElementById('main')).focus();
  }
  toTheEnd(old);
};

const put = (fresh) => {
  for (const list of fresh.querySelectorAll('[data-list]')) {
    const old = inPage('data-list', list.dataset.list);
    const isNew = (entry) => entry.id && !document.getElementById(entry.id);
    for (const entry of [...list.children].filter(isNew)) old?.append(document.importNode(entry, true));
  }
  for (const next of fresh.querySelectorAll('[data-region]')) {
    const old = inPage('data-region', next.dataset.region);
    if (old && !old.isEqualNode(next)) replace(old, next);
  }
};

// What a form says of its own.
const say = (form, words) => {
  let said = form.querySelector('[role=alert]');
  if (!said && words) {
    said = document.createElement('p');
    said.setAttribute('role', 'alert');
    said.className = 'bad';
    form.append(said);
  }
  if (said) said.textContent = words;
};

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!('stay' in form.dataset) || event.defaultPrevented) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await asked('POST', form.getAttribute('action'), fields);
    if (answer.status >= 400) throw new Error(answer.response?.querySelector('h1')?.textContent ?? `HTTP ${answer.status}`);
    if ('clear' in form.dataset) form.reset();
    say(form, '');
    put(answer.response);
  } catch (error) {
    say(form, error.message);
  }
});

let isAsking = false;
let isStale = false;
const refresh = async () => {
  isStale = true;
  while (isStale && !isAsking && !document.hidden) {
    isAsking = true;
    isStale = false;
    try {
      const answer = await asked('GET', location.pathname + location.search);
      if (answer.status === 200) put(answer.response);
      await new Promise((resolve) => { setTimeout(resolve, 250); });
    } catch {
      // The next news brings it.
    } finally {
      isAsking = false;
    }
  }
};
document.addEventListener('visibilitychange', () => { if (isStale) refresh(); });
document.querySelectorAll('[data-end]').forEach(toTheEnd);

// The phones: one tab hears of their changes for all, as a browser opens few connections to one host.
if (document.querySelector('[data-phones]')) {
  const others = new BroadcastChannel('relay-phones');
  others.onmessage = refresh;
  navigator.locks.request('relay-phones', () => new Promise(() => {
    new EventSource('/phones/changes').onmessage = () => {
      others.postMessage('');
      refresh();
    };
  }));
}
