"""How people meet a project: the command line and the pages. Thin: they call verbs and show records."""
