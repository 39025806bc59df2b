"""Language models: `model` is the port, each of its implementations is one module.

A model writes wording. What it writes is as untrusted as what strangers write, and nothing here decides
anything.
"""
