"""CI workflows: the settings of an SDK, its services, and the frames that its repository gave."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from integrations.catalogue import ci_validators as ci
from integrations.catalogue import validators as check
from integrations.catalogue.models.base import Cleaned
from matrix.rules.rendering import check_workflow_frame

LONGEST_RUN = 360  # Minutes that GitHub lets a job run.


def commands(value: str) -> str:
    """Write lines of a script: no blanks at their ends, no empty lines at both ends."""
    return "\n".join(line.rstrip() for line in check.one_newline(value).split("\n")).strip("\n")


def pair_lines(value: str) -> str:
    """Write NAME=VALUE lines without blank ones."""
    return "\n".join(line for line in check.tidy_lines(value).split("\n") if line)


class CiSettings(models.Model):
    """The part of an SDK that all of its workflows share."""

    writes_workflows = models.BooleanField(
        "write CI workflows",
        default=False,
        help_text="GitHub workflows for all environments stand among the generated files.",
    )
    ci_runner = models.CharField(
        "runner",
        max_length=200,
        default="ubuntu-24.04",
        validators=[ci.validate_runner],
        help_text="Its label: ubuntu-24.04, ubuntu-22.04. Several: self-hosted, linux.",
    )
    ci_container_pythons = models.CharField(
        "Pythons in containers",
        max_length=200,
        blank=True,
        default="3.6 3.7",
        validators=[ci.validate_container_pythons],
        help_text="Those that the runner lacks: 3.6 3.7. Ones that are not supported do no harm.",
    )
    ci_container_image = models.CharField(
        "image of the containers",
        max_length=200,
        default="python",
        validators=[ci.validate_untagged_image],
        help_text="Without its tag, which is the Python: python.",
    )
    ci_timeout_minutes = models.PositiveSmallIntegerField(
        "time limit",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_RUN)],
        help_text="Minutes that a job may take: 30.",
    )
    ci_install = models.TextField(
        "install command",
        blank=True,
        default="python -m pip install tox tox-uv",
        validators=[MaxLengthValidator(ci.LONGEST_COMMANDS), ci.validate_commands],
        help_text="What bash runs before the tests: python -m pip install tox tox-uv.",
    )
    ci_container_install = models.TextField(
        "install command in containers",
        blank=True,
        default="python -m pip install tox",
        validators=[MaxLengthValidator(ci.LONGEST_COMMANDS), ci.validate_commands],
        help_text="The same for Pythons in containers. tox 4 needs Python 3.7.",
    )
    ci_test = models.TextField(
        "test command",
        default='python -m tox run -e "$ENVIRONMENTS"',
        validators=[MaxLengthValidator(ci.LONGEST_COMMANDS), ci.validate_test_command],
        help_text='Finds the exact names of its environments in "$ENVIRONMENTS": '
        'python -m tox run -e "$ENVIRONMENTS".',
    )
    ci_checkout_action = models.CharField(
        "check-out action",
        max_length=200,
        default="actions/checkout@v5",
        validators=[ci.validate_action],
        help_text="By tag or commit: actions/checkout@v5.",
    )
    ci_python_action = models.CharField(
        "Python action",
        max_length=200,
        default="actions/setup-python@v6",
        validators=[ci.validate_action],
        help_text="By tag or commit: actions/setup-python@v6.",
    )
    ci_needs = models.CharField(
        "the gate also needs",
        max_length=200,
        blank=True,
        validators=[ci.validate_job_ids],
        help_text="Ids of hand-written jobs of test-integrations.yml: coverage.",
    )
    ci_passes_secrets = models.BooleanField(
        "pass secrets on",
        default=False,
        help_text="The workflows of the groups get the secrets of the repository, "
        "for a hand-written upload of coverage.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_ci_timeout_is_what_github_allows",
                condition=Q(ci_timeout_minutes__range=(1, LONGEST_RUN)),
                violation_error_message="The time limit must be 1 to 360 minutes.",
            )
        ]

    def normalise_ci(self) -> None:
        self.ci_runner = ", ".join(check.words(self.ci_runner))
        pythons = check.words(self.ci_container_pythons)
        if all(check.PYTHON.fullmatch(text.removesuffix("t")) for text in pythons):
            pythons = sorted(set(pythons), key=lambda text: (int(text.removesuffix("t")[2:]), text))
        self.ci_container_pythons = " ".join(pythons)
        self.ci_needs = ", ".join(dict.fromkeys(check.words(self.ci_needs)))
        self.ci_install = commands(self.ci_install)
        self.ci_container_install = commands(self.ci_container_install)
        self.ci_test = commands(self.ci_test)


class Service(Cleaned):
    """What tests need beside Python: a container next to the job, steps before the tests."""

    sdk = models.ForeignKey(
        "catalogue.Sdk", on_delete=models.CASCADE, related_name="services", verbose_name="SDK"
    )
    name = models.CharField(
        max_length=60,
        validators=[check.validate_service],
        help_text="Groups and integrations name it, and containers reach it by it: postgres.",
    )
    image = models.CharField(
        max_length=300,
        blank=True,
        validators=[ci.validate_image],
        help_text="Of the container: postgres:18. Empty: none, only the steps below.",
    )
    ports = models.CharField(
        max_length=200,
        blank=True,
        validators=[ci.validate_ports],
        help_text="Where the runner reaches it: 5432.",
    )
    environment = models.TextField(
        "variables of the container",
        blank=True,
        validators=[MaxLengthValidator(check.LONGEST_TEXT), ci.validate_environment],
        help_text="One on each line: POSTGRES_PASSWORD=postgres.",
    )
    health_command = models.CharField(
        max_length=300,
        blank=True,
        validators=[ci.validate_health_command],
        help_text="The tests begin once it succeeds in the container: pg_isready -U postgres.",
    )
    options = models.CharField(
        max_length=300,
        blank=True,
        validators=[ci.validate_options],
        help_text="Of docker create: --privileged.",
    )
    action = models.CharField(
        max_length=200,
        blank=True,
        validators=[ci.validate_action],
        help_text="A set-up step instead of a container, or beside it: actions/setup-java@v5.",
    )
    inputs = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(check.LONGEST_TEXT), ci.validate_inputs],
        help_text="Of the action, one on each line: java-version=21.",
    )
    commands = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(ci.LONGEST_COMMANDS), ci.validate_commands],
        help_text="What bash runs before the tests: sudo systemctl start mysql.",
    )
    variables = models.TextField(
        "variables of the tests",
        blank=True,
        validators=[MaxLengthValidator(check.LONGEST_TEXT), ci.validate_variables],
        help_text="One on each line: POSTGRES_HOST={host}. {host} is localhost, or the name of "
        "the service where the tests run in a container too.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sdk", "name"],
                name="catalogue_service_name_unique_in_sdk",
                violation_error_message="This SDK has a service of that name already.",
            ),
            models.CheckConstraint(
                name="catalogue_service_does_something",
                condition=~Q(image="", action="", commands=""),
                violation_error_message="A service needs an image, an action or commands.",
            ),
            models.CheckConstraint(
                name="catalogue_service_container_needs_image",
                condition=~Q(image="")
                | Q(image="", ports="", environment="", health_command="", options=""),
                violation_error_message="Ports, variables of the container, a health command and "
                "options belong to a container: name its image.",
            ),
            models.CheckConstraint(
                name="catalogue_service_inputs_need_action",
                condition=~Q(action="") | Q(inputs=""),
                violation_error_message="Inputs belong to an action: name it.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def normalise(self) -> None:
        self.ports = ", ".join(dict.fromkeys(map(_both_sides, check.words(self.ports))))
        self.environment = pair_lines(self.environment)
        self.inputs = pair_lines(self.inputs)
        self.variables = pair_lines(self.variables)
        self.commands = commands(self.commands)

    def clean(self) -> None:
        if "{host}" in self.variables and not self.image:
            raise ValidationError(
                {"variables": "{host} stands for a container, and there is no image."}
            )


def _both_sides(port: str) -> str:
    """``5432`` means that port on both sides; GitHub would map it to one that nobody knows."""
    number, slash, protocol = port.partition("/")
    return f"{number}:{number}{slash}{protocol}" if number.isdigit() else port


class WorkflowFrame(Cleaned):
    """The hand-written part of a workflow file, as the repository gave it last."""

    sdk = models.ForeignKey(
        "catalogue.Sdk", on_delete=models.CASCADE, related_name="frames", verbose_name="SDK"
    )
    path = models.CharField(
        max_length=200,
        validators=[ci.validate_workflow_path],
        help_text="In the repository: .github/workflows/test-integrations-web.yml.",
    )
    text = models.TextField(
        validators=[MaxLengthValidator(check.LONGEST_FRAME)],
        help_text="The workflow with the markers of the generated regions. The repository owns "
        "it: “render --into” stores the last one that it was given. Delete it to follow the "
        "default again.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sdk", "path"],
                name="catalogue_workflowframe_path_unique_in_sdk",
                violation_error_message="This SDK has a frame for that path already.",
            )
        ]

    def __str__(self) -> str:
        return self.path

    def normalise(self) -> None:
        self.text = check.one_newline(self.text)

    def clean(self) -> None:
        if not ci.WORKFLOW_PATH.fullmatch(self.path):
            return
        if mistakes := check_workflow_frame(self.text, self.path):
            raise ValidationError({"text": [ValidationError(each, "frame") for each in mistakes]})


def check_services(sdk_id: int | None, names: list[str]) -> None:
    """Refuse names that are no services of the SDK; raises ValidationError for the field."""
    if sdk_id is None or not names:
        return
    known = set(Service.objects.filter(sdk_id=sdk_id).values_list("name", flat=True))
    try:
        ci.check_known(names, known)
    except ValidationError as error:
        raise ValidationError({"services": error}) from error
