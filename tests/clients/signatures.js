// Signs and checks webhooks with Twilio's own Node library: a JSON object a line, in and out.
const readline = require("node:readline");
const { createRequire } = require("node:module");

const twilio = createRequire(process.argv[2] + "/")("twilio");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const one = JSON.parse(line);
  // A form is a list of fields, a body of another type is a string.
  const form = Array.isArray(one.body);
  const accepts = (signature, url, body) =>
    form
      ? twilio.validateRequest(one.token, signature, url, Object.fromEntries(body))
      : twilio.validateRequestWithBody(one.token, signature, url, body);
  const params = form ? Object.fromEntries(one.body) : {};
  const answer = {
    signature: twilio.getExpectedTwilioSignature(one.token, one.url, params),
    accepts: accepts(one.signature, one.url, one.body),
    accepts_forged: accepts(one.forged_signature, one.forged_url, one.forged_body),
  };
  process.stdout.write(JSON.stringify(answer) + "\n");
});
