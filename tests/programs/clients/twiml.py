"""Writes the answers to a call with Twilio's own Python library: a JSON object a line in, a document out."""

import json
import sys

from twilio.twiml.voice_response import VoiceResponse

AWAITED = "#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx"
TOLD = "#rc=3&rp=ct,rt,5xx"


def say(parent, words):
    parent.say(words["text"], language=words.get("language"), voice=words.get("voice"))


def record(response, base, recorded, recording, longest, transcribed):
    more = {"transcribe": True, "transcribe_callback": base + transcribed + TOLD} if transcribed else {}
    response.record(
        action=base + recorded + AWAITED,
        recording_status_callback=base + recording + TOLD,
        recording_status_callback_event="completed absent",
        max_length=longest,
        timeout=5,
        finish_on_key="#",
        play_beep=True,
        **more,
    )
    response.redirect(base + recorded + AWAITED)


def ring(response, base, answer):
    dial = response.dial(
        answer_on_bridge=True,
        caller_id=answer["shows"],
        timeout=min(max(answer["ring"] - 5, 5), 600),
        time_limit=min(max(answer["talk"], 1), 14400),
        action=f"{base}/{answer['call']}/{answer['leg']}/ended{AWAITED}",
    )
    screen = f"{base}/{answer['call']}/{answer['leg']}/screen{AWAITED}"
    dial.number(
        answer["number"],
        url=None if answer["unscreened"] else screen,
        status_callback=f"{base}/{answer['call']}/{answer['leg']}/progress{TOLD}",
        status_callback_event="ringing answered completed",
    )


def call_customer(response, base, answer):
    dial = response.dial(
        answer_on_bridge=True,
        caller_id=answer["shows"],
        timeout=min(max(answer["ring"] - 5, 5), 600),
        time_limit=min(max(answer["talk"], 1), 14400),
        action=base + (f"/{answer['call']}/called" if answer["by_phone"] else f"/out/{answer['call']}/ended") + AWAITED,
    )
    dial.number(
        answer["number"],
        status_callback=f"{base}/out/{answer['call']}/customer{TOLD}",
        status_callback_event="answered completed",
    )


def ask(response, answer, chosen):
    gather = response.gather(
        action=chosen + AWAITED,
        num_digits=1,
        timeout=5,
        finish_on_key="",
        action_on_empty_result=True,
    )
    say(gather, answer["says"])
    response.hangup()


def menu(response, base, answer):
    gather = response.gather(
        action=f"{base}/{answer['call']}/menu{AWAITED}",
        num_digits=1,
        timeout=5,
        finish_on_key="",
        action_on_empty_result=True,
    )
    if answer["plays"]:
        gather.play(f"{base.removesuffix('/twilio/voice')}/v/{answer['plays']}")
    say(gather, answer["says"])
    response.hangup()


def ask_pin(response, base, answer):
    gather = response.gather(
        action=f"{base}/{answer['call']}/menu{AWAITED}",
        timeout=8,
        finish_on_key="#",
        action_on_empty_result=True,
    )
    say(gather, answer["says"])
    response.hangup()


def take_message(response, base, answer):
    if "hash" in answer:
        response.play(f"{base}/greeting/{answer['hash']}.mp3")
    else:
        say(response, answer["says"])
    call = "/" + answer["call"]
    transcribed = call + "/transcribed" if answer["transcribe"] else None
    record(response, base, call + "/recorded", call + "/recording", max(answer["longest"], 2), transcribed)


def written(answer):
    response, kind = VoiceResponse(), answer["kind"]
    base = answer["public_url"].rstrip("/") + "/twilio/voice"
    if kind == "ring":
        ring(response, base, answer)
    elif kind == "ask":
        ask(response, answer, f"{base}/{answer['call']}/{answer['leg']}/chosen")
    elif kind == "ask_to_call":
        ask(response, answer, f"{base}/out/{answer['call']}/chosen")
    elif kind == "call_customer":
        call_customer(response, base, answer)
    elif kind == "menu":
        menu(response, base, answer)
    elif kind == "ask_pin":
        ask_pin(response, base, answer)
    elif kind == "hang_up":
        response.hangup()
    elif kind == "say":
        say(response, answer["says"])
        response.hangup()
    elif kind == "take_message":
        take_message(response, base, answer)
    elif kind == "reject":
        response.reject(reason=answer["reason"])
    elif kind == "fallback":
        say(response, answer["says"])
        record(response, base, "/fallback/recorded", "/fallback/recording", 120, None)
    else:
        assert kind == "empty", kind
    return str(response)


for line in sys.stdin:
    json.dump(written(json.loads(line)), sys.stdout)
    print()
