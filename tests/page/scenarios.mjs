// What people do with the page in a browser.

import assert from 'node:assert/strict';

import { invalid, open, overflows, violations } from './browser.mjs';

export const CUSTOMER = '+16195550107';
export const SERGIO = '+16195550110';
export const BACKUP = '+16195550111';

// Waits for something that comes soon.
export const eventually = async (what, look, within = 15_000) => {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error.message;
    }
    assert(Date.now() < end, `${what}: ${last}`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
};

// A phone on the screen, by what stands above it.
export const phone = (page, name) =>
  page.locator('section.phone').filter({ has: page.getByRole('heading', { level: 2, name }) });

export const write = async (page, name, words) => {
  const of = phone(page, name);
  await of.getByLabel(/^Write as/).fill(words);
  await of.getByRole('button', { name: 'Send', exact: true }).click();
};

// That the browser complained of nothing: no policy broken, no error in the script.
export const isQuiet = async (page) => {
  assert.deepEqual(await page.evaluate(() => globalThis.csp ?? []), []);
  assert.deepEqual(page.context().complaints, []);
};

const loadedOnce = async (page) => {
  await page.evaluate(() => { globalThis.isSame = true; });
  return async () => assert(await page.evaluate(() => globalThis.isSame === true), 'it was loaded again');
};

// A customer writes, Sergio's phone shows it, he answers, and the customer's phone shows that.
export const customerToPerson = async ({ relay, browser }) => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(`${relay.page}/phones`);
  const isStill = await loadedOnce(page);
  await write(page, /Customer 0107/, 'Is the boat ready?');
  await phone(page, /Sergio/).getByText(/Is the boat ready\?/).waitFor();
  await phone(page, /Customer 0107/).getByText(/reached Sergio after \d/).waitFor();
  await phone(page, /Sergio/).getByText(/delivered after \d/).first().waitFor();
  await write(page, /Sergio/, 'Yes, come at five');
  await phone(page, /Customer 0107/).locator('.got').getByText(/Yes, come at five/).waitFor();
  await isStill();
  assert.equal(await phone(page, /Customer 0107/).getByLabel(/^Write as/).inputValue(), '');
  assert((await relay.shows(CUSTOMER)).some((entry) => !entry.sent && entry.body.includes('come at five')));
  await isQuiet(page);
};

// Sergio's phone is off: the text goes on to the backup, and both phones and the stream say why.
export const handOver = async ({ relay, browser }) => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(`${relay.page}/phones`);
  const sergio = phone(page, /Sergio/);
  await sergio.getByText('Call, switch off').click();
  await sergio.getByLabel('The phone is').selectOption('off');
  await sergio.getByRole('button', { name: 'Set' }).click();
  await sergio.locator('.phone-head').getByText('off').waitFor();
  await write(page, /Customer 0107/, 'Anybody there?');
  await sergio.getByText(/did not arrive: 30003/).waitFor({ timeout: 30_000 });
  await phone(page, /Backup/).getByText(/Anybody there\?/).first().waitFor({ timeout: 60_000 });
  await phone(page, /Customer 0107/).getByText(/Sergio did not get it \(30003\); reached Backup/).waitFor({ timeout: 30_000 });
  await page.goto(`${relay.page}/stream`);
  await page.locator('#log').getByText(/moved on|next person|handed over|30003/i).first().waitFor();
  await isQuiet(page);
};

// A call rings, is answered, is taken by 1, and ends; another one ends in a voicemail that can be played.
export const calls = async ({ relay, browser }) => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(`${relay.page}/phones`);
  const [customer, sergio, backup] = [/Customer 0107/, /Sergio/, /Backup/].map((name) => phone(page, name));
  const calls = async () => {
    const way = customer.getByRole('button', { name: 'Call the line' });
    if (!(await way.isVisible())) await customer.getByText('Call, switch off').click();
    await way.click();
  };
  const press = (of, name) => of.getByRole('button', { name, exact: true }).click({ timeout: 30_000 });
  await calls();
  await press(sergio, 'Answer');
  await press(sergio, 'Press');
  await sergio.getByText('talks').waitFor({ timeout: 30_000 });
  await customer.getByText('talks').waitFor();
  await press(sergio, 'Hang up');
  await sergio.locator('.call').getByText('over', { exact: true }).waitFor();
  await customer.getByText('Call to the line').waitFor();
  await eventually('the call is over', async () => (await customer.locator('.call.live').count()) === 0);

  await calls();
  await press(sergio, 'Decline');
  await press(backup, 'Decline');
  await customer.getByText(/beep/i).first().waitFor({ timeout: 60_000 });
  await press(customer, 'Speak');
  await page.waitForTimeout(8500);
  await press(customer, 'Hang up');
  const message = page.locator('[data-region=messages] audio');
  await message.waitFor({ timeout: 60_000 });
  const sound = await context.request.get(relay.page + await message.getAttribute('src'));
  assert.equal(sound.headers()['content-type'], 'audio/mpeg');
  assert((await sound.body()).length > 100);
  await isQuiet(page);
};

// Two tabs show the same; with twelve, each still works.
export const tabs = async ({ relay, browser }) => {
  const context = await open(browser);
  const pages = [];
  for (let n = 0; n < 12; n += 1) {
    const page = await context.newPage();
    await page.goto(`${relay.page}/${n % 2 ? 'phones' : 'stream'}`);
    pages.push(page);
  }
  await write(pages[1], /Customer 0107/, 'Once for all');
  for (const [n, page] of pages.entries()) {
    if (n % 2) await phone(page, /Sergio/).getByText(/Once for all/).waitFor();
    else await page.locator('#log li').getByText(/Sergio/).first().waitFor();
  }
  const last = pages[11];
  await write(last, /Sergio/, 'From the last tab');
  await phone(pages[1], /Customer 0107/).locator('.got').getByText(/From the last tab/).waitFor();
  for (const page of pages) await isQuiet(page);
};

// The relay is started again: the open stream goes on, and has each record once.
export const restart = async ({ relay, browser }) => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(`${relay.page}/stream`);
  const rows = () => page.locator('#log > li').count();
  const texts = async (words) => {
    await relay.sandbox('POST', 'texts', { from: CUSTOMER, body: words });
    await eventually('it is delivered', () => relay.audit().filter((r) => r.outcome === 'delivered').length > done);
  };
  let done = 0;
  await texts('Before');
  await eventually('all rows are there', async () => (await rows()) === relay.audit().length);
  done = relay.audit().filter((r) => r.outcome === 'delivered').length;
  const took = await relay.stop();
  assert(took < 5000, `it stops after ${took} ms`);
  await relay.start();
  await texts('After');
  await eventually('all rows are there, once', async () => (await rows()) === relay.audit().length, 30_000);
  const ids = await page.locator('#log > li').evaluateAll((all) => all.map((row) => row.dataset.id));
  assert.equal(new Set(ids).size, ids.length);
};

// Everything that is done on the page, without script.
export const withoutScript = async ({ relay, browser }) => {
  const context = await open(browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  const is = (name) => page.getByRole('heading', { level: 1, name });
  await page.goto(`${relay.page}/phones`);
  await write(page, /Customer 0107/, 'Without script');
  await page.waitForURL(/phones#p/);
  await eventually('Sergio has it', async () => {
    await page.reload();
    return phone(page, /Sergio/).getByText(/Without script/).isVisible();
  });
  await page.getByLabel('One phone more').fill('619-555-0142');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await phone(page, /Customer 0142/).waitFor();
  await page.getByLabel('Have this happen').selectOption('held=30s');
  await page.getByRole('button', { name: 'Add fault' }).click();
  await page.getByRole('button', { name: 'Forget all' }).click();
  await page.getByText('No fault waits.').waitFor();
  await page.getByLabel('How many').fill('3');
  await page.locator('#burst-phone').selectOption({ label: 'Customer 0142' });
  await page.getByRole('button', { name: 'Send them' }).click();
  await eventually('the burst is sent', async () => (await relay.shows('+16195550142')).filter((e) => e.sent).length === 3);

  await page.goto(`${relay.page}/conversations`);
  await page.getByRole('link', { name: /0107/ }).click();
  assert(!page.url().includes('0107'), page.url());
  await page.getByLabel('Words').fill('An answer');
  await page.getByRole('button', { name: 'Send' }).click();
  await eventually('the customer has it', async () => (await relay.shows(CUSTOMER)).some((e) => !e.sent && e.body.includes('An answer')));

  await page.goto(`${relay.page}/duty`);
  await page.getByRole('link', { name: /Away 2 h.*Sergio/ }).click();
  await page.getByText(/A customer's text goes to Backup from now on/).waitFor();
  const seen = await context.newPage();
  await seen.goto(page.url());
  await page.getByRole('button', { name: 'Yes, set it' }).click();
  await is('Duty').waitFor();
  await page.getByText(/set: away until/).waitFor();
  await seen.getByRole('button', { name: 'Yes, set it' }).click();
  await seen.getByText('Somebody else changed this since you saw it.').waitFor();
  await page.getByRole('link', { name: /Change….*Sergio/ }).click();
  await page.getByRole('button', { name: /Let the hours decide/ }).click();
  await page.getByRole('button', { name: 'Yes, set it' }).click();
  await is('Duty').waitFor();
  assert.equal(await page.getByText(/set: away until/).count(), 0);

  await page.goto(`${relay.page}/optouts`);
  await page.getByLabel('Look up a number').fill('858-555-0107');
  await page.getByRole('button', { name: 'Look up…' }).click();
  assert(!page.url().includes('555'), page.url());
  await page.getByRole('button', { name: 'Put it on the list' }).click();
  await page.getByText('by hand').waitFor();
  await page.getByRole('link', { name: /^change/ }).click();
  await page.getByRole('button', { name: 'Take it off the list' }).click();
  await page.getByText('Nobody opted out of its texts.').waitFor();

  await page.goto(`${relay.page}/health`);
  await page.getByRole('button', { name: 'Look now' }).click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Look again' }).waitFor();
  const by = relay.audit().filter((record) => record.kind === 'by_page');
  assert.equal(by.length, 5, JSON.stringify(by));
  assert(by.every((record) => record.outcome.startsWith('dev ')));
};

// A text that nobody could get is a dead letter: tried again once, though two ask for it, and dropped with a reason.
export const deadLetters = async ({ relay, browser }) => {
  for (const to of [SERGIO, BACKUP]) {
    await relay.sandbox('POST', 'faults', { fault: { undeliverable: { code: 30005 } }, to, times: 9 });
  }
  await relay.sandbox('POST', 'texts', { from: CUSTOMER, body: 'Hello?' });
  await eventually('it is given up', () => relay.audit().some((record) => record.kind === 'gave_up'), 60_000);
  const context = await open(browser);
  const [page, other] = [await context.newPage(), await context.newPage()];
  await page.goto(`${relay.page}/dead`);
  await page.locator('.rows a.who').first().click();
  const letter = page.url();
  await page.getByRole('link', { name: 'Drop…' }).click();
  await page.getByLabel(/What was done instead/).fill('called 619-555-0107');
  await page.getByRole('button', { name: 'Take it off' }).click();
  await page.getByText(/has a number in it/).waitFor();
  await relay.sandbox('DELETE', 'faults');
  for (const tab of [page, other]) {
    await tab.goto(letter);
    await tab.getByRole('link', { name: 'Try again…' }).click();
    await tab.getByText('Sergio, then Backup').waitFor();
  }
  const asks = [page, other].map((tab) => tab.getByRole('button', { name: 'Try again now' }).click());
  await Promise.all(asks);
  await eventually('it reached Sergio', async () => (await relay.shows(SERGIO)).some((e) => e.body.includes('Hello?')), 30_000);
  assert.equal(relay.audit().filter((record) => record.kind === 'replayed').length, 1);
  const refused = await Promise.all([page, other].map((tab) => tab.getByText('Somebody else changed this').count()));
  assert.equal(refused[0] + refused[1], 1);
};

const settled = async (relay) => {
  await relay.sandbox('POST', 'texts', { from: CUSTOMER, body: 'Is the boat ready?' });
  await eventually('it is delivered', () => relay.audit().some((record) => record.outcome === 'delivered'));
  return relay.audit().find((record) => record.kind === 'decision').message_sid;
};

// Every screen, with something on it.
export const screens = async (relay, page) => {
  const sid = await settled(relay);
  await page.goto(`${relay.page}/conversations`);
  const conversation = await page.locator('.rows a.who').first().getAttribute('href');
  return ['/', '/phones', '/stream', `/texts/${sid}`, '/conversations', conversation, '/duty', '/duty?at=Sat%2002:00',
    '/duty/Sergio?line=qdn&presence=away&until=2h', '/dead', '/notices', '/subscribers', '/optouts', '/health', '/nowhere'];
};

// Every screen in both themes, two widths and with large text: nothing for axe, nothing too wide, valid HTML.
export const judged = async ({ relay, browser }) => {
  const context = await open(browser);
  const page = await context.newPage();
  const wrong = [];
  const note = (where, found) => { if (found.length) wrong.push(`${where}: ${[].concat(found).join('\n  ')}`); };
  for (const screen of await screens(relay, page)) {
    const answer = await page.goto(relay.page + screen);
    note(`${screen} HTML`, await invalid(await answer.text()));
    note(`${screen} policy`, await page.evaluate(() => globalThis.csp));
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1280, 320]) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: width === 320 ? 568 : 800 });
        note(`${screen} ${colorScheme} ${width}`, await violations(page));
        note(`${screen} ${width} width`, await overflows(page));
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    const devtools = await context.newCDPSession(page);
    await devtools.send('DOM.enable');
    await devtools.send('CSS.enable');
    const { frameTree } = await devtools.send('Page.getFrameTree');
    const { styleSheetId } = await devtools.send('CSS.createStyleSheet', { frameId: frameTree.frame.id });
    await devtools.send('CSS.setStyleSheetText', { styleSheetId, text: ':root { font-size: 32px !important; }' });
    note(`${screen} text at 200 %`, await overflows(page));
    await devtools.detach();
  }
  assert.deepEqual(wrong, []);
};

// By keyboard alone: every control of a screen is reached, in order, visibly, and a text is written and sent.
export const keyboard = async ({ relay, browser }) => {
  const context = await open(browser);
  const page = await context.newPage();
  for (const screen of ['/', '/phones', '/conversations', '/duty', '/optouts', '/health']) {
    await page.goto(relay.page + screen);
    const all = await page.locator('a[href]:visible, button:visible, input:not([type=hidden]):visible, select:visible, textarea:visible, summary:visible').count();
    const reached = await page.evaluate(() => { globalThis.reached = new Set(); return 0; });
    assert.equal(reached, 0);
    for (let n = 0; n < all + 12; n += 1) {
      await page.keyboard.press('Tab');
      const bare = await page.evaluate(() => {
        const at = document.activeElement;
        if (at === document.body) return '';
        globalThis.reached.add(at);
        return getComputedStyle(at).outlineStyle === 'none' ? at.outerHTML.slice(0, 80) : '';
      });
      assert.equal(bare, '', `${screen}: the focus is not to be seen`);
    }
    const count = await page.evaluate(() => [...globalThis.reached].filter((e) => e.matches('a, button, input, select, textarea, summary')).length);
    assert(count >= all, `${screen}: ${count} of ${all} are reached`);
  }
  await page.goto(`${relay.page}/phones`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  await phone(page, /Customer 0107/).getByLabel(/^Write as/).focus();
  await page.keyboard.type('By keys');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await phone(page, /Sergio/).getByText(/By keys/).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Send');
};

// What strangers write is shown and does nothing.
export const hostile = async ({ relay, browser }) => {
  const texts = ['<script>globalThis.hit = 1</script><img src=x onerror="globalThis.hit = 1">', '</template></section><h1>Mine</h1>',
    'right\u202eto left\u2066 and a mark\u200f', 'zero\u0000 and bell\u0007', '😀'.repeat(1600), `z${'\u0301\u0322'.repeat(200)}algo`, '{{ 7 * 7 }}{% raw %}'];
  for (const body of texts) await relay.sandbox('POST', 'texts', { from: CUSTOMER, body });
  await eventually('they are taken in', () => relay.audit().filter((r) => r.kind === 'decision').length >= texts.length, 30_000);
  const context = await open(browser, { viewport: { width: 320, height: 568 } });
  const page = await context.newPage();
  await page.goto(`${relay.page}/conversations`);
  const conversation = await page.locator('.rows a.who').first().getAttribute('href');
  for (const screen of ['/', '/phones', '/stream', '/conversations', conversation]) {
    const answer = await page.goto(relay.page + screen);
    const html = await answer.text();
    assert(!/[\u0000\u0007\u202e\u2066]/.test(html), screen);
    assert(!html.includes('<script>globalThis'), screen);
    assert.equal(await page.locator('h1').count(), 1, screen);
    assert.equal(await page.evaluate(() => globalThis.hit), undefined, screen);
    assert.equal(await overflows(page), '', screen);
  }
  await page.goto(`${relay.page}/phones`);
  await phone(page, /Customer 0107/).getByText('<script>globalThis.hit').first().waitFor();
  await isQuiet(page);
};

// What the first view costs: few requests and few bytes, and later ones are kept.
export const weight = async ({ relay, browser }) => {
  const { gzipSync } = await import('node:zlib');
  const context = await open(browser);
  const page = await context.newPage();
  let bytes = 0;
  const asked = [];
  page.on('response', async (response) => {
    if (response.url().includes('/events') || response.url().includes('/changes')) return;
    asked.push(response.url());
    bytes += gzipSync(await response.body().catch(() => Buffer.alloc(0))).length;
  });
  for (const screen of ['/', '/phones', '/stream']) {
    bytes = 0;
    asked.length = 0;
    await page.goto(relay.page + screen, { waitUntil: 'load' });
    await page.waitForTimeout(500);
    assert(asked.filter((url) => url.startsWith('http')).length <= 4, asked.join('\n'));
    assert(bytes <= 30 * 1024, `${screen}: ${bytes} bytes compressed`);
  }
  assert((await context.cookies()).every((cookie) => cookie.httpOnly && cookie.sameSite === 'Strict'));
};

// Outside `relay dev` no number and no word of a customer's is in what the page sends, keeps or logs.
export const leaks = async ({ relay }) => {
  const fs = await import('node:fs');
  const os = await import('node:os');
  const path = await import('node:path');
  const { launchIn } = await import('./browser.mjs');
  const { Serve } = await import('./relay.mjs');
  const [number, words] = ['+18585550177', 'marker-words-7731'];
  const serve = await new Serve(relay).start();
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'relay-profile-'));
  try {
    await relay.sandbox('POST', 'numbers', { number: '+16195550100', sms_url: `${serve.url}/twilio/sms` });
    await relay.sandbox('POST', 'texts', { from: number, body: words });
    await eventually('Sergio has it', async () => (await relay.shows(SERGIO)).some((e) => e.body.includes(words)), 30_000);
    await eventually('it is on record', () => serve.audit().some((record) => record.outcome === 'delivered'), 30_000);
    const sid = serve.audit().find((record) => record.kind === 'decision').message_sid;
    const context = await launchIn(profile);
    const page = context.pages()[0] ?? await context.newPage();
    const seen = [];
    page.on('request', (request) => seen.push(request.url(), request.postData() ?? ''));
    page.on('response', async (response) => seen.push(await response.text().catch(() => '')));
    await page.goto(serve.login);
    await page.goto(`${serve.page}/conversations`);
    const conversation = await page.locator('.rows a.who').first().getAttribute('href');
    for (const screen of ['/', '/stream', `/texts/${sid}`, '/conversations', conversation, '/duty', '/dead', '/notices', '/subscribers', '/optouts', '/health']) {
      const answer = await page.goto(serve.page + screen);
      assert.equal(answer.status(), 200, screen);
      seen.push(await answer.text(), await page.title());
    }
    assert.equal((await page.goto(`${serve.page}/phones`)).status(), 404);
    const cookies = await context.cookies();
    seen.push(JSON.stringify(cookies), await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })));
    await context.close();
    const files = fs.readdirSync(profile, { recursive: true }).map((file) => path.join(profile, file));
    for (const file of files) {
      if (fs.statSync(file).isFile()) seen.push(fs.readFileSync(file).toString('latin1'));
    }
    seen.push(serve.log);
    assert(seen.some((text) => text.includes('•••77')), 'the customer is shown masked');
    for (const mark of [number, number.slice(1), '858-555-0177', '(858) 555-0177', '5550177', words]) {
      const where = seen.find((text) => text.includes(mark));
      assert(!where, `${mark} is in ${where?.slice(Math.max(0, where.indexOf(mark) - 200), where.indexOf(mark) + 50)}`);
    }
  } finally {
    await serve.end();
    fs.rmSync(profile, { recursive: true, force: true });
  }
};
