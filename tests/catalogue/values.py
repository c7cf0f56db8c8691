"""Whole catalogues as hypothesis makes them: everything that the validators let through."""

from datetime import date, time

from hypothesis import strategies as st

from integrations.catalogue import portable
from matrix.rules.rendering import GROUP_FRAME

PRINTABLE = st.characters(exclude_categories=["C", "Z"]) | st.just(" ")
lines = st.text(PRINTABLE, max_size=20).map(str.strip)
needed_lines = st.text(PRINTABLE, min_size=1, max_size=20).map(str.strip).filter(bool)
blocks = st.text(PRINTABLE | st.just("\n") | st.just("\t"), max_size=40)
words = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True)
versions = st.builds(
    "{}.{}{}".format, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["", "rc1"])
)
releases = st.sampled_from(["", ">=1.0", "<2", ">=1,<2.1b1", "!=1.5", "==2.*", "~=1.4"])
pythons = st.sampled_from(["", ">=3.8", "<3.13", ">=3.8,<3.13,!=3.10", "==3.9"])
requirements = st.lists(
    st.sampled_from(
        [
            "anyio",
            "anyio<4",
            "channels[daphne]>=4",
            "# a comment",
            "six # why",
            "",
            "x;python_version<'3'",
        ]
    ),
    max_size=4,
).map(lambda found: "\n".join([*found, "pytest"]))
orders = st.integers(min_value=0, max_value=9999)
days = st.none() | st.integers(0, 365)  # 0 says that there is no cooldown, None that nobody said.
dates = st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))


@st.composite
def holds(draw: st.DrawFn, *, project: bool) -> portable.Hold:
    starts_on = draw(dates)
    ends_on = draw(dates)
    if starts_on and ends_on and ends_on <= starts_on:
        ends_on = None
    lift_when = draw(st.sampled_from(["", "release exists", "no longer latest"]))
    awaits_release = lift_when == "release exists"
    return portable.Hold(
        project=draw(words) if project else "",
        # Never what a pinned pick is: those are 99.x.
        releases=draw(st.sampled_from([">=1,<2", "==3.*"])),
        reason=draw(needed_lines),
        owner=draw(lines),
        link=draw(st.sampled_from(["", "https://example.org/issues/7?a=b#c"])),
        starts_on=starts_on,
        ends_on=ends_on,
        remind_on=draw(dates),
        lift_when=lift_when,
        lift_project=draw(st.just("") | words) if awaits_release else "",
        lift_releases=draw(st.sampled_from([">=5.0.1", "==2.*"])) if awaits_release else "",
    )


rules = st.builds(
    portable.Rule,
    order=orders,
    releases=releases,
    pythons=pythons,
    free_threading=st.sampled_from(["any", "only", "never"]),
    requirements=requirements.map(lambda text: text.strip("\n")),
    reason=lines,
)
restrictions = st.builds(
    portable.Restriction,
    order=orders,
    releases=releases,
    pythons=pythons.filter(bool),
    reason=lines,
)
pinned_picks = st.builds(
    portable.PinnedPick,
    version=st.integers(min_value=0, max_value=50).map(lambda minor: f"99.{minor}"),
    skips_cooldown=st.booleans(),
    reason=needed_lines,
)


@st.composite
def integrations(draw: st.DrawFn, name: str, group: str, services: str) -> portable.Integration:
    minimum = draw(st.just("") | versions)
    return portable.Integration(
        name=name,
        group=group,
        project=draw(words),
        extras=", ".join(sorted(draw(st.sets(words, max_size=3)))),
        test_path=f"tests/{name}",
        services=services,
        minimum=minimum,
        tests_exact_minimum=bool(minimum) and draw(st.booleans()),
        include=draw(releases),
        number_of_versions=draw(st.none() | st.integers(min_value=2, max_value=999)),
        prereleases=draw(st.sampled_from(["", "never", "rc", "any"])),
        advisory_prereleases=draw(st.booleans()),
        cooldown_days=draw(days),
        pins_cooldown_days=draw(days),
        is_paused=draw(st.booleans()),
        owner=draw(lines),
        notes=draw(blocks).strip(),
        rules=tuple(draw(st.lists(rules, max_size=4))),
        restrictions=tuple(draw(st.lists(restrictions, max_size=3))),
        pinned_picks=tuple(
            draw(st.lists(pinned_picks, max_size=3, unique_by=lambda pick: pick.version))
        ),
        holds=tuple(draw(st.lists(holds(project=False), max_size=2))),
    )


# GitHub would evaluate "${{", and "{host}" asks for an image: hypothesis knows both from our code.
plain_lines = lines.filter(lambda line: "${{" not in line and "{host}" not in line)
variables = st.lists(
    st.tuples(st.from_regex(r"[A-Z]_[A-Z]", fullmatch=True), plain_lines),
    max_size=3,
    unique_by=lambda pair: pair[0],
).map(lambda found: "\n".join(f"{name}={value}" for name, value in found))
scripts = st.lists(plain_lines, max_size=3).map(lambda found: "\n".join(found).strip("\n"))


@st.composite
def services(draw: st.DrawFn, name: str) -> portable.Service:
    image = draw(st.sampled_from(["", "postgres:18", "registry.example.org:5000/team/db:1"]))
    action = draw(st.sampled_from(["", "actions/setup-java@v5", "./.github/actions/java"]))
    return portable.Service(
        name=name,
        image=image,
        ports=draw(st.sampled_from(["", "5432:5432", "80:8080, 53:53/udp"])) if image else "",
        environment=draw(variables) if image else "",
        health_command=draw(st.sampled_from(["", "pg_isready -U 'me'"])) if image else "",
        options=draw(st.sampled_from(["", "--privileged"])) if image else "",
        action=action,
        inputs=draw(st.sampled_from(["", "java-version=21\ndistribution=temurin"]))
        if action
        else "",
        commands=draw(scripts) or ("" if image or action else "true"),
        variables=draw(variables),
    )


@st.composite
def workflow_frames(draw: st.DrawFn, name: str) -> portable.WorkflowFrame:
    return portable.WorkflowFrame(
        path=f".github/workflows/test-integrations-{name}.yml",
        text=GROUP_FRAME + "".join(f"# : {line}\n" for line in draw(blocks).split("\n")),
    )


@st.composite
def sdks(draw: st.DrawFn) -> portable.Sdk:
    minors = sorted(draw(st.sets(st.integers(0, 99), min_size=1, max_size=6)))
    return portable.Sdk(
        name=draw(needed_lines),
        pythons=" ".join(f"3.{minor}" for minor in minors),
        free_threading_from=draw(st.sampled_from(["", *(f"3.{minor}" for minor in minors)])),
        cooldown_days=draw(st.integers(0, 365)),
        pins_cooldown_days=draw(st.integers(0, 365)),
        index_url=draw(st.sampled_from(["", "https://packages.example.org/simple/"])),
        platform=draw(st.sampled_from(["linux", "x86_64-pc-windows-msvc"])),
        prereleases=draw(st.sampled_from(["never", "rc", "any"])),
        propose_on=draw(st.none() | st.integers(1, 7)),
        propose_at=draw(
            st.times().map(lambda found: found.replace(tzinfo=None)) | st.just(time(0))
        ),
        second_person_publishes=draw(st.booleans()),
        second_person_cooldown=draw(st.booleans()),
        second_person_holds=draw(st.booleans()),
        public_publications=draw(st.booleans()),
        frame=draw(blocks),
        writes_workflows=draw(st.booleans()),
        ci_runner=draw(st.sampled_from(["ubuntu-24.04", "self-hosted, linux"])),
        ci_container_pythons=draw(st.sampled_from(["", "3.6 3.7", "3.14t"])),
        ci_container_image=draw(st.sampled_from(["python", "registry.example.org/python"])),
        ci_timeout_minutes=draw(st.integers(1, 360)),
        ci_install=draw(scripts),
        ci_container_install=draw(scripts),
        ci_test=f'tox -e "$ENVIRONMENTS"\n{draw(scripts)}'.strip(),
        ci_checkout_action=draw(st.sampled_from(["actions/checkout@v5", f"a/b@{'0' * 40}"])),
        ci_python_action=draw(st.sampled_from(["actions/setup-python@v6", "./.github/python"])),
        ci_needs=draw(st.sampled_from(["", "coverage, lint"])),
        ci_passes_secrets=draw(st.booleans()),
        holds=tuple(draw(st.lists(holds(project=True), max_size=3))),
    )


@st.composite
def shared_constraints(draw: st.DrawFn, groups: list[str]) -> portable.SharedConstraint:
    starts_on, ends_on = draw(dates), draw(dates)
    if starts_on and ends_on and ends_on <= starts_on:
        starts_on = None
    return portable.SharedConstraint(
        requirement=draw(st.sampled_from(["setuptools<82", "h11!=0.15,<1", "protobuf==5.*"])),
        group=draw(st.sampled_from(["", *groups])),
        pythons=draw(pythons),
        free_threading=draw(st.sampled_from(["any", "only", "never"])),
        reason=draw(needed_lines),
        owner=draw(lines),
        link=draw(st.sampled_from(["", "https://example.org/issues/7?a=b#c"])),
        starts_on=starts_on,
        ends_on=ends_on,
    )


bypasses = st.lists(
    st.builds(
        portable.CooldownBypass,
        project=words,
        version=versions,
        reason=needed_lines,
        link=st.sampled_from(["", "https://example.org/advisories/1"]),
    ),
    max_size=2,
    unique_by=lambda found: (found.project, found.version),
)


@st.composite
def catalogues(draw: st.DrawFn) -> portable.Catalogue:
    """Everything that the portal can hold of one SDK, in the order of files."""
    known = sorted(draw(st.sets(words, max_size=3)))
    # Without services their names are mere words.
    few = st.sets(st.sampled_from(known) if known else words, max_size=2).map(
        lambda found: ", ".join(sorted(found))
    )
    named = draw(st.lists(needed_lines.filter(_is_heading), max_size=4, unique_by=str.lower))
    groups = tuple(
        portable.Group(
            order=draw(orders),
            name=name,
            services=draw(few),
        )
        for name in named
    )
    names = draw(st.sets(words.filter(_is_factor), max_size=4)) if groups else ()
    found = tuple(
        draw(integrations(name, draw(st.sampled_from(named)), draw(few | st.just(""))))
        for name in sorted(names)
    )
    return portable.settled(
        portable.Catalogue(
            sdk=draw(sdks()),
            services=tuple(draw(services(name)) for name in known),
            workflow_frames=tuple(
                draw(workflow_frames(name)) for name in draw(st.sets(words, max_size=2))
            ),
            groups=groups,
            shared_constraints=tuple(draw(st.lists(shared_constraints(named), max_size=2))),
            cooldown_bypasses=tuple(draw(bypasses)),
            integrations=found,
        )
    )


def _is_heading(name: str) -> bool:
    return (
        name[0] not in "#[{" and " ".join(name.split()) == name and len(name.lower()) == len(name)
    )


def _is_factor(name: str) -> bool:
    return name not in {"latest", "layout", "py"} and not name.startswith(("py", "v", "cpython"))
