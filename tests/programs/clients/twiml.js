// Writes the answers to a call with Twilio's own Node library: a JSON object a line in, a document out.
const readline = require("node:readline");
const { createRequire } = require("node:module");

const { VoiceResponse } = createRequire(process.argv[2] + "/")("twilio").twiml;

const AWAITED = "#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx";
const TOLD = "#rc=3&rp=ct,rt,5xx";

function say(parent, { text, language, voice }) {
  parent.say({ ...(language && { language }), ...(voice && { voice }) }, text);
}

function record(response, base, recorded, recording, maxLength, transcribed) {
  response.record({
    action: base + recorded + AWAITED,
    recordingStatusCallback: base + recording + TOLD,
    recordingStatusCallbackEvent: "completed absent",
    maxLength,
    timeout: 5,
    finishOnKey: "#",
    playBeep: true,
    ...(transcribed && { transcribe: true, transcribeCallback: base + transcribed + TOLD }),
  });
  response.redirect(base + recorded + AWAITED);
}

function ask(response, chosen, says) {
  const gather = response.gather({
    action: chosen + AWAITED,
    numDigits: 1,
    timeout: 5,
    finishOnKey: "",
    actionOnEmptyResult: true,
  });
  say(gather, says);
  response.hangup();
}

const writers = {
  empty() {},
  hang_up: (response) => response.hangup(),
  reject: (response, base, { reason }) => response.reject({ reason }),
  say(response, base, { says }) {
    say(response, says);
    response.hangup();
  },
  ring(response, base, { call, leg, number, shows, ring, talk, unscreened }) {
    const dial = response.dial({
      answerOnBridge: true,
      callerId: shows,
      timeout: Math.min(Math.max(ring - 5, 5), 600),
      timeLimit: Math.min(Math.max(talk, 1), 14400),
      action: `${base}/${call}/${leg}/ended${AWAITED}`,
    });
    const screen = unscreened ? {} : { url: `${base}/${call}/${leg}/screen${AWAITED}` };
    dial.number(
      {
        ...screen,
        statusCallback: `${base}/${call}/${leg}/progress${TOLD}`,
        statusCallbackEvent: "ringing answered completed",
      },
      number,
    );
  },
  ask(response, base, { call, leg, says }) {
    ask(response, `${base}/${call}/${leg}/chosen`, says);
  },
  ask_to_call(response, base, { call, says }) {
    ask(response, `${base}/out/${call}/chosen`, says);
  },
  menu(response, base, { call, says, plays }) {
    const gather = response.gather({
      action: `${base}/${call}/menu${AWAITED}`,
      numDigits: 1,
      timeout: 5,
      finishOnKey: "",
      actionOnEmptyResult: true,
    });
    if (plays) gather.play(`${base.replace(/\/twilio\/voice$/, "")}/v/${plays}`);
    say(gather, says);
    response.hangup();
  },
  ask_pin(response, base, { call, says }) {
    const gather = response.gather({
      action: `${base}/${call}/menu${AWAITED}`,
      timeout: 8,
      finishOnKey: "#",
      actionOnEmptyResult: true,
    });
    say(gather, says);
    response.hangup();
  },
  call_customer(response, base, { call, number, shows, ring, talk, by_phone }) {
    const dial = response.dial({
      answerOnBridge: true,
      callerId: shows,
      timeout: Math.min(Math.max(ring - 5, 5), 600),
      timeLimit: Math.min(Math.max(talk, 1), 14400),
      action: `${base}${by_phone ? `/${call}/called` : `/out/${call}/ended`}${AWAITED}`,
    });
    dial.number(
      {
        statusCallback: `${base}/out/${call}/customer${TOLD}`,
        statusCallbackEvent: "answered completed",
      },
      number,
    );
  },
  take_message(response, base, { call, says, hash, longest, transcribe }) {
    if (hash === undefined) say(response, says);
    else response.play(`${base}/greeting/${hash}.mp3`);
    const transcribed = transcribe && `/${call}/transcribed`;
    record(response, base, `/${call}/recorded`, `/${call}/recording`, Math.max(longest, 2), transcribed);
  },
  fallback(response, base, { says }) {
    say(response, says);
    record(response, base, "/fallback/recorded", "/fallback/recording", 120);
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const answer = JSON.parse(line);
  const response = new VoiceResponse();
  writers[answer.kind](response, answer.public_url.replace(/\/+$/, "") + "/twilio/voice", answer);
  process.stdout.write(JSON.stringify(response.toString()) + "\n");
});
