"""What a label asks for, from the raw label to the report: a class a task.

A task is one file here and one line of `table.TASKS`; a task of one's own is a class that the spec
names by its dotted path, ``label: {key: stars, task: my_tasks.Ordinal}``:

    class Ordinal(Multiclass):
        def answer(self, y, label, threshold=None, levels=()):
            ...

Every method has a default in `Task`, or is inherited from a task that is alike.
"""
