// Signs and checks webhooks with Twilio's own Node library: a JSON object a line, in and out.
//
// A body is a form as it is sent, or JSON that the URL's bodySHA256 covers. Of the original, the
// signature is told; of what was made of it, whether the library accepts it.
const readline = require("node:readline");
const { createRequire } = require("node:module");

const twilio = createRequire(process.argv[2] + "/")("twilio");

// A form with its repeated fields, as Express hands it to the library.
function fields(body) {
  const values = new Map();
  for (const [name, value] of new URLSearchParams(body)) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(values);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { sent, got, signature } = JSON.parse(line);
  const accepts = () => {
    try {
      return got.form
        ? twilio.validateRequest(got.token, signature, got.url, fields(got.body))
        : twilio.validateRequestWithBody(got.token, signature, got.url, got.body);
    } catch {
      // What makes the library fail, such as a URL that is none, lets nobody in.
      return false;
    }
  };
  const answer = {
    signature: twilio.getExpectedTwilioSignature(sent.token, sent.url, sent.form ? fields(sent.body) : {}),
    accepts: accepts(),
  };
  process.stdout.write(JSON.stringify(answer) + "\n");
});
