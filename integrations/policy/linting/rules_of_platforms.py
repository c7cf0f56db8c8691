"""Rules about the configuration of Upsun and about Dockerfiles."""

from integrations.policy.linting.findings import Rule, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

RULES = (
    Rule(
        id="structure",
        name="The file is put together wrongly",
        severity=ERROR,
        meaning="A key is not known at this place, is missing, or holds the wrong kind of value. "
        "The platform refuses the file, or does not read the key.",
        mend="Put the key where the product reads it.",
        example="dependencies:\n  python3:\n    poetry: '2.5.1'\n    hooks: {}",
    ),
    Rule(
        id="mount-source",
        name="The product has no such source of mounts",
        severity=ERROR,
        meaning="Upsun Fixed has local, service and tmp; Upsun Flex has storage, instance, service "
        "and tmp.",
        mend="Write local on Fixed, storage on Flex.",
        example="# .upsun/config.yaml\nmounts:\n  media: {source: local, source_path: media}",
    ),
    Rule(
        id="missing-disk",
        name="Mounts without a disk",
        severity=ERROR,
        meaning="On Upsun Fixed a mount of local takes its space from disk.",
        mend="Add disk: 512, in megabytes.",
        example="mounts:\n  media: {source: local, source_path: media}",
    ),
    Rule(
        id="unquoted",
        name="A version or a switch that YAML reads as a number",
        severity=ERROR,
        meaning="3.10 becomes 3.1, and true becomes True: the tool is told something else.",
        mend="Quote it: '26.3', 'true', '1'.",
        example="variables:\n  env:\n    PIP_VERSION: 26.3",
    ),
    Rule(
        id="no-expansion",
        name="The variable is not filled in",
        severity=ERROR,
        meaning="variables.env has no shell: the dollar sign stays as it is.",
        mend="Export it in the hook.",
        example="variables:\n  env:\n    UV_CACHE_DIR: $PLATFORM_CACHE_DIR/uv",
    ),
    Rule(
        id="no-build",
        name="Nothing is installed",
        severity=WARNING,
        meaning="A tool among dependencies is there, and does nothing by itself.",
        mend="Add hooks.build, which checks the lock and installs it.",
        example="type: 'python:3.13'\ndependencies:\n  python3:\n    uv: '0.13.8'",
    ),
    Rule(
        id="services-in-build",
        name="The build has no services",
        severity=ERROR,
        meaning="Databases and mounts are not there while the build hook runs.",
        mend="Move the command to hooks.deploy.",
        example="build: |\n  set -eu\n  .venv/bin/python manage.py migrate",
    ),
    Rule(
        id="writes-in-deploy",
        name="The deploy hook writes to a read-only tree",
        severity=ERROR,
        meaning="After the build only mounts can be written to, and a failing deploy hook does not "
        "stop the deployment.",
        mend="Move the command to hooks.build.",
        example="deploy: |\n  set -eu\n  python manage.py collectstatic --noinput",
    ),
    Rule(
        id="check-too-late",
        name="The check comes too late",
        severity=WARNING,
        meaning="A failing deploy hook does not stop the deployment.",
        mend="Move the check to hooks.build, before the installation.",
        example="deploy: |\n  set -eu\n  poetry check --lock",
    ),
    Rule(
        id="pip-user",
        name="PIP_USER is not turned off",
        severity=WARNING,
        meaning="Where the image sets PIP_USER, pip cannot install into an environment: Can not "
        "perform a '--user' install.",
        mend="export PIP_USER=0 in the hook.",
        example="set -eu\npython3 -m venv --clear .venv\n.venv/bin/pip install …",
    ),
    Rule(
        id="port-or-socket",
        name="The platform sets the other variable",
        severity=ERROR,
        meaning="With socket_family: unix there is SOCKET, with tcp there is PORT.",
        mend="Bind to the one that is set, or change socket_family.",
        example="upstream: {socket_family: unix}\ncommands: {start: '… --bind :$PORT'}",
    ),
    Rule(
        id="path-elsewhere",
        name="The file stands in another folder",
        severity=ERROR,
        meaning="The command names a file that is not there, and one of that name is somewhere "
        "else.",
        mend="Write the path at which the file is.",
        example="start: uwsgi conf/uwsgi.ini  # It is config/uwsgi.ini.",
    ),
    Rule(
        id="prints",
        name=".environment prints",
        severity=ERROR,
        meaning="It is read at each start and each SSH session: what it prints breaks rsync and "
        "downloads.",
        mend="Print nothing.",
        example="echo Ready",
    ),
    Rule(
        id="bashism",
        name="dash does not know this",
        severity=ERROR,
        meaning="dash reads .environment and runs #!/bin/sh scripts; it knows POSIX alone.",
        mend='Write it for every shell: [ -n "$A" ] instead of [[ -n $A ]], . instead of source.',
        example="source .venv/bin/activate",
    ),
    Rule(
        id="single-stage",
        name="One stage builds and serves",
        severity=WARNING,
        meaning="Tools, caches and everything that they install stay in the image.",
        mend="Make the environment in a stage of its own, and copy it to the same path.",
        example="FROM python:3.13-slim\nRUN pip install --require-hashes -r main.txt",
    ),
    Rule(
        id="loose-image",
        name="The image has no exact name",
        severity=ERROR,
        meaning="Without a tag, with :latest or a tag without a minor version, the next build "
        "starts from something else.",
        mend="Name the minor version, better the digest: python:3.13-slim@sha256:….",
        example="FROM python:latest",
    ),
    Rule(
        id="other-base",
        name="The environment moves to another base",
        severity=ERROR,
        meaning="The python of an environment is a link into the image that it was made in.",
        mend="Start both stages from the same image.",
        example="FROM python:3.13 AS build\n…\nFROM python:3.12-slim\nCOPY --from=build /app /app",
    ),
    Rule(
        id="moved-environment",
        name="The environment moves to another path",
        severity=ERROR,
        meaning="Programs of an environment begin with the path that it was made at. Folders of "
        "packages alone leave the programs behind.",
        mend="Make it at its final path, and copy it to that path.",
        example="COPY --from=build /build/.venv /app/.venv",
    ),
    Rule(
        id="root-user",
        name="The application runs as root",
        severity=ERROR,
        meaning="Whoever breaks into it may change everything in the container.",
        mend="End with a numeric user: USER 10001.",
        example='FROM python:3.13-slim\nCMD ["gunicorn"]',
    ),
    Rule(
        id="shell-form",
        name="A shell stands before the program",
        severity=ERROR,
        meaning="Signals reach the shell and not the program: it is killed instead of stopped.",
        mend='Write a list: CMD ["/app/bin/gunicorn", "shop.wsgi:application"].',
        example="CMD gunicorn shop.wsgi:application",
    ),
    Rule(
        id="copied-first",
        name="The code is copied before the locks",
        severity=WARNING,
        meaning="Each change of the code installs everything again.",
        mend="Copy the locks, install, then copy the code.",
        example="COPY . .\nRUN pip install --require-hashes -r requirements/main.txt",
    ),
)
