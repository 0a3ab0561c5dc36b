// A client of the relay with nothing but Node 18.
//
//     import { Relay } from './relay.mjs';
//     const relay = new Relay('https://relay.example.com', 'website', key);
//     const answer = await relay.send('POST', '/v1/notices', { … });
//
// Or from a shell:
//
//     RELAY_URL=… RELAY_CALLER=website RELAY_KEY_FILE=key node relay.mjs notice.json

import { createHmac, randomInt } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The relay says no. `problem` names what is wrong, and in which field. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? 'refused');
    this.problem = problem;
  }
}

export class Relay {
  constructor(url, caller, key) {
    Object.assign(this, { url: url.replace(/\/$/, ''), caller, key });
  }

  /** Asks until there is an answer. The idempotency key keeps a notice from being sent twice. */
  async send(method, path, request, tries = 5) {
    const body = request === undefined ? '' : JSON.stringify(request);
    for (let n = 0; ; n++) {
      const last = n + 1 >= tries;
      try {
        const answer = await this.#once(method, path, body);
        if (answer.ok) return await answer.json();
        const passing = [408, 429].includes(answer.status) || answer.status >= 500;
        if (!passing || last) throw new Refused(await answer.json());
      } catch (error) {
        if (last || error instanceof Refused) throw error;
      }
      await pause(1000 * 2 ** n);
    }
  }

  #once(method, path, body) {
    // The random fraction makes each try's signature another: the relay takes none twice.
    const fraction = String(randomInt(1e9)).padStart(9, '0');
    const timestamp = `${Math.floor(Date.now() / 1000)}.${fraction}`;
    const signed = `${timestamp}\n${method}\n${path}\n${body}`;
    const headers = {
      'Content-Type': 'application/json',
      'X-Relay-Caller': this.caller,
      'X-Relay-Timestamp': timestamp,
      'X-Relay-Signature': createHmac('sha256', this.key).update(signed).digest('hex'),
    };
    const signal = AbortSignal.timeout(30_000);
    return fetch(this.url + path, { method, headers, body: body || undefined, signal });
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const key = readFileSync(process.env.RELAY_KEY_FILE, 'utf8').trim();
  const relay = new Relay(process.env.RELAY_URL, process.env.RELAY_CALLER, key);
  const notice = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  try {
    console.log(JSON.stringify(await relay.send('POST', '/v1/notices', notice), null, 2));
  } catch (error) {
    console.error(error instanceof Refused ? `Refused: ${error.message}` : `No answer from ${relay.url}: ${error}`);
    process.exit(1);
  }
}
