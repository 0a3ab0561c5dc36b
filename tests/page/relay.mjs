// A relay of one's own in a folder of its own, with its page.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

// Sergio is always on duty, whatever the time of the test.
const HOURS = 'hours = ["Mon-Fri 08:00-18:00", "Sat 09:00-13:00"]';
const ALWAYS = 'hours = ["Mon-Sun 00:00-24:00"]';

const root = path.resolve(import.meta.dirname, '../..');
const example = () => {
  const text = fs.readFileSync(path.join(root, 'relay.example.toml'), 'utf8');
  if (!text.includes(HOURS)) throw new Error('relay.example.toml has other hours for Sergio now');
  return text.replace(HOURS, ALWAYS);
};

export class Relay {
  constructor(program, change = (text) => text) {
    this.program = program;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'relay-page-'));
    fs.writeFileSync(path.join(this.folder, 'relay.toml'), change(example()));
    this.log = '';
    this.options = ['--port', '0'];
  }

  // Starts it and waits until it says where it is.
  async start() {
    this.process = spawn(this.program, ['dev', ...this.options], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.folder },
    });
    this.process.stderr.on('data', (data) => { this.log += data; });
    const lines = readline.createInterface({ input: this.process.stdout });
    const said = {};
    for await (const line of lines) {
      this.log += `${line}\n`;
      const [name, value] = line.trim().split(/\s+/);
      said[name] = value;
      if (name === 'sandbox') break;
    }
    this.process.stdout.on('data', (data) => { this.log += data; });
    this.process.stdout.resume();
    if (!said.page || !said.ready) throw new Error(`it does not say where it is:\n${this.log}`);
    this.page = said.page.replace(/\/$/, '');
    this.url = said.ready.replace('/readyz', '');
    this.options = ['--port', new URL(this.url).port, '--page', new URL(this.page).port];
    return this;
  }

  async stop(signal = 'SIGTERM') {
    if (!this.process || this.process.exitCode !== null) return 0;
    const begun = Date.now();
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
    return Date.now() - begun;
  }

  async end() {
    await this.stop('SIGKILL');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  audit() {
    const file = path.join(this.folder, '.relay/dev/audit.jsonl');
    if (!fs.existsSync(file)) return [];
    return fs.readFileSync(file, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  // Asks the sandbox, past the page.
  async sandbox(method, where, body) {
    const answer = await fetch(`${this.url}/sandbox/${where}`, {
      method,
      headers: body ? { 'content-type': 'application/json' } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    if (!answer.ok) throw new Error(`${where}: ${await answer.text()}`);
    return answer.json();
  }

  // What a phone shows.
  async shows(number) {
    const screen = await this.sandbox('GET', `phones/${encodeURIComponent(number)}`);
    return screen.entries;
  }
}

// A `relay serve` that has another relay's sandbox for Twilio.
export class Serve extends Relay {
  constructor(other) {
    super(other.program);
    this.other = other;
  }

  async start() {
    const account = await this.other.sandbox('GET', 'account');
    const env = Object.entries(account).map(([name, value]) => `${name}=${value}\n`).join('');
    fs.writeFileSync(path.join(this.folder, 'repos.env'), env, { mode: 0o600 });
    // Twilio signs for the address that the configuration names, so that it has to be known before.
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const file = path.join(this.folder, 'relay.toml');
    const text = fs.readFileSync(file, 'utf8').replace(/^public_url = .*$/m, `public_url = "${this.url}"`);
    fs.writeFileSync(file, text);
    const words = ['serve', '--port', String(port), '--page', String(await freePort()),
      '--env-file', 'repos.env', '--twilio-url', this.other.url];
    this.process = spawn(this.program, words, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.folder },
    });
    const found = new Promise((resolve, reject) => {
      const look = (data) => {
        this.log += data;
        const login = this.log.match(/http:\/\/127\.0\.0\.1:\d+\/login\?key=\w+/);
        if (login) resolve(login[0]);
      };
      this.process.stdout.on('data', look);
      this.process.stderr.on('data', look);
      this.process.on('exit', () => reject(new Error(`it ended:\n${this.log}`)));
    });
    this.login = await found;
    this.page = new URL(this.login).origin;
    return this;
  }

  audit() {
    const file = path.join(this.folder, '.relay/audit.jsonl');
    if (!fs.existsSync(file)) return [];
    return fs.readFileSync(file, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }
}

const freePort = async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
};
