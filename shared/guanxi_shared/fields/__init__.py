"""Fields that an organisation adds itself, as a resource of their own; see custom_fields.py for what they do."""
