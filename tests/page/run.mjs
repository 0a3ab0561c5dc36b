// Runs one scenario against a relay of its own: node run.mjs NAME. The program is RELAY_PROGRAM.

import { launch } from './browser.mjs';
import { Relay } from './relay.mjs';
import * as scenarios from './scenarios.mjs';
import * as screenshots from './screenshots.mjs';

const [name] = process.argv.slice(2);
const scenario = scenarios[name] ?? screenshots[name];
if (!scenario) {
  console.error(`there is no scenario ${name}`);
  process.exit(2);
}

const relay = new Relay(process.env.RELAY_PROGRAM, scenario.config);
let browser;
const end = async (code) => {
  await browser?.close().catch(() => {});
  await relay.end().catch(() => {});
  process.exit(code);
};
const LONGEST = 150_000;
setTimeout(() => {
  console.error(`${name} takes longer than ${LONGEST / 1000} s\n${relay.log.slice(-3000)}`);
  end(1);
}, LONGEST).unref();
try {
  await relay.start();
  browser = await launch();
  await scenario({ relay, browser });
} catch (error) {
  console.error(`${error.stack}\n--- the relay's log ends with\n${relay.log.slice(-2000)}`);
  await end(1);
}
await end(0);
