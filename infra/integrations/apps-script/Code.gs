/**
 * Tells people by text, through the relay. Paste it into a project of Google Apps Script; README.md
 * beside it says which properties the project needs.
 *
 * Call notifyMaintenance() where a maintenance window opens:
 *
 *   notifyMaintenance({
 *     id: 'lift-2027-05',
 *     what: 'Boat lift',
 *     starts: '2027-05-08T08:00:00-07:00',
 *     ends: '2027-05-08T12:00:00-07:00',
 *   });
 */

/** A request is tried this often; the pauses in between add up to half a minute. */
const TRIES = 5;

/** The longest pause that an answer may ask for, in seconds. A script has six minutes in all. */
const LONGEST_PAUSE = 60;

/**
 * Tells the subscribers of a topic of a maintenance window, and returns the notice that the relay
 * made of it. The same window told again sends nothing again.
 *
 * window.id      what it is called in your own records: letters, digits, hyphens
 * window.what    what is worked on, as people call it
 * window.starts  a Date, or text such as '2027-05-08T08:00:00-07:00'; so is window.ends
 * window.ends    optional
 * window.url     optional: where to read more
 * window.topic   optional: whose subscribers are told; 'maintenance', if nothing is said
 */
function notifyMaintenance(window) {
  const starts = instant_(window.starts);
  const data = { what: window.what, starts: starts };
  if (window.ends) data.ends = instant_(window.ends);
  if (window.url) data.url = window.url;
  return notify({
    topic: window.topic || 'maintenance',
    template: 'maintenance_scheduled',
    subject: window.id,
    data: data,
    idempotency_key: 'maintenance-' + window.id + '-' + starts,
  });
}

/** Sends any notice; README.md lists what one can have. */
function notify(notice) {
  return call_('POST', '/v1/notices', notice);
}

/** Invites one person: {name, number, link, event, idempotency_key}, and optionally expires. */
function invite(invitation) {
  return call_('POST', '/v1/invitations', invitation);
}

/** How many recipients of a notice stand where. */
function showNotice(id) {
  return call_('GET', '/v1/notices/' + encodeURIComponent(id));
}

/** Calls a notice back: whoever has not got it yet never will. */
function cancelNotice(id) {
  return call_('DELETE', '/v1/notices/' + encodeURIComponent(id));
}

function instant_(time) {
  return time instanceof Date ? time.toISOString() : time;
}

/**
 * Calls the relay until it answers. What went wrong in between may have been the answer alone; the
 * relay recognises the request by its idempotency_key and does it once.
 */
function call_(method, path, value) {
  const body = value === undefined ? '' : JSON.stringify(value);
  let trouble;
  for (let tried = 1; tried <= TRIES; tried++) {
    let pause = Math.pow(2, tried) * (0.5 + Math.random() / 2);
    try {
      const answer = UrlFetchApp.fetch(property_('RELAY_URL') + path, {
        method: method.toLowerCase(),
        contentType: 'application/json',
        headers: signed_(method, path, body),
        payload: body || undefined,
        muteHttpExceptions: true,
      });
      const status = answer.getResponseCode();
      if (status < 300) return JSON.parse(answer.getContentText());
      trouble = refusal_(status, answer.getContentText());
      if (status < 500 && status !== 408 && status !== 429) break;
      pause = Math.max(pause, retryAfter_(answer));
    } catch (error) {
      // No answer: the relay is out of reach, or took too long.
      trouble = error;
    }
    if (tried < TRIES) Utilities.sleep(Math.min(pause, LONGEST_PAUSE) * 1000);
  }
  throw trouble;
}

/** Time, method, path and body signed with the caller's key. Each try has a signature of its own. */
function signed_(method, path, body) {
  const timestamp = (Date.now() / 1000).toFixed(3);
  const text = [timestamp, method, path, body].join('\n');
  const bytes = Utilities.computeHmacSha256Signature(
    text, property_('RELAY_KEY'), Utilities.Charset.UTF_8);
  const hex = bytes.map((byte) => ('0' + (byte & 0xff).toString(16)).slice(-2)).join('');
  return {
    'X-Relay-Caller': property_('RELAY_CALLER'),
    'X-Relay-Timestamp': timestamp,
    'X-Relay-Signature': hex,
  };
}

/** What the relay says is wrong, field by field. */
function refusal_(status, text) {
  let said = text;
  try {
    const problem = JSON.parse(text);
    said = problem.detail || problem.title || text;
    (problem.fields || []).forEach((field) => {
      said += '\n  ' + field.path + ': ' + field.problem;
    });
  } catch (notJson) {
    // Something between here and the relay answered.
  }
  return new Error('The relay answered ' + status + ': ' + said);
}

/** How many seconds an answer asks to be left alone. */
function retryAfter_(answer) {
  const headers = answer.getHeaders();
  const name = Object.keys(headers).find((name) => name.toLowerCase() === 'retry-after');
  return Number(headers[name]) || 0;
}

function property_(name) {
  const value = PropertiesService.getScriptProperties().getProperty(name);
  if (!value) throw new Error('The script property ' + name + ' is missing; see README.md.');
  return value;
}
