from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "matrix.review"
    verbose_name = "Review"
