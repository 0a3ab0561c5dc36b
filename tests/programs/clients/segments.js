// Counts segments with Twilio's own calculator: a JSON string a line in, a JSON object a line out.
const readline = require("node:readline");
const { createRequire } = require("node:module");

const { SegmentedMessage } = createRequire(process.argv[2] + "/")("sms-segments-calculator");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const message = new SegmentedMessage(JSON.parse(line));
  const answer = { encoding: message.encodingName, count: message.segmentsCount };
  process.stdout.write(JSON.stringify(answer) + "\n");
});
