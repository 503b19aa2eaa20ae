"""What the document cannot tell a fuzzer."""

import json
import os

import schemathesis
from hypothesis import strategies as st

# Nobody out on the net is to be called.
schemathesis.openapi.format("uri", st.sampled_from([os.environ["RECEIVER_URL"], "http://10.0.0.1/", "x:y"]))


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def as_it_is(context, value):
    return str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def map_body(context, body):
    """Makes most requests ones for a model that is there, and text of every other length JSON lines."""
    if isinstance(body, str) and len(body) % 2:
        return "\n".join(json.dumps(submission(prompt)) for prompt in body.split(" "))
    for each in body if isinstance(body, list) else [body]:
        if not isinstance(each, dict):
            continue
        if isinstance(each.get("request"), dict):
            each["request"] = {**submission("Hello!")["request"], **each["request"]}
        if isinstance(each.get("model"), str):
            each["model"] = "plain"
    return body


def submission(prompt):
    return {"request": {"model": "plain", "prompt": prompt}}
