"""
Services that toxgen's suites need. toxgen's files hold their names; what they are is said here,
and kept in the catalogue from then on, where maintainers change it.
"""

from integrations.catalogue.portable import Service

_ALL = (
    Service(
        name="clickhouse",
        image="clickhouse/clickhouse-server:25.8",
        ports="8123:8123, 9000:9000",
        environment="CLICKHOUSE_SKIP_USER_SETUP=1",
        health_command="clickhouse-client --query 'SELECT 1'",
        options="--ulimit nofile=262144:262144",
        variables="CLICKHOUSE_HOST={host}",
    ),
    Service(
        name="docker",
        image="docker:28-dind",
        ports="2375:2375",
        environment="DOCKER_TLS_CERTDIR=",
        health_command="docker info",
        options="--privileged",
        variables="DOCKER_HOST=tcp://{host}:2375",
    ),
    Service(
        name="java",
        action="actions/setup-java@v5",
        inputs="distribution=temurin\njava-version=21",
    ),
    Service(
        name="mysql",
        image="mysql:8.4",
        ports="3306:3306",
        environment="MYSQL_ROOT_PASSWORD=root\nMYSQL_DATABASE=test",
        health_command="mysqladmin ping -h 127.0.0.1 -proot",
        variables="MYSQL_HOST={host}\nMYSQL_PORT=3306\nMYSQL_USER=root\nMYSQL_PASSWORD=root\n"
        "MYSQL_DATABASE=test",
    ),
    Service(
        name="postgres",
        image="postgres:18",
        ports="5432:5432",
        environment="POSTGRES_PASSWORD=postgres",
        health_command="pg_isready -U postgres",
        variables="POSTGRES_HOST={host}\nPOSTGRES_PORT=5432\nPOSTGRES_USER=postgres\n"
        "POSTGRES_PASSWORD=postgres\nPOSTGRES_DB=postgres",
    ),
    Service(
        name="redis",
        image="redis:7.0.8",
        ports="6379:6379",
        health_command="redis-cli ping",
        variables="REDIS_HOST={host}\nREDIS_PORT=6379",
    ),
)
SERVICES = {service.name: service for service in _ALL}
