"""Puts a client to what comes on stdin, and says on stdout what becomes of it; one JSON object a line.

    {"id": 1, "do": "pieces", "url": "http://…", "limitMs": null, "question": {"model": "plain"}}
    {"id": 1, "leave": true}

    {"id": 1, "piece": "…"}    {"id": 1, "value": …}    {"id": 1, "error": "…", "status": 404}
"""

import asyncio
import importlib
import json
import sys


# What a client prints by itself must not come between.
answers = sys.stdout
sys.stdout = sys.stderr


def say(**what):
    print(json.dumps(what), file=answers, flush=True)


async def carry_out(client, order):
    at = order["id"]
    limit = order["limitMs"]
    connected = client.Connected(order["url"], None if limit is None else limit / 1000)
    try:
        if order["do"] == "pieces":
            async for piece in connected.pieces(**order["question"]):
                say(id=at, piece=piece)
            say(id=at, value=None)
        else:
            say(id=at, value=await getattr(connected, order["do"])(**order["question"]))
    except asyncio.CancelledError:
        say(id=at, error="left")
    except Exception as error:
        say(id=at, error=str(error) or repr(error), status=getattr(error, "status_code", None))


async def serve(client):
    running = {}
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        if order.get("leave"):
            running[order["id"]].cancel()
        else:
            running[order["id"]] = asyncio.create_task(carry_out(client, order))


asyncio.run(serve(importlib.import_module(sys.argv[1])))
