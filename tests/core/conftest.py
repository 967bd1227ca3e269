from hypothesis import HealthCheck, settings

# On a shared machine a slow example says nothing of the code.
settings.register_profile("unhurried", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
