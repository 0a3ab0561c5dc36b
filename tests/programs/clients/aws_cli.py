"""As much of the AWS CLI as infra/integrations uses, on the models of botocore: the names of services,
operations and options are AWS's own, and what is not in them is refused.

    aws SERVICE OPERATION [--option VALUE]… [FILE]

Takes `file://` values, `--query`, `--output text|json` and `--cli-binary-format`; a streamed answer goes
to FILE. Ends with 255 if AWS refuses, as the CLI does.

Source: AWS CLI User Guide and Command Reference.
"""

import json
import sys
from pathlib import Path

import botocore.exceptions
import botocore.session
import jmespath
from botocore import xform_name


def main(arguments):
    service, operation, *rest = arguments
    client = botocore.session.get_session().create_client(service)
    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    if operation not in names:
        sys.exit(f"aws: error: {service} has no operation {operation}")
    model = client.meta.service_model.operation_model(names[operation])
    members = {xform_name(name, "-"): name for name in model.input_shape.members}
    given, options, files = {}, {}, []
    rest = iter(rest)
    for word in rest:
        if not word.startswith("--"):
            files.append(word)
        elif word[2:] in members:
            name = members[word[2:]]
            given[name] = value(model.input_shape.members[name], next(rest))
        elif word in ("--query", "--output", "--cli-binary-format"):
            options[word] = next(rest)
        else:
            sys.exit(f"aws: error: unknown option {word}")
    try:
        answer = getattr(client, xform_name(names[operation]))(**given)
    except botocore.exceptions.ClientError as refused:
        print(refused, file=sys.stderr)
        return 255
    answer.pop("ResponseMetadata")
    for name, member in list(answer.items()):
        if hasattr(member, "read"):
            Path(files.pop(0)).write_bytes(member.read())
            del answer[name]
    if "--query" in options:
        answer = jmespath.search(options["--query"], answer)
    print(answer if options.get("--output") == "text" else json.dumps(answer))
    return 0


def value(shape, text):
    if text.startswith("file://"):
        text = Path(text.removeprefix("file://")).read_text()
    return json.loads(text) if shape.type_name in ("list", "structure", "map") else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
