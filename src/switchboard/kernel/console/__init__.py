"""The console: the frame in which people see and steer what the apps do. It knows no app.

Nothing here is imported before the server answers: `gate` loads it then. Pages call services and never a
database.
"""
