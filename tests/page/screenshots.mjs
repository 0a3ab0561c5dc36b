// Pictures for docs/page.md, small and few.

import fs from 'node:fs';
import path from 'node:path';

import { open } from './browser.mjs';
import { phone, screens, write } from './scenarios.mjs';

const FOLDER = path.resolve(import.meta.dirname, '../../docs/page');
const LARGEST = 100_000;

const take = async (page, name) => {
  const file = path.join(FOLDER, `${name}.png`);
  await page.screenshot({ path: file });
  const { size } = fs.statSync(file);
  if (size > LARGEST) throw new Error(`${name}.png has ${size} bytes`);
};

export const shots = async ({ relay, browser }) => {
  fs.mkdirSync(FOLDER, { recursive: true });
  const context = await open(browser, { viewport: { width: 1280, height: 640 } });
  const page = await context.newPage();
  const all = await screens(relay, page);
  await page.goto(`${relay.page}/phones`);
  await write(page, /Sergio/, 'Yes, come at five');
  await phone(page, /Customer 0107/).locator('.got').getByText(/come at five/).waitFor();
  await page.waitForTimeout(2500);
  await take(page, 'phones');
  const story = all.find((screen) => screen.startsWith('/texts/'));
  for (const [name, screen] of [['now', '/'], ['stream', '/stream'], ['story', story], ['duty', '/duty']]) {
    await page.goto(relay.page + screen);
    await take(page, name);
  }
  await page.setViewportSize({ width: 320, height: 568 });
  await page.goto(relay.page);
  await take(page, 'now-320');
};
