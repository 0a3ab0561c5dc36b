// Runs a function of infra/integrations/apps-script/Code.gs as it stands, with what Google provides
// replaced by stand-ins that behave as its documentation says.
//
// Reads {"file", "properties": {…}, "call": NAME, "arguments": […], "weather": […]} from standard input.
// Each request meets the next of `weather`: "fine", "unreachable" (it is not sent), "unanswered" (it is
// sent, and its answer is lost), or {"status", "headers", "body"}, an answer of somebody in between.
// Writes {"result" | "error", "pauses": [MILLISECONDS, …], "requests": NUMBER}.
//
// Sources: Google, Apps Script reference: UrlFetchApp.fetch, HTTPResponse, Utilities, Properties.

const crypto = require('node:crypto');
const fs = require('node:fs');
const vm = require('node:vm');
const { execFileSync } = require('node:child_process');

const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
const pauses = [];
let requests = 0;

// Apps Script has no promises in its fetch: another process waits for the answer.
const FETCH = `
  const { url, options } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  fetch(url, options).then(async (answer) => {
    const headers = Object.fromEntries(answer.headers);
    process.stdout.write(JSON.stringify({ status: answer.status, headers, body: await answer.text() }));
  }).catch((error) => { console.error(String(error.cause || error)); process.exit(1); });
`;

function fetched(url, given) {
  const options = { method: given.method, headers: { ...given.headers } };
  if (given.contentType) options.headers['Content-Type'] = given.contentType;
  if (given.payload !== undefined) options.body = given.payload;
  const input = JSON.stringify({ url, options });
  return JSON.parse(execFileSync(process.execPath, ['-e', FETCH], { input, stdio: 'pipe' }));
}

function response({ status, headers, body }) {
  return {
    getResponseCode: () => status,
    getContentText: () => body,
    getHeaders: () => headers,
  };
}

const UrlFetchApp = {
  fetch(url, given) {
    const weather = (asked.weather || [])[requests++] || 'fine';
    if (weather === 'unreachable') throw new Error('DNS error: ' + url);
    const answer = typeof weather === 'object' ? { headers: {}, body: '', ...weather } : fetched(url, given);
    if (weather === 'unanswered') throw new Error('Timeout: ' + url);
    if (answer.status >= 400 && !given.muteHttpExceptions) {
      throw new Error(`Request failed for ${url} returned code ${answer.status}`);
    }
    return response(answer);
  },
};

const Utilities = {
  Charset: { UTF_8: 'utf8' },
  // Java's bytes: from -128 to 127.
  computeHmacSha256Signature(value, key, charset) {
    if (typeof value !== 'string' || typeof key !== 'string' || charset !== 'utf8') {
      throw new Error('The parameters do not match the method signature.');
    }
    return [...new Int8Array(crypto.createHmac('sha256', key).update(value, 'utf8').digest())];
  },
  sleep(milliseconds) {
    if (milliseconds > 300000) throw new Error('Utilities.sleep takes at most 300,000 milliseconds');
    pauses.push(milliseconds);
  },
};

const PropertiesService = {
  getScriptProperties: () => ({ getProperty: (name) => asked.properties[name] ?? null }),
};

const script = vm.createContext({ UrlFetchApp, Utilities, PropertiesService });
vm.runInContext(fs.readFileSync(asked.file, 'utf8'), script, { filename: 'Code.gs' });

const said = { pauses };
try {
  said.result = script[asked.call](...(asked.arguments || []));
} catch (error) {
  said.error = error.message;
}
said.requests = requests;
process.stdout.write(JSON.stringify(said));
