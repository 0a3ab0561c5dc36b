"""An AWS of one's own: moto's server, and CloudFormation in it that takes this project's template.

Writes `{"url": …}` on standard output when it listens. Then answers each line of JSON on standard
input with one on standard output:

    {"stack": NAME, "parameters": {…}}
        translates template.yaml and creates it; answers the resources, those of nested stacks among
        them, with their properties resolved: {"resources": {LOGICAL_ID: {"type": …, "id": …,
        "properties": {…}, "deletion": …}}, "outputs": {…}}
    {"function": NAME}
        what Lambda knows of a function: {"environment": {…}, "timeout": SECONDS, "memory": MB}

Ends when its standard input does, so it never outlives the tests that started it.
"""

import functools
import io
import json
import logging
import os
import pathlib
import sys
import warnings
import zipfile

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
REGION = "us-west-2"
BUCKET, ARCHIVE = "code", "bootstrap.zip"

os.environ.update(
    AWS_DEFAULT_REGION=REGION,
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
)
# Every request that a test's functions make would be a line, every stack some more.
logging.disable(logging.WARNING)
warnings.simplefilter("ignore")

import boto3  # noqa: E402
from cfnlint.decode import decode  # noqa: E402
from cfnlint.template import Template  # noqa: E402
from moto.cloudformation import cloudformation_backends, parsing  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID  # noqa: E402
from moto.core.common_models import CloudFormationModel  # noqa: E402
from moto.secretsmanager import secretsmanager_backends  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402
from strict_dynamodb import behave_as_dynamodb  # noqa: E402


class Resource:
    """A resource of a type that moto's CloudFormation does not create: has a name, does nothing."""

    # moto reads a service's name out of it.
    __module__ = "tests.deployed"

    def __init__(self, name):
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type():
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute_name):
        return f"{self.physical_resource_id}.{attribute_name}"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, *_, **__):
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, *_, **__):
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_, **__):
        pass


class Secret(Resource, CloudFormationModel):
    """The one type that moto's CloudFormation lacks and the functions need."""

    __module__ = Resource.__module__

    @staticmethod
    def cloudformation_type():
        return "AWS::SecretsManager::Secret"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, template, account_id, region_name, **_):
        created = secretsmanager_backends[account_id][region_name].create_secret(
            name=resource_name,
            secret_string=template["Properties"]["SecretString"],
            secret_binary=None,
            description=None,
            tags=None,
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(created)["ARN"])


# moto would take messages from the queue by itself and look for Docker to hand them to.
INERT = {"AWS::Lambda::EventSourceMapping"}

# moto finds the types by weak references: one that nobody keeps would be gone at the next garbage
# collection, and moto's own be in its place.
SUPPORTED = {}


def support(types):
    """Lets CloudFormation create resources of these types, if only in name."""
    for resource_type in types - (set(parsing.get_model_map()) - INERT) - set(SUPPORTED):
        SUPPORTED[resource_type] = type(
            resource_type.replace("::", ""),
            (Resource, CloudFormationModel),
            {
                "__module__": Resource.__module__,
                "cloudformation_type": staticmethod(lambda t=resource_type: t),
            },
        )
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()


class NoManagedPolicies:
    """The template uses none: every permission stands in it."""

    def load(self):
        return {}


def translated(s3, parameters):
    """template.yaml as plain CloudFormation, and all types of resource that it or a nested template has.

    Every function gets the archive of no code, and every nested template is put where CloudFormation
    finds it.
    """
    template = yaml_parse((ROOT / "template.yaml").read_text())
    template["Globals"]["Function"]["CodeUri"] = {"Bucket": BUCKET, "Key": ARCHIVE}
    types = set()
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Application":
            properties = resource["Properties"]
            nested = expanded(ROOT / properties["Location"])
            # CloudFormation refuses a parameter that it does not know, moto does not.
            given, wanted = set(properties["Parameters"]), set(nested["Parameters"])
            assert given == wanted, f"{name}: parameters differ: {sorted(given ^ wanted)}"
            s3.put_object(Bucket=BUCKET, Key=name, Body=json.dumps(nested))
            properties["Location"] = f"https://s3.amazonaws.com/{BUCKET}/{name}"
            types |= types_in(nested)
    template = transform(template, parameters, NoManagedPolicies())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            variables = resource["Properties"]["Environment"]["Variables"]
            for name, value in variables.items():
                # CloudFormation makes strings of numbers here, moto does not.
                numbers = [p for p, of in template["Parameters"].items() if of["Type"] == "Number"]
                if value in [{"Ref": number} for number in numbers]:
                    variables[name] = {"Fn::Sub": "${%s}" % value["Ref"]}
    return template, types | types_in(template)


@functools.cache
def expanded(path):
    """A nested template with its loops written out, as CloudFormation does it."""
    template = Template(str(path), decode(str(path))[0])
    mistakes = template.transform()
    assert not mistakes, mistakes
    return template.template


def types_in(template):
    return {resource["Type"] for resource in template["Resources"].values()}


def put_archive(s3):
    """An archive with nothing to run: the tests run the functions themselves."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("bootstrap", "")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key=ARCHIVE, Body=code.getvalue())


def deploy(cloudformation, s3, stack, parameters):
    template, types = translated(s3, parameters)
    support(types)
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE", described
    created = cloudformation_backends[DEFAULT_ACCOUNT_ID][REGION].get_stack(stack).resource_map
    return {
        "outputs": {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]},
        "resources": resources(template, created),
    }


def resources(template, created):
    """What a stack and its nested stacks consist of, by logical id."""
    found = {}
    for name, resource in template["Resources"].items():
        if created.get(name) is None:
            continue
        of_it = {
            name: {
                "type": resource["Type"],
                "deletion": resource.get("DeletionPolicy"),
                "id": getattr(created[name], "physical_resource_id", None),
                "properties": parsing.clean_json(resource.get("Properties", {}), created),
            }
        }
        if resource["Type"] == "AWS::CloudFormation::Stack":
            of_it |= resources(created[name].template_dict, created[name].resource_map)
        assert not found.keys() & of_it.keys(), "a logical id stands in two templates"
        found |= of_it
    return found


def function(lambda_, name):
    known = lambda_.get_function_configuration(FunctionName=name)
    return {
        "environment": known["Environment"]["Variables"],
        "timeout": known["Timeout"],
        "memory": known["MemorySize"],
    }


def main():
    # Whatever else is printed here is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    behave_as_dynamodb()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    s3, cloudformation, lambda_ = (
        boto3.client(service, endpoint_url=url) for service in ("s3", "cloudformation", "lambda")
    )
    put_archive(s3)
    print(json.dumps({"url": url}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "stack" in asked:
            answer = deploy(cloudformation, s3, asked["stack"], asked["parameters"])
        else:
            answer = function(lambda_, asked["function"])
        print(json.dumps(answer, default=str), file=answers, flush=True)


if __name__ == "__main__":
    main()
