"""Rules about what is declared and locked."""

from integrations.policy.linting.findings import Rule, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

RULES = (
    Rule(
        id="unreadable",
        name="The file cannot be read",
        severity=ERROR,
        meaning="It is not what its name says, or it is larger or nested deeper than such files "
        "are. Nothing else is said of it.",
        mend="Mend the line, or name the file as what it is.",
        example="applications:\n  shop: [",
    ),
    Rule(
        id="duplicate-key",
        name="A key stands twice",
        severity=ERROR,
        meaning="Readers take one of the two without a word, and not all of them the same one.",
        mend="Keep one of the two.",
        example="hooks:\n  build: |\n    set -eu\nhooks:\n  deploy: |\n    set -eu",
    ),
    Rule(
        id="unpinned",
        name="A locked requirement is not pinned",
        severity=ERROR,
        meaning="What is installed by this line changes with every release, and an installation "
        "that requires hashes refuses it.",
        mend='Declare it in a .in file, and lock that: one version with "==".',
        example="django>=5.2",
    ),
    Rule(
        id="unhashed",
        name="Nothing has a hash",
        severity=ERROR,
        meaning="The version alone does not say which file is installed: an index can serve "
        "another one under the same name.",
        mend="Lock with hashes: uv pip compile --generate-hashes, pip-compile --generate-hashes.",
        example="django==5.2.19",
    ),
    Rule(
        id="partly-hashed",
        name="Some have hashes, and this one does not",
        severity=ERROR,
        meaning="pip requires hashes of all requirements as soon as one has any: the installation "
        "ends here.",
        mend="Lock the whole file again with hashes, instead of adding lines by hand.",
        example="asgiref==3.11.0 --hash=sha256:0a1b…\ndjango==5.2.19",
    ),
    Rule(
        id="weak-hash",
        name="The hash can be forged",
        severity=ERROR,
        meaning="Two files with the same MD5 or SHA-1 can be made on purpose, and uv refuses such "
        "a lock.",
        mend="Lock again: tools write SHA-256.",
        example="django==5.2.19 --hash=md5:0a1b…",
    ),
    Rule(
        id="double-pin",
        name="One file pins a project twice",
        severity=ERROR,
        meaning="Two lines without markers ask for two versions of one project; pip refuses them.",
        mend="Keep one line, or say with markers where each holds.",
        example="django==5.2.19\ndjango==5.1.2",
    ),
    Rule(
        id="editable",
        name="An editable install",
        severity=ERROR,
        meaning="It links to a folder of source instead of installing a release: it has no hash, "
        "and breaks when the folder goes. pip freeze writes such lines.",
        mend="Publish the project to the index and pin a release of it, or leave it out.",
        example="-e ../billing",
    ),
    Rule(
        id="local-path",
        name="A path of one machine",
        severity=ERROR,
        meaning="The file is where it was locked, and nowhere else. pip freeze writes such lines.",
        mend="Publish the project to the index and pin a release of it.",
        example="billing @ file:///home/ana/billing",
    ),
    Rule(
        id="address",
        name="A requirement comes from an address",
        severity=ERROR,
        meaning="What an address or a branch answers can change, and no tool compares its hash "
        "with a lock.",
        mend="Publish the fork to the index under a version of its own, and pin that.",
        example="billing @ git+https://git.example.org/billing@main",
    ),
    Rule(
        id="second-index",
        name="A second source of releases",
        severity=ERROR,
        meaning="With two sources the newer version wins: whoever registers a private name on the "
        "other one is installed.",
        mend="Use one index that has everything; give its address to the tool, not to the file.",
        example="--extra-index-url https://packages.example.org/simple/",
    ),
    Rule(
        id="credentials",
        name="A password in a file",
        severity=ERROR,
        meaning="Everybody who can read the repository or the image has it.",
        mend="Take it out, change it, and give the tool a variable or a keyring.",
        example="--index-url https://ana:sesame@packages.example.org/simple/",
    ),
    Rule(
        id="test-tool",
        name="A tool of tests in production",
        severity=WARNING,
        meaning="pip freeze writes down whatever is installed. In production it is unused code "
        "that has to be updated.",
        mend="Declare it in the set of developers, and lock both sets again.",
        example="pytest==9.0.2",
    ),
    Rule(
        id="unconstrained",
        name="The sets are locked without each other",
        severity=WARNING,
        meaning="One project can get two versions: one that is tested, one that is in production.",
        mend="Begin the set of developers with -c main.txt, and lock the main set first.",
        example="# dev.in, beside main.in\npytest",
    ),
    Rule(
        id="split-pin",
        name="One project at two versions",
        severity=ERROR,
        meaning="Two locks that are installed together pin different versions. Installed one "
        "after the other, the second replaces the first in silence.",
        mend="Lock the main set first, and the others with its pins as constraints.",
        example="main.txt: rsfoo==2.0\ndev.txt:  rsfoo==1.5",
    ),
    Rule(
        id="held-back",
        name="Production is held back",
        severity=WARNING,
        meaning="All sets are resolved together, and one that production does not install allows "
        "only an older version. No tool says so.",
        mend="Raise or drop what bounds it; a lower bound in the main set makes the lock fail.",
        example="rsfoo 1.5 of production; rsdev, which only dev has, asks for rsfoo<2",
    ),
    Rule(
        id="violated",
        name="A pin that is not allowed",
        severity=ERROR,
        meaning="The lock has a version that a declaration or another release of the lock rules "
        "out. Old Pipenvs write such locks, and only pip check tells.",
        mend="Lock again with a current release of the tool, and run pip check in the build.",
        example="develop: rsfoo 2.0, and rsdev 1.0 asks for rsfoo<2",
    ),
    Rule(
        id="stale-lock",
        name="The lock belongs to another declaration",
        severity=ERROR,
        meaning="What is declared was changed and not locked. Some commands install the old lock "
        "without a word, others end the build.",
        mend="Lock again, and commit the declaration together with its lock.",
        example='Pipfile.lock: "sha256": "7e33…", and the Pipfile has another one',
    ),
    Rule(
        id="build-backend",
        name="The build backend is not locked",
        severity=WARNING,
        meaning="Building the application downloads its backend outside of the lock, at whatever "
        "version is newest.",
        mend="Pin it with ==, or do not package the application: package = false.",
        example='[build-system]\nrequires = ["hatchling"]',
    ),
)
