import django.db.models.deletion
import integrations.catalogue.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_applications'),
        ('review', '0002_comments_verdict_history_waiting'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Where it is used: CI of example-sdk. It is shown in lists and refusals.', max_length=60, validators=[integrations.catalogue.validators.validate_line])),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('ending', models.CharField(editable=False, max_length=4)),
                ('created_at', models.DateTimeField(editable=False)),
                ('last_used_at', models.DateTimeField(editable=False, null=True)),
                ('expires_on', models.DateField(blank=True, help_text='The first day on which it no longer works. Empty: never.', null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('channel', models.ForeignKey(blank=True, help_text='The SDK or application whose files it may read.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.channel', verbose_name='for')),
                ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revoked_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('name',), name='accounts_token_name_unique_until_revoked', violation_error_message='There is a token of this name. Revoke it, or take another name.'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by__isnull', True)), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False)), _connector='OR'), name='accounts_token_revoked_by_and_at_together', violation_error_message='To revoke a token takes both a person and a time.')],
            },
        ),
    ]
