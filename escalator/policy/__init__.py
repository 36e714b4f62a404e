"""The policy language: the text of escalation.yml -> a Policy, or every problem in it at once.

`parse.parse` returns all problems; `parse.load` raises unless there is a policy; `parse.load_accepted` reads one
accepted before. `placeholders.expand` is applied at the moment of use. Nothing is imported here: `expand` alone does
not need the language.
"""
