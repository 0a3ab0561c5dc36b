// Chromium, driven by playwright-core, and what judges a page in it.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const modules = process.env.RELAY_TEST_NODE_MODULES ?? path.join(root, '.tools/node/node_modules');
const require = createRequire(path.join(modules, 'a-file-beside-the-packages.js'));

// As tests/support/tools/install looks for it.
const BROWSERS = [
  process.env.RELAY_TEST_BROWSER,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
// Without these it looks for its maker's hosts at every start.
const QUIET = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const { chromium } = require('playwright-core');

const executablePath = () => {
  const found = BROWSERS.find((browser) => browser && fs.existsSync(browser));
  if (!found) throw new Error('there is no Chromium; `make tools` installs it, or RELAY_TEST_BROWSER names one');
  return found;
};

export const launch = () => chromium.launch({ executablePath: executablePath(), args: QUIET });

// With a profile that stays, to look into.
export const launchIn = (folder, options = {}) =>
  chromium.launchPersistentContext(folder, { executablePath: executablePath(), args: QUIET, ...options });

// A window of its own, with everything that it complains about.
export const open = async (browser, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.complaints = [];
  context.setDefaultTimeout(8000);
  await context.addInitScript(() => {
    globalThis.csp = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      globalThis.csp.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  context.on('page', (page) => {
    page.on('pageerror', (error) => context.complaints.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) context.complaints.push(`${page.url()}: ${message.text()}`);
    });
  });
  return context;
};

const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

// What axe finds wrong with a page as it stands now. It is put in past the page's policy, which lets nothing in.
export const violations = async (page) => {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Runtime.evaluate', { expression: axe });
  const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
    expression: `axe.run(document, { runOnly: { type: 'tag', values: ${JSON.stringify(TAGS)} }, resultTypes: ['violations'] })
      .then((found) => found.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | ')))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await devtools.detach();
  if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value;
};

const { HtmlValidate } = require('html-validate');
const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
  rules: { 'missing-doctype': 'error', 'element-required-attributes': 'error', 'no-dup-id': 'error', 'no-inline-style': 'error',
    // It comes from the page itself; labels both hold their fields and name them; a button in a form sends it.
    'require-sri': 'off', 'no-redundant-for': 'off', 'no-implicit-button-type': 'off',
    // What can be scrolled is a region with a name, so that it can be reached by keyboard.
    'prefer-native-element': ['error', { exclude: ['region'] }] },
});

// What is wrong with HTML as it was sent.
export const invalid = async (html) => {
  const { results } = await validator.validateString(html);
  return results.flatMap((result) => result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
};

// Whether a page is wider than its window.
export const overflows = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return '';
  const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > clientWidth + 1);
  return `${scrollWidth} > ${clientWidth}: ${wide.slice(0, 5).map((e) => `${e.tagName}.${e.className}`).join(' ')}`;
});
